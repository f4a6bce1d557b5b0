"""The index of libraries of 100,000 covers and more: covers in lists of alike ones, of which a search reads some.

How many lists a search has to read is measured on the vectors themselves: as many as find RECALL of the ten nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

RECALL = 0.97  # of the ten nearest, to be found; of it the 8-bit numbers take some, whatever is read
QUERIES = 500  # covers that recall is measured on
LEAST_PROBES = 16
_FOR_TRAINING = 64  # vectors a list
_ROUNDS = 10  # of k-means; more make the lists no better by a measure that counts
_BLOCK = 1024  # covers whose neighbours are sought together


def lists_for(count: int) -> int:
    """How many lists: a power of two near 4·√count, so that a list is as long as there are lists, nearly."""
    return 1 << max(2, round(np.log2(4 * np.sqrt(count))))


def fresh_coarse(vectors: np.ndarray) -> Any:
    """An IVF index of 8-bit numbers over `vectors` (float32 [n, m], length 1), its probes chosen."""
    import faiss

    count, dimension = vectors.shape
    lists = lists_for(count)
    index = faiss.index_factory(dimension, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.by_residual = False  # so that codes decode without their list
    index.cp.niter = _ROUNDS
    if faiss.get_num_gpus() > 0:  # training is the slow part
        index.clustering_index = faiss.index_cpu_to_all_gpus(faiss.IndexFlatIP(dimension))
    sample = np.random.default_rng(0).permutation(count)[: lists * _FOR_TRAINING]
    index.train(vectors[np.sort(sample)])
    for start in range(0, count, 65_536):
        index.add(vectors[start : start + 65_536])
    index.make_direct_map()
    index.nprobe = choose_probes(index, vectors)
    return index


def choose_probes(index: Any, vectors: np.ndarray) -> int:
    """The fewest lists, a power of two, that give RECALL of the ten nearest of QUERIES of the vectors; half of all where
    none do.
    """
    import faiss

    rows = np.sort(np.random.default_rng(1).permutation(len(vectors))[:QUERIES])
    _, exact = faiss.knn(vectors[rows], vectors, 10, metric=faiss.METRIC_INNER_PRODUCT)
    probes = LEAST_PROBES
    while probes < index.nlist // 2:
        _, found = index.search(vectors[rows], 10, params=faiss.SearchParametersIVF(nprobe=probes))
        if recall(found, exact) >= RECALL:
            break
        probes *= 2
    return min(probes, max(1, index.nlist // 2))


def recall(found: np.ndarray, exact: np.ndarray) -> float:
    """The share of `exact` (int [q, k]) that is in the same row of `found`."""
    return float((found[:, :, None] == exact[:, None, :]).any(axis=1).mean())


def nearest_in_lists(
    index: Any, k: int, probes: int, advance: Callable[[int], None] = lambda done: None
) -> tuple[np.ndarray, np.ndarray]:
    """(similarity float32 [n, k'], row int64 [n, k']) of every vector's nearest others, as `calibration.nearest_others`.

    List by list: the vectors of one are compared with all of the `probes` lists that are nearest to its middle in one
    multiplication, which takes a fifth of the time of a search each. `advance` is told how many are done.
    """
    from store.calibration import without_own

    lists = _Lists(index)
    count = index.ntotal
    k = max(min(k, count - 1), 0)
    similarity = np.full((count, k), -1, np.float32)
    found = np.full((count, k), -1, np.int64)
    for number in range(index.nlist):
        own = lists.ids(number)
        if len(own) and k:
            near, ids = lists.nearest(number, np.arange(len(own)), k + 1, probes)
            similarity[own], found[own] = without_own(near, ids, own)
            advance(len(own))
    return similarity, found


class _Lists:
    """The lists of an IVF index of 8-bit numbers, opened."""

    def __init__(self, index: Any) -> None:
        import faiss

        self._index, self._faiss = index, faiss
        self._ivf = index.invlists
        self._sizes = np.array([self._ivf.list_size(number) for number in range(index.nlist)])
        self._middles = index.quantizer.reconstruct_n(0, index.nlist)

    def ids(self, number: int) -> np.ndarray:
        """int64 [n]: the rows in a list."""
        size = int(self._sizes[number])
        return self._faiss.rev_swig_ptr(self._ivf.get_ids(int(number)), size).copy() if size else np.empty(0, np.int64)

    def vectors(self, number: int) -> np.ndarray:
        """float32 [n, m]."""
        size, width = int(self._sizes[number]), self._index.code_size
        if not size:
            return np.empty((0, self._index.d), np.float32)
        codes = self._faiss.rev_swig_ptr(self._ivf.get_codes(int(number)), size * width).reshape(size, width)
        return self._index.sq.decode(codes)

    def nearest(self, number: int, which: np.ndarray, k: int, probes: int) -> tuple[np.ndarray, np.ndarray]:
        """(similarity, row) [len(which), k] of the nearest to some vectors of a list, themselves among them."""
        queries = self.vectors(number)[which]
        order = np.argsort(-(self._middles @ queries.mean(axis=0)), kind="stable")[:probes]
        read = [number, *order[order != number].tolist()]
        vectors = np.concatenate([self.vectors(one) for one in read])
        rows = np.concatenate([self.ids(one) for one in read])
        near, places = self._faiss.knn(queries, vectors, min(k, len(rows)), metric=self._faiss.METRIC_INNER_PRODUCT)
        ids = rows[places]
        short = k - ids.shape[1]
        if short:
            near = np.pad(near, ((0, 0), (0, short)), constant_values=-1)
            ids = np.pad(ids, ((0, 0), (0, short)), constant_values=-1)
        return near, ids
