"""The SQL behind the view, to read, copied to the clipboard of the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.keynames import key_names
from tui.screens.base import TextScreen
from tui.text import plain, wrap
from tui.widgets.lines import Lines, Span


class SqlScreen(TextScreen):
    """Shows a query whole; the same text is on the clipboard where the terminal allows it (OSC 52)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", id="sql.copy", tooltip="Copy the query again"),
        Binding("escape,q,enter", "app.pop_screen", "back", id="sql.back", tooltip="Back to the walk"),
        Binding("question_mark", "app.help", "keys", id="sql.help", tooltip="These keys"),
    ]

    def __init__(self, sql: str, database: Path) -> None:
        super().__init__()
        self.sql = sql
        self.database = database

    def on_mount(self) -> None:
        """Copied as soon as it is shown."""
        self.action_copy()

    def action_copy(self) -> None:
        """Ask the terminal to put the query on the clipboard."""
        self.app.copy_to_clipboard(self.sql)

    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """The query, how to run it, and what the keys do."""
        palette = lines.palette
        rows: list[list[Span]] = [[("the SQL behind this view", palette.text("accent", bold=True))], []]
        for line in self.sql.splitlines():
            color = "quiet" if line.startswith("--") else "foreground"
            indent = " " * (len(line) - len(line.lstrip()))
            wrapped = wrap(plain(line), cells - len(indent) - 2, 12) or [""]
            rows += [
                [(("" if first == 0 else "  ") + indent + row, palette.text(color))]
                for first, row in enumerate(wrapped)
            ]
        names = key_names(self)
        said = (
            "",
            f"run it with: duckdb -readonly {plain(str(self.database))}",
            "It is on the clipboard, if this terminal lets programs write there (OSC 52). "
            f"{names('sql.copy')} copies again.",
            f"{names('sql.back')} leads back",
        )
        for text in said:
            rows += [[(row, palette.text("quiet"))] for row in wrap(text, cells, 3) or [""]]
        return rows
