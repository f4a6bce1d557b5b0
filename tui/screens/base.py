"""What screens of text share."""

from __future__ import annotations

from abc import abstractmethod

from textual.app import ComposeResult
from textual.screen import Screen, ScreenResultType

from tui.widgets.lines import Lines, Span


class DrawnScreen(Screen[ScreenResultType]):
    """A screen that can draw itself anew, such as in the colours of another theme."""

    @abstractmethod
    def redraw(self) -> None:
        """Draw everything."""


class TextScreen(DrawnScreen[None]):
    """A full screen of rows to read, drawn anew for each width."""

    def compose(self) -> ComposeResult:
        """All rows at once."""
        yield Lines(id="help-rows")

    def on_resize(self) -> None:
        """Draw with the theme in use."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Show the rows."""
        lines = self.query_one(Lines)
        lines.show(self.rows(lines, max(20, lines.size.width)))

    @abstractmethod
    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """The rows for `cells` columns."""
