"""The signals: which albums each of them brings near a centre, and how near it says a pair is."""

from __future__ import annotations

import threading
from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np

from store.index.cover_index import CoverIndex
from store.memory.snapshot import Snapshot
from store.memory.sparse import Sparse, highest
from store.records import SIGNALS, Weights

DEPTH = 1024  # covers searched: a rank is known to there
CANDIDATES = 800  # albums that each signal brings in
ALL_SCORED = 5000  # albums (allowed ones, under a filter) up to which each is scored
YEARS = 8.0  # apart, and the era score has fallen to 1/e
COVER, TAGS, ARTIST, ERA, POPULARITY, PLAYS = range(len(SIGNALS))
_ROUNDING = 1e-5  # of sums of float32


@dataclass(frozen=True, slots=True)
class Centre:
    """One album with what is computed once for it."""

    row: int  # of the snapshot
    covers: np.ndarray  # int64, index rows of the covers nearest to its own, nearest first, its own left out
    by_tags: bool  # whether tags count and it has any


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
        self.artist_plays = _artist_plays(snapshot)
        self._by_year = _sorted_known(snapshot.years)
        self._by_popularity = _sorted_known(snapshot.popularity)
        self._postings = snapshot.postings
        self._heaviest = _highest_of_rows(snapshot.postings)
        self._of_thread = threading.local()

    def centre(self, row: int, weights: Weights) -> Centre:
        """What scoring around an album needs, for the signals whose weight is above 0."""
        return self.centres([row], weights, DEPTH)[0]

    def centres(self, rows: list[int], weights: Weights, depth: int = CANDIDATES) -> list[Centre]:
        """`centre` of several albums with `depth` nearest covers, by one search for all."""
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
                weights.tags > 0 and len(self.snapshot.tags.row(row)[0]) > 0,
            )
            for row in rows
        ]

    # Candidates

    def candidates(self, centre: Centre, weights: Weights, allowed: np.ndarray | None = None) -> np.ndarray:
        """Rows worth scoring, int64 ascending, the centre left out: the union of what each signal brings.

        All of a library of ALL_SCORED. With `allowed` (bool [n]) only those: all of them where they are few enough
        to score each, else those that the signals bring, the best tags among the allowed.
        """
        if len(self.snapshot) <= ALL_SCORED and allowed is None:
            return np.delete(np.arange(len(self.snapshot)), centre.row)
        if allowed is not None and int(np.count_nonzero(allowed)) <= ALL_SCORED:
            rows = np.flatnonzero(allowed)
            return rows[rows != centre.row]
        # Lists of rows and no array over all albums: a hop costs the same in a library of any size.
        wanted = []
        if weights.cover > 0 and self.cover_of[centre.row] >= 0:
            wanted += [self.albums_of(self.cover_of[centre.row]), self._near_covers(centre, allowed)]
        if centre.by_tags:
            wanted.append(self._best_tagged(centre.row, allowed))
        if weights.artist > 0:
            wanted.append(self._of_near_artists(centre.row))
        if weights.era > 0:
            wanted.append(_window(self._by_year, self.snapshot.years[centre.row]))
        if weights.popularity > 0:
            wanted.append(_window(self._by_popularity, self.snapshot.popularity[centre.row]))
        if weights.plays > 0:
            wanted.append(self._most_played)
        rows = np.unique(np.concatenate([np.empty(0, np.int64), *wanted]))
        if allowed is not None:
            rows = rows[allowed[rows]]
        return rows[rows != centre.row]

    @cached_property  # the same from every centre, and asked for only where plays have a weight
    def _most_played(self) -> np.ndarray:
        return highest(np.nan_to_num(self.artist_plays[self.snapshot.artist_codes]), CANDIDATES)

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

    def _near_covers(self, centre: Centre, allowed: np.ndarray | None) -> np.ndarray:
        """Rows of the albums with the CANDIDATES nearest covers, of those allowed where some are not."""
        if allowed is None or self.index is None:
            return self._albums_of_all(centre.covers[:CANDIDATES])
        among = np.zeros(self.index.count, bool)
        covers = self.cover_of[allowed]
        among[covers[covers >= 0]] = True
        found = self.index.search_among(self.index.vector(int(self.cover_of[centre.row])), CANDIDATES, among)
        return self._albums_of_all(found)

    def _of_near_artists(self, row: int) -> np.ndarray:
        snapshot = self.snapshot
        own = snapshot.artist_codes[row]
        codes, match = snapshot.similar.row(own)
        codes = codes[np.argsort(-match, kind="stable")][:CANDIDATES]
        starts = snapshot.artist_starts
        rows = np.concatenate([np.arange(starts[code], starts[code + 1]) for code in (own, *codes)])
        return rows[: 4 * CANDIDATES]

    # Scores

    def of_centre(self, centre: Centre) -> np.ndarray:
        """bool [6]: for which signals the centre has data; `artist` has none that an album could lack."""
        row, snapshot = centre.row, self.snapshot
        return np.array([
            self.cover_of[row] >= 0, centre.by_tags, False,
            not np.isnan(snapshot.years[row]), not np.isnan(snapshot.popularity[row]), False,
        ])  # fmt: skip

    def scores(self, centre: Centre, others: np.ndarray, weights: Weights) -> np.ndarray:
        """float64 [len(others), 6] in 0–1 in the order of SIGNALS; nan: no data for the pair, or weight 0."""
        scores = np.full((len(others), len(SIGNALS)), np.nan)
        if not len(others):
            return scores
        row, snapshot = centre.row, self.snapshot
        if weights.cover > 0:
            scores[:, COVER] = self._cover_scores(row, others)
        if centre.by_tags:
            has_tags = snapshot.tags.start[others] < snapshot.tags.start[others + 1]
            scores[:, TAGS] = np.where(has_tags, self._tag_scores(row, others), np.nan)
        if weights.artist > 0:
            scores[:, ARTIST] = self._artist_scores(row, others)
        if weights.era > 0:
            scores[:, ERA] = np.exp(-np.abs(snapshot.years[others] - snapshot.years[row]) / YEARS)
        if weights.popularity > 0:
            scores[:, POPULARITY] = 1 - np.abs(snapshot.popularity[others] - snapshot.popularity[row])
        if weights.plays > 0:
            scores[:, PLAYS] = self.artist_plays[snapshot.artist_codes[others]]
        return scores

    def _cover_scores(self, row: int, others: np.ndarray) -> np.ndarray:
        scores = np.full(len(others), np.nan)
        own, covers = self.cover_of[row], self.cover_of[others]
        known = covers >= 0
        if self.index is not None and own >= 0 and known.any():
            similarity = self.index.similarities(int(own), covers[known])
            scores[known] = np.where(covers[known] == own, 1.0, self.index.percentile(similarity))
        return scores

    def _tag_scores(self, row: int, others: np.ndarray) -> np.ndarray:
        """Cosine of the tag vectors of `row` and of `others`, float64 in 0–1."""
        tags = self.snapshot.tags
        own = np.zeros(len(self.snapshot.tag_names))
        own[tags.row(row)[0]] = tags.row(row)[1]
        first = tags.start[others]
        length = tags.start[others + 1] - first
        of = np.repeat(np.arange(len(others)), length)
        entries = np.repeat(first - np.cumsum(length) + length, length) + np.arange(len(of))
        products = own[tags.columns[entries]] * tags.values[entries]
        return np.bincount(of, products, minlength=len(others)).clip(0, 1)

    def _best_tagged(self, row: int, allowed: np.ndarray | None) -> np.ndarray:
        """Rows of the CANDIDATES albums whose tags are most like those of `row`; of equal ones the first.

        Its tags are read from the one that can add most to the one that can add least. Once what is left cannot lift
        an album that has none of those read above the worst of the best so far, the long lists of common tags need
        not be read at all.
        """
        tags, values = self.snapshot.tags.row(row)
        most = values * self._heaviest[tags]  # that each tag can add to a score
        order = np.argsort(-most, kind="stable")
        rest = np.append(np.cumsum(most[order][::-1])[::-1], 0)
        sums = self._sums()
        seen: list[np.ndarray] = []
        count, edge = 0, 0.0
        try:
            for place, number in enumerate(order.tolist()):
                if count > CANDIDATES:
                    found = np.concatenate(seen)
                    edge = float(np.partition(sums[found], count - CANDIDATES)[count - CANDIDATES])
                    if rest[place] + _ROUNDING < edge:
                        break
                albums, weights = self._postings.row(int(tags[number]))
                if allowed is not None:
                    kept = allowed[albums]
                    albums, weights = albums[kept], weights[kept]
                before, more = sums[albums], weights * values[number]
                fresh = albums[(before == 0) & (more > 0)]
                sums[albums] = before + more  # an album is once in a posting list
                seen.append(fresh)
                count += len(fresh)
            else:
                place = len(order)
            found = np.concatenate(seen) if seen else np.empty(0, np.int64)
            while len(found) > CANDIDATES:  # of what was summed, those that may yet be among the best
                edge = float(np.partition(sums[found], len(found) - CANDIDATES)[len(found) - CANDIDATES])
                found = found[sums[found] >= edge - rest[place] - 2 * _ROUNDING]
                if len(found) <= 4 * CANDIDATES or place == len(order):
                    break
                # To read one more list takes less time than to score so many one by one.
                number = order[place]
                albums, weights = self._postings.row(int(tags[number]))
                known = sums[albums] > 0  # the others are beaten already
                sums[albums[known]] += weights[known] * values[number]
                place += 1
        finally:
            for some in seen:
                sums[some] = 0
        found = np.sort(found).astype(np.int64)
        # Rounded, since the order in which equal products are added must not tell equal albums apart.
        return found[highest(np.round(self._tag_scores(row, found), 9), CANDIDATES)]

    def _sums(self) -> np.ndarray:
        """float32 [n] of zeros, one a thread; who uses it leaves zeros."""
        sums: np.ndarray | None = getattr(self._of_thread, "sums", None)
        if sums is None:
            sums = self._of_thread.sums = np.zeros(len(self.snapshot), np.float32)
        return sums

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
    """The weights in the order of SIGNALS, float64 [6]; what is no finite number above 0 counts as 0."""
    wanted = np.array(astuple(weights), dtype=np.float64)
    return np.where(np.isfinite(wanted) & (wanted > 0), wanted, 0)


