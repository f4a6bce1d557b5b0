"""Pictures in the few colours of a palette, the error of each pixel given on to its neighbours.

What is given on is light, since light is what the eye adds up from a distance; the colour is chosen by how near it
looks (Oklab). A part of the error is dropped and hue counts more than lightness: fewer single pixels of a
colour that is nowhere in the picture. The same picture always gives the same pixels, so nothing shimmers.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tui.pictures.colors import BASIC, ColorMode, Pixels, indexed_palette
from tui.pictures.oklab import oklab
from tui.pictures.resample import LIGHT

KEPT = {ColorMode.INDEXED: 0.55, ColorMode.BASIC: 0.8}  # of the error
HUE = np.array([1.0, 1.4, 1.4])  # how much lightness, and the two of hue, count


def dithered(pixels: Pixels, mode: ColorMode) -> NDArray[np.int32]:
    """[h, w, 3] pixels as [h, w] indexes of the terminal's palette.

    Floyd and Steinberg's weights. A pixel waits for those to its left and above, so each step takes one pixel of
    every row, two columns behind the row above.
    """
    light_of, lab_of, squares = _palette(mode)
    height, width, _ = pixels.shape
    light = np.zeros((height + 1, width + 2, 3))  # a margin for what is given on over the edges
    light[:height, 1 : width + 1] = LIGHT[pixels]
    chosen = np.zeros((height, width), dtype=np.int32)
    every, kept = np.arange(height), KEPT[mode] / 16
    for step in range(width + 2 * (height - 1)):
        ys = every[max(0, (step - width + 2) // 2) : step // 2 + 1]
        xs = step - 2 * ys + 1
        wanted = np.clip(light[ys, xs], 0, 1)
        nearest = (squares - 2 * (oklab(wanted) * HUE) @ lab_of.T).argmin(axis=1)
        chosen[ys, xs - 1] = nearest
        error = (wanted - light_of[nearest]) * kept
        light[ys, xs + 1] += 7 * error
        light[ys + 1, xs - 1] += 3 * error
        light[ys + 1, xs] += 5 * error
        light[ys + 1, xs + 1] += error
    return chosen + (0 if mode is ColorMode.BASIC else 16)  # the first 16 of the 256 look different everywhere


@lru_cache(maxsize=2)
def _palette(mode: ColorMode) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(light [n, 3], Oklab by HUE [n, 3], its squared length [n])."""
    colors = BASIC if mode is ColorMode.BASIC else indexed_palette()
    light = LIGHT[colors].astype(np.float64)
    lab = oklab(light) * HUE
    return light, lab, (lab**2).sum(axis=1)
