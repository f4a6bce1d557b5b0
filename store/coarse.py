"""The index of libraries of 100,000 covers and more: covers in lists of alike ones, of which a search reads some.

How many it has to read is measured on the library's own vectors, since it differs by what they are: among real covers
a few lists do, in a normal distribution of the same covariance a quarter of all would have to be read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

RECALL = 0.965  # of the ten nearest, beyond which no more lists are read
_GAIN = 0.004  # nor where twice as many would find no more than this: the rest is lost to the 8-bit numbers
_QUERIES = 500  # covers that recall is measured on
_FEWEST = 8  # lists
_TRAINING = 40  # vectors a list, the least that FAISS finds enough
_ROUNDS = 6  # of k-means


def lists_for(count: int) -> int:
    """How many lists: the power of two nearest to 4·√count, so that 1M covers have 4,096 of 244."""
    return int(2 ** max(2, round(float(np.log2(4 * np.sqrt(count))))))


def fresh_coarse(vectors: np.ndarray) -> Any:
    """An IVF index of 8-bit numbers over `vectors` (float32 [n, m], length 1) that knows how many lists to read."""
    import faiss

    count, dimension = vectors.shape
    lists = lists_for(count)
    index = faiss.index_factory(dimension, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = _ROUNDS
    if faiss.get_num_gpus() > 0:  # training is the slow part
        index.clustering_index = faiss.index_cpu_to_all_gpus(faiss.IndexFlatIP(dimension))
    sample = np.random.default_rng(0).permutation(count)[: lists * _TRAINING]
    index.train(vectors[np.sort(sample)])
    index.add(vectors)
    index.make_direct_map()
    index.nprobe = _probes(index, vectors)
    return index


def in_list_order(index: Any) -> np.ndarray:
    """int64 [n]: all rows, those of one list together. Searched in this order they read the same lists in turn."""
    import faiss

    lists = index.invlists
    rows = [
        faiss.rev_swig_ptr(lists.get_ids(number), size).copy()
        for number in range(index.nlist)
        if (size := lists.list_size(number))
    ]
    return np.concatenate([np.empty(0, np.int64), *rows])


def recall(found: np.ndarray, exact: np.ndarray) -> float:
    """The share of `exact` (int [q, k]) that is found in the same row of `found` (int [q, any])."""
    return float((found[:, :, None] == exact[:, None, :]).any(axis=1).mean())


def _probes(index: Any, vectors: np.ndarray) -> int:
    """How many lists to read, a power of two."""
    import faiss

    rows = np.sort(np.random.default_rng(1).permutation(len(vectors))[:_QUERIES])
    _, exact = faiss.knn(vectors[rows], vectors, 11, metric=faiss.METRIC_INNER_PRODUCT)
    probes, before = min(_FEWEST, index.nlist), 0.0
    while True:
        _, found = index.search(vectors[rows], 11, params=faiss.SearchParametersIVF(nprobe=probes))
        now = recall(found, exact[:, 1:])
        if now >= RECALL or now - before < _GAIN or 2 * probes > index.nlist:
            return probes
        probes, before = 2 * probes, now
