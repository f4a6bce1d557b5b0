"""A library with no albums: what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.text import plain, wrap
from tui.widgets.lines import Lines, Span


class EmptyScreen(Screen[None]):
    """Says how albums come in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "app.quit", "quit", id="empty.quit", tooltip="Leave"),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def compose(self) -> ComposeResult:
        """A few rows."""
        yield Lines(id="help-rows")

    def on_resize(self) -> None:
        """Draw with the theme in use."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        lines = self.query_one(Lines)
        palette, cells = lines.palette, max(20, lines.size.width)
        said = [
            ("This library has no albums yet.", "accent"),
            (plain(str(self.path)), "quiet"),
            ("", "quiet"),
            ("Bring in a table of albums with their covers:", "foreground"),
            ("  sleevewalk ingest table FILE --covers DIR", "accent"),
            ("or your own music:", "foreground"),
            ("  sleevewalk ingest folder DIR", "accent"),
            ("or look around the demo library first:", "foreground"),
            ("  sleevewalk demo", "accent"),
            ("", "quiet"),
            ("q leaves", "quiet"),
        ]
        rows: list[list[Span]] = []
        for text, color in said:
            indent = "  " if text.startswith("  ") else ""
            wrapped = wrap(text, cells - len(indent), 3) or [""]
            rows += [[(indent + row, palette.text(color))] for row in wrapped]
        lines.show(rows)
