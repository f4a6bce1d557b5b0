"""Neighbourhoods: who is near an album, by which signal, and why.

Every signal brings candidates and scores each of them; an album's score is the mean of the scores it has,
weighted as the person wants. `signals` holds the scores, `reasons` their words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from store.errors import UnknownAlbum
from store.index.cover_index import CoverIndex
from store.memory.album_arrays import read_arrays
from store.memory.arrays_file import noted_arrays, tables_fingerprint
from store.memory.snapshot import Snapshot
from store.neighbors.reasons import rank_text, reasons_for
from store.neighbors.signals import Centre, Signals, fuse, weight_array
from store.records import DEFAULT_WEIGHTS, Neighbor, Reason, Weights

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library


# What an unknown score counts as when rings are chosen, in the order of SIGNALS. Two artists without a link are the
# common case and no gap in the data.
MIDDLING = np.array([0.5, 0.1, 0.0, 0.5, 0.5, 0.0])


_OFTEN_ENOUGH = 16  # times as many candidates as neighbours are put in order at first


@dataclass(frozen=True, slots=True)
class Ring:
    """A neighbourhood in numbers, best first; row i of every array is one neighbour."""

    rows: np.ndarray  # int64 [k], rows of the snapshot
    scores: np.ndarray  # float64 [k, 6] in the order of SIGNALS, nan = no data for the pair
    fused: np.ndarray  # float64 [k], the weighted mean


class Neighborhood:
    """Answers for one snapshot and one index; keeps no file open. Safe to use from several threads."""

    def __init__(
        self,
        snapshot: Snapshot,
        index: CoverIndex | None,
        notices: Sequence[str] = (),
        signals: Signals | None = None,
    ) -> None:
        """`signals`: those of this snapshot and index, if they are made already."""
        self.snapshot = snapshot
        self.index = index
        self.notices = tuple(notices)  # what a person should know, such as a stale index
        self.signals = signals or Signals(snapshot, index)

    def neighbors(
        self,
        album_id: str,
        k: int = 12,
        weights: Weights = DEFAULT_WEIGHTS,
        per_artist: int | None = 2,
        allowed: np.ndarray | None = None,
    ) -> list[Neighbor]:
        """The k best neighbours, best first; at most `per_artist` of one artist (None: no limit).

        `allowed` (bool [n], rows of the snapshot) names those that may be neighbours; None: all.

        UnknownAlbum for an album_id that the snapshot lacks. Fewer than k where the signals know no more.
        Who is in the ring is chosen with what is unknown of an album counted as middling (see `_choice`);
        they are shown by score. Only where too few are well known do others follow them, by score again.
        """
        centre = self.signals.centre(self.row(album_id), weights)
        ring = self._ring(centre, k, weights, per_artist, allowed)
        reasons = self._reasons(centre, ring, weights)
        return [
            Neighbor(self.snapshot.album(row), score, reasons[place])
            for place, (row, score) in enumerate(zip(ring.rows.tolist(), ring.fused.tolist(), strict=True))
        ]

    def rings(
        self,
        rows: list[int],
        k: int,
        weights: Weights = DEFAULT_WEIGHTS,
        per_artist: int | None = 2,
        allowed: Callable[[int], np.ndarray | None] = lambda row: None,
    ) -> list[Ring]:
        """`neighbors` of several albums by their rows, without words; `allowed(row)` (bool [n], None: all) for each."""
        centres = self.signals.centres(rows, weights)
        return [self._ring(centre, k, weights, per_artist, allowed(centre.row)) for centre in centres]

    def reasons(self, a: str, b: str, weights: Weights = DEFAULT_WEIGHTS) -> tuple[Reason, ...]:
        """Every reason that has data for the pair and a weight above 0, in the order of SIGNALS."""
        centre = self.signals.centre(self.row(a), weights)
        others = np.array([self.row(b)])
        scores = self.signals.scores(centre, others, weights)
        return self._reasons(centre, Ring(others, scores, fuse(scores, weights)), weights)[0]

    def nearest_to(self, vector: np.ndarray, k: int) -> list[Neighbor]:
        """The k albums with the covers nearest to a latent (float32 [m]) that is no album's, such as a blend."""
        if self.index is None or k < 1:
            return []
        similarity, covers = self.index.search(vector, max(4 * k, 64))
        scores = self.index.percentile(similarity[0])
        found: list[Neighbor] = []
        for rank, (cover, score) in enumerate(zip(covers[0].tolist(), scores.tolist(), strict=True), start=1):
            reason = Reason("cover", score, rank_text(rank, self.index.count, score), rank)
            albums = self.signals.albums_of(cover) if cover >= 0 else ()
            found += [Neighbor(self.snapshot.album(int(row)), score, (reason,)) for row in albums]
            if len(found) >= k:
                break
        return found[:k]

    def row(self, album_id: str) -> int:
        """The snapshot's row of an album; UnknownAlbum where it has none."""
        row = self.snapshot.row(album_id)
        if row is None:
            raise UnknownAlbum(f"no album with the id {album_id[:80]!r} in this library")
        return row

    def _ring(
        self, centre: Centre, k: int, weights: Weights, per_artist: int | None, allowed: np.ndarray | None = None
    ) -> Ring:
        rows = self.signals.candidates(centre, weights, allowed)
        scores = self.signals.scores(centre, rows, weights)
        has = self.signals.of_centre(centre)
        for most in (_OFTEN_ENOUGH * k, len(rows)):  # few are put in order, all where those are by too few artists
            order, little_known = _choice(rows, scores, weights, has, most)
            chosen = order[:k] if per_artist is None else self._capped(rows, order, k, per_artist)
            if len(chosen) == k:
                break
        fused = fuse(scores[chosen], weights)
        shown = np.lexsort((rows[chosen], -np.round(fused, 6), little_known[chosen]))
        return Ring(rows[chosen][shown], scores[chosen][shown], fused[shown])

    def _capped(self, rows: np.ndarray, order: np.ndarray, k: int, per_artist: int) -> np.ndarray:
        """The first k of `order` with at most `per_artist` of one artist."""
        seen: dict[int, int] = {}
        chosen: list[int] = []
        for place, artist in zip(order.tolist(), self.snapshot.artist_codes[rows[order]].tolist(), strict=True):
            if len(chosen) >= k:
                break
            if seen.get(artist, 0) < per_artist:
                seen[artist] = seen.get(artist, 0) + 1
                chosen.append(place)
        return np.array(chosen, dtype=np.int64)

    def _reasons(self, centre: Centre, ring: Ring, weights: Weights) -> list[tuple[Reason, ...]]:
        cover_of = self.signals.cover_of
        rank_of = {cover: rank for rank, cover in enumerate(centre.covers.tolist(), start=1)}
        rank_of[int(cover_of[centre.row])] = 1
        covers = self.index.count if self.index is not None else 0
        wanted = weight_array(weights)
        return [
            reasons_for(
                self.snapshot, centre.row, row, scores,
                weights=wanted, rank=rank_of.get(int(cover_of[row])), covers=covers,
                same_cover=bool(cover_of[row] == cover_of[centre.row]),
            )
            for row, scores in zip(ring.rows.tolist(), ring.scores.tolist(), strict=True)
        ]  # fmt: skip


