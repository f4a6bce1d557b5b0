"""Which covers are nearest to each, and what a similarity is worth: the numbers behind the cover score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

NEAREST = 32  # neighbours a cover in the stored graph and in the calibration
_SAMPLE_PAIRS, _SAMPLE_QUERIES, _KNOTS = 100_000, 2_000, 129


def calibration(index: Any, vectors: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Knots (similarity, score) of `CoverIndex.percentile` for an index and its vectors (float32 [n, m],
    length 1).

    Seeded: the same vectors give the same knots.
    """
    count = len(vectors)
    if count < 2:
        return ((-1.0, 0.0), (1.0, 1.0))
    rng = np.random.default_rng(0)
    first = rng.integers(0, count, _SAMPLE_PAIRS)
    second = (first + rng.integers(1, count, _SAMPLE_PAIRS)) % count
    random_pairs = np.empty(_SAMPLE_PAIRS, np.float32)
    for start in range(0, _SAMPLE_PAIRS, 10_000):
        part = slice(start, start + 10_000)
        random_pairs[part] = np.einsum("ij,ij->i", vectors[first[part]], vectors[second[part]])
    rows = np.sort(rng.permutation(count)[:_SAMPLE_QUERIES])
    similarity, found = nearest_others(index, iter([(rows, vectors[rows])]), len(rows), NEAREST)
    near_pairs = similarity[found >= 0]
    random_pairs, near_pairs = np.sort(random_pairs), np.sort(near_pairs)
    levels = np.linspace(0, 1, _KNOTS)
    places = np.concatenate([np.quantile(random_pairs, levels), np.quantile(near_pairs, levels)])
    # No two knots closer than 0.0001: many equal similarities would make a step, and rounding would tip
    # scores over it.
    places = np.unique(np.round(np.clip(places.astype(np.float64), -0.9999, 0.9999), 4))
    score = 0.5 * np.searchsorted(random_pairs, places) / len(random_pairs)
    score += 0.5 * np.searchsorted(near_pairs, places) / len(near_pairs)
    inner = [(float(s), float(p)) for s, p in zip(places, score, strict=True)]
    return ((-1.0, 0.0), *inner, (1.0, 1.0))


def nearest_others(
    index: Any, batches: Iterator[tuple[np.ndarray, np.ndarray]], count: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """(similarity float32 [count, k'], row int64 [count, k']) of each row's nearest others, nearest first.

    `batches` are (rows, vectors); a row is taken out of its own answer. -1 where the index finds fewer.
    """
    k = max(min(k, index.ntotal - 1), 0)
    similarity = np.full((count, k), -1, np.float32)
    found = np.full((count, k), -1, np.int64)
    if not k:
        return similarity, found
    done = 0
    for rows, vectors in batches:
        near, ids = index.search(vectors, k + 1)
        part = slice(done, done + len(rows))
        similarity[part], found[part] = without_own(near, ids, rows)
        done += len(rows)
    return similarity, found


def without_own(near: np.ndarray, ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(similarity [q, k], rows [q, k]) of k + 1 found each, without the row itself; where duplicates pushed it out of
    the list the last one goes.
    """
    k = ids.shape[1] - 1
    drop = np.where((own := ids == rows[:, None]).any(axis=1), own.argmax(axis=1), k)
    keep = np.ones(ids.shape, bool)
    keep[np.arange(len(rows)), drop] = False
    return near[keep].reshape(-1, k), ids[keep].reshape(-1, k)
