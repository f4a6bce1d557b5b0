"""Pictures as half blocks: two pixels a cell, the lower as foreground of U+2584, the upper as background.

The same picture as rich-pixels' `HalfcellRenderer` draws (the tests compare pixel by pixel), made for photographs:
numpy packs the colours and neighbouring equal cells become one run. Its renderer API gives rich segments, whose
`Style` objects take eight times as long as the picture; the `thrifty` output therefore reads the packed colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.pictures.colors import COLORLESS, ColorMode, Pixels, channels, joined, nearest_indexed, packed, rich_color
from tui.pictures.dither import dithered
from tui.pictures.resample import shrink
from tui.pictures.shades import ascii_cells, block_cells, text_strips

LOWER_HALF = "▄"
FINE = 8  # tolerance of the default quality: 43 dB on real covers, two thirds of the bytes
LITE = 24  # for slow links: 33 dB, two fifths of the bytes


@dataclass(frozen=True, slots=True)
class Cells:
    """A picture ready to draw: the packed colour of the upper and lower pixel of each cell.

    Without colours both are the cell's character.
    """

    upper: NDArray[np.int32]  # [rows, columns]
    lower: NDArray[np.int32]
    mode: ColorMode

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.upper.shape
        return rows, columns


def pack(pixels: Pixels, mode: ColorMode = ColorMode.TRUECOLOR) -> Cells:
    """[2·rows, columns, 3] pixels as cells, in the colours of `mode`."""
    values = packed(pixels, mode)
    return Cells(values[0::2], values[1::2], mode)


def picture(pixels: Pixels, columns: int, rows: int, mode: ColorMode, tolerance: int, light: bool = False) -> Cells:
    """`pixels` [h, w, 3] as that many cells: merged within `tolerance`, or dithered where colours are few; `light`
    is the ground that characters without colour stand on.

    In 256 colours the tolerance of LITE and above leaves the dithering out, which costs many bytes.
    """
    if mode in COLORLESS:
        draw = ascii_cells if mode is ColorMode.ASCII else block_cells
        characters = draw(pixels, columns, rows, light)
        return Cells(characters, characters, mode)
    small = shrink(pixels, columns, rows)
    if mode is ColorMode.BASIC or (mode is ColorMode.INDEXED and tolerance < LITE):
        return dither(small, mode)
    if mode is ColorMode.INDEXED:
        merged = merge(pack(small), tolerance)
        upper, lower = nearest_indexed(channels(merged.upper)), nearest_indexed(channels(merged.lower))
        return Cells(upper, lower, mode)
    return merge(pack(small, mode), tolerance)


def dither(pixels: Pixels, mode: ColorMode) -> Cells:
    """[2·rows, columns, 3] pixels as cells in the terminal's palette."""
    values = dithered(pixels, mode)
    return Cells(values[0::2], values[1::2], mode)


def merge(cells: Cells, tolerance: int) -> Cells:
    """The picture in fewer colours: along each row of pixels, neighbours of which no channel differs by more
    than `tolerance` take their mean; the two halves of a cell likewise.

    So no channel is further than 1.5·`tolerance` from the exact picture. Palette indexes stay as they are,
    since their numbers are not shades.
    """
    if not tolerance or cells.mode not in (ColorMode.TRUECOLOR, ColorMode.GRAY):
        return cells
    rows, columns = cells.shape
    exact = np.stack([channels(cells.upper), channels(cells.lower)], axis=1).reshape(rows * 2, columns, 3)
    low = high = exact[:, 0]
    starts = np.ones((rows * 2, columns), dtype=bool)
    for column in range(1, columns):
        value = exact[:, column]
        lower, higher = np.minimum(low, value), np.maximum(high, value)
        far = (higher - lower).max(axis=-1) > tolerance
        starts[:, column] = far
        low, high = np.where(far[:, None], value, lower), np.where(far[:, None], value, higher)
    at = np.flatnonzero(starts)
    lengths = np.diff(at, append=starts.size)
    sums = np.add.reduceat(exact.reshape(-1, 3), at, axis=0)
    means = (sums + lengths[:, None] // 2) // lengths[:, None]
    merged = np.repeat(means, lengths, axis=0).reshape(rows, 2, columns, 3)
    alike = np.abs(merged[:, 0] - merged[:, 1]).max(axis=-1, keepdims=True) <= tolerance
    merged = np.where(alike[:, None], merged.sum(axis=1, keepdims=True) // 2, merged)
    return Cells(joined(merged[:, 0]), joined(merged[:, 1]), cells.mode)


def strips(cells: Cells) -> list[Strip]:
    """One strip a row, for a widget's `render_lines`."""
    if cells.mode in COLORLESS:
        return text_strips(cells.upper)
    rows = zip(cells.upper, cells.lower, strict=True)
    return [Strip(row_segments(upper, lower, cells.mode), len(upper)) for upper, lower in rows]


def row_segments(upper: NDArray[np.int32], lower: NDArray[np.int32], mode: ColorMode) -> list[Segment]:
    """Packed colours [columns] as segments, one a run of equal cells; where both halves agree they are spaces."""
    starts = np.ones(len(upper), dtype=bool)
    starts[1:] = (upper[1:] != upper[:-1]) | (lower[1:] != lower[:-1])
    at = np.flatnonzero(starts)
    lengths = np.diff(at, append=len(upper))
    return [
        Segment(" " * cells, _style(None, above, mode))
        if above == below
        else Segment(LOWER_HALF * cells, _style(below, above, mode))
        for above, below, cells in zip(upper[at].tolist(), lower[at].tolist(), lengths.tolist(), strict=True)
    ]


@lru_cache(maxsize=8192)
def _style(lower: int | None, upper: int, mode: ColorMode) -> Style:
    return Style.from_color(None if lower is None else rich_color(lower, mode), rich_color(upper, mode))
