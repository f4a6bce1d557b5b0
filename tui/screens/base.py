"""What the screens share: they draw themselves anew, and their last row is keys or a message."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen, ScreenResultType

from store.records import Album
from tui.keynames import Hint
from tui.widgets.bars import KeysLine
from tui.widgets.lines import Lines, Span

BREAKPOINTS = [(0, "-narrow"), (76, "-small"), (100, "-medium"), (126, "-wide"), (200, "-huge")]  # columns, class
HEIGHTS = [(0, "-short"), (40, "-tall")]  # rows, class


class Hears(Protocol):
    """An app that has a player."""

    def hear(self, albums: Sequence[Album], queue: bool) -> None:
        """Play albums, or queue them."""


class DrawnScreen(Screen[ScreenResultType]):
    """Draws itself for each size, and in the colours of each theme; what it tells stays until the next key."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    VERTICAL_BREAKPOINTS = HEIGHTS
    hints: Sequence[Hint] = ()  # for the row of keys
    message: tuple[str, bool] | None = None  # in place of the keys, and whether it is an error
    busy = False  # keys leave the message as it is

    @abstractmethod
    def redraw(self) -> None:
        """Draw everything."""

    def on_resize(self) -> None:
        """Draw once the widgets have their new sizes."""
        self.call_after_refresh(self.resized)

    def resized(self) -> None:
        """Draw for another size."""
        self.redraw()

    def say(self, message: str, error: bool = False) -> None:
        """Tell something in the last row until the next key."""
        self.message = (message, error)
        self.draw_keys()

    def on_key(self, event: events.Key) -> None:
        """A message stays until the next key."""
        if self.message is not None and not self.busy:
            self.message = None
            self.draw_keys()

    def hear(self, albums: Sequence[Album], queue: bool) -> None:
        """Send albums to the player, which the app has."""
        cast(Hears, self.app).hear(albums, queue)

    def draw_keys(self) -> None:
        """Show the keys, or the message in their place; nothing where the person has left."""
        for line in self.query(KeysLine):
            if self.message is None:
                line.show_keys(self.hints)
            else:
                line.show_message(*self.message)


class TextScreen(DrawnScreen[None]):
    """A full screen of rows to read, drawn anew for each width."""

    def compose(self) -> ComposeResult:
        """All rows at once."""
        yield Lines(id="help-rows")

    def redraw(self) -> None:
        """Show the rows."""
        lines = self.query_one(Lines)
        lines.show(self.rows(lines, max(20, lines.size.width)))

    @abstractmethod
    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """The rows for `cells` columns."""
