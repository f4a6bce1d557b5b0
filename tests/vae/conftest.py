"""Covers to work on: drawn here, so that no test needs real ones."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


def drawn_covers(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [n, 128, 128, 3]: blocks, gradients and discs of random colours."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:128, 0:128] / 128
    covers = np.empty((n, 128, 128, 3), np.uint8)
    for i in range(n):
        low, high = random.random((2, 3))
        slope = np.cos(a := random.uniform(0, 6.3)) * x + np.sin(a) * y
        picture = low + (high - low) * ((slope - slope.min()) / np.ptp(slope))[..., None]
        for _ in range(3):
            cx, cy, r = random.random(3)
            picture[(x - cx) ** 2 + (y - cy) ** 2 < (0.3 * r) ** 2] = random.random(3)
        covers[i] = (picture * 255).clip(0, 255)
    return covers


@pytest.fixture(scope="session")
def covers() -> NDArray[np.uint8]:
    return drawn_covers(48)


@pytest.fixture(scope="session")
def cover_folder(tmp_path_factory, covers):
    """The same covers as PNG files, two with one artist in a covers.csv."""
    folder = tmp_path_factory.mktemp("covers")
    rows = ["artist,genre,cover"]
    for i, cover in enumerate(covers):
        Image.fromarray(cover).save(folder / f"{i:03}.png")
        rows.append(f"Artist {i // 2},{'rock' if i % 4 < 2 else 'pop'},{i:03}.png")
    (folder / "covers.csv").write_text("\n".join(rows))
    return folder
