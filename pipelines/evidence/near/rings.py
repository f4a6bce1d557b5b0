"""How good neighbourhoods are, by what they were not shown: hidden links between artists, hidden tags.

Weights are chosen on half of the artists and reported on the other half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.progress import Progress
from store.memory.snapshot import Snapshot
from store.memory.sparse import Sparse
from store.neighbors.neighborhood import Neighborhood, Ring
from store.records import DEFAULT_WEIGHTS, PERSONAL, SIGNALS, Weights

RING = 12
PER_ARTIST = 2
_MEASURED = tuple(name for name in SIGNALS if name not in PERSONAL)
QUERIES = 200  # albums of each half
FEWEST = 30
RESAMPLES = 1000
TOLERATED = 0.05  # of nDCG, what the cover may cost: the sleeve is what the walk is about
STEPS = {"era": (0.0, 0.1, 0.25, 0.5), "popularity": (0.0, 0.1, 0.25), "cover": (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)}


@dataclass(frozen=True, slots=True)
class Half:
    """Albums to ask about (rows of the snapshot), of artists that are in this half alone."""

    rows: NDArray[np.int64]
    name: str


def measure_rings(near: Neighborhood, progress: Progress, queries: int = QUERIES) -> dict[str, Any]:
    """What the report tells of neighbourhoods; with "why" where the library says too little for it."""
    snapshot = near.snapshot
    halves = [_half(snapshot, number, queries) for number in (0, 1)]
    if min(len(half.rows) for half in halves) < FEWEST:
        why = f"fewer than {2 * FEWEST} albums have an artist with links to other artists here"
        return {"why": why + "; `sleevewalk ingest similar-artists` or --similar-artists brings them"}
    choose, report = halves
    blind = Neighborhood(without_links(snapshot), near.index)
    truth = _Truth(snapshot, snapshot.similar)
    wanted = [name for name in STEPS if has_data(near, name)]
    total = sum(len(STEPS[name]) for name in wanted) + 4 + len(_MEASURED) + 4
    progress.start("neighbourhoods", total)

    def ndcg(weights: Weights, half: Half) -> NDArray[np.float64]:
        progress.advance(1, f"{half.name} half")
        return truth.ndcg(blind.rings(half.rows.tolist(), RING, weights, PER_ARTIST, _others(snapshot)), half.rows)

    tried, best, chosen = _choose(lambda weights: float(ndcg(weights, choose).mean()), wanted)
    told = {
        "without the cover": replace(chosen, cover=0.0),
        "chosen": chosen,
        "defaults": DEFAULT_WEIGHTS,
        "defaults without the cover": replace(DEFAULT_WEIGHTS, cover=0.0),
    }
    scores = {name: ndcg(weights, report) for name, weights in told.items()}
    artists = snapshot.artist_codes[report.rows]
    quality = _quality(near, report, told, progress)
    progress.finish()
    return {
        "albums": len(snapshot),
        "queries": [len(half.rows) for half in halves],
        "tried": tried,
        "best": asdict(best),
        "chosen": asdict(chosen),
        "defaults": asdict(DEFAULT_WEIGHTS),
        "ndcg": {name: mean_of(values, artists) for name, values in scores.items()},
        "cover_adds": mean_of(scores["chosen"] - scores["without the cover"], artists),
        "defaults_cover_adds": mean_of(scores["defaults"] - scores["defaults without the cover"], artists),
        "chosen_adds": mean_of(scores["chosen"] - scores["defaults"], artists),
        "quality": quality,
        "unmeasured": [name for name in _MEASURED if name not in ("artist", "tags", *wanted)],
    }


def without_links(snapshot: Snapshot) -> Snapshot:
    """The same catalogue when nobody knows which artists are alike."""
    none = Sparse(np.zeros_like(snapshot.similar.start), np.empty(0, np.int32), np.empty(0, np.float32))
    return _changed(snapshot, none, snapshot.tags)


def half_hidden(snapshot: Snapshot) -> tuple[Snapshot, Sparse, NDArray[np.bool_]]:
    """(the catalogue with half of all links and half of the vocabulary of tags, the hidden links, which tags were
    hidden bool [tags]); by hash, the same on every machine.
    """
    keys = {code: name for code, name in zip(snapshot.artist_codes.tolist(), snapshot.artist_keys, strict=True)}
    links = snapshot.similar
    owner = np.repeat(np.arange(len(links.start) - 1), np.diff(links.start))
    hidden = np.array(
        [
            odd("\0".join(sorted((keys[a], keys[b]))))
            for a, b in zip(owner.tolist(), links.columns.tolist(), strict=True)
        ],
        bool,
    )
    artists = len(links.start) - 1
    seen, unseen = (
        Sparse.from_entries(owner[part], links.columns[part], links.values[part], artists) for part in (~hidden, hidden)
    )
    away = np.array([odd(name) for name in snapshot.tag_names], bool)
    return _changed(snapshot, seen, _tags(snapshot.tags, ~away)), unseen, away


def _changed(snapshot: Snapshot, similar: Sparse, tags: Sparse) -> Snapshot:
    owner = np.repeat(np.arange(len(snapshot), dtype=np.int32), np.diff(tags.start))
    postings = Sparse.from_entries(tags.columns, owner, tags.values, len(snapshot.tag_names))
    return replace(snapshot, similar=similar, tags=tags, postings=postings)


def _tags(tags: Sparse, kept: NDArray[np.bool_]) -> Sparse:
    """The rows with those tags alone, of length 1 again."""
    count = len(tags.start) - 1
    owner = np.repeat(np.arange(count), np.diff(tags.start))
    inside = kept[tags.columns] if len(kept) else np.zeros(0, bool)
    owner, values = owner[inside], tags.values[inside]
    length = np.sqrt(np.bincount(owner, values.astype(np.float64) ** 2, minlength=count))
    return Sparse.from_entries(owner, tags.columns[inside], values / length[owner], count)


def odd(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


def _half(snapshot: Snapshot, number: int, queries: int) -> Half:
    linked = np.diff(snapshot.similar.start)[snapshot.artist_codes] > 0
    own = np.array([odd(f"half {name}") == bool(number) for name in snapshot.artist_keys], bool)
    rows = np.flatnonzero(linked & own)
    rows = np.sort(np.random.default_rng(number).permutation(rows)[:queries])
    return Half(rows, ("choosing", "reporting")[number])


def _others(snapshot: Snapshot) -> Callable[[int], NDArray[np.bool_]]:
    """Albums of other artists."""
    codes = snapshot.artist_codes
    return lambda row: codes != codes[row]


def has_data(near: Neighborhood, signal: str) -> bool:
    if signal == "cover":
        return near.index is not None
    values = near.snapshot.years if signal == "era" else near.snapshot.popularity
    return bool(np.isfinite(values).mean() > 0.1)


def _choose(quality: Callable[[Weights], float], wanted: list[str]) -> tuple[list[dict[str, Any]], Weights, Weights]:
    """(all that was tried, the best, the chosen): one signal after the other beside tags = 1, the cover last, of which
    the largest weight is chosen that costs at most TOLERATED.
    """
    tried = []
    best = Weights(cover=0.0, tags=1.0, artist=DEFAULT_WEIGHTS.artist, era=0.0, popularity=0.0)
    chosen = best
    for signal in wanted:
        found = []
        for value in STEPS[signal]:
            weights = replace(best, **{signal: value})
            reached = quality(weights)
            found.append((reached, value, weights))
            tried.append({"signal": signal, **asdict(weights), "ndcg": reached})
        top = max(found, key=lambda one: (round(one[0], 4), -one[1]))
        best = chosen = top[2]
        if signal == "cover":
            chosen = max((one for one in found if one[0] >= top[0] * (1 - TOLERATED)), key=lambda one: one[1])[2]
    unmeasured = {name: getattr(DEFAULT_WEIGHTS, name) for name in STEPS if name not in wanted}
    return tried, replace(best, **unmeasured), replace(chosen, **unmeasured)


class _Truth:
    """Which artists are alike, to judge rings by."""

    def __init__(self, snapshot: Snapshot, links: Sparse) -> None:
        self.codes = snapshot.artist_codes
        self.links = links
        self.albums = np.bincount(self.codes)

    def ndcg(self, rings: list[Ring], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Normalised discounted cumulative gain of each ring; the gain is the match of the link."""
        out = []
        discount = 1 / np.log2(np.arange(RING) + 2)
        for ring, row in zip(rings, rows.tolist(), strict=True):
            gain = self._gains(row)
            got = np.array([gain.get(code, 0.0) for code in self.codes[ring.rows].tolist()])
            most = [value for code, value in gain.items() for _ in range(min(PER_ARTIST, self.albums[code]))]
            ideal = np.sort(most)[::-1][:RING]
            out.append(got @ discount[: len(got)] / (ideal @ discount[: len(ideal)]) if len(ideal) else np.nan)
        return np.array(out)

    def recall(self, rings: list[Ring], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share of the linked artists (twelve at most) that have an album in the ring."""
        out = []
        for ring, row in zip(rings, rows.tolist(), strict=True):
            linked = set(self._gains(row))
            found = linked & set(self.codes[ring.rows].tolist())
            out.append(len(found) / min(RING, len(linked)) if linked else np.nan)
        return np.array(out)

    def _gains(self, row: int) -> dict[int, float]:
        codes, match = self.links.row(int(self.codes[row]))
        return dict(zip(codes.tolist(), match.tolist(), strict=True))


def mean_of(values: NDArray[np.float64], artists: NDArray[np.int64]) -> dict[str, float]:
    """Mean with its 95 % interval over artists (cluster bootstrap)."""
    kept = np.isfinite(values)
    values = values[kept]
    _, number = np.unique(artists[kept], return_inverse=True)
    count = int(number.max()) + 1
    times = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)[:, number]
    low, high = np.quantile(times @ values / times.sum(axis=1), (0.025, 0.975))
    return {"mean": float(values.mean()), "low": float(low), "high": float(high)}


def _quality(near: Neighborhood, half: Half, fused: dict[str, Weights], progress: Progress) -> list[dict[str, Any]]:
    """Each signal alone and the fusions, on a catalogue of which half the links and half the tags are hidden."""
    snapshot, hidden, away = half_hidden(near.snapshot)
    shown = Neighborhood(snapshot, near.index)
    truth = _Truth(snapshot, hidden)
    unseen_tags = _tags(near.snapshot.tags, away)
    zero = Weights(0, 0, 0, 0, 0)
    alone = {name: replace(zero, **{name: 1.0}) for name in _MEASURED}
    allowed, rows = _others(snapshot), half.rows
    out = []
    for name, weights in [*alone.items(), *fused.items()]:
        progress.advance(1, f"quality of {name}")
        rings = shown.rings(rows.tolist(), RING, weights, PER_ARTIST, allowed)
        if any(len(ring.rows) for ring in rings):
            out.append({"name": name, **_facts(near.snapshot, rings, rows, truth, unseen_tags)})
    chance = np.random.default_rng(0)
    drawn = [
        Ring(chance.choice(np.flatnonzero(allowed(row)), RING, replace=False), np.empty(0), np.empty(0))
        for row in rows.tolist()
    ]
    out.append({"name": "drawn by lot", **_facts(near.snapshot, drawn, rows, truth, unseen_tags)})
    return out


def _facts(
    snapshot: Snapshot, rings: list[Ring], rows: NDArray[np.int64], truth: _Truth, tags: Sparse
) -> dict[str, float | None]:
    genres = np.array(snapshot.genres)
    purity, overlap, spread, popular = [], [], [], []
    listeners = np.log10(1 + snapshot.listeners)
    for ring, row in zip(rings, rows.tolist(), strict=True):
        known = [genre for genre in genres[ring.rows].tolist() if genre]
        if genres[row] and known:
            purity.append(np.mean([genre == genres[row] for genre in known]))
        mine = dict(zip(*(part.tolist() for part in tags.row(row)), strict=True))
        for other in ring.rows.tolist() if mine else ():
            columns, values = tags.row(other)
            if len(columns):
                theirs = zip(columns.tolist(), values.tolist(), strict=True)
                overlap.append(sum(mine.get(tag, 0) * value for tag, value in theirs))
        if len(ring.rows):
            spread.append(len(set(known)) / max(1, len(known)))
            popular.append(float(np.mean(listeners[ring.rows]) - listeners[row]))
    places = np.concatenate([ring.rows for ring in rings]) if rings else np.empty(0, np.int64)
    often = np.sort(np.bincount(places, minlength=len(snapshot)))[::-1]
    hubs = often[: max(1, len(snapshot) // 100)].sum() / max(1, often.sum())
    return {
        "ndcg": _known_mean(truth.ndcg(rings, rows)),
        "recall": _known_mean(truth.recall(rings, rows)),
        "purity": _known_mean(np.array(purity)),
        "tag_overlap": _known_mean(np.array(overlap)),
        "genres": _known_mean(np.array(spread)),
        "hubs": float(hubs),
        "popularity": _known_mean(np.array(popular)),
    }


def _known_mean(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)] if len(values) else values
    return float(known.mean()) if len(known) else None
