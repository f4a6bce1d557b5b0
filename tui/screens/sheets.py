"""What screens with a contact sheet share: the same keys, and the mouse, choose on every one of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from textual.binding import BindingType
from textual.screen import ScreenResultType

from tui.keynames import keys_of
from tui.screens.base import DrawnScreen
from tui.widgets.sheet import Sheet

LETTERS_TIP = "Show a letter with every cover; the letter goes to it"


def sheet_keys(place: str, letters: str = "f,apostrophe") -> list[BindingType]:
    """The keys that choose on the sheet of a screen, which is called `place` in their ids; `letters` shows those."""
    key = keys_of(place)
    return [
        key("right,l", "move(1, 0)", "next", "next", "The next cover"),
        key("left,h", "move(-1, 0)", "previous", "previous", "The cover before"),
        key("down,j", "move(0, 1)", "row below", "below", "The row below"),
        key("up,k", "move(0, -1)", "row above", "above", "The row above"),
        key("pagedown", "move(0, 0, 1)", "page down", "page-down", "The next page"),
        key("pageup", "move(0, 0, -1)", "page up", "page-up", "The page before"),
        key("end", "move(1000000, 0)", "last", "last", "The last cover"),
        key("home", "move(-1000000, 0)", "first", "first", "The first cover"),
        key("enter", "choose", "choose", "choose", "Choose this one"),
        key(letters, "letters", "letters", "letters", LETTERS_TIP),
    ]


def arrows(place: str) -> tuple[str, ...]:
    """The ids of the four arrows."""
    return tuple(f"{place}.{name}" for name in ("previous", "below", "above", "next"))


class SheetScreen(DrawnScreen[ScreenResultType]):
    """Has a sheet; a click chooses, a second one is like Enter."""

    sheet: Sheet[Any]

    @abstractmethod
    def moved(self) -> None:
        """Another item was chosen: show what stands beside the sheet."""

    @abstractmethod
    def action_choose(self) -> None:
        """Answer with the chosen item."""

    def action_move(self, columns: int, rows: int, pages: int = 0) -> None:
        """Another item."""
        self.sheet.move(columns, rows, pages)
        self.moved()

    def on_sheet_picked(self, message: Sheet.Picked) -> None:
        """By the mouse."""
        self.moved()
        if message.twice:
            self.action_choose()
