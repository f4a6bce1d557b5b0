"""Covers over the whole map: a grid that lies fast on the plane, in each of its tiles the most telling album there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui.layout.geometry import Rect
from tui.screens.map.plane import View

TELLING = 300  # covers that are to be seen at once where there are so many albums
SIDES = (2, 16)  # rows of a cover
GAP = 1  # columns between covers, for the marks


@dataclass(frozen=True, slots=True)
class Tiles:
    """A grid for one view: covers of `side` rows; the cell (`left`, `top`) of the plane stands in the view's corner."""

    side: int
    left: int
    top: int
    room: Rect

    @classmethod
    def of(cls, view: View, seen: int, wanted: int = TELLING) -> Tiles:
        """As large as may be with room for `wanted` covers, or twice the albums that are `seen`."""
        needed = max(1, min(wanted, 2 * seen))
        fits = (
            s for s in range(SIDES[1], SIDES[0], -1) if (view.columns // (2 * s + GAP)) * (view.rows // s) >= needed
        )
        side = next(fits, SIDES[0])
        corner = view.cells(np.zeros((1, 2)))[0]  # where the plane's origin stands
        return cls(side, -round(corner[0]), -round(corner[1]), Rect(0, 0, view.columns, view.rows))

    def at(self, view: View, places: np.ndarray) -> np.ndarray:
        """int64 [n, 2], the (column, row) of the tile of each place; all of them have to be on the map."""
        cells = view.cells(places) - view.cells(np.zeros((1, 2)))
        return np.floor(cells / (2 * self.side + GAP, self.side)).astype(np.int64)

    def rect(self, tile: Sequence[int]) -> Rect:
        """The cells of a tile's cover in the view; they may lie outside."""
        x, y = tile[0] * (2 * self.side + GAP) - self.left, tile[1] * self.side - self.top
        return Rect(x, y, 2 * self.side, self.side)

    def beyond(self, view: View, place: np.ndarray) -> tuple[int, int]:
        """How many columns and rows the window has to move so that the cover at a place, float [2], is all in view."""
        x, y, columns, rows = self.rect(self.at(view, place[None])[0].tolist())
        right, down = x + columns + GAP - self.room.width, y + rows - self.room.height
        return min(0, x - GAP) or max(0, right), min(0, y) or max(0, down)

    def shows(self, rect: Rect) -> bool:
        """Whether all of it is in view, with a column to either side for its marks."""
        return Rect(1, 0, self.room.width - 2, self.room.height).contains(rect)

    def covers(
        self, view: View, places: np.ndarray, visible: np.ndarray, first: Sequence[int], names: Sequence[Rect]
    ) -> dict[int, Rect]:
        """The albums to draw by row: of each tile the first of `first` there, else of `visible`. None under `names`."""
        on_map = [row for row in first if np.isfinite(places[row, 0])]
        order = np.concatenate([np.array(on_map, np.int64), visible.astype(np.int64)])
        if not len(order):
            return {}
        tiles = self.at(view, places[order])
        _, leaders = np.unique(tiles, axis=0, return_index=True)  # the first of each tile
        found: dict[int, Rect] = {}
        for place in np.sort(leaders).tolist():
            rect, row = self.rect(tiles[place].tolist()), int(order[place])
            hidden = row not in first and any(rect.overlaps(name) for name in names)
            if self.shows(rect) and not hidden:
                found[row] = rect
        return found