def _choice(
    rows: np.ndarray, scores: np.ndarray, weights: Weights, has: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """(places of the `most` best candidates, first to be chosen first; bool [c], which of all are little known).

    By the weighted mean over all signals, with what is unknown of an album counted as MIDDLING; ties by name. Those
    that have data for less than half of the weight of what the centre has data for (`has`, bool [6]) come after all
    others. Otherwise an album of which only the year is known would lead the ring with a perfect mean of one score,
    and albums without tags would crowd out all that share some. The macro `similar_to` says the same in SQL.
    """
    wanted = weight_array(weights)
    known = ~np.isnan(scores)
    little_known = known @ wanted < 0.5 * (has @ wanted)
    total = np.round(np.where(known, scores, MIDDLING) @ wanted, 6) - little_known * (1 + wanted.sum())
    some = np.arange(len(rows))
    if 0 < most < len(rows):
        some = np.flatnonzero(total >= np.partition(total, -most)[-most])
    order = some[np.lexsort((rows[some], -total[some]))]
    return order[known[order].any(axis=1)], little_known


def open_neighborhood(library: Library) -> Neighborhood:
    """Snapshot and index, ready to walk. A stale index is used and told in `notices`; a damaged one raises."""
    notices = []
    with ThreadPoolExecutor(1) as executor:
        loading = executor.submit(CoverIndex.load, library, allow_stale=True)
        with library.read() as con:
            snapshot, signals = _opened(con, library, loading, executor)
            index = loading.result()
            why = index.why_stale(con) if index is not None else ""
    if why:
        notices.append(f"the cover index is stale ({why}); run `sleevewalk build`")
    if index is None and any(snapshot.covers):
        notices.append("no cover index yet: neighbours come without covers; run `sleevewalk build`")
    return Neighborhood(snapshot, index, notices, signals.result())


def _opened(
    con: duckdb.DuckDBPyConnection, library: Library, loading: Future[CoverIndex | None], executor: Executor
) -> tuple[Snapshot, Future[Signals]]:
    """The files of a large library are hashed while its tables are fingerprinted and signals made of the copy."""
    found = noted_arrays(con, library.index_dir)
    if found is not None:
        arrays, fingerprint = found
        copy = Snapshot.of(arrays, con, library)
        making = executor.submit(lambda: Signals(copy, loading.result()))
        if fingerprint == tables_fingerprint(con):
            return copy, making
    snapshot = Snapshot.of(read_arrays(con), con, library)
    return snapshot, executor.submit(lambda: Signals(snapshot, loading.result()))
