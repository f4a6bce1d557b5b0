"""The five signals: which albums each of them brings near a centre, and how near it says a pair is."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from store.index import CoverIndex
from store.records import SIGNALS, Weights
from store.snapshot import Snapshot

DEPTH = 1024  # covers searched: a rank is known to there
CANDIDATES = 400  # albums that each signal brings in
ALL_SCORED = 5000  # allowed albums up to which each is scored
YEARS = 8.0  # apart, and the era score has fallen to 1/e
COVER, TAGS, ARTIST, ERA, POPULARITY = range(len(SIGNALS))


@dataclass(frozen=True, slots=True)
class Centre:
    """One album with what is computed once for it."""

    row: int  # of the snapshot
    covers: np.ndarray  # int64, index rows of the covers nearest to its own, nearest first, its own left out
    tag_scores: np.ndarray | None  # float64 [n], cosine of tag vectors with every album; None: it has no tags


class Signals:
    """Candidates and scores over one snapshot and one index. Read-only, safe from several threads."""

    def __init__(self, snapshot: Snapshot, index: CoverIndex | None) -> None:
        self.snapshot = snapshot
        self.index = index
        # Album row to index row (-1: no cover in the index), and back: several albums may share one cover.
        none = np.full(len(snapshot), -1, np.int64)
        self.cover_of = none if index is None else index.rows_of(snapshot.covers)
        self._albums_by_cover = np.argsort(self.cover_of, kind="stable")
        self._sorted_covers = self.cover_of[self._albums_by_cover]
        self._log_listeners = np.log10(1 + snapshot.listeners)
        self._by_year = _sorted_known(snapshot.years)
        self._by_listeners = _sorted_known(self._log_listeners)
        self._postings = snapshot.postings

    def centre(self, row: int, weights: Weights) -> Centre:
        """What scoring around an album needs, for the signals whose weight is above 0."""
        return self.centres([row], weights, DEPTH)[0]

    def centres(self, rows: list[int], weights: Weights, depth: int = CANDIDATES) -> list[Centre]:
        """`centre` of several albums with `depth` nearest covers; one search for all costs far less than
        one each.
        """
        covers: dict[int, np.ndarray] = {}
        if weights.cover > 0 and self.index is not None:
            own = np.array([cover for row in rows if (cover := int(self.cover_of[row])) >= 0], np.int64)
            if len(own):
                found = self.index.search(self.index.vectors(own), depth + 1)[1]
                for cover, near in zip(own.tolist(), found, strict=True):
                    covers[cover] = near[(near != cover) & (near >= 0)][:depth]
        none = np.empty(0, np.int64)
        return [
            Centre(
                row,
                covers.get(int(self.cover_of[row]), none),
                self._tag_scores(row) if weights.tags > 0 else None,
            )
            for row in rows
        ]

    # Candidates

    def candidates(self, centre: Centre, weights: Weights, allowed: np.ndarray | None = None) -> np.ndarray:
        """Rows worth scoring, int64 ascending, the centre left out: the union of what each signal brings.

        With `allowed` (bool [n]) only those: all of them where they are few enough to score each, else those
        that the signals bring, the best tags among the allowed.
        """
        if allowed is not None and int(np.count_nonzero(allowed)) <= ALL_SCORED:
            rows = np.flatnonzero(allowed)
            return rows[rows != centre.row]
        wanted = np.zeros(len(self.snapshot), bool)
        if weights.cover > 0 and self.cover_of[centre.row] >= 0:
            wanted[self.albums_of(self.cover_of[centre.row])] = True
            wanted[self._albums_of_all(centre.covers[:CANDIDATES])] = True
        if centre.tag_scores is not None:
            tag_scores = centre.tag_scores if allowed is None else np.where(allowed, centre.tag_scores, 0)
            wanted[_best(tag_scores, CANDIDATES)] = True
        if weights.artist > 0:
            wanted[self._of_near_artists(centre.row)] = True
        if weights.era > 0:
            wanted[_window(self._by_year, self.snapshot.years[centre.row])] = True
        if weights.popularity > 0:
            wanted[_window(self._by_listeners, self._log_listeners[centre.row])] = True
        if allowed is not None:
            wanted &= allowed
        wanted[centre.row] = False
        return np.flatnonzero(wanted)

    def albums_of(self, cover: int) -> np.ndarray:
        """Rows of the albums with that cover (an index row)."""
        first, last = np.searchsorted(self._sorted_covers, [cover, cover + 1])
        return self._albums_by_cover[first:last]

    def _albums_of_all(self, covers: np.ndarray) -> np.ndarray:
        first = np.searchsorted(self._sorted_covers, covers)
        last = np.searchsorted(self._sorted_covers, covers, side="right")
        if (last - first <= 1).all():
            return self._albums_by_cover[first[first < last]]
        return np.concatenate([self._albums_by_cover[a:b] for a, b in zip(first, last, strict=True)])

    def _of_near_artists(self, row: int) -> np.ndarray:
        snapshot = self.snapshot
        own = snapshot.artist_codes[row]
        codes, match = snapshot.similar.row(own)
        codes = codes[np.argsort(-match, kind="stable")][:CANDIDATES]
        starts = snapshot.artist_starts
        rows = np.concatenate([np.arange(starts[code], starts[code + 1]) for code in (own, *codes)])
        return rows[: 4 * CANDIDATES]

    # Scores

    def scores(self, centre: Centre, others: np.ndarray, weights: Weights) -> np.ndarray:
        """float64 [len(others), 5] in 0–1 in the order of SIGNALS; nan = no data for the pair, or a weight
        of 0.
        """
        scores = np.full((len(others), len(SIGNALS)), np.nan)
        if not len(others):
            return scores
        row, snapshot = centre.row, self.snapshot
        if weights.cover > 0:
            scores[:, COVER] = self._cover_scores(row, others)
        if centre.tag_scores is not None:
            has_tags = snapshot.tags.start[others] < snapshot.tags.start[others + 1]
            scores[:, TAGS] = np.where(has_tags, centre.tag_scores[others], np.nan)
        if weights.artist > 0:
            scores[:, ARTIST] = self._artist_scores(row, others)
        if weights.era > 0:
            scores[:, ERA] = np.exp(-np.abs(snapshot.years[others] - snapshot.years[row]) / YEARS)
        if weights.popularity > 0:
            scores[:, POPULARITY] = np.exp(-np.abs(self._log_listeners[others] - self._log_listeners[row]))
        return scores

    def _cover_scores(self, row: int, others: np.ndarray) -> np.ndarray:
        scores = np.full(len(others), np.nan)
        own, covers = self.cover_of[row], self.cover_of[others]
        known = covers >= 0
        if self.index is not None and own >= 0 and known.any():
            # einsum and not @: BLAS would start threads for it, which on a busy machine wait for each other.
            similarity = np.einsum("ij,j->i", self.index.vectors(covers[known]), self.index.vector(int(own)))
            scores[known] = np.where(covers[known] == own, 1.0, self.index.percentile(similarity))
        return scores

    def _tag_scores(self, row: int) -> np.ndarray | None:
        """Only the postings of the album's own tags are read."""
        tags, values = self.snapshot.tags.row(row)
        if not len(tags):
            return None
        scores = np.zeros(len(self.snapshot))
        for tag, value in zip(tags.tolist(), values.tolist(), strict=True):
            albums, weights = self._postings.row(tag)
            scores[albums] += weights * value  # an album is once in a posting list
        return scores.clip(0, 1, out=scores)

    def _artist_scores(self, row: int, others: np.ndarray) -> np.ndarray:
        own = self.snapshot.artist_codes[row]
        codes, match = self.snapshot.similar.row(own)
        of_other = self.snapshot.artist_codes[others]
        scores = np.where(of_other == own, 1.0, np.nan)
        if len(codes):  # ascending within a row
            place = np.searchsorted(codes, of_other).clip(max=len(codes) - 1)
            linked = codes[place] == of_other
            scores[linked] = match[place[linked]]
        return scores


