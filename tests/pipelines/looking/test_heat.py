"""The parts of two pictures that make them alike, with an encoder that sees what they have in common."""

from __future__ import annotations

import numpy as np

from pipelines.looking.heat import CELLS, alike, lit_pair, side_by_side


class Means:
    """Sees the mean of each quarter."""

    def encode(self, images: np.ndarray, steps: int | None = None) -> np.ndarray:
        return images.reshape(len(images), 2, 64, 2, 64, 3).mean((2, 4, 5)).reshape(len(images), 4).astype(np.float32)

    def search_vectors(self, latents: np.ndarray) -> np.ndarray:
        return latents


def corner(*corners: tuple[int, int]) -> np.ndarray:
    picture = np.zeros((128, 128, 3), np.uint8)
    for y, x in corners:
        picture[y * 64 : y * 64 + 64, x * 64 : x * 64 + 64] = 250
    return picture


def test_the_part_that_both_have_is_lit_and_the_rest_is_dark() -> None:
    one, other = corner((0, 0), (1, 1)), corner((0, 0), (0, 1))
    found = alike(Means(), one, other)
    assert 0.4 < found.similarity < 0.6
    for heat in found.heats:
        assert heat.shape == (CELLS, CELLS) and heat[:3, :3].min() > 0.005
    assert found.heats[0][5:, 5:].max() < 0, "without what the other lacks they would be more alike"
    first, second = lit_pair(one, other, found)
    assert first[16:48, 16:48].mean() > 200 and first[80:, 80:].mean() < 80
    assert second[16:48, 16:48].mean() > 200 and second[:48, 80:].mean() < 80
    assert side_by_side((one, other, first, second), 2).size == (1024, 256)


def test_two_blank_covers_are_no_error() -> None:
    found = alike(Means(), corner(), corner())
    assert found.similarity == 0 and not lit_pair(corner(), corner(), found)[0].any()