def fuse(scores: np.ndarray, weights: Weights) -> np.ndarray:
    """The mean of the scores that a pair has, weighted; float64 [c] from [c, 6]. 0 where it has none."""
    known = ~np.isnan(scores)
    wanted = weight_array(weights)
    weight = known @ wanted
    return (np.where(known, scores, 0) @ wanted) / np.where(weight > 0, weight, 1)


def _artist_plays(snapshot: Snapshot) -> np.ndarray:
    """float64 [artists]: how much the person plays each artist, ln(1 + plays) by that of the most played; all nan
    where nothing is known of it.
    """
    plays = np.zeros(len(snapshot.artist_starts) - 1 if len(snapshot) else 0)
    for album_id, of_album in snapshot.plays.items():
        if (row := snapshot.row(album_id)) is not None:
            plays[snapshot.artist_codes[row]] += of_album.total
    return np.log1p(plays) / np.log1p(plays.max(initial=1)) if plays.any() else np.full(len(plays), np.nan)


def _highest_of_rows(matrix: Sparse) -> np.ndarray:
    """float32 [rows]: the highest value of each row, 0 where it has none."""
    highest = np.zeros(len(matrix.start) - 1, np.float32)
    filled = np.flatnonzero(np.diff(matrix.start))
    if len(filled):
        highest[filled] = np.maximum.reduceat(matrix.values, matrix.start[filled])
    return highest


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
