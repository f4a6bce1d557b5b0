"""The index of libraries of 100,000 covers and more: covers in lists of alike ones, of which a search reads some.

How many it has to read is measured on the library's own vectors, since it differs by what they are: among real covers
a few lists do, in a normal distribution of the same covariance a quarter of all would have to be read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from store.index.flat import gpus, needed_faiss

RECALL = 0.965  # of the ten nearest, beyond which no more lists are read
ENOUGH = 0.955  # of the ten nearest, measured on a few hundred covers: so that it is .95 on others too
_GAIN = 0.004  # nor where twice as many would find no more than this: the rest is lost to the 8-bit numbers
_QUERIES = 500  # covers that recall is measured on
_FEWEST = 8  # lists
TRAINING = 40  # vectors a list, the least that FAISS finds enough
_ROUNDS = 6  # of k-means
_TILE = 1 << 21  # similarities computed at a time: 8 MB, which a processor's cache holds


def lists_for(count: int) -> int:
    """How many lists: the power of two nearest to 4·√count, so that 1M covers have 4,096 of 244."""
    return int(2 ** max(2, round(float(np.log2(4 * np.sqrt(count))))))


def fresh_coarse(vectors: np.ndarray) -> Any:
    """An IVF index over `vectors` (float32 [n, m], length 1) that knows how many lists to read.

    Of 8-bit numbers, or of 16-bit ones where those would not find ENOUGH however many lists are read: the more covers,
    the less lies between the tenth nearest and the eleventh.
    """
    faiss = needed_faiss()
    lists = lists_for(len(vectors))
    sample = vectors[np.sort(np.random.default_rng(0).permutation(len(vectors))[: lists * TRAINING])]
    index = trained_coarse(sample, lists)
    found = _filled(index, vectors)
    if found < ENOUGH:
        finer: Any = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
        finer.quantizer.add(index.quantizer.reconstruct_n(0, lists))
        finer.train(sample)
        if _filled(finer, vectors) > found:
            return finer
    return index


def trained_coarse(sample: np.ndarray, lists: int) -> Any:
    """An empty IVF index of 8-bit numbers whose lists are trained on `sample` (float32 [n, m], length 1)."""
    faiss = needed_faiss()
    index: Any = faiss.index_factory(sample.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = _ROUNDS
    if not gpus():
        index.train(sample)
        return index
    by_gpu = faiss.index_cpu_to_all_gpus(faiss.IndexFlatIP(sample.shape[1]))  # training is the slow part
    index.clustering_index = by_gpu
    index.train(sample)
    index.clustering_index = None
    by_gpu.thisown = True  # the index took it over and never frees what is its own no more: the GPU's memory
    return index


def _filled(index: Any, vectors: np.ndarray) -> float:
    """Fill a trained index and choose its probes; the recall."""
    faiss = needed_faiss()
    index.add(vectors)
    index.make_direct_map()
    rows = _asked(len(vectors))
    _, exact = faiss.knn(vectors[rows], vectors, 11, metric=faiss.METRIC_INNER_PRODUCT)
    index.nprobe, found = _probes(index, vectors[rows], exact)
    return found


def probes_of(index: Any) -> int:
    """How many lists of a filled index to read where its vectors are not at hand: by what reading all of them finds."""
    vectors = index.reconstruct_batch(_asked(index.ntotal))
    _, exact = index.search(vectors, 11, params=reading(nprobe=index.nlist))
    return _probes(index, vectors, exact)[0]


def nearest_of_all(index: Any, k: int, advance: Callable[[int], None]) -> tuple[np.ndarray, np.ndarray]:
    """(similarity float32 [n, k'], row int64 [n, k']) of every vector's k' ≤ k nearest others, as a search of each
    would find them, -1 where there are fewer. `advance` is told how many more are done.

    List by list: all vectors whose search would read a list are compared with it in one multiplication of matrices, and
    what beats their worst so far is taken over. A quarter of the time of as many searches; float32 [n, m] in memory.
    """
    lists = [_rows_of(index, number) for number in range(index.nlist)]
    vectors = np.empty((index.ntotal, index.d), np.float32)
    for rows in lists:
        vectors[rows] = index.reconstruct_batch(rows) if len(rows) else 0
    k = max(min(k, index.ntotal - 1), 0)
    best = _Best(index.ntotal, k + 1)  # the vector itself is found too
    readers = _readers(index, vectors)
    turns = [*zip(lists, lists, strict=True), *zip(lists, readers, strict=True)]  # the own first: they beat most others
    work = np.cumsum([float(len(rows)) * len(asking) for rows, asking in turns])
    told = 0
    for (rows, asking), done in zip(turns, work.tolist(), strict=True):
        of_list, step = vectors[rows], max(1, _TILE // max(1, len(rows)))
        for start in range(0, len(asking), step):
            part = asking[start : start + step]
            best.take_over(part, vectors[part] @ of_list.T, rows)
        advance(round(index.ntotal * done / work[-1]) - told)
        told = round(index.ntotal * done / work[-1])
    return without_own(*best.found(), np.arange(index.ntotal))


def _rows_of(index: Any, number: int) -> np.ndarray:
    """int64 [n]: the rows in a list."""
    faiss = needed_faiss()
    size = index.invlists.list_size(number)
    return faiss.rev_swig_ptr(index.invlists.get_ids(number), size).copy() if size else np.empty(0, np.int64)


def _readers(index: Any, vectors: np.ndarray) -> list[np.ndarray]:
    """For each list the rows, int32, whose search would read it though they are in another."""
    read, home = np.empty((len(vectors), index.nprobe), np.int32), np.empty(len(vectors), np.int32)
    for start in range(0, len(vectors), 65_536):
        read[start : start + 65_536] = index.quantizer.search(vectors[start : start + 65_536], index.nprobe)[1]
    for number in range(index.nlist):
        home[_rows_of(index, number)] = number
    read[read == home[:, None]] = index.nlist  # no list
    order = np.argsort(read.ravel(), kind="stable")
    edges = np.searchsorted(read.ravel()[order], np.arange(index.nlist + 1))
    rows = (order // index.nprobe).astype(np.int32)
    return [rows[first:last] for first, last in itertools.pairwise(edges.tolist())]


class _Best:
    """The best found so far of every row, the best first."""

    def __init__(self, count: int, k: int) -> None:
        self.near = np.full((count, k), -2, np.float32)
        self.ids = np.full((count, k), -1, np.int32)
        self.worst = np.full(count, -2, np.float32)

    def take_over(self, asking: np.ndarray, similarity: np.ndarray, rows: np.ndarray) -> None:
        """What beats the worst of the rows `asking`: of `rows`, as alike as `similarity` [asking, rows] says."""
        beats = np.flatnonzero(similarity > self.worst[asking, None])
        if not len(beats):
            return
        at = beats // len(rows)
        new, ids = similarity.ravel()[beats], rows[beats - at * len(rows)]
        first = np.flatnonzero(np.diff(at, prepend=-1))  # where those of the next one begin
        count = np.diff(first, append=len(at))
        who = asking[at[first]]
        # By how many there are, so that one that takes over hundreds makes no wide line for all.
        for low, high in ((0, 4), (4, 16), (16, 64), (64, len(rows))):
            some = np.flatnonzero((count > low) & (count <= high))
            if len(some):
                places = np.arange(count[some].max())
                padded = np.minimum(first[some, None] + places, len(at) - 1)
                absent = places >= count[some, None]
                self._merge(who[some], np.where(absent, -2, new[padded]), np.where(absent, -1, ids[padded]))

    def _merge(self, who: np.ndarray, new: np.ndarray, ids: np.ndarray) -> None:
        k = self.near.shape[1]
        near = np.concatenate([self.near[who], new.astype(np.float32)], axis=1)
        ids = np.concatenate([self.ids[who], ids.astype(np.int32)], axis=1)
        kept = np.argsort(-near, axis=1)[:, :k]
        self.near[who] = near = np.take_along_axis(near, kept, axis=1)
        self.ids[who] = np.take_along_axis(ids, kept, axis=1)
        self.worst[who] = near[:, -1]

    def found(self) -> tuple[np.ndarray, np.ndarray]:
        """(similarity, row int64), the nearest first, -1 where there are fewer."""
        self.near[self.ids < 0] = -1
        return self.near, self.ids.astype(np.int64)


def reading(**how: Any) -> Any:
    """Parameters of one search of an IVF index: `nprobe` lists, those that `sel` selects."""
    faiss = needed_faiss()
    return faiss.SearchParametersIVF(**how)


def recall(found: np.ndarray, exact: np.ndarray) -> float:
    """The share of `exact` (int [q, k]) that is found in the same row of `found` (int [q, any])."""
    return float((found[:, :, None] == exact[:, None, :]).any(axis=1).mean())


def _asked(count: int) -> np.ndarray:
    """The rows that recall is measured on."""
    return np.sort(np.random.default_rng(1).permutation(count)[:_QUERIES])


def _probes(index: Any, queries: np.ndarray, exact: np.ndarray) -> tuple[int, float]:
    """How many lists to read, a power of two, and how much that finds of the ten nearest of `exact` (int [q, 11])."""
    probes, before = min(_FEWEST, index.nlist), 0.0
    while True:
        _, found = index.search(queries, 11, params=reading(nprobe=probes))
        now = recall(found, exact[:, 1:])
        if now >= RECALL or now - before < _GAIN or 2 * probes > index.nlist:
            return probes, now
        probes, before = 2 * probes, now


def without_own(near: np.ndarray, ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(similarity [q, k], rows [q, k]) of k + 1 found each, without the row itself; where duplicates pushed it out of
    the list the last one goes.
    """
    k = ids.shape[1] - 1
    drop = np.where((own := ids == rows[:, None]).any(axis=1), own.argmax(axis=1), k)
    keep = np.ones(ids.shape, bool)
    keep[np.arange(len(rows)), drop] = False
    return near[keep].reshape(-1, k), ids[keep].reshape(-1, k)
