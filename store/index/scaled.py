"""Nearest covers in an index with the correction for hubs (`store.index.hubness`): what a search of vectors answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from store.index.coarse import nearest_of_all, reading, without_own
from store.index.flat import FlatIndex, gpus, nearest_products, needed_faiss
from store.index.hubness import LEAST, corrected, corrected_product, points, queries
from store.index.hubness import NEAREST as OF_SCALE

NEAREST = 32  # neighbours a cover in the stored graph and in the calibration
_INTERACTIVE = 8  # queries; up to here one thread answers sooner than several that wait for each other
_FEW = 10_000  # vectors read; the same
_ONE_BY_ONE = 64  # queries of an exact index, for which no copy of its vectors is made
_GPU_MOST = 2048  # lists that FAISS reads on a GPU, and nearest that it finds there
_BATCH = 4096  # covers whose nearest are looked for at a time

Advance = Callable[[int], None]
Nearest = tuple[np.ndarray, np.ndarray]


def _quietly(done: int) -> None:
    pass


class ScaledIndex:
    """An index of unit vectors (`FlatIndex`, or a coarse one of FAISS) with a scale each.

    Safe for searches from several threads.

    Every similarity that it gives is the corrected one, −1…1. Exact where all vectors are in memory; of a coarse index
    the nearest by angle, some times as many as asked for, are put in the order of the corrected similarity.
    """

    def __init__(self, index: Any, scales: np.ndarray) -> None:
        self._index = index
        self._matrix = index.matrix if isinstance(index, FlatIndex) else None  # all vectors, float32 [count, m]
        self.scales = scales  # float32 [count]
        self.count, self.dimension = int(index.ntotal), int(index.d)

    def vector(self, row: int) -> np.ndarray:
        """The L2-normalised vector of a row, float32 [m]."""
        return self.vectors(np.array([row]))[0]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """The L2-normalised vectors of rows, float32 [n, m] (approximate in a coarse index)."""
        if self._matrix is not None:
            return self._matrix[rows]
        with _search_threads(1 if len(rows) <= _FEW else None):
            return self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))

    @property
    def matrix(self) -> np.ndarray | None:
        """All vectors, float32 [count, m], not to be written to; None in the coarse index, which has them roughly."""
        return self._matrix

    @cached_property
    def _on_gpus(self) -> Any:
        """A copy of the index on all GPUs, for many queries at once; made by the first of them."""
        return needed_faiss().index_cpu_to_all_gpus(self._index)

    @property
    def is_exact(self) -> bool:
        """Whether every cover is compared, in full precision; the coarse index of large libraries is not."""
        return self._matrix is not None

    def search(self, vectors: np.ndarray, k: int, own: np.ndarray | None = None) -> Nearest:
        """(similarity float32 [q, k], row int64 [q, k]) of the nearest covers, nearest first.

        `vectors` are float32 [q, m] of any length, `own` float32 [q] their scales; where those are not known they are
        measured on what is found. k is cut to the number of covers; where the coarse index finds fewer the row is -1.
        ValueError for another m.
        """
        asked = normalized(np.atleast_2d(vectors))
        if asked.shape[1] != self.dimension:
            raise ValueError(f"vectors have {asked.shape[1]} numbers, the index {self.dimension}")
        k = min(k, self.count)
        if k < 1:
            return np.empty((len(asked), 0), np.float32), np.empty((len(asked), 0), np.int64)
        product, rows = self._nearest(asked, k)
        own = self._scales_by(product, rows) if own is None else own
        similarity = np.where(rows >= 0, corrected_product(product, own[:, None]), -1)
        return similarity.astype(np.float32), rows

    def similarities(self, row: int, others: np.ndarray) -> np.ndarray:
        """float64 [n]: the corrected similarity of one row to others."""
        # einsum and not @: BLAS would start threads for it, which on a busy machine wait for each other.
        if self._matrix is not None and 4 * len(others) > self.count:  # sooner than copying the rows
            cosine = np.einsum("ij,j->i", self._matrix, self.vector(row))[others]
        else:
            cosine = np.einsum("ij,j->i", self.vectors(others), self.vector(row))
        return corrected(cosine.astype(np.float64), float(self.scales[row]), self.scales[others])

    def search_among(self, vector: np.ndarray, k: int, among: np.ndarray) -> np.ndarray:
        """int64 [k' ≤ k]: the rows nearest to a vector (float32 [m]) of those that `among` (bool [count]) allows.

        The others are passed over while FAISS searches; the coarse index reads more lists the fewer are allowed.
        """
        some = int(np.count_nonzero(among))
        if not some or k < 1:
            return np.empty(0, np.int64)
        asked = normalized(np.atleast_2d(vector))
        if self._matrix is not None:
            rows = np.flatnonzero(among)
            product = (np.einsum("ij,j->i", self._matrix[rows], asked[0]) - 1) / self.scales[rows]
            return rows[_best(product, min(k, some))]
        chosen = needed_faiss().IDSelectorBitmap(np.packbits(among, bitorder="little"))
        lists = min(self._index.nlist, -(-self._index.nprobe * self.count // some))
        how = reading(sel=chosen, nprobe=lists)
        with _search_threads(1):
            cosine, found = self._index.search(asked, min(_deep(k), some), params=how)
        rows = self._reordered(cosine, found, k)[1][0]
        return rows[rows >= 0]

    def nearest_covers(self, k: int = NEAREST, advance: Advance = _quietly) -> Nearest:
        """(similarity float32 [count, k'], row int64 [count, k']) of every cover's k' ≤ k nearest others, in order;
        -1 where there are fewer. Minutes for a million; on the GPU where FAISS sees one. `advance`: the progress.
        """
        if self.is_exact or gpus():
            return self.nearest_to(np.arange(self.count), k, advance)
        product, rows = self._reordered(*nearest_of_all(self._index, 3 * k, advance), k)
        return self._as_similarity(product, rows, np.arange(self.count)), rows

    def nearest_to(self, rows: np.ndarray, k: int = NEAREST, advance: Advance = _quietly) -> Nearest:
        """The same for some rows alone; `advance` is told how many more are done."""
        k = max(min(k, self.count - 1), 0)
        similarity = np.full((len(rows), k), -1, np.float32)
        found = np.full((len(rows), k), -1, np.int64)
        if not k:
            return similarity, found
        of_points = None
        if self._matrix is not None and len(rows) > _ONE_BY_ONE:
            of_points = points(self._matrix, self.scales)
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            product, near = self._nearest(self.vectors(part), k + 1, of_points)
            product, near = without_own(product, near, part)
            to = slice(start, start + len(part))
            similarity[to], found[to] = self._as_similarity(product, near, part), near
            advance(len(part))
        return similarity, found

    def _as_similarity(self, product: np.ndarray, found: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.where(found >= 0, corrected_product(product, self.scales[rows][:, None]), -1)

    def _nearest(self, asked: np.ndarray, k: int, of_points: np.ndarray | None = None) -> Nearest:
        """(inner products of `queries` and `points` float32 [q, k], rows int64 [q, k]), the largest first."""
        matrix = self._matrix
        if matrix is None:
            few, deep = len(asked) <= _INTERACTIVE, min(_deep(k), self.count)
            with _search_threads(1 if few else None):
                on_gpu = not few and max(deep, self._index.nprobe) <= _GPU_MOST and gpus()
                cosine, found = (self._on_gpus if on_gpu else self._index).search(asked, deep)
            return self._reordered(cosine, found, k)
        if len(asked) > _ONE_BY_ONE:
            of_points = points(matrix, self.scales) if of_points is None else of_points
            return nearest_products(queries(asked), of_points, k)
        product, rows = np.empty((len(asked), k), np.float32), np.empty((len(asked), k), np.int64)
        for number, vector in enumerate(asked):
            # einsum and not @: BLAS would start threads for it, which on a busy machine wait for each other.
            every = (np.einsum("ij,j->i", matrix, vector) - 1) / self.scales
            rows[number] = best = _best(every, k)
            product[number] = every[best]
        return product, rows

    def _reordered(self, cosine: np.ndarray, found: np.ndarray, k: int) -> Nearest:
        """The k largest inner products, with their rows, of what a search by cosine found; rows may be -1."""
        product = np.where(found >= 0, (np.maximum(cosine, -1) - 1) / self.scales[found], -np.inf).astype(np.float32)
        order = np.argsort(-product, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(product, order, 1), np.take_along_axis(found, order, 1)

    def _scales_by(self, product: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Scales of vectors that are no cover's, float32 [q]: the mean distance to the nearest of those found."""
        squared = np.where(rows >= 0, -2 * product * self.scales[rows], np.inf)
        nearest = np.sort(squared, axis=1)[:, :OF_SCALE]
        known = np.isfinite(nearest)
        distance = np.sqrt(np.maximum(np.where(known, nearest, 0), 0)).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.maximum(distance, np.float32(LEAST)).astype(np.float32)


def normalized(vectors: np.ndarray) -> np.ndarray:
    """`vectors` as contiguous float32 of length 1 each; a zero vector stays zero. ValueError for not-finite ones."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite")
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(length > 0, length, 1))


def _deep(k: int) -> int:
    """How many the coarse index is asked for where k are wanted: the correction puts others first."""
    return 4 * k + 64


def _best(values: np.ndarray, k: int) -> np.ndarray:
    """int64 [k]: where the k largest are, the largest first, of equal ones the first."""
    kept = np.argpartition(-values, k - 1)[:k] if k < len(values) else np.arange(len(values))
    return kept[np.lexsort((kept, -values[kept]))]


@contextmanager
def _search_threads(threads: int | None) -> Iterator[None]:
    faiss = needed_faiss()
    before = faiss.omp_get_max_threads()
    if threads is not None and threads != before:
        faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
