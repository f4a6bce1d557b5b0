"""Neighbourhoods: who is near an album, by which signal, and why.

Candidates come from every signal that counts; each candidate then gets its exact score in every signal, and the fused
score is the mean of the scores it has, weighted by the person's weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from store.errors import UnknownAlbum
from store.index import CoverIndex
from store.records import SIGNALS, Neighbor, Reason, Weights
from store.snapshot import Snapshot

if TYPE_CHECKING:
    from store.library import Library

DEPTH = 1024  # covers searched: a rank is known to there
CANDIDATES = 400  # albums that each signal brings in
YEARS = 8.0  # apart, and the era score has fallen to 1/e
_COVER, _TAGS, _ARTIST, _ERA, _POPULARITY = range(len(SIGNALS))


@dataclass(slots=True)
class Scored:
    """Candidates with their scores. Row i of every array is one candidate."""

    rows: np.ndarray  # int64 [c], rows of the snapshot
    scores: np.ndarray  # float64 [c, 5] in the order of SIGNALS, nan = no data for the pair
    fused: np.ndarray  # float64 [c]


class Neighborhood:
    """Answers for one snapshot and one index; keeps no file open. Safe to use from several threads."""

    def __init__(self, snapshot: Snapshot, index: CoverIndex | None, notices: Sequence[str] = ()) -> None:
        self.snapshot = snapshot
        self.index = index
        self.notices = tuple(notices)  # what a person should know, such as a stale index
        count = len(snapshot)
        # Album row to index row (−1: no cover in the index), and back: several albums may share one cover.
        self._cover_of = np.full(count, -1, np.int64)
        if index is not None:
            for row, sha in enumerate(snapshot.covers):
                if sha and (cover := index.row_of(sha)) is not None:
                    self._cover_of[row] = cover
        self._albums_by_cover = np.argsort(self._cover_of, kind="stable")
        self._sorted_covers = self._cover_of[self._albums_by_cover]
        self._log_listeners = np.log10(1 + snapshot.listeners)
        self._by_year = _sorted_known(snapshot.years)
        self._by_listeners = _sorted_known(self._log_listeners)
        snapshot.postings  # noqa: B018  (built now rather than within the first hop)

    def neighbors(
        self, album_id: str, k: int = 12, weights: Weights = Weights(), per_artist: int | None = 2
    ) -> list[Neighbor]:
        """The k best neighbours, best first; at most `per_artist` of one artist (None: no limit).

        UnknownAlbum for an album_id that the snapshot lacks. Fewer than k where the signals know no more.
        """
        row = self._row(album_id)
        found = self.ring(row, k, weights, per_artist)
        ranks = self._ranks(row, found.rows)
        return [
            Neighbor(
                self.snapshot.album(int(other)),
                float(found.fused[i]),
                self._reasons(row, int(other), found.scores[i], ranks[i]),
            )
            for i, other in enumerate(found.rows)
        ]

    def ring(self, row: int, k: int, weights: Weights = Weights(), per_artist: int | None = 2) -> Scored:
        """`neighbors` by rows and without texts, for what looks at many rings."""
        candidates = self._candidates(row, weights)
        scored = self._score(row, candidates, weights)
        order = self._order(row, scored, weights)
        chosen = order[:k] if per_artist is None else self._capped(scored.rows[order], order, k, per_artist)
        return Scored(scored.rows[chosen], scored.scores[chosen], scored.fused[chosen])

    def reasons(self, a: str, b: str, weights: Weights = Weights()) -> tuple[Reason, ...]:
        """Every reason that has data for the pair and a weight above 0, in the order of SIGNALS."""
        first, second = self._row(a), self._row(b)
        others = np.array([second])
        scored = self._score(first, others, weights)
        return self._reasons(first, second, scored.scores[0], self._ranks(first, others)[0])

    def nearest_to(self, vector: np.ndarray, k: int) -> list[Neighbor]:
        """The k albums whose covers are nearest to a latent (float32 [m]) that is no album's, such as a blend."""
        if self.index is None or k < 1:
            return []
        similarity, covers = self.index.search(vector, max(4 * k, 64))
        scores = self.index.percentile(similarity[0])
        found: list[Neighbor] = []
        for rank, (cover, score) in enumerate(zip(covers[0], scores, strict=True), start=1):
            for row in self._albums_of(int(cover)):
                reason = Reason("cover", float(score), self._rank_text(rank), rank)
                found.append(Neighbor(self.snapshot.album(int(row)), float(score), (reason,)))
        return found[:k]

    def _row(self, album_id: str) -> int:
        row = self.snapshot.row(album_id)
        if row is None:
            raise UnknownAlbum(f"no album with the id {album_id} in this library")
        return row

    # Candidates

    def _candidates(self, row: int, weights: Weights) -> np.ndarray:
        """Rows worth scoring, ascending, `row` itself left out."""
        parts: list[np.ndarray] = []
        if weights.cover > 0:
            parts.append(self._cover_candidates(row))
        if weights.tags > 0:
            parts.append(self._tag_candidates(row))
        if weights.artist > 0:
            parts.append(self._artist_candidates(row))
        if weights.era > 0:
            parts.append(_window(self._by_year, self.snapshot.years[row]))
        if weights.popularity > 0:
            parts.append(_window(self._by_listeners, self._log_listeners[row]))
        if not parts:
            return np.empty(0, np.int64)
        rows = np.unique(np.concatenate(parts))
        return rows[rows != row]

    def _cover_candidates(self, row: int) -> np.ndarray:
        covers = self._nearest_covers(row)[:CANDIDATES]
        if not len(covers):
            return np.empty(0, np.int64)
        covers = np.sort(covers)
        place = np.searchsorted(covers, self._sorted_covers).clip(max=len(covers) - 1)
        return self._albums_by_cover[covers[place] == self._sorted_covers]

    def _tag_candidates(self, row: int) -> np.ndarray:
        score = self._tag_scores(row)
        best = np.flatnonzero(score > 0)
        if len(best) > CANDIDATES:
            best = best[np.argpartition(-score[best], CANDIDATES)[:CANDIDATES]]
        return best

    def _artist_candidates(self, row: int) -> np.ndarray:
        snapshot = self.snapshot
        code = snapshot.artist_codes[row]
        codes, match = snapshot.similar.row(code)
        codes = codes[np.argsort(-match, kind="stable")][:CANDIDATES]
        starts = snapshot.artist_starts
        return np.concatenate([np.arange(starts[c], starts[c + 1]) for c in (code, *codes)])[: 4 * CANDIDATES]

    # Scores

    def _score(self, row: int, others: np.ndarray, weights: Weights) -> Scored:
        """The scores of every signal with a weight above 0 for the pairs (row, other), and their weighted mean."""
        wanted = np.array(astuple(weights), dtype=np.float64)
        scores = np.full((len(others), len(SIGNALS)), np.nan)
        if len(others):
            if wanted[_COVER] > 0:
                scores[:, _COVER] = self._cover_scores(row, others)
            if wanted[_TAGS] > 0:
                scores[:, _TAGS] = self._tag_scores_of(row, others)
            if wanted[_ARTIST] > 0:
                scores[:, _ARTIST] = self._artist_scores(row, others)
            if wanted[_ERA] > 0:
                scores[:, _ERA] = np.exp(
                    -np.abs(self.snapshot.years[others] - self.snapshot.years[row]) / YEARS
                )
            if wanted[_POPULARITY] > 0:
                scores[:, _POPULARITY] = np.exp(
                    -np.abs(self._log_listeners[others] - self._log_listeners[row])
                )
        known = ~np.isnan(scores)
        weight = known @ wanted
        total = np.where(known, scores, 0) @ wanted
        return Scored(others, scores, total / np.where(weight > 0, weight, 1))

    def _cover_scores(self, row: int, others: np.ndarray) -> np.ndarray:
        scores = np.full(len(others), np.nan)
        own = self._cover_of[row]
        covers = self._cover_of[others]
        known = covers >= 0
        if self.index is not None and own >= 0 and known.any():
            similarity = self.index.vectors(covers[known]) @ self.index.vector(own)
            scores[known] = np.where(covers[known] == own, 1.0, self.index.percentile(similarity))
        return scores

    def _tag_scores(self, row: int) -> np.ndarray:
        """Cosine of TF-IDF tag vectors with every album, float64 [n]: only the postings of its own tags are read."""
        snapshot = self.snapshot
        tags, values = snapshot.tags.row(row)
        score = np.zeros(len(snapshot))
        for tag, value in zip(tags, values, strict=True):
            albums, weights = snapshot.postings.row(tag)
            score[albums] += weights * float(value)  # an album is once in a posting list
        return score

    def _tag_scores_of(self, row: int, others: np.ndarray) -> np.ndarray:
        start = self.snapshot.tags.start
        if start[row] == start[row + 1]:
            return np.full(len(others), np.nan)
        has_tags = start[others] < start[others + 1]
        return np.where(has_tags, self._tag_scores(row)[others].clip(0, 1), np.nan)

    def _artist_scores(self, row: int, others: np.ndarray) -> np.ndarray:
        snapshot = self.snapshot
        own = snapshot.artist_codes[row]
        codes, match = snapshot.similar.row(own)
        of_other = snapshot.artist_codes[others]
        scores = np.where(of_other == own, 1.0, np.nan)
        if len(codes):  # ascending within a row
            place = np.searchsorted(codes, of_other).clip(max=len(codes) - 1)
            linked = codes[place] == of_other
            scores[linked] = match[place[linked]]
        return scores

    # Order

    def _order(self, row: int, scored: Scored, weights: Weights) -> np.ndarray:
        """Candidates best first: those well enough known, by score; then the others; ties by name.

        An album of which only the year is known would otherwise lead with a perfect mean of one score. So albums
        that have data for less than half of the weight that the centre has data for come after all the others.
        """
        wanted = np.array(astuple(weights), dtype=np.float64)
        snapshot = self.snapshot
        centre_has = np.array([
            self._cover_of[row] >= 0,
            snapshot.tags.start[row] < snapshot.tags.start[row + 1],
            False,  # most pairs of artists have no link: its absence says nothing
            not np.isnan(snapshot.years[row]),
            not np.isnan(snapshot.listeners[row]),
        ])  # fmt: skip
        evidence = ~np.isnan(scored.scores) @ wanted
        thin = evidence < 0.5 * (centre_has @ wanted)
        order = np.lexsort((scored.rows, -np.round(scored.fused, 9), thin))
        return order[evidence[order] > 0]

    def _capped(self, rows: np.ndarray, order: np.ndarray, k: int, per_artist: int) -> np.ndarray:
        codes = self.snapshot.artist_codes[rows]
        seen: dict[int, int] = {}
        chosen: list[int] = []
        for place, code in zip(order.tolist(), codes.tolist(), strict=True):
            if len(chosen) >= k:
                break
            if seen.get(code, 0) < per_artist:
                seen[code] = seen.get(code, 0) + 1
                chosen.append(place)
        return np.array(chosen, dtype=np.int64)

    # Reasons

    def _nearest_covers(self, row: int) -> np.ndarray:
        """Index rows of the covers nearest to the album's, its own first; [] where it has none."""
        own = self._cover_of[row]
        if self.index is None or own < 0:
            return np.empty(0, np.int64)
        covers = self.index.search(self.index.vector(own), DEPTH + 1)[1][0]
        return np.concatenate([[own], covers[(covers != own) & (covers >= 0)]])[: DEPTH + 1]

    def _ranks(self, row: int, others: np.ndarray) -> list[int | None]:
        """The rank of each other's cover among the covers nearest to the album's; None beyond the depth searched."""
        covers = self._nearest_covers(row)
        rank_of = {int(cover): max(rank, 1) for rank, cover in enumerate(covers)}
        return [rank_of.get(int(self._cover_of[other])) for other in others]

    def _reasons(self, row: int, other: int, scores: np.ndarray, rank: int | None) -> tuple[Reason, ...]:
        snapshot = self.snapshot
        reasons: list[Reason] = []
        for number, score in enumerate(scores.tolist()):
            if score != score:
                continue
            shared: tuple[str, ...] = ()
            if number == _COVER:
                same = self._cover_of[row] == self._cover_of[other]
                text = "the same cover" if same else self._rank_text(rank)
            elif number == _TAGS:
                shared = self._shared_tags(row, other)
                text = f"shared: {', '.join(shared[:3])}" if shared else "no tags shared"
            elif number == _ARTIST:
                same = snapshot.artist_codes[row] == snapshot.artist_codes[other]
                text = "same artist" if same else f"similar artists (match {score:.2f})"
            elif number == _ERA:
                mine, theirs = int(snapshot.years[row]), int(snapshot.years[other])
                text = f"both {mine}" if mine == theirs else f"{mine} and {theirs}"
            else:
                text = f"{int(snapshot.listeners[row]):,} and {int(snapshot.listeners[other]):,} listeners"
            reasons.append(Reason(SIGNALS[number], score, text, rank if number == _COVER else None, shared))
        return tuple(reasons)

    def _shared_tags(self, row: int, other: int) -> tuple[str, ...]:
        """Tags of both, those first that add most to the cosine."""
        tags, values = self.snapshot.tags.row(row)
        theirs = dict(zip(*(part.tolist() for part in self.snapshot.tags.row(other)), strict=True))
        parts = [
            (-value * theirs[tag], self.snapshot.tag_names[tag])
            for tag, value in zip(tags.tolist(), values.tolist(), strict=True)
            if tag in theirs
        ]
        return tuple(name for _, name in sorted(parts))

    def _rank_text(self, rank: int | None) -> str:
        count = self.index.count if self.index is not None else 0
        if rank is None:
            return f"not among the {DEPTH:,} nearest of {count:,} covers"
        return f"{ordinal(rank)} nearest of {count:,} covers"

    def _albums_of(self, cover: int) -> np.ndarray:
        first, last = np.searchsorted(self._sorted_covers, [cover, cover + 1])
        return self._albums_by_cover[first:last]


def open_neighborhood(library: Library) -> Neighborhood:
    """Snapshot and index of a library, ready to walk. A stale index is used and told in `notices`; a damaged one raises."""
    snapshot = Snapshot.load(library)
    index = CoverIndex.load(library, allow_stale=True)
    notices = []
    if index is None and any(snapshot.covers):
        notices.append("no cover index yet: neighbours come without covers; run `sleevewalk build`")
    if index is not None:
        with library.read() as con:
            why = index.why_stale(con)
        if why:
            notices.append(f"the cover index is stale ({why}); run `sleevewalk build`")
    return Neighborhood(snapshot, index, notices)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th … 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


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
