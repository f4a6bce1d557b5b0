"""Oklab, a space in which equal distances look equally far (Björn Ottosson, 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
).T
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
).T


def oklab(light: NDArray[np.floating]) -> NDArray[np.float64]:
    """Light [..., 3] of red, green and blue, 0–1, as [..., 3]: lightness 0–1, then green to red, blue to yellow."""
    lab: NDArray[np.float64] = np.cbrt(light @ _TO_CONES) @ _TO_LAB
    return lab
