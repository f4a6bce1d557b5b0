"""Pictures made smaller or larger as the eye would see them from further away or nearer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tui.pictures.colors import Pixels

STEPS = 4096  # of light between black and white, fine enough for every one of the 256 values to come back


def _to_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB 0–1 to light 0–1 (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _to_srgb(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


LIGHT = _to_light(np.arange(256) / 255).astype(np.float32)
_SRGB = np.rint(_to_srgb(np.arange(STEPS) / (STEPS - 1)) * 255).astype(np.uint8)


def resample(pixels: Pixels, width: int, height: int) -> Pixels:
    """`pixels` [h, w, 3] as [height, width, 3], by LANCZOS over light rather than over sRGB values.

    Light adds up, sRGB values do not: white dots on black keep their brightness, and fine print stays readable.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    light = _squeezed(_squeezed(LIGHT.take(pixels), height), width)
    return from_light(light)


def from_light(light: NDArray[np.floating]) -> Pixels:
    """Light [..., 3], 0–1, as sRGB."""
    return _SRGB.take(np.clip(light * (STEPS - 1) + 0.5, 0, STEPS - 1).astype(np.int32))


def _squeezed(light: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """[h, w, 3] with `rows` rows, as [w, rows, 3]: the picture on its side, so that twice is a whole resample.

    The three channels lie beside each other as one grey picture, of which the filter sees columns only.
    """
    height, width, _ = light.shape
    plane = Image.fromarray(light.reshape(height, width * 3))
    short = np.asarray(plane.resize((width * 3, rows), Image.Resampling.LANCZOS))
    return np.ascontiguousarray(short.reshape(rows, width, 3).transpose(1, 0, 2))
