"""A contact sheet: covers in rows with words below each, one of them chosen; it shows the page of the choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.message import Message
from textual.widget import Widget

from store.records import Album
from tui.layout.edges import Cell
from tui.layout.geometry import Rect
from tui.palette import Palette
from tui.pictures.colors import COLORLESS
from tui.pictures.painter import CoverPainter
from tui.text import centered, cut, width
from tui.widgets.canvas import Block, Canvas, Caption, Picture, frame
from tui.widgets.lines import Span

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Card:
    """How an item is shown. `album` None: its picture is not there yet; `before` stands in the gap to its left."""

    album: Album | None
    words: tuple[Span, ...] = ()
    before: Span | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Covers of `side` rows, `across` in a row and `down` rows of them on a page, a new one each `pitch` columns."""

    side: int
    across: int
    down: int
    pitch: int

    @property
    def page(self) -> int:
        """How many covers a page has."""
        return self.across * self.down


class Sheet(Canvas, Generic[Item]):
    """The covers are as large as all of them on one page may be, within `sides`; more make more pages."""

    @dataclass
    class Picked(Message):
        """A click chose an item, or the wheel another row of them; `twice` for a double click."""

        sheet: Widget
        twice: bool

    def __init__(
        self,
        painter: CoverPainter,
        card: Callable[[Item, int], Card],
        *,
        words: int = 2,
        gap: int = 2,
        sides: tuple[int, int] = (6, 16),
        id: str | None = None,
    ) -> None:
        """`card` is asked with an item and its place; `words`: rows below a cover; `gap`: columns between covers."""
        super().__init__(painter, id=id)
        self.card = card
        self.words, self.gap, self.sides = words, gap, sides
        self.items: list[Item] = []
        self.place = 0  # of the chosen item
        self.empty = ""  # said where there are no items
        self.letters = ""  # with the covers of the page, while one of them is to be typed

    @property
    def chosen(self) -> Item | None:
        """The chosen item; None where there are none."""
        return self.items[self.place] if self.items else None

    @property
    def shown(self) -> range:
        """The places of the items on the page of the choice."""
        page = self.grid.page
        first = self.place // page * page
        return range(first, min(first + page, len(self.items)))

    @property
    def pages(self) -> str:
        """`page 2 of 5`, or nothing where there is one."""
        page = self.grid.page
        return f"page {self.place // page + 1} of {-(-len(self.items) // page)}" if len(self.items) > page else ""

    @property
    def grid(self) -> Grid:
        """How the covers stand in the room that there is."""
        return fitted(len(self.items), *self.size, self.words, self.gap, self.sides)

    def fill(self, items: Sequence[Item], place: int = 0) -> None:
        """Other items, one of them chosen."""
        self.items = list(items)
        self.choose(place)

    def choose(self, place: int) -> None:
        """Choose the item at a place, or the last one in that direction."""
        self.place = max(0, min(len(self.items) - 1, place))
        self.draw()

    def pick(self, place: int) -> None:
        """Choose the item at a place, and tell the screen."""
        self.choose(place)
        self.post_message(self.Picked(self, False))

    def move(self, columns: int, rows: int = 0, pages: int = 0) -> None:
        """Choose another item; in the last row, which may be short, the last one is as good as the one below."""
        grid = self.grid
        place = self.place + columns + rows * grid.across + pages * grid.page
        if rows and not 0 <= place < len(self.items):
            last = (len(self.items) - 1) // grid.across
            place = len(self.items) - 1 if rows > 0 and self.place // grid.across < last else self.place
        self.choose(place)

    def draw(self) -> None:
        """Show the page anew, after another theme or once pictures came."""
        if not self.size.area:
            return
        palette, grid, blocks = Palette(self.app.theme_variables), self.grid, list[Block]()
        ground: dict[Cell, Span] = {}
        marks: dict[Cell, Span] = {}
        for place in self.shown:
            rect = self.rect(place)
            card = self.card(self.items[place], place)
            if card.album is not None:
                blocks.append(Picture(rect, card.album, self.painter.tolerance))
            for row, (text, style) in enumerate(card.words[: self.words]):
                style = palette.focus if place == self.place and row == 0 else style
                shown = cut(text, grid.pitch - self.gap)
                blocks.append(Caption(Rect(rect.x, rect.bottom + row, width(shown), 1), shown, style))
            if card.before is not None:
                text, y = centered(card.before[0], self.gap - 2), rect.y + (rect.height - 1) // 2
                ground |= {(rect.x - self.gap + 1 + x, y): (letter, card.before[1]) for x, letter in enumerate(text)}
            if place == self.place:
                ends = ("[", "]") if self.painter.mode in COLORLESS else ("▐", "▌")
                marks = frame(rect, *ends, palette.text("focus", bold=True))
        if not self.items and self.empty:
            blocks.append(Caption(Rect(1, 0, self.size.width - 1, 1), self.empty, palette.text("quiet")))
        self.show(ground, blocks, marks)
        self.show_letters({letter: self.rect(place) for letter, place in zip(self.letters, self.shown, strict=False)})

    def rect(self, place: int) -> Rect:
        """The cells of the cover of an item on the page shown."""
        grid = self.grid
        down, across = divmod(place - self.shown.start, grid.across)
        x = 1 + across * grid.pitch + max(0, self.gap - 2)
        return Rect(x, down * (grid.side + self.words + 1), 2 * grid.side, grid.side)

    def on_canvas_resized(self, message: Canvas.Resized) -> None:
        """Draw for the new room."""
        message.stop()
        self.draw()

    def on_canvas_pointed(self, message: Canvas.Pointed) -> None:
        """Choose what was clicked: a cover or its words."""
        message.stop()
        for place in self.shown:
            x, y, columns, rows = self.rect(place)
            if Rect(x, y, columns, rows + self.words).contains(Rect(*message.cell, 1, 1)):
                self.choose(place)
                self.post_message(self.Picked(self, message.twice))

    def on_canvas_wheeled(self, message: Canvas.Wheeled) -> None:
        """The row above or below."""
        message.stop()
        self.move(0, -message.step)
        self.post_message(self.Picked(self, False))


def fitted(count: int, columns: int, rows: int, words: int, gap: int, sides: tuple[int, int]) -> Grid:
    """The largest covers within `sides` of which `count` fit into the room; else the smallest, a page of them."""
    for side in range(sides[1], sides[0] - 1, -1):
        pitch = 2 * side + gap
        grid = Grid(side, (columns - 1 - max(0, gap - 2) + gap - 1) // pitch, (rows + 1) // (side + words + 1), pitch)
        if grid.page >= max(1, count):
            return grid
    side = max(1, min(sides[0], rows - words, (columns - 2) // 2))
    across = max(1, (columns - 1 - max(0, gap - 2) + gap - 1) // (2 * side + gap))
    return Grid(side, across, max(1, (rows + 1) // (side + words + 1)), 2 * side + gap)
