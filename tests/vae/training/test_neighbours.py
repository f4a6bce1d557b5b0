"""Purity, shared tags and the genre map, on vectors whose neighbours are known."""

from __future__ import annotations

import numpy as np
import pytest

from vae.training.neighbours import genre_map, purity, tag_overlap

GENRES = np.repeat(["jazz", "metal"], 30)
GROUPS = np.array([f"artist {row // 2}" for row in range(60)])  # two covers each
ALL = np.ones(60, bool)


def ring(spread: float) -> np.ndarray:
    """Jazz about one direction, metal about another; with a large spread neither is anywhere."""
    centres = np.repeat(np.eye(8)[:2], 30, axis=0)
    return (centres + spread * np.random.default_rng(0).normal(size=(60, 8))).astype(np.float32)


def test_purity_is_one_where_genres_lie_apart_and_chance_where_they_do_not() -> None:
    apart, mixed = (purity(ring(spread), GENRES, GROUPS, ALL, ALL) for spread in (0.05, 50))
    assert apart.value == 1 and apart.low == 1 and apart.chance == 0.5 and apart.queries == 60
    assert 0.4 < mixed.value < 0.6 and mixed.low < mixed.value < mixed.high


def test_an_artists_own_covers_and_unknown_genres_do_not_count() -> None:
    genres = GENRES.copy()
    genres[10:30] = ""
    found = purity(ring(0.05), genres, GROUPS, ALL, ALL)
    assert found.queries == 40
    # Ten jazz covers are left, of five artists: eight others' for each, so two of its ten nearest are metal.
    assert found.value == pytest.approx((10 * 0.8 + 30 * 1) / 40)
    of_one = np.where(GENRES == "jazz", "the same artist", GROUPS)
    assert purity(ring(0.05), GENRES, of_one, GENRES == "jazz", ALL).value == 0


def test_tags_are_compared_with_those_of_the_nearest() -> None:
    tags = [frozenset({str(genre), "album"}) for genre in GENRES]
    found = tag_overlap(ring(0.05), tags, GROUPS, ALL, ALL)
    assert found.value == 1 and 0.5 < found.chance < 0.8


def test_the_map_finds_genres_and_with_shuffled_labels_only_what_it_was_told() -> None:
    pytest.importorskip("sklearn")
    vectors = ring(0.3)
    learned = np.arange(60) % 3 != 0
    mapped = genre_map(vectors, GENRES, GROUPS, learned, cross_fitted=True)
    assert purity(mapped, GENRES, GROUPS, ~learned, ALL).value > 0.95
    shuffled = np.random.default_rng(1).permutation(GENRES)
    for cross_fitted, least, most in ((True, 0.3, 0.7), (False, 0.3, 1.0)):
        mapped = genre_map(ring(50), shuffled, GROUPS, learned, cross_fitted)
        assert least < purity(mapped, shuffled, GROUPS, ~learned, ALL).value < most
