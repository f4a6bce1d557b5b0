"""A part of the map as the walk's filter: drawn with the mouse, or from one marked album to another."""

from __future__ import annotations

import numpy as np

from tui.keynames import key_names
from tui.layout.edges import Cell
from tui.layout.geometry import Rect
from tui.palette import Palette
from tui.screens.map.actions import MapActions
from tui.screens.map.draw import Drawn
from tui.widgets.canvas import Canvas

Corner = tuple[float, float]  # a place on the plane


class MapLasso(MapActions):
    """While a corner stands, a box leads from there to the focus, or to where the mouse is."""

    _corner: Corner | None = None
    _dragged: Rect | None = None  # what the mouse has drawn so far

    def action_mark(self) -> None:
        """Set a corner at the album in focus; once there is one, keep what the box holds."""
        if self.view is None or self.focus_row is None or self.map is None:
            return
        if self._corner is None:
            x, y = self.map.places[self.focus_row].tolist()
            self._corner = (x, y)
            again, leave = key_names(self)("map.mark"), key_names(self)("map.back")
            self._show_box()
            self.say(f"a corner: move on, then {again} keeps what lies between; {leave} lets it go")
        else:
            box = self.box
            self._corner = None
            if box is not None:
                self._keep_within(box)

    def action_leave(self) -> None:
        """Let the corner go, else back to the walk."""
        if self._corner is None:
            self.dismiss(None)
        else:
            self._corner = None
            self._show_box()

    @property
    def box(self) -> Rect | None:
        """The cells that the box spans; None where there is none."""
        if self._dragged is not None or self._corner is None or self.view is None or self.focus_row is None:
            return self._dragged
        column, row = self.view.cells(np.array([self._corner], np.float32))[0].tolist()
        return self._spot_of(self.focus_row).union(Rect(int(column // 1), int(row // 1), 1, 1))

    def _spot_of(self, row: int) -> Rect:
        """The cover of an album, or its cell."""
        column, line = self._cell(row) or (0, 0)
        return self.covers.get(row, Rect(int(column), int(line), 1, 1))

    def box_marks(self, palette: Palette) -> Drawn:
        """The box as it is drawn over the map."""
        return {} if self.box is None else outline(self.box, palette, self._colorless)

    def _show_box(self) -> None:
        self.query_one(Canvas).show_marks(self._marks(Palette(self.app.theme_variables)))

    def _keep_within(self, box: Rect) -> None:
        """Walk among the albums in the box only."""
        assert self.view is not None and self.map is not None and self.cells is not None
        self._dragged = None
        visible = self.cells.visible
        columns, rows = np.floor(self.view.cells(self.map.places[visible])).T
        inside = (columns >= box.x) & (columns < box.right) & (rows >= box.y) & (rows < box.bottom)
        if inside.any():
            self.keep(visible[inside])
        else:
            self._show_box()
            self.say("no album lies in there")

    def on_canvas_dragged(self, message: Canvas.Dragged) -> None:
        """Draw the box; once the button is let go, keep what it holds."""
        if self.view is None or self.cells is None:
            return
        message.stop()
        self._corner, self._dragged = None, message.box
        if message.done:
            self._keep_within(message.box)
        else:
            self._show_box()


def outline(box: Rect, palette: Palette, ascii_only: bool) -> Drawn:
    """The border of a box, inside it."""
    style, right, bottom = palette.text("focus", bold=True), box.right - 1, box.bottom - 1
    across, down, corners = ("-", "|", "++++") if ascii_only else ("─", "│", "┌┐└┘")
    cells: dict[Cell, str] = {(x, y): across for x in range(box.x, box.right) for y in (box.y, bottom)}
    cells |= {(x, y): down for x in (box.x, right) for y in range(box.y, box.bottom)}
    cells |= dict(zip(((box.x, box.y), (right, box.y), (box.x, bottom), (right, bottom)), corners, strict=True))
    return {cell: (character, style) for cell, character in cells.items()}
