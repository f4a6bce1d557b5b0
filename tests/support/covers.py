"""Covers drawn here, so that no test needs real ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def drawn_covers(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [n, 128, 128, 3]: gradients and discs of random colours."""
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
