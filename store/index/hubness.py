"""Correction for hubs: covers that are near to everything, and covers that are near to nothing.

In many dimensions a few points lie among the nearest of very many others while half of all are among nobody's. Local
scaling (NICDM: Schnitzer, Flexer, Schedl and Widmer, "Local and global scaling reduce hubs in space", JMLR 2012)
measures the distance of two covers in units of what is usual around each of them: d(x, y)² / (μx μy), with μ the mean
distance of a cover to the ten nearest. What is kept of it is one number a cover.

For unit vectors d² = 2 (1 − x·y), so the corrected similarity 1 − d² / (2 μx μy) is 1 + p / μx with
p = (x·y − 1) / μy, and p is an inner product: of the query [x, 1] with the point [y, −1] / μy. An index that holds such
points finds the nearest after the correction in one exact search.
"""

from __future__ import annotations

import numpy as np

NEAREST = 10  # covers that a scale is the mean distance to
REFERENCE = 10_000  # covers at most that scales are measured against: .35 % nobody's of 26,000 so, .17 % by all of them
LEAST = 0.02  # a scale: ten copies of one cover would have none
_LOWEST = -1.0  # corrected similarity; what is farther counts the same
_BATCH = 1024  # vectors compared with the reference at a time


def reference_rows(count: int) -> np.ndarray:
    """int64, ascending: the rows of `count` covers that scales are measured against. The same for the same count."""
    return np.sort(np.random.default_rng(0).permutation(count)[:REFERENCE])


def place_in(reference: np.ndarray, count: int) -> np.ndarray:
    """int64 [count]: where each of `count` rows stands in `reference`, -1 where it does not."""
    place = np.full(count, -1, np.int64)
    place[reference] = np.arange(len(reference))
    return place


def local_scales(vectors: np.ndarray, reference: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """float32 [n] above 0: the mean distance of each vector to its ten nearest of `reference`.

    `vectors` float32 [n, m] and `reference` float32 [r, m], all of length 1. `rows` int64 [n] says which row of the
    reference each vector is itself (-1: none), which does not count. All 1 where the reference is empty.
    """
    scales = np.ones(len(vectors), np.float32)
    for start in range(0, len(vectors), _BATCH):
        part = slice(start, start + _BATCH)
        similarity = vectors[part] @ reference.T
        if rows is not None:
            known = np.flatnonzero(rows[part] >= 0)
            similarity[known, rows[part][known]] = -2
        scales[part] = _mean_distance(similarity)
    return np.maximum(scales, np.float32(LEAST))


def points(vectors: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """float32 [n, m + 1] to be searched with `queries`; `vectors` float32 [n, m] of length 1."""
    return np.ascontiguousarray(np.column_stack([vectors, -np.ones(len(vectors), np.float32)]) / scales[:, None])


def queries(vectors: np.ndarray) -> np.ndarray:
    """float32 [n, m + 1] to search `points` with; `vectors` float32 [n, m] of length 1."""
    return np.ascontiguousarray(np.column_stack([vectors, np.ones(len(vectors), np.float32)]))


def corrected(similarity: np.ndarray, own: np.ndarray | float, others: np.ndarray | float) -> np.ndarray:
    """Cosine similarity → corrected similarity in −1…1, by the scales of both sides (they broadcast)."""
    return np.clip(1 - (1 - similarity) / (own * others), _LOWEST, 1)


def corrected_product(product: np.ndarray, own: np.ndarray | float) -> np.ndarray:
    """The inner product of a query with a point → corrected similarity in −1…1, by the scale of the query."""
    return np.clip(1 + product / own, _LOWEST, 1)


def _mean_distance(similarity: np.ndarray) -> np.ndarray:
    """float32 [n] from [n, r] similarities, of which -2 does not count."""
    k = min(NEAREST, similarity.shape[1])
    if not k:
        return np.ones(len(similarity), np.float32)
    nearest = -np.partition(-similarity, k - 1, axis=1)[:, :k]
    counts = nearest > -2
    distance = np.sqrt(np.maximum(2 - 2 * nearest, 0)) * counts
    number = counts.sum(axis=1)
    return np.where(number > 0, distance.sum(axis=1) / np.maximum(number, 1), 1).astype(np.float32)
