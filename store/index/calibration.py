"""What a similarity of two covers is worth as a score."""

from __future__ import annotations

import numpy as np

from store.index.hubness import corrected
from store.index.scaled import NEAREST, ScaledIndex

_SAMPLE_PAIRS, _SAMPLE_QUERIES, _KNOTS = 100_000, 2_000, 129


def calibration(index: ScaledIndex) -> tuple[tuple[float, float], ...]:
    """Knots (corrected similarity, score) of `CoverIndex.percentile`. Seeded: the same index gives the same knots."""
    count = index.count
    if count < 2:
        return ((-1.0, 0.0), (1.0, 1.0))
    rng = np.random.default_rng(0)
    first = rng.integers(0, count, _SAMPLE_PAIRS)
    second = (first + rng.integers(1, count, _SAMPLE_PAIRS)) % count
    random_pairs = np.empty(_SAMPLE_PAIRS, np.float32)
    for start in range(0, _SAMPLE_PAIRS, 10_000):
        a, b = first[start : start + 10_000], second[start : start + 10_000]
        cosine = np.einsum("ij,ij->i", index.vectors(a), index.vectors(b))
        random_pairs[start : start + 10_000] = corrected(cosine, index.scales[a], index.scales[b])
    rows = np.sort(rng.permutation(count)[:_SAMPLE_QUERIES])
    similarity, found = index.nearest_to(rows, NEAREST)
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
