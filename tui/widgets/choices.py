"""A list to choose one row from; it shows the page around the choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.message import Message

from tui.text import width
from tui.widgets.lines import Lines, Span

Item = TypeVar("Item")
Ink = Callable[..., Style]  # `Palette.text` on the ground of the item
Row = Callable[[Item, int, int, Ink], list[Span]]  # item, its place from 0, columns, ink -> what follows the mark
MARK = 1  # columns of the mark before each row


class Choices(Lines, Generic[Item]):
    """Rows of items below a heading. What a screen does with the choice is its own business."""

    @dataclass
    class Pointed(Message):
        """A click or the wheel chose an item; `twice` for a double click."""

        choices: Choices[Any]
        twice: bool = False

    @dataclass
    class Headed(Message):
        """A click on the last row of the heading, at a column."""

        x: int

    tall = 1  # rows of an item

    def __init__(self, row: Row[Item], *, id: str | None = None) -> None:
        """`row` draws one item; it is told the columns that are left beside the mark."""
        super().__init__(id=id)
        self.items: list[Item] = []
        self.place = 0  # of the chosen item
        self.heading: list[list[Span]] = []
        self.empty = ""  # said where there are no items
        self.letters = ""  # in place of the marks, of the items from the top, while one of them is to be typed
        self._row = row
        self._first = 0  # place of the first item shown

    @property
    def chosen(self) -> Item | None:
        """The chosen item; None where there are none."""
        return self.items[self.place] if self.items else None

    @property
    def page(self) -> int:
        """How many items fit."""
        return max(1, (self.size.height - len(self.heading)) // self.tall)

    @property
    def shown(self) -> range:
        """The places of the items on the page around the choice."""
        last = max(0, len(self.items) - self.page)
        self._first = max(0, min(max(self._first, self.place - self.page + 1), self.place, last))
        return range(self._first, min(self._first + self.page, len(self.items)))

    def fill(self, items: Sequence[Item], place: int = 0) -> None:
        """Other items, one of them chosen."""
        self.items = list(items)
        self._first = 0
        self.move(place - self.place)

    def move(self, step: int) -> None:
        """Choose the item `step` rows on, or the last one in that direction."""
        self.place = max(0, min(len(self.items) - 1, self.place + step))
        self.draw()

    def pick(self, place: int) -> None:
        """Choose the item at a place, and tell the screen."""
        self.move(place - self.place)
        self.post_message(self.Pointed(self))

    def draw(self) -> None:
        """Show the rows anew, after another heading, width or theme too."""
        rows, cells = list(self.heading), self.size.width
        for place in self.shown:
            ink, mark = self.inked(place)
            row = [mark, *self._row(self.items[place], place, max(1, cells - MARK), ink)]
            rows.append([*row, (" " * max(0, cells - sum(width(text) for text, _ in row)), ink())])
        if not self.items and self.empty:
            rows.append([(self.empty, self.palette.text("quiet"))])
        self.show(rows)

    def inked(self, place: int) -> tuple[Ink, Span]:
        """(ink on the ground of an item, what stands before its first row)."""
        chosen, at = place == self.place, place - self._first
        ink = partial(self.palette.text, on="panel" if chosen else "background")
        if at < len(self.letters):
            return ink, (self.letters[at], self.palette.focus)
        return ink, ("▌" if chosen else " ", ink("accent"))

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        event.stop()
        if event.y == len(self.heading) - 1:
            self.post_message(self.Headed(event.x))
        place = self.shown.start + (event.y - len(self.heading)) // self.tall
        if event.y >= len(self.heading) and place in self.shown:
            self.move(place - self.place)
            self.post_message(self.Pointed(self, event.chain > 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next item."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The item before."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, step: int) -> None:
        event.stop()
        self.move(step)
        self.post_message(self.Pointed(self))