def weight_array(weights: Weights) -> np.ndarray:
    """The weights in the order of SIGNALS, float64 [5]; what is no finite number above 0 counts as 0."""
    wanted = np.array(astuple(weights), dtype=np.float64)
    return np.where(np.isfinite(wanted) & (wanted > 0), wanted, 0)


def fuse(scores: np.ndarray, weights: Weights) -> np.ndarray:
    """The mean of the scores that a pair has, weighted; float64 [c] from [c, 5]. 0 where it has none."""
    known = ~np.isnan(scores)
    wanted = weight_array(weights)
    weight = known @ wanted
    return (np.where(known, scores, 0) @ wanted) / np.where(weight > 0, weight, 1)


def _best(scores: np.ndarray, limit: int) -> np.ndarray:
    """Places of the `limit` highest scores above 0; of equal ones at the edge the first."""
    above = np.flatnonzero(scores > 0)
    if len(above) <= limit:
        return above
    edge = np.partition(scores[above], len(above) - limit)[len(above) - limit]
    surely = above[scores[above] > edge]
    return np.concatenate([surely, above[scores[above] == edge][: limit - len(surely)]])


def _sorted_known(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(values ascending, their rows) of what is known."""
    rows = np.flatnonzero(~np.isnan(values))
    order = rows[np.argsort(values[rows], kind="stable")]
    return values[order], order


def _window(known: tuple[np.ndarray, np.ndarray], value: float) -> np.ndarray:
    """Rows of the CANDIDATES values around `value`."""
    values, rows = known
    if np.isnan(value) or not len(values):
        return np.empty(0, np.int64)
    middle = int(np.searchsorted(values, value) + np.searchsorted(values, value, side="right")) // 2
    start = max(min(middle - CANDIDATES // 2, len(values) - CANDIDATES), 0)
    return rows[start : start + CANDIDATES]
