"""Rows of styled text that send only the rows that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.palette import Palette
from tui.text import cut, width, wrap

Span = tuple[str, Style]


class Lines(Widget):
    """A block of rows given as spans of text; text is drawn as it is, never parsed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[list[Span]] = []

    @property
    def palette(self) -> Palette:
        """The styles of the theme in use."""
        return Palette(self.app.theme_variables)

    @property
    def rows(self) -> list[str]:
        """What is shown, without its styles."""
        return ["".join(text for text, _ in row) for row in self._rows]

    def show(self, rows: Iterable[Sequence[Span]]) -> None:
        """Draw these rows from the top; only rows that differ from what is there are sent again."""
        fresh = [list(row) for row in rows]
        before, self._rows = self._rows, fresh
        for y in range(max(len(before), len(fresh))):
            old = before[y] if y < len(before) else []
            new = fresh[y] if y < len(fresh) else []
            if old != new and y < self.size.height:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One row, cut and padded to the widget's width."""
        cells = self.size.width
        fill = self.palette.text()
        row = self._rows[y] if y < len(self._rows) else []
        segments: list[Segment] = []
        for text, style in row:
            shown = cut(text, cells)
            if shown:
                segments.append(Segment(shown, style))
                cells -= width(shown)
        if cells > 0 and segments and _pads(segments[-1].style, fill):
            last = segments.pop()  # one style for text and padding: half the codes
            segments.append(Segment(last.text + " " * cells, last.style))
        elif cells > 0:
            segments.append(Segment(" " * cells, fill))
        return Strip(segments, self.size.width)


def wrapped(text: str, cells: int, lines: int, style: Style) -> list[list[Span]]:
    """`text` broken into at most `lines` rows of `cells` cells."""
    return [[(row, style)] for row in wrap(text, cells, lines)]


def heading(palette: Palette, text: str, cells: int, right: str = "") -> list[Span]:
    """A row of `cells` cells: the text, a rule, and what stands to the right of it."""
    rule = "─" * max(0, cells - width(text) - width(right) - (2 if right else 1))
    row = [(f"{text} ", palette.text("quiet")), (rule, palette.text("faint"))]
    return [*row, (f" {right}", palette.text())] if right else row


def _pads(style: Style | None, fill: Style) -> bool:
    """Whether a row may be padded in this style: nothing of it is seen on spaces but the ground."""
    return style is not None and style.bgcolor == fill.bgcolor and not style.link
