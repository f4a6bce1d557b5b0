"""A row of a picture kept as integers, which the mirror reads without any rich `Style` between."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from tui.pictures.cells import FEW, Cells, row_segments, strips
from tui.pictures.colors import COLORLESS, ColorMode


class PixelStrip(Strip):
    """Its segments, which cost ten times as much as the picture itself, exist only where something crops it."""

    __slots__ = ("_built", "_mode", "glyphs", "ground", "ink")

    def __init__(
        self, glyphs: NDArray[np.int32], ink: NDArray[np.int32], ground: NDArray[np.int32], mode: ColorMode
    ) -> None:
        self._cell_length = len(ink)  # the rest of a strip, eight caches, only where it is asked for
        self.glyphs = glyphs  # [columns]
        self.ink = ink  # packed colours
        self.ground = ground
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
        return self._mode in FEW

    @property
    def _segments(self) -> list[Segment]:
        if self._built is None:
            self._built = row_segments(self.glyphs, self.ink, self.ground, self._mode)
        return self._built

    @_segments.setter
    def _segments(self, _value: list[Segment]) -> None:
        """The base class sets them once; here they follow from the colours."""

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:
        """No theme changes a picture."""
        return self


def pixel_strips(cells: Cells) -> list[Strip]:
    """One strip a row, as `strips` gives them."""
    if cells.mode in COLORLESS:
        return strips(cells)
    rows = zip(cells.glyphs, cells.ink, cells.ground, strict=True)
    return [PixelStrip(*row, cells.mode) for row in rows]
