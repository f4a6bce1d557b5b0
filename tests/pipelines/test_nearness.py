"""Hubs and meaning of nearest covers; the gate that the correction for hubs has to pass."""

from __future__ import annotations

import numpy as np

from pipelines.nearness import RING, Nearness, nearness


def gate(found: Nearness) -> None:
    """In a small library the mean alone is RING / n."""
    assert found.orphans <= 0.02
    assert found.largest_hub <= 0.03 + 3 * RING / found.n
    assert found.skew <= 2


def judged(vectors: np.ndarray, genres: np.ndarray | None = None, tags: list[frozenset[str]] | None = None) -> Nearness:
    count = len(vectors)
    names = np.array([f"artist {number // 2}" for number in range(count)])
    return nearness(vectors, names, np.full(count, "") if genres is None else genres, tags or [frozenset()] * count)


def test_vectors_with_hubs_pass_once_corrected() -> None:
    """Of a common direction and different lengths along it, as latents have: uncorrected, some are near to all."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(600, 64)) * random.uniform(0.2, 1, size=(600, 1)) + 0.5
    cosine = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = cosine @ cosine.T - 2 * np.eye(600)
    raw = np.bincount(np.argsort(-alike, axis=1)[:, :RING].ravel(), minlength=600)
    assert (raw == 0).mean() > 0.1 and raw.max() > 100
    gate(judged(vectors.astype(np.float32)))


def test_genres_and_tags_of_the_nearest_beside_chance() -> None:
    random = np.random.default_rng(2)
    kinds = np.repeat(np.arange(4), 40)
    vectors = random.normal(size=(4, 8))[kinds] + 0.1 * random.normal(size=(160, 8))
    genres = np.array(["rock", "jazz", "folk", "dub"])[kinds]
    tags = [frozenset({str(genre), "music"}) for genre in genres]
    found = judged(vectors.astype(np.float32), genres, tags)
    assert found.genre_purity is not None and found.tag_overlap is not None
    assert found.genre_purity.value > 0.95 and 0.15 < found.genre_purity.chance < 0.35
    assert found.tag_overlap.value > 0.9 and found.tag_overlap.low <= found.tag_overlap.value <= found.tag_overlap.high
    assert len(found.lines()) == 3
    assert judged(vectors.astype(np.float32)).genre_purity is None
