"""The ground that the covers stand on: edges from the centre to the ring and the marks around the focus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.layout.edges import Cell
from tui.palette import Palette

Drawn = Mapping[Cell, tuple[str, Style]]


class Field(Widget):
    """Single characters on an empty ground; only cells that changed are sent."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cells: dict[Cell, tuple[str, Style]] = {}

    @property
    def cells(self) -> Drawn:
        """What is drawn, by (column, row)."""
        return self._cells

    def show(self, cells: Drawn) -> None:
        """Draw these cells and nothing else."""
        before, self._cells = self._cells, dict(cells)
        changed: dict[int, list[int]] = defaultdict(list)
        for cell in before.keys() | self._cells.keys():
            if before.get(cell) != self._cells.get(cell):
                changed[cell[1]].append(cell[0])
        regions = [Region(start, y, length, 1) for y, columns in changed.items() for start, length in _spans(columns)]
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One row of the ground."""
        ground = Palette(self.app.theme_variables).text()
        segments: list[Segment] = []
        x = 0
        for column, (character, style) in sorted(
            (cell[0], drawn) for cell, drawn in self._cells.items() if cell[1] == y
        ):
            if x <= column < self.size.width:
                text = " " * (column - x) + character  # all stand on one ground, so a gap needs no style
                if segments and segments[-1].style == style:
                    text = segments.pop().text + text
                segments.append(Segment(text, style))
                x = column + 1
        if x < self.size.width:
            segments.append(Segment(" " * (self.size.width - x), ground))
        return Strip(segments, self.size.width)


def _spans(columns: list[int], join: int = 8) -> list[tuple[int, int]]:
    """Columns as (start, length) spans; gaps shorter than `join` are cheaper to send than a cursor jump."""
    spans: list[tuple[int, int]] = []
    for column in sorted(columns):
        if spans and column - sum(spans[-1]) < join:
            spans[-1] = (spans[-1][0], column - spans[-1][0] + 1)
        else:
            spans.append((column, 1))
    return spans
