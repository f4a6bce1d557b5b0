"""The album in focus beside a map or a network: its cover, and words below it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer

from store.records import Album
from tui.palette import Palette
from tui.pictures.painter import CoverPainter
from tui.text import plain, wrap
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span, wrapped

DELAY = 0.15  # seconds that the focus rests before its cover is drawn
More = Callable[[Palette, int], list[list[Span]]]  # the rows after the album's own, for a width in cells


def album_line(palette: Palette, album: Album, *more: str) -> list[Span]:
    """Title, artist and facts in a row; `more`: facts after genre and year."""
    facts = (plain(album.genre or ""), str(album.year or ""), *more)
    return [
        (f" {plain(album.title) or 'untitled'} ", palette.text(bold=True)),
        (f"{plain(album.artist) or 'unknown artist'}  ", palette.text()),
        (" · ".join(fact for fact in facts if fact), palette.text("quiet")),
    ]


class AlbumPanel(Container):
    """Follows the focus once it rests, so that a held arrow key does not draw every cover on its way."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self._waiting: Timer | None = None

    def compose(self) -> ComposeResult:
        """Cover above, words below."""
        yield Cover(self.painter, id="panel-cover")
        yield Lines(id="panel-text")

    def show_soon(self, album: Album | None, more: More | None = None) -> None:
        """Show an album, `more` below it."""
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(DELAY, lambda: self._show(album, more))

    def _show(self, album: Album | None, more: More | None) -> None:
        text = self.query_one("#panel-text", Lines)
        self.query_one("#panel-cover", Cover).show(album)
        if album is None:
            text.show([])
            return
        palette, cells = text.palette, max(8, text.size.width)
        rows: list[list[Span]] = [
            [(row, palette.text(bold=True))] for row in wrap(plain(album.title) or "untitled", cells, 2)
        ]
        rows += wrapped(plain(album.artist), cells, 2, palette.text())
        rows += [[(row, palette.text("quiet"))] for row in wrap(", ".join(map(plain, album.tags)), cells, 4)]
        text.show(rows if more is None else rows + more(palette, cells))
