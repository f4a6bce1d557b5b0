"""One cover on screen. It is painted again only when it shows another picture or another size."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from store.records import Album
from tui.pictures.cells import LITE, Cells
from tui.pictures.colors import Pixels
from tui.pictures.painter import CoverPainter
from tui.widgets.lines import Lines


def put(widget: Widget, x: int, y: int, width: int, height: int) -> None:
    """Place a widget whose position is absolute, in cells of its container."""
    widget.styles.offset = (x, y)
    widget.styles.width, widget.styles.height = width, height


class Cover(Widget):
    """The cover of an album, or any square picture, over its whole area."""

    @dataclass
    class Chosen(Message):
        """Someone clicked the cover; `twice` for a double click."""

        cover: Cover
        twice: bool

    def __init__(
        self, painter: CoverPainter, *, slot: int | None = None, coarse: bool = False, id: str | None = None
    ) -> None:
        """`coarse`: drawn as for a slow link at any quality, where pictures pass by quickly."""
        super().__init__(id=id)
        self.coarse = coarse
        self.painter = painter
        self.slot = slot
        self.album: Album | None = None
        self.pixels: Pixels | None = None
        self._strips: list[Strip] = []
        self._drawn: tuple[object, int, int] | None = None
        self._cells: Cells | None = None  # of the picture last drawn that was no album's cover

    def show(self, album: Album | None) -> None:
        """Show an album's cover; nothing is sent if it is the one that is there."""
        if album == self.album and self.pixels is None:
            return
        self.album, self.pixels = album, None
        self.refresh()

    def show_pixels(self, pixels: Pixels) -> None:
        """Show a picture, uint8 [h, w, 3], that is no album's cover."""
        self.album, self.pixels = None, pixels
        self.refresh()

    def again(self) -> None:
        """Draw what is shown anew, such as in other cells."""
        self._drawn = self._cells = None
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of `crop`, straight from the painter: a cover has no border, padding or tint to add."""
        self._draw()
        rows = self._strips[crop.y : crop.bottom]
        if crop.x or crop.right < self.size.width:
            rows = [row.crop(crop.x, crop.right) for row in rows]
        return rows

    def on_click(self, event: events.Click) -> None:
        """Tell the screen, which knows what a click on this cover means."""
        event.stop()
        self.post_message(self.Chosen(self, event.chain > 1))

    def _draw(self) -> None:
        columns, rows = self.size
        picture: object = self.album if self.pixels is None else id(self.pixels)
        if self._drawn == (picture, columns, rows):
            return
        self._drawn = (picture, columns, rows)
        if self.pixels is not None:
            strips, self._cells = self.painter.draw_pixels(self.pixels, columns, rows, self._cells)
        elif self.album is not None:
            strips = self.painter.draw(self.album, columns, rows, LITE if self.coarse else 0)
        else:
            strips = [Strip.blank(columns, self.background_colors[1].rich_color and self.rich_style)] * rows
        for line_filter in self.get_line_filters():
            if not isinstance(line_filter, ANSIToTruecolor):  # a theme changes no picture
                background = self.background_colors[1]
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
        self._strips = strips


class Captioned(Container):
    """Covers with a caption each, all made at the start and placed where they are needed."""

    def __init__(self, painter: CoverPainter, count: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.covers = [Cover(painter, slot=place) for place in range(count)]
        self.captions = [Lines(classes="caption") for _ in range(count)]

    def compose(self) -> ComposeResult:
        """The captions over the covers."""
        yield from self.covers
        yield from self.captions

    def place(self, at: int, x: int, y: int, side: int, caption: tuple[int, int]) -> None:
        """A cover of `side` rows at column `x` and row `y`; below it its caption, of `caption` columns and rows."""
        put(self.covers[at], x, y, side * 2, side)
        put(self.captions[at], x, y + side, *caption)
