"""A ground that dots, lines, covers and captions stand on anywhere; only what changes is drawn again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from store.records import Album
from tui.layout.edges import Cell
from tui.layout.geometry import Rect
from tui.palette import Palette
from tui.pictures.painter import CoverPainter
from tui.text import pad

NARROW = 4  # columns of a cover whose letter has no room around it
Drawn = Mapping[Cell, tuple[str, Style]]
Rows = dict[int, dict[int, tuple[str, Style]]]  # by row and column
Columns = dict[int, list[int]]  # that changed, by row


@dataclass(frozen=True, slots=True)
class Picture:
    """A cover; what stands outside the canvas is cut off."""

    rect: Rect
    album: Album
    tolerance: int = 0  # of the painter when it was put there: another quality is another picture


@dataclass(frozen=True, slots=True)
class Caption:
    """One row of text, cut to `rect`."""

    rect: Rect
    text: str
    style: Style


Block = Picture | Caption


class Field(Widget):
    """Single characters on an empty ground; only cells that changed are sent."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ground: Rows = {}

    def show_ground(self, cells: Drawn) -> None:
        """Draw these cells and nothing else."""
        changed: Columns = defaultdict(list)
        self._ground = _replace(self._ground, cells, changed)
        self._refresh(changed)

    def _refresh(self, changed: Columns) -> None:
        rows = ((y, columns) for y, columns in changed.items() if 0 <= y < self.size.height)
        regions = [Region(start, y, length, 1) for y, columns in rows for start, length in _spans(columns)]
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One row of the ground."""
        return self._cells(y, 0, self.size.width)

    def _cells(self, y: int, start: int, end: int) -> Strip:
        """The columns from `start` to before `end` of a row."""
        row = self._ground.get(y, {})
        segments: list[Segment] = []
        text, style, used = "", Palette(self.app.theme_variables).text(), 0
        for x in sorted(column for column in row if start <= column < end):
            character, own = row[x]
            if own != style:
                segments.append(Segment(text, style))
                text, style = "", own
            text += " " * (x - start - used) + character  # all stand on one ground, so a gap needs no style
            used = x - start + 1
        segments.append(Segment(text + " " * (end - start - used), style))
        return Strip([segment for segment in segments if segment.text], max(0, end - start))


class Canvas(Field):
    """Single characters (`ground`), blocks over them, marks over both."""

    @dataclass
    class Pointed(Message):
        """A click on a cell; `twice` for a double click."""

        cell: Cell
        twice: bool

    @dataclass
    class Dragged(Message):
        """The mouse is drawn over the cells of `box` with its button held; `done`: it was let go."""

        box: Rect
        done: bool

    @dataclass
    class Wheeled(Message):
        """The wheel turned over a cell: `step` is 1 towards the picture, -1 away from it."""

        cell: Cell
        step: int

    class Resized(Message):
        """The canvas has a size, or another one."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.blocks: tuple[Block, ...] = ()
        self._marks: Rows = {}
        self._letters: Rows = {}
        self._pressed: Cell | None = None  # where the button went down
        self._drawn_from: Cell | None = None  # and that the mouse has left that cell since
        self._strips: dict[Block, list[Strip]] = {}

    def show(self, ground: Drawn, blocks: Sequence[Block], marks: Drawn) -> None:
        """Draw these and nothing else."""
        changed: Columns = defaultdict(list)
        self._ground = _replace(self._ground, ground, changed)
        before, after = set(self.blocks), set(blocks)
        for block in before ^ after:
            rect = block.rect
            for y in range(max(0, rect.y), min(self.size.height, rect.bottom)):
                changed[y] += range(max(0, rect.x), min(self.size.width, rect.right))
        self.blocks = tuple(blocks)
        self._strips = {block: strips for block, strips in self._strips.items() if block in after}
        self._marks = _replace(self._marks, marks, changed)
        self._refresh(changed)

    def show_marks(self, marks: Drawn) -> None:
        """Draw other marks over what is there."""
        changed: Columns = defaultdict(list)
        self._marks = _replace(self._marks, marks, changed)
        self._refresh(changed)

    def show_letters(self, places: Mapping[str, Rect]) -> None:
        """Draw a letter at the corner of each of these, over all else, and no other."""
        changed: Columns = defaultdict(list)
        style = Palette(self.app.theme_variables).focus
        drawn = {
            (rect.x + at, rect.y): (character, style)
            for letter, rect in places.items()
            for at, character in enumerate(f" {letter} " if rect.width > NARROW else letter)
        }
        self._letters = _replace(self._letters, drawn, changed)
        self._refresh(changed)

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.size.width
        parts: list[Strip] = []
        at = 0
        here = (block for block in self.blocks if block.rect.y <= y < block.rect.bottom)
        for block in sorted(here, key=lambda block: block.rect.x):
            left, right = max(at, block.rect.x), min(width, block.rect.right)
            if left >= right:
                continue
            parts.append(self._cells(y, at, left))
            strip = self._drawn(block)[y - block.rect.y]
            parts.append(strip.crop(left - block.rect.x, right - block.rect.x))
            at = right
        parts.append(self._cells(y, at, width))
        return _over(Strip.join(parts), self._marks.get(y, {}) | self._letters.get(y, {}), width)

    def _drawn(self, block: Block) -> list[Strip]:
        if block not in self._strips:
            rect = block.rect
            if isinstance(block, Picture):
                self._strips[block] = self.painter.draw(block.album, rect.width, rect.height)
            else:
                self._strips[block] = [Strip([Segment(pad(block.text, rect.width), block.style)], rect.width)]
        return self._strips[block]

    def on_resize(self) -> None:
        """Let the screen draw for the new size."""
        self.post_message(self.Resized())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A box may begin here."""
        if event.button == 1:
            self._pressed, self._drawn_from = (event.x, event.y), None
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell the screen what is drawn."""
        if self._pressed is not None and (self._drawn_from or (event.x, event.y) != self._pressed):
            self._drawn_from = self._pressed
            self.post_message(self.Dragged(self._box(self._pressed, event), False))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The box is whole."""
        self.release_mouse()
        self._pressed = None
        if self._drawn_from is not None:
            self.post_message(self.Dragged(self._box(self._drawn_from, event), True))

    def _box(self, start: Cell, event: events.MouseEvent) -> Rect:
        inside = Rect(0, 0, max(1, self.size.width), max(1, self.size.height))
        end = min(max(0, event.x), inside.width - 1), min(max(0, event.y), inside.height - 1)
        return Rect(*start, 1, 1).union(Rect(*end, 1, 1))

    def on_click(self, event: events.Click) -> None:
        """Tell the screen where."""
        event.stop()
        if self._drawn_from is not None:  # the end of a box
            self._drawn_from = None
            return
        self.post_message(self.Pointed((event.x, event.y), event.chain > 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Towards the picture."""
        event.stop()
        self.post_message(self.Wheeled((event.x, event.y), 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Away from it."""
        event.stop()
        self.post_message(self.Wheeled((event.x, event.y), -1))


def frame(rect: Rect, left: str, right: str, style: Style) -> dict[Cell, tuple[str, Style]]:
    """Marks on both sides of a cover."""
    rows = range(rect.y, rect.bottom)
    return {**{(rect.x - 1, y): (left, style) for y in rows}, **{(rect.right, y): (right, style) for y in rows}}


def _replace(before: Rows, drawn: Drawn, changed: Columns) -> Rows:
    """`drawn` by row; the columns that differ go into `changed`."""
    after: Rows = defaultdict(dict)
    for (x, y), one in drawn.items():
        after[y][x] = one
    for y in before.keys() | after.keys():
        old, new = before.get(y, {}), after.get(y, {})
        if old != new:
            changed[y] += [x for x in old.keys() | new.keys() if old.get(x) != new.get(x)]
    return dict(after)


def _spans(columns: list[int], join: int = 8) -> list[tuple[int, int]]:
    """Columns as (start, length) spans; gaps shorter than `join` are cheaper to send than a cursor jump."""
    spans: list[tuple[int, int]] = []
    for column in sorted(columns):
        if spans and column - sum(spans[-1]) < join:
            spans[-1] = (spans[-1][0], column - spans[-1][0] + 1)
        else:
            spans.append((column, 1))
    return spans


def _over(strip: Strip, marks: Mapping[int, tuple[str, Style]], width: int) -> Strip:
    """Characters put over a row."""
    if not marks:
        return strip
    parts, at = [], 0
    for x in sorted(column for column in marks if 0 <= column < width):
        character, style = marks[x]
        parts += [strip.crop(at, x), Strip([Segment(character, style)], 1)]
        at = x + 1
    return Strip.join([*parts, strip.crop(at, width)])
