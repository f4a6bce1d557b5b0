"""A picture that follows a nearly equal one at the same place: cells that still fit stay as they are on the screen.

Two glyphs often fit a cell about equally well; which is better turns with every small change, and each turn is sent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui.pictures.cells import Cells
from tui.pictures.colors import ColorMode, Pixels, channels
from tui.pictures.glyphs import HIGH, ink_of
from tui.pictures.split import Values, grid

WIDE = 4  # columns of the grid that cells are compared on


def steady(cells: Cells, before: Cells, pixels: Pixels, tolerance: int) -> Cells:
    """`cells` of `pixels`, but for those of `before` whose squared error is not above theirs by (2 · `tolerance`)²."""
    exact = (ColorMode.TRUECOLOR, ColorMode.GRAY)  # of other modes the colours are indexes
    if before.shape != cells.shape or before.mode != cells.mode or cells.mode not in exact:
        return cells
    rows, columns = cells.shape
    wanted = grid(pixels, columns, rows, WIDE).reshape(3, rows, columns, HIGH * WIDE)
    stays = _error(before, wanted) <= _error(cells, wanted) + (2 * tolerance) ** 2
    glyphs = np.where(stays, before.glyphs, cells.glyphs)
    return Cells(
        glyphs, np.where(stays, before.ink, cells.ink), np.where(stays, before.ground, cells.ground), cells.mode
    )


def _error(cells: Cells, wanted: Values) -> NDArray[np.float32]:
    """[rows, columns]: the squared error, mean over the cell, sum over the channels; `wanted` as `grid` gives it."""
    inked = ink_of(cells.glyphs, WIDE)
    ink, ground = (
        channels(colors).transpose(2, 0, 1)[..., None].astype(np.float32) for colors in (cells.ink, cells.ground)
    )
    error: NDArray[np.float32] = np.square(wanted - ground - (ink - ground) * inked).mean(axis=-1).sum(axis=0)
    return error
