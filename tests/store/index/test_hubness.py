"""Local scaling takes hubs away, and an index of points finds what the formula says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from store.index.hubness import corrected, corrected_product, local_scales, points, queries, reference_rows


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def hubby(count: int = 800) -> np.ndarray:
    """Covers of very different spread about one centre, those in the middle near to all."""
    random = np.random.default_rng(3)
    spread = random.uniform(0.05, 1.5, count)[:, None]
    return unit(np.eye(1, 32) + spread * random.standard_normal((count, 32)) / np.sqrt(32))


def in_degree(similarity: np.ndarray, k: int = 12) -> np.ndarray:
    near = np.argsort(-similarity, axis=1, kind="stable")
    rows = np.arange(len(similarity))[:, None]
    near = near[near != rows].reshape(len(similarity), -1)[:, :k]
    return np.bincount(near.ravel(), minlength=len(similarity))


def test_hubs_go_and_nobody_is_left_out() -> None:
    vectors = hubby()
    scales = local_scales(vectors, vectors, np.arange(len(vectors)))
    raw = vectors @ vectors.T
    before, after = in_degree(raw), in_degree(corrected(raw, scales[:, None], scales))
    assert before.max() > 100 and (before == 0).mean() > 0.1
    assert after.max() <= 0.03 * len(vectors) + 36
    assert (after == 0).mean() <= 0.02


@given(st.integers(2, 60), st.integers(0, 2**16))
def test_points_and_queries_give_what_the_formula_says(count: int, seed: int) -> None:
    vectors = unit(np.random.default_rng(seed).standard_normal((count, 9)))
    scales = local_scales(vectors, vectors, np.arange(count))
    by_index = corrected_product(queries(vectors) @ points(vectors, scales).T, scales[:, None])
    np.testing.assert_allclose(by_index, corrected(vectors @ vectors.T, scales[:, None], scales), atol=2e-5)


def test_a_scale_is_the_mean_distance_to_the_ten_nearest_others() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((40, 6)))
    distance = np.sqrt(np.maximum(2 - 2 * vectors @ vectors.T, 0))
    expected = np.sort(distance, axis=1)[:, 1:11].mean(axis=1)
    np.testing.assert_allclose(local_scales(vectors, vectors, np.arange(40)), expected, rtol=1e-4)


def test_copies_of_one_cover_and_a_lonely_cover_have_a_scale() -> None:
    copies = np.repeat(unit(np.ones((1, 4))), 30, axis=0)
    others = unit(np.random.default_rng(0).standard_normal((40, 4)))
    vectors = np.concatenate([copies, others])
    assert (local_scales(vectors, vectors, np.arange(70)) > 0).all()
    assert local_scales(copies[:1], copies[:1], np.array([0])).tolist() == [1.0]
    assert local_scales(copies[:1], copies[:0]).tolist() == [1.0]


def test_the_reference_is_a_sample_of_large_libraries() -> None:
    assert reference_rows(50).tolist() == list(range(50))
    large = reference_rows(30_000)
    assert len(large) == 10_000 and (np.diff(large) > 0).all()
