"""Directions of a library: what a step moves."""

from __future__ import annotations

import numpy as np

from vae.directions import STEP, directions


def test_a_genre_moves_the_picture_as_far_as_what_is_shown() -> None:
    draw = np.random.default_rng(3)
    genres = ["metal" if row % 2 else "jazz" for row in range(400)]
    latents = draw.normal(size=(400, 6)).astype(np.float32)
    metal = np.array([genre == "metal" for genre in genres])
    latents[metal, 0] -= 0.5  # darker, a little
    latents[metal, 5] += 5  # and of quite another kind
    colors = draw.integers(0, 1 << 24, 400)
    [more] = [one for one in directions(latents, genres, colors, pictured=4) if one.name == "more metal"]
    for part in (slice(0, 4), slice(4, 6)):
        along = latents[:, part] @ more.step[part] / np.linalg.norm(more.step[part])
        assert np.isclose(np.linalg.norm(more.step[part]), STEP * along.std(), rtol=1e-4)
    assert more.step[0] < 0 < more.step[5]


def test_without_numbers_for_meaning_a_step_is_half_a_deviation_of_all() -> None:
    latents = np.random.default_rng(4).normal(size=(100, 3)).astype(np.float32)
    for pictured in (None, 3):
        for one in directions(latents, [""] * 100, np.arange(100) * 1000, pictured):
            unit = one.step / np.linalg.norm(one.step)
            assert np.isclose(np.linalg.norm(one.step), STEP * (latents @ unit).std(), rtol=1e-4)
