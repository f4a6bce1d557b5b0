"""Do neighbourhoods help people? Links by one half of the listeners are shown, those by the other half are hidden.

Two artists are linked where the same people listen to both: the cosine of the logarithms of plays. Weights are tried on
half of the artists and told of the other half.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.near.rings import RING, TOLERATED, has_data, mean_of, odd
from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.sources.rows import Columns, Row, read_rows
from store.memory.snapshot import Snapshot
from store.memory.sparse import Sparse
from store.neighbors.neighborhood import Neighborhood
from store.records import DEFAULT_WEIGHTS, Weights
from store.text import clean, key

COLUMNS = Columns(
    needed={"user": ("user", "listener"), "artist": ("artist",), "plays": ("plays", "playcount", "count")},
    optional=("half",),
)
LINKS = 20  # of an artist, its strongest
TOGETHER = 2  # listeners that two linked artists share, at least
ENOUGH = 5  # hidden links of an artist that is asked about, at least
FEWEST = 30  # such artists in each part
ARTISTS = 5_000  # that links are looked for among, those with the most listeners
ASKED = 2  # albums of an artist, at most
_BLOCK = 1_000  # listeners at a time
STEPS = {"cover": (0.0, 0.1, 0.25, 0.5, 1.0), "artist": (0.0, 0.5, 1.0, 2.0), "era": (0.0, 0.1, 0.25),
         "popularity": (0.0, 0.1, 0.25)}  # fmt: skip
USUAL, BARE, SLEEVE, LOT = "as sleevewalk comes", "without the cover", "cover alone", "drawn by lot"
_NONE = Weights(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Half:
    """What a half of the listeners says: `links` of artists (by code) of the snapshot, and how many know each."""

    listeners: int
    links: dict[int, dict[int, float]]
    known_by: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """Albums that are asked about, and their artists."""

    rows: list[int]
    artists: NDArray[np.int64]


def measure_halves(near: Neighborhood, file: Path, progress: Progress | None = None) -> dict[str, Any]:
    """What neighbourhoods are worth to the listeners of a table of user, artist and plays.

    SourceError where the table cannot be read or says too little of this library's artists.
    """
    progress, snapshot = progress or Progress(), near.snapshot
    names = dict(zip(snapshot.artist_codes.tolist(), snapshot.artist_keys, strict=True))
    shown, hidden, left_out = read_halves(file, {name: code for code, name in names.items()}, progress)
    near = Neighborhood(_with_links(snapshot, shown.links), near.index)
    parts = _parts(snapshot, hidden, names)
    if min(len(set(part.artists.tolist())) for part in parts) < FEWEST:
        raise SourceError(
            f"{file}: fewer than {2 * FEWEST} artists of this library have {ENOUGH} links or more by half of its "
            "listeners; a table of more listeners, or a library of more of their artists, is needed"
        )
    choose, tell = parts
    judge = _Judge(near, hidden)
    steps = {name: values for name, values in STEPS.items() if name == "artist" or has_data(near, name)}
    told = {
        USUAL: DEFAULT_WEIGHTS,
        "without links": replace(DEFAULT_WEIGHTS, artist=0.0),
        "tags alone": replace(_NONE, tags=1.0),
        "links alone": replace(_NONE, artist=1.0),
    }
    if "cover" in steps:
        told |= {BARE: replace(DEFAULT_WEIGHTS, cover=0.0), SLEEVE: replace(_NONE, cover=1.0)}
    progress.start("halves of listeners", sum(map(len, steps.values())) + len(told))

    def rings(part: _Part, weights: Weights) -> list[NDArray[np.int64]]:
        progress.advance()
        return judge.rings(part, weights)

    tried = []
    for signal, values in steps.items():
        for value in values:
            seen = judge.facts(choose, rings(choose, replace(DEFAULT_WEIGHTS, **{signal: value})))
            means = {name: one and one["mean"] for name, one in _means(seen, choose).items()}
            tried.append({"signal": signal, "value": value, **means})
    found = {name: rings(tell, weights) for name, weights in told.items()}
    found[LOT] = judge.drawn(tell)
    facts = {name: judge.facts(tell, one) for name, one in found.items()}
    progress.finish()
    return {
        "listeners": [shown.listeners, hidden.listeners],
        "artists": [len(set(part.artists.tolist())) for part in parts],
        "albums": [len(part.rows) for part in parts],
        "left_out": dict(left_out.most_common()),
        "defaults": asdict(DEFAULT_WEIGHTS),
        "tried": tried,
        "told": [{"name": name, **_means(one, tell)} for name, one in facts.items()],
        "sleeve": None
        if "cover" not in steps
        else _means({"adds": facts[USUAL]["ndcg"] - facts[BARE]["ndcg"], **judge.brings(tell, found)}, tell),
    }


def _means(values: dict[str, NDArray[np.float64]], part: _Part) -> dict[str, dict[str, float] | None]:
    """{mean, low, high} of each over the artists; None where nothing is known."""
    return {name: mean_of(one, part.artists) if np.isfinite(one).any() else None for name, one in values.items()}


def read_halves(file: Path, codes: dict[str, int], progress: Progress | None = None) -> tuple[Half, Half, Counter[str]]:
    """(the half that is shown, the half that judges, what was left out by reason). A column `half` (A or B) says who
    is in which; without it a hash of the listener's name does. `codes`: artists by their key. SourceError.
    """
    left_out: Counter[str] = Counter()
    plays: tuple[dict[str, dict[int, float]], ...] = ({}, {})
    for row in read_rows(file, COLUMNS):
        if not isinstance(row, Row):
            left_out[row.reason] += 1
            continue
        user, artist, half = (clean(str(row.values.get(name) or "")) for name in ("user", "artist", "half"))
        code, count = codes.get(key(artist)), _count(row.values.get("plays"))
        if not user or count is None:
            left_out["no listener" if not user else "plays that are no number"] += 1
        elif code is None:
            left_out["an artist that is not in the library"] += 1
        else:
            which = half.lower() == "b" if half.lower() in ("a", "b") else odd(f"listener {user}")
            own = plays[which].setdefault(user, {})
            own[code] = max(own.get(code, 0.0), math.log1p(count))
    if not all(plays):
        raise SourceError(f"{file}: no two halves of listeners who heard an artist of this library")
    shown, hidden = (_half(list(part.values()), len(codes)) for part in plays)
    return shown, hidden, left_out


def _count(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _half(listeners: list[dict[int, float]], artists: int) -> Half:
    known_by = np.zeros(artists, np.int64)
    for one in listeners:
        known_by[list(one)] += 1
    used = np.sort(np.argsort(-known_by, kind="stable")[:ARTISTS])
    used = used[known_by[used] >= TOGETHER]
    place = {code: at for at, code in enumerate(used.tolist())}
    product, together = (np.zeros((len(used), len(used)), np.float32) for _ in range(2))
    for start in range(0, len(listeners), _BLOCK):
        block = listeners[start : start + _BLOCK]
        heard = np.zeros((len(block), len(used)), np.float32)
        for row, one in enumerate(block):
            for code, value in one.items():
                if code in place:
                    heard[row, place[code]] = value
        product += heard.T @ heard
        together += (heard > 0).astype(np.float32).T @ (heard > 0)
    length = np.sqrt(np.maximum(np.diag(product), 1e-9))
    cosine = np.where(together >= TOGETHER, product / length[:, None] / length[None], 0)
    np.fill_diagonal(cosine, 0)
    links = {}
    for at, code in enumerate(used.tolist()):
        best = np.argsort(-cosine[at], kind="stable")[:LINKS]
        if found := {int(used[other]): float(cosine[at, other]) for other in best if cosine[at, other] > 0}:
            links[code] = found
    return Half(len(listeners), links, known_by)


def _with_links(snapshot: Snapshot, links: dict[int, dict[int, float]]) -> Snapshot:
    """The catalogue with those links alone, which hold both ways."""
    both: dict[tuple[int, int], float] = {}
    for a, others in links.items():
        for b, match in others.items():
            for pair in ((a, b), (b, a)):
                both[pair] = max(both.get(pair, 0.0), match)
    entries = np.array([(*pair, both[pair]) for pair in sorted(both)]).reshape(-1, 3)
    count = len(snapshot.similar.start) - 1
    pairs = entries[:, :2].astype(np.int64)
    return replace(snapshot, similar=Sparse.from_entries(pairs[:, 0], pairs[:, 1], entries[:, 2], count))


def _parts(snapshot: Snapshot, hidden: Half, names: dict[int, str]) -> tuple[_Part, _Part]:
    """The artists with enough hidden links, in two halves by their names: to choose on, and to tell."""
    chance = np.random.default_rng(0)
    parts: tuple[list[int], list[int]] = ([], [])
    for code in sorted(code for code, links in hidden.links.items() if len(links) >= ENOUGH):
        own = np.flatnonzero(snapshot.artist_codes == code)
        parts[odd(f"halves {names[code]}")].extend(np.sort(chance.permutation(own)[:ASKED]).tolist())
    choose, tell = (_Part(rows, snapshot.artist_codes[rows]) for rows in parts)
    return choose, tell


def lines_of(found: dict[str, Any]) -> list[str]:
    """The same for people, in rows of text."""
    (shown, hidden), (choosing, telling), albums = found["listeners"], found["artists"], found["albums"]
    said = [
        f"links by {shown:,} listeners are shown, those by {hidden:,} others are hidden and to be found again",
        "",
        f"one weight after the other, the rest as sleevewalk comes (*); {albums[0]:,} albums of {choosing:,} artists",
        f"{'':24}{'nDCG@12':>9}{'true links':>12}{'purity':>9}{'novelty':>9}",
    ]
    for row in found["tried"]:
        usual = " *" * (found["defaults"][row["signal"]] == row["value"])
        said.append(f"{row['signal']} {row['value']:g}{usual}".ljust(24) + _cells(row))
    said += [*_verdicts(found), "", f"told on {albums[1]:,} albums of {telling:,} other artists, with 95 % intervals"]
    for one in found["told"]:
        means = {name: value and value["mean"] for name, value in one.items() if name != "name"}
        said.append(f"{one['name']:24}" + _cells(means) + f"  {one['ndcg']['low']:.3f} to {one['ndcg']['high']:.3f}")
    if found["sleeve"]:
        adds = found["sleeve"]["adds"]
        told = {name: _told(one, 1 if name == "brought" else 100) for name, one in found["sleeve"].items()}
        said += [
            "",
            f"the cover adds {adds['mean']:+.3f} of nDCG ({adds['low']:+.3f} to {adds['high']:+.3f})",
            f"rings by sleeve alone with a true link that tags do not bring: {told['alone']} %, drawn by lot "
            f"{told['by_lot']} %",
            f"a usual ring of {RING} has {told['brought']} albums for their sleeve, of which {told['true']} % are true "
            f"links, in place of others of which {told['instead']} % are",
        ]
    return [
        *said,
        "",
        "nDCG@12: how well a ring finds the hidden links, the strongest first; purity: albums of the same genre, which",
        "tags know; novelty, in bits: how few of the hidden listeners know the artist",
    ]


def _verdicts(found: dict[str, Any]) -> list[str]:
    """Of each weight whether the usual one is good enough."""
    said = [""]
    for signal in dict.fromkeys(row["signal"] for row in found["tried"]):
        rows = [row for row in found["tried"] if row["signal"] == signal]
        usual = next(row for row in rows if row["value"] == found["defaults"][signal])
        best = max(rows, key=lambda row: (round(row["ndcg"], 3), -abs(row["value"] - usual["value"])))
        if usual["ndcg"] >= best["ndcg"] * (1 - TOLERATED):
            said.append(f"{signal}: {usual['value']:g} is within a twentieth of the best, {best['value']:g}")
        else:
            price = "" if usual["purity"] is None else f"; purity {best['purity']:.3f}, not {usual['purity']:.3f}"
            said.append(f"{signal}: {best['value']:g} finds more than {usual['value']:g}{price}")
    return said


def _cells(row: dict[str, float | None]) -> str:
    shapes = {"ndcg": "9.3f", "true_links": "12.1%", "purity": "9.3f", "novelty": "9.1f"}
    told = {name: "-" if row[name] is None else format(row[name], shape) for name, shape in shapes.items()}
    return "".join(value.rjust(12 if name == "true_links" else 9) for name, value in told.items())


def _told(one: dict[str, float] | None, times: int) -> str:
    if one is None:
        return "none"
    middle, low, high = (one[name] * times for name in ("mean", "low", "high"))
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


class _Judge:
    """The hidden half of the listeners."""

    def __init__(self, near: Neighborhood, hidden: Half) -> None:
        self.near, self.hidden = near, hidden
        self.codes, self.genres = near.snapshot.artist_codes, np.array(near.snapshot.genres)
        share = np.maximum(hidden.known_by, 0.5) / hidden.listeners  # nobody knows it: as if half a listener did
        self.bits = -np.log2(share)
        self.discount = 1 / np.log2(np.arange(RING) + 2)

    def rings(self, part: _Part, weights: Weights) -> list[NDArray[np.int64]]:
        """Rows of twelve albums by as many other artists, for each album that is asked about."""
        found = self.near.rings(part.rows, RING, weights, 1, lambda row: self.codes != self.codes[row])
        return [ring.rows for ring in found]

    def drawn(self, part: _Part) -> list[NDArray[np.int64]]:
        """The same by lot."""
        chance, found = np.random.default_rng(0), []
        for row in part.rows:
            order = chance.permutation(np.flatnonzero(self.codes != self.codes[row]))
            _, first = np.unique(self.codes[order], return_index=True)
            found.append(order[np.sort(first)[:RING]])
        return found

    def facts(self, part: _Part, rings: list[NDArray[np.int64]]) -> dict[str, NDArray[np.float64]]:
        """Of each ring: nDCG@12 of the hidden links, their share of it, genre purity, novelty in bits; nan: unknown."""
        out = np.full((4, len(rings)), np.nan)
        for at, (row, ring) in enumerate(zip(part.rows, rings, strict=True)):
            gain = self._gains(row)
            got = np.array([gain.get(code, 0.0) for code in self.codes[ring].tolist()])
            best = np.sort(list(gain.values()))[::-1][:RING]
            known = [genre for genre in self.genres[ring].tolist() if genre]
            out[0, at] = got @ self.discount[: len(got)] / (best @ self.discount[: len(best)])
            if len(ring):
                out[1, at] = (got > 0).mean()
                out[3, at] = self.bits[self.codes[ring]].mean()
            if self.genres[row] and known:
                out[2, at] = np.mean([genre == self.genres[row] for genre in known])
        return dict(zip(("ndcg", "true_links", "purity", "novelty"), out, strict=True))

    def brings(self, part: _Part, found: dict[str, list[NDArray[np.int64]]]) -> dict[str, NDArray[np.float64]]:
        """What the sleeve brings that tags do not.

        `alone`: how often a ring by sleeve alone has a true link that the ring by tags lacks, `by_lot` the same of one
        drawn by lot. `brought`: albums of a usual ring that are in it for their sleeve, `true` those of them that are
        true links, `instead` those of the albums that they took the places of.
        """
        lists = zip(*(found[name] for name in (SLEEVE, LOT, "tags alone")), strict=True)
        alone: list[float] = []
        by_lot: list[float] = []
        for row, (sleeve, lot, tags) in zip(part.rows, lists, strict=True):
            true, there = self._gains(row).keys(), set(self.codes[tags].tolist())
            for out, ring in ((alone, sleeve), (by_lot, lot)):
                out.append(float(bool((set(self.codes[ring].tolist()) & true) - there)))
        brought, true_new, true_old = [], [], []
        lists = zip(*(found[name] for name in (USUAL, BARE)), strict=True)
        for row, both in zip(part.rows, lists, strict=True):
            true, (usual, without) = self._gains(row).keys(), (set(self.codes[ring].tolist()) for ring in both)
            new, old = usual - without, without - usual
            brought.append(float(len(new)))
            true_new.append(len(new & true) / len(new) if new else math.nan)
            true_old.append(len(old & true) / len(old) if old else math.nan)
        told = {"alone": alone, "by_lot": by_lot, "brought": brought, "true": true_new, "instead": true_old}
        return {name: np.array(values) for name, values in told.items()}

    def _gains(self, row: int) -> dict[int, float]:
        return self.hidden.links[int(self.codes[row])]
