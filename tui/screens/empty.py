"""A library with no albums: what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.keynames import key_names
from tui.screens.base import TextScreen
from tui.text import plain, wrap
from tui.widgets.lines import Lines, Span


class EmptyScreen(TextScreen):
    """Says how albums come in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "app.quit", "quit", id="empty.quit", tooltip="Leave"),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """The ways in."""
        palette = lines.palette
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
            (f"{key_names(self)('empty.quit')} leaves", "quiet"),
        ]
        rows: list[list[Span]] = []
        for text, color in said:
            indent = "  " if text.startswith("  ") else ""
            wrapped = wrap(text, cells - len(indent), 3) or [""]
            rows += [[(indent + row, palette.text(color))] for row in wrapped]
        return rows
