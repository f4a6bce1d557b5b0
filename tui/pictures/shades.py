"""Pictures without colour: a character a cell, by how bright the cell is and where in it the brightness lies."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from rich.segment import Segment
from textual.strip import Strip

from tui.pictures.colors import Pixels
from tui.pictures.glyphs import QUADRANTS, SPACE
from tui.pictures.oklab import oklab
from tui.pictures.resample import LIGHT, resample

PARTS = (3, 6)  # columns and rows that a cell is compared in
FULLEST = 0.45  # ink of the characters that have most
TONE = 2.0  # how much the ink of the whole cell counts beside that of a part: flat tones keep their order
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
INK = 1.3  # exponent from lightness to the share of a cell that is inked


def ascii_cells(pixels: Pixels, columns: int, rows: int, light: bool) -> NDArray[np.int32]:
    """[h, w, 3] as [rows, columns] characters of ASCII, each the one whose ink lies most like the cell's; `light`: they
    are dark on a light ground.
    """
    wide, high = PARTS
    tones = FULLEST * _tones(pixels, columns * wide, rows * high, light) ** INK
    cells = tones.reshape(rows, high, columns, wide).transpose(0, 2, 1, 3).reshape(rows, columns, wide * high)
    return (SPACE + _nearest(_with_tone(cells), _characters())).astype(np.int32)


@lru_cache(maxsize=1)
def _characters() -> NDArray[np.float64]:
    """[95, parts + 1]: the ink of each character of ASCII, 0–1, in Pillow's own Courier; other fonts are much alike."""
    font = ImageFont.load_default_imagefont()
    drawn = [Image.new("L", font.getmask("M").size) for _ in range(SPACE, 127)]
    for code, image in enumerate(drawn, SPACE):
        ImageDraw.Draw(image).text((0, 0), chr(code), fill=255, font=font)
    return _with_tone(
        np.array([np.asarray(image.resize(PARTS, Image.Resampling.BOX)).ravel() for image in drawn]) / 255
    )


def _with_tone(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([parts, TONE * parts.mean(axis=-1, keepdims=True)], axis=-1)


def block_cells(pixels: Pixels, columns: int, rows: int, light: bool) -> NDArray[np.int32]:
    """[h, w, 3] as [rows, columns] blocks and shades, each the one nearest to the four quarters of the cell."""
    tones = _tones(pixels, columns * 2, rows * 2, light) ** INK
    quarters = tones.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)
    inks = np.array([[bits >> quarter & 1 for quarter in range(4)] for bits in range(16)], dtype=float)
    inks = np.concatenate([inks, np.repeat(np.array(list(SHADES.values()))[:, None], 4, axis=1)])
    return np.array([ord(character) for character in (*QUADRANTS, *SHADES)], dtype=np.int32)[_nearest(quarters, inks)]


def _nearest(cells: NDArray[np.float64], inks: NDArray[np.float64]) -> NDArray[np.intp]:
    """[...]: which of `inks` [n, parts] each of `cells` [..., parts] is most like."""
    return ((inks**2).sum(axis=1) - 2 * cells @ inks.T).argmin(axis=-1)


def _tones(pixels: Pixels, width: int, height: int, light: bool) -> NDArray[np.float64]:
    """How much ink each pixel wants, 0–1: its lightness, stretched over the picture's range."""
    lightness = oklab(LIGHT[resample(pixels, width, height)])[..., 0]
    low, high = np.percentile(lightness, (2, 98))
    if high - low < 0.15:  # a flat picture stays flat
        low, high = 0.0, 1.0
    tones: NDArray[np.float64] = np.clip((lightness - low) / (high - low), 0, 1)
    return 1 - tones if light else tones


def text_strips(cells: NDArray[np.int32]) -> list[Strip]:
    """Characters [rows, columns] as one strip a row."""
    return [Strip([Segment("".join(map(chr, row)))], len(row)) for row in cells.tolist()]
