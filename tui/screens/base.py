"""What the screens share: they draw themselves anew, and their last row is keys or a message."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.geometry import Region
from textual.screen import Screen, ScreenResultType
from textual.strip import Strip
from textual.widget import Widget

from store.records import Album
from tui.keynames import Hint, key_names
from tui.widgets.bars import KeysLine
from tui.widgets.lines import Lines, Span

BREAKPOINTS = [(0, "-narrow"), (76, "-small"), (100, "-medium"), (126, "-wide"), (200, "-huge")]  # columns, class
HEIGHTS = [(0, "-short"), (40, "-tall")]  # rows, class


RIGHT = 3  # button of the mouse
LETTERS = "asdfghjklqwertyuiopzxcvbnm"  # the easiest keys first
LETTERS += LETTERS.upper()


class Hears(Protocol):
    """An app that has a player."""

    def hear(self, albums: Sequence[Album], queue: bool) -> None:
        """Play albums, or queue them."""


class Lettered(Protocol):
    """Shows covers or rows that letters may stand with, while one of them is to be typed."""

    letters: str
    shown: range  # the places of what is shown

    def draw(self) -> None:
        """Show them, the letters too."""

    def pick(self, place: int) -> None:
        """Choose one, and tell the screen."""


class DrawnScreen(Screen[ScreenResultType]):
    """Draws itself for each size, and in the colours of each theme; what it tells stays until the next key."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    VERTICAL_BREAKPOINTS = HEIGHTS
    hints: Sequence[Hint] = ()  # for the row of keys
    _typed_in: Widget | None = None  # what had the focus before letters were asked for
    message: tuple[str, bool] | None = None  # in place of the keys, and whether it is an error
    busy = False  # keys leave the message as it is
    lettered = False  # letters stand with the covers, and the next key chooses one

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

    def action_letters(self) -> None:
        """A letter with every cover; the next key chooses."""
        self._typed_in = self.focused
        self.set_focus(None)  # where one types, the letter is no word
        self.lettered = True
        self.show_letters(LETTERS)
        self.say("a letter goes to its cover, any other key leaves things as they are")

    def show_letters(self, letters: str) -> None:
        """Draw letters with the covers, the first with the first; "": none."""
        for covers in cast(Iterable[Lettered], self.query("Choices, Sheet")):
            covers.letters = letters
            covers.draw()

    def letter_chosen(self, place: int) -> None:
        """Go to the cover that has a letter."""
        for covers in cast(Iterable[Lettered], self.query("Choices, Sheet")):
            if place < len(covers.shown):
                covers.pick(covers.shown.start + place)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The right button: every action by name."""
        if event.button == RIGHT:
            event.stop()
            self.app.simulate_key(key_names(self).key("app.palette"))

    def on_key(self, event: events.Key) -> None:
        """A letter chooses where letters stand; a message stays until the next key."""
        if self.lettered:
            event.stop()
            event.prevent_default()
            self.lettered = False
            self.show_letters("")
            if self._typed_in is not None:
                self.set_focus(self._typed_in)
            if event.character and event.character in LETTERS:
                self.letter_chosen(LETTERS.index(event.character))
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


class LiesOver(Protocol):
    """An app that knows what the screens below show."""

    def rows_below(self, screen: Screen[Any], crop: Region) -> list[Strip]:
        """The rows of `crop` on the one below `screen`."""


class Overlay(DrawnScreen[ScreenResultType]):
    """A box over the screen that it was opened on: no more than its own rows is sent."""

    DEFAULT_CSS = "Overlay { background: transparent; }"

    def render_lines(self, crop: Region) -> list[Strip]:
        """Where nothing of its own stands, what is below stays."""
        return cast(LiesOver, self.app).rows_below(self, crop)


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
