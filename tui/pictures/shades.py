"""Pictures without colour: a character a cell, by how bright the cell is and where in it the brightness lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.strip import Strip

from tui.pictures.colors import Pixels
from tui.pictures.glyphs import QUADRANTS
from tui.pictures.oklab import oklab
from tui.pictures.resample import LIGHT, resample

RAMP = np.array([ord(character) for character in " .:-=+*#%@"])  # from no ink to the most
UPPER, UPPER_FAINT, LOWER, LOWER_FAINT = map(ord, "\"'_.")  # ink in one half of the cell alone
EDGE, EMPTY, STRONG = 0.4, 0.35, 0.7  # how far the halves differ, what counts as no ink, what as much
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
INK = 1.3  # exponent from lightness to the share of a cell that is inked


def ascii_cells(pixels: Pixels, columns: int, rows: int, light: bool) -> NDArray[np.int32]:
    """[h, w, 3] as [rows, columns] characters of ASCII; `light`: they are dark on a light ground."""
    tones = _tones(pixels, columns, rows * 2, light)
    upper, lower = tones[0::2], tones[1::2]
    level = np.minimum((upper + lower) / 2 * len(RAMP), len(RAMP) - 1).astype(int)
    cells = RAMP[level]
    above = (upper - lower > EDGE) & (lower < EMPTY)
    below = (lower - upper > EDGE) & (upper < EMPTY)
    cells = np.where(above, np.where(upper > STRONG, UPPER, UPPER_FAINT), cells)
    return np.where(below, np.where(lower > STRONG, LOWER, LOWER_FAINT), cells).astype(np.int32)


def block_cells(pixels: Pixels, columns: int, rows: int, light: bool) -> NDArray[np.int32]:
    """[h, w, 3] as [rows, columns] blocks and shades, each the one nearest to the four quarters of the cell."""
    tones = _tones(pixels, columns * 2, rows * 2, light) ** INK
    quarters = tones.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)
    inks = np.array([[bits >> quarter & 1 for quarter in range(4)] for bits in range(16)], dtype=float)
    inks = np.concatenate([inks, np.repeat(np.array(list(SHADES.values()))[:, None], 4, axis=1)])
    nearest = ((inks**2).sum(axis=1) - 2 * quarters @ inks.T).argmin(axis=-1)
    return np.array([ord(character) for character in (*QUADRANTS, *SHADES)], dtype=np.int32)[nearest]


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
