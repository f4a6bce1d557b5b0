"""Split pictures in the few colours of a palette. What is near is judged by how it looks (Oklab), hue above lightness.

In 256 colours the nearest will do: with ink, ground and glyph to choose, dithering only blurs (measured on 30 covers at
16×8 cells: SSIM .50 against .33 of dithered half blocks). In 16 a cell is either split in two of them, or a mix of two
by a shade (░▒), whichever is nearer to the cover.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui.pictures.colors import BASIC, ColorMode, indexed_palette
from tui.pictures.glyphs import SPACE
from tui.pictures.oklab import oklab
from tui.pictures.resample import LIGHT, from_light
from tui.pictures.split import Split, Values

HUE = np.array([1.0, 1.4, 1.4])  # how much lightness, and the two of hue, count
ROUGH = 0.01  # what a mix of black and white loses against a plain colour: it is seen as dots
SHADES = {ord("░"): 0.25, ord("▒"): 0.5}  # the share that is inked
Indexes = NDArray[np.int32]


class _Mixes(NamedTuple):
    """Every plain colour of the 16 and every mix of two."""

    glyphs: Indexes  # [n]
    ink: Indexes
    ground: Indexes
    colors: NDArray[np.float64]  # [n, 3], what each looks like, 0–255
    rough: NDArray[np.float64]  # [n]: ROUGH by how far its two colours are apart


def _looks(colors: NDArray[Any]) -> NDArray[np.float64]:
    """sRGB [..., 3], 0–255, as Oklab with HUE."""
    looks: NDArray[np.float64] = oklab(LIGHT[np.clip(colors + 0.5, 0, 255).astype(np.uint8)]) * HUE
    return looks


def _distances(colors: NDArray[Any], palette: NDArray[Any]) -> NDArray[np.float64]:
    """[..., n]: squared distances of colours to those of a palette, less a part that is the same for all n."""
    known = _looks(palette)
    distances: NDArray[np.float64] = (known**2).sum(axis=1) - 2 * _looks(colors) @ known.T
    return distances


@lru_cache(maxsize=2)
def _palette(mode: ColorMode) -> NDArray[np.float64]:
    return (BASIC if mode is ColorMode.BASIC else indexed_palette()).astype(np.float64)


def nearest(colors: NDArray[Any], mode: ColorMode) -> Indexes:
    """sRGB [..., 3], 0–255, as indexes of the terminal's palette of 16 or 256 colours."""
    found = _distances(colors, _palette(mode)).argmin(axis=-1).astype(np.int32)
    return found + np.int32(0 if mode is ColorMode.BASIC else 16)  # the first 16 of the 256 look different everywhere


@lru_cache(maxsize=1)
def _mixes() -> _Mixes:
    plain = [(SPACE, color, color, 0.0) for color in range(16)]
    pairs = [(ink, ground) for ink in range(16) for ground in range(16) if ink != ground]
    mixed = [(glyph, *pair, share) for pair in pairs for glyph, share in SHADES.items()]
    glyphs, ink, ground, share = (np.array(column) for column in zip(*plain, *mixed, strict=True))
    light = LIGHT[BASIC[ground]] + (LIGHT[BASIC[ink]] - LIGHT[BASIC[ground]]) * share[:, None]
    rough = ROUGH * np.square((BASIC[ink] - BASIC[ground]) / 255).sum(axis=1)
    glyphs, ink, ground = (column.astype(np.int32) for column in (glyphs, ink, ground))
    return _Mixes(glyphs, ink, ground, from_light(light).astype(np.float64), rough)


def sixteen(split: Split) -> tuple[Indexes, Indexes, Indexes]:
    """(glyphs, ink, ground), each [rows, columns], in the 16 colours."""
    ink, ground = nearest(split.ink, ColorMode.BASIC), nearest(split.ground, ColorMode.BASIC)
    off_split = split.share * _off(split.ink, BASIC[ink]) + (1 - split.share) * _off(split.ground, BASIC[ground])
    mean = split.ground + (split.ink - split.ground) * split.share[..., None]
    mixes = _mixes()
    mix = (_distances(mean, mixes.colors) + mixes.rough).argmin(axis=-1)
    plain = split.gain + _off(mean, mixes.colors[mix]) < off_split
    glyphs = np.where(plain, mixes.glyphs[mix], split.shapes.glyphs[split.glyph])
    return glyphs, np.where(plain, mixes.ink[mix], ink), np.where(plain, mixes.ground[mix], ground)


def _off(one: Values, other: NDArray[Any]) -> NDArray[np.floating]:
    error: NDArray[np.floating] = np.square(one - other).sum(axis=-1)
    return error
