"""A list to choose one row from; it shows the page around the choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rich.style import Style

from tui.widgets.lines import Lines, Span

Item = TypeVar("Item")
# item, its place from 0, columns, style of its text, style of what is less important -> the spans after the mark
Row = Callable[[Item, int, int, Style, Style], list[Span]]
MARK = 1  # columns of the mark before each row


class Choices(Lines, Generic[Item]):
    """Rows of items below a heading. What a screen does with the choice is its own business."""

    def __init__(self, row: Row[Item], *, id: str | None = None) -> None:
        """`row` draws one item; it is told the columns that are left beside the mark."""
        super().__init__(id=id)
        self.items: list[Item] = []
        self.place = 0  # of the chosen item
        self.heading: list[list[Span]] = []
        self.empty = ""  # said where there are no items
        self._row = row
        self._first = 0  # place of the first item shown

    @property
    def chosen(self) -> Item | None:
        """The chosen item; None where there are none."""
        return self.items[self.place] if self.items else None

    @property
    def page(self) -> int:
        """How many items fit."""
        return max(1, self.size.height - len(self.heading))

    def fill(self, items: Sequence[Item], place: int = 0) -> None:
        """Other items, one of them chosen."""
        self.items = list(items)
        self._first = 0
        self.move(place - self.place)

    def move(self, step: int) -> None:
        """Choose the item `step` rows on, or the last one in that direction."""
        self.place = max(0, min(len(self.items) - 1, self.place + step))
        self.draw()

    def draw(self) -> None:
        """Show the rows anew, after another heading, width or theme too."""
        palette, page = self.palette, self.page
        self._first = max(0, min(max(self._first, self.place - page + 1), self.place))
        rows = list(self.heading)
        for place, item in enumerate(self.items[self._first : self._first + page], self._first):
            chosen = place == self.place
            text, quiet = (palette.focus, palette.focus) if chosen else (palette.text(), palette.text("quiet"))
            rows.append(
                [("▸" if chosen else " ", text), *self._row(item, place, max(1, self.size.width - MARK), text, quiet)]
            )
        if not self.items and self.empty:
            rows.append([(self.empty, palette.text("quiet"))])
        self.show(rows)
