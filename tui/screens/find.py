"""Find an album: fuzzy as you type, searched off the screen's thread, stale answers dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from store.looks import summary
from store.neighbors.find_looks import asked_looks
from store.records import Album
from tui.keynames import Hint
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.walk.details import BOOKMARK
from tui.text import pad, plain
from tui.walk.session import Session
from tui.widgets.bars import KeysLine
from tui.widgets.choices import Choices
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span, wrapped

DEBOUNCE = 0.04  # seconds after a key before a search starts
PREVIEW_DELAY = 0.3  # seconds that a hit stays chosen before its cover is drawn
HITS = 60
NEARLY = 0.1  # a hit this much less like the text than the best still counts as meant
KEPT = "bookmarks, and where you have been"
RECENT = 200  # bookmarks and stops listed before anything is typed
Finder = Callable[[Any, str, int], list[tuple[Album, float]]]
KEYS = [
    Hint("type", "artist or title"),
    Hint("↑↓", "choose", ("find.previous", "find.next")),
    Hint("Enter", "walk there", ("find.choose",)),
    Hint("Esc", "back", ("find.back",)),
    Hint("F1", "keys", ("find.help",)),
]


class FindScreen(DrawnScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", id="find.back", tooltip="Back to the walk"),
        Binding(
            "enter",
            "choose",
            "walk there",
            id="find.choose",
            tooltip="Walk to the chosen album",
            priority=True,
        ),
        Binding("down,ctrl+n", "move(1)", "next", id="find.next", tooltip="The next hit", priority=True),
        Binding("up,ctrl+p", "move(-1)", "previous", id="find.previous", tooltip="The hit before", priority=True),
        Binding("pagedown", "page(1)", "page down", id="find.page-down", tooltip="A page down", priority=True),
        Binding("pageup", "page(-1)", "page up", id="find.page-up", tooltip="A page up", priority=True),
        Binding("f1", "app.help", "keys", id="find.help", tooltip="These keys"),
    ]

    @dataclass
    class Found(Message):
        """The hits of a text."""

        text: str
        hits: list[Album]

    def __init__(
        self,
        session: Session,
        painter: CoverPainter,
        find: Finder,
        asks: str = "artist or title; #dark #red: sleeves",
        does: str = "walk there",
    ) -> None:
        """`asks` stands in the empty query; `does` says what becomes of the chosen album."""
        super().__init__()
        self.asks = asks
        self.hints = [h._replace(does=does) if "find.choose" in h.ids else h for h in KEYS]
        self.session = session
        self.painter = painter
        self.find = find
        self.hits = Choices(self._row, id="hits")
        self._asked = ""  # the text in the query
        self._text = ""  # the text that the hits are of
        self._search_timer: Timer | None = None
        self._preview_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The query, the hits and the chosen hit's cover."""
        query = Input(placeholder=self.asks, id="query")
        query.cursor_blink = False
        yield query
        with Horizontal(id="find-body"):
            yield self.hits
            with Vertical(id="preview"):
                yield Cover(self.painter, coarse=True, id="preview-cover")
                yield Lines(id="preview-text")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Start with the bookmarks and the albums of this walk."""
        self.query_one(Input).focus()
        self._show(self._kept())

    def _kept(self) -> list[Album]:
        """The bookmarks, the newest first, then where this walk has been, the latest first."""
        ids = dict.fromkeys([*self.session.bookmarks, *self.session.trail.recent()])
        return [self.session.album(album_id) for album_id in list(ids)[:RECENT]]

    def resized(self) -> None:
        """Rows and what is said beside them are as wide as the screen."""
        self.redraw()
        self._preview_soon()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Ask once typing pauses."""
        self._asked = event.value
        if self._search_timer is not None:
            self._search_timer.stop()
        self._search_timer = self.set_timer(DEBOUNCE, self._ask)

    def _ask(self) -> None:
        if self._asked.strip():
            self._search(self._asked)
        else:
            self._text = ""
            self._show(self._kept())

    @work(thread=True, group="find", exclusive=True)
    def _search(self, text: str) -> None:
        if text != self._asked:
            return
        found = self.find(self.session.snapshot, text, HITS)
        kept = {*self.session.bookmarks, *self.session.trail.recent()}
        self.post_message(self.Found(text, kept_first(found, kept)))

    def on_find_screen_found(self, message: Found) -> None:
        """Show an answer unless another text was typed since."""
        if message.text == self._asked:
            self._text = message.text
            self._show(message.hits)

    def action_move(self, step: int) -> None:
        """Choose another hit."""
        self.hits.move(step)
        self._preview_soon()

    def action_page(self, step: int) -> None:
        """Choose a hit one page away."""
        self.action_move(step * self.hits.page)

    def action_choose(self) -> None:
        """Answer with the chosen album."""
        if self.hits.chosen is not None:
            self.dismiss(self.hits.chosen.album_id)

    def _show(self, hits: Sequence[Album]) -> None:
        quiet = self.hits.palette.text("quiet")
        looks = ", ".join(asked_looks(self._text)[0])
        said = f"albums like that, and sleeves: {looks}" if looks else "albums like that"
        self.hits.heading = [[(said if self._text else KEPT, quiet)]] if hits else []
        self.hits.empty = f"nothing like “{plain(self._text)}” here" if self._text else "nothing to show yet"
        self.hits.fill(hits)
        self._preview_soon()

    def redraw(self) -> None:
        """Draw the hits."""
        self.hits.draw()
        self.draw_keys()

    def _row(self, album: Album, _place: int, cells: int, text: Style, quiet: Style) -> list[Span]:
        year = pad(str(album.year or ""), 5)
        title_cells = max(8, (cells - 7) * 55 // 100)
        artist_cells = max(4, cells - 7 - title_cells)
        return [
            (BOOKMARK if album.album_id in self.session.bookmarks else " ", quiet),
            (pad(plain(album.title) or "untitled", title_cells - 1) + " ", text),
            (pad(plain(album.artist), artist_cells), quiet),
            (f" {year}", quiet),
        ]

    def _preview_soon(self) -> None:
        if self._preview_timer is not None:
            self._preview_timer.stop()
        self._preview_timer = self.set_timer(PREVIEW_DELAY, self._preview)

    def _preview(self) -> None:
        album = self.hits.chosen
        self.query_one("#preview-cover", Cover).show(album)
        text = self.query_one("#preview-text", Lines)
        palette, cells = text.palette, max(8, text.size.width - 1)
        rows: list[list[Span]] = []
        if album is not None:
            rows += wrapped(plain(album.title) or "untitled", cells, 2, palette.text(bold=True))
            rows += wrapped(plain(album.artist), cells, 1, palette.text())
            facts = " · ".join(fact for fact in (str(album.year or ""), plain(album.genre or "")) if fact)
            rows += wrapped(facts, cells, 1, palette.text("quiet"))
            looks = summary(self.session.snapshot.look(self.session.neighborhood.row(album.album_id)))
            rows += wrapped(looks, cells, 2, palette.text("quiet"))
            tags = ", ".join(plain(tag) for tag in album.tags)
            rows += wrapped(tags, cells, 3, palette.text("quiet"))
        text.show(rows)


def kept_first(found: list[tuple[Album, float]], kept: set[str]) -> list[Album]:
    """Hits (best first, with their likeness) as albums; bookmarks and recent stops lead their equals."""
    enough = found[0][1] - NEARLY if found else 0.0
    found = sorted(found, key=lambda hit: hit[0].album_id not in kept or hit[1] < enough)  # stable: then by likeness
    return [album for album, _ in found]
