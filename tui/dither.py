"""Pictures in the few colours of a palette, the error spread to the neighbours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tui.colors import BASIC, ColorMode, Pixels, indexed_palette


def dithered(pixels: Pixels, mode: ColorMode) -> NDArray[np.int32]:
    """[h, w, 3] pixels as [h, w] indexes of the terminal's palette (Floyd-Steinberg)."""
    first = 0 if mode is ColorMode.BASIC else 16  # the first 16 of the 256 look different everywhere
    image = Image.fromarray(pixels).quantize(palette=_palette_image(mode), dither=Image.Dither.FLOYDSTEINBERG)
    return np.asarray(image).astype(np.int32) + first


@lru_cache(maxsize=2)
def _palette_image(mode: ColorMode) -> Image.Image:
    colors = BASIC if mode is ColorMode.BASIC else indexed_palette()
    image = Image.new("P", (1, 1))
    image.putpalette(colors.astype(np.uint8).tobytes())
    return image
