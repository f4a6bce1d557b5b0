"""Pictures as half blocks: two pixels a cell, the lower as foreground of U+2584, the upper as background.

The same picture as rich-pixels' `HalfcellRenderer` draws (the tests compare pixel by pixel), made for
photographs: numpy packs the colours, neighbouring equal cells become one run, and a row turns into terminal
codes from plain integers, each code sent only where it changes. rich's `Style` objects, which cost most of
the time in the stock renderer, are built only if something other than the terminal asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich_pixels import HalfcellRenderer
from textual.color import Color as TextualColor
from textual.filter import ANSIToTruecolor, LineFilter
from textual.strip import Strip

from tui.pictures.colors import (
    CODES,
    COLORLESS,
    ColorMode,
    Pixels,
    channels,
    joined,
    nearest_indexed,
    packed,
    rich_color,
)
from tui.pictures.dither import dithered
from tui.pictures.resample import shrink
from tui.pictures.shades import ascii_cells, block_cells, text_strips

LOWER_HALF = "▄"
FINE = 8  # tolerance of the default quality: 43 dB on real covers, two thirds of the bytes
LITE = 24  # for slow links: 33 dB, two fifths of the bytes
Run = tuple[int, int, int]  # lower colour, upper colour, cells


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


def runs(cells: Cells) -> list[list[Run]]:
    """The rows as runs of neighbouring cells that are drawn alike."""
    upper, lower = cells.upper, cells.lower
    rows, columns = upper.shape
    starts = np.ones((rows, columns), dtype=bool)
    starts[:, 1:] = (upper[:, 1:] != upper[:, :-1]) | (lower[:, 1:] != lower[:, :-1])
    result: list[list[Run]] = []
    for row in range(rows):
        at = np.flatnonzero(starts[row])
        lengths = np.diff(at, append=columns)
        result.append(list(zip(lower[row, at].tolist(), upper[row, at].tolist(), lengths.tolist(), strict=True)))
    return result


def strips(cells: Cells) -> list[Strip]:
    """One strip a row, for a widget's `render_lines`."""
    if cells.mode in COLORLESS:
        return text_strips(cells.upper)
    return [PixelStrip(upper, lower, cells.mode) for upper, lower in zip(cells.upper, cells.lower, strict=True)]


class PixelStrip(Strip):
    """A row of half blocks kept as integers. Its segments exist only when something crops or inspects it."""

    __slots__ = ("_built", "_mode", "lower", "upper")

    def __init__(self, upper: NDArray[np.int32], lower: NDArray[np.int32], mode: ColorMode) -> None:
        self._cell_length = len(upper)  # the rest of a strip, eight caches, only where it is asked for
        self.upper = upper  # packed colours [columns]
        self.lower = lower
        self._mode = mode
        self._built: list[Segment] | None = None

    def __getattr__(self, name: str) -> Any:
        if name not in Strip.__slots__:
            raise AttributeError(name)
        Strip.__init__(self, (), self._cell_length)
        return getattr(self, name)

    @property
    def is_indexed(self) -> bool:
        """Whether the colours are indexes of the terminal's palette."""
        return self._mode in (ColorMode.INDEXED, ColorMode.BASIC)

    @property
    def _segments(self) -> list[Segment]:
        if self._built is None:
            self._built = segments(self._runs(), self._mode)
        return self._built

    @_segments.setter
    def _segments(self, _value: list[Segment]) -> None:
        """The base class sets them once; here they follow from the colours."""

    def _runs(self) -> list[Run]:
        return runs(Cells(self.upper[None], self.lower[None], self._mode))[0]

    def render(self, console: Console) -> str:
        """The row as terminal codes, kept after the first call."""
        if self._render_cache is None:
            self._render_cache = ansi(self._runs(), self._mode)
        return self._render_cache

    def apply_filter(self, filter: LineFilter, background: TextualColor) -> Strip:
        """No theme changes a picture: the filter for ANSI colours is skipped."""
        if isinstance(filter, ANSIToTruecolor) or self._mode is ColorMode.GRAY:
            return self
        return super().apply_filter(filter, background)


def ansi(row: Sequence[Run], mode: ColorMode) -> str:
    """A row as terminal codes: a colour is sent where it changes, the style is reset at the end.

    Where both halves agree a space with a background is enough.
    """
    code = CODES[mode]
    parts: list[str] = []
    fore = back = -1
    for lower, upper, cells in row:
        if lower == upper:
            if upper != back:
                parts.append(f"\x1b[{code(upper, 48)}m")
                back = upper
            parts.append(" " * cells)
            continue
        if lower != fore:
            sgr = code(lower, 38) if upper == back else f"{code(lower, 38)};{code(upper, 48)}"
            parts.append(f"\x1b[{sgr}m")
        elif upper != back:
            parts.append(f"\x1b[{code(upper, 48)}m")
        fore, back = lower, upper
        parts.append(LOWER_HALF * cells)
    parts.append("\x1b[0m")
    return "".join(parts)


def segments(row: Sequence[Run], mode: ColorMode) -> list[Segment]:
    """A row as rich segments, the form that rich-pixels, exports and cropping want."""
    return [
        Segment(" " * cells, _style(None, upper, mode))
        if lower == upper
        else Segment(LOWER_HALF * cells, _style(lower, upper, mode))
        for lower, upper, cells in row
    ]


class HalfblockRenderer(HalfcellRenderer):
    """rich-pixels' renderer API over the functions above: shrinks with LANCZOS, merges equal neighbours."""

    def __init__(self, *, mode: ColorMode = ColorMode.TRUECOLOR, tolerance: int = 0) -> None:
        super().__init__()
        self.mode = mode
        self.tolerance = tolerance

    def render(self, image: Image.Image, resize: tuple[int, int] | None) -> list[Segment]:
        """`image` as segments with line ends; `resize` is (columns, pixel rows), odd rows are rounded up."""
        width, height = resize or image.size
        pixels = shrink(np.asarray(image.convert("RGB")), width, (height + 1) // 2)
        output: list[Segment] = []
        for row in runs(merge(pack(pixels, self.mode), self.tolerance)):
            output += [*segments(row, self.mode), Segment.line()]
        return output


@lru_cache(maxsize=8192)
def _style(lower: int | None, upper: int, mode: ColorMode) -> Style:
    return Style.from_color(None if lower is None else rich_color(lower, mode), rich_color(upper, mode))
