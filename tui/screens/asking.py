"""What find and the library's list share: words typed above, the albums that they ask for below, one shown beside."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from rapidfuzz import fuzz
from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from store.errors import LibraryError
from store.looks import summary
from store.records import Album
from store.text import key
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.sheets import LETTERS_TIP
from tui.text import count, plain
from tui.walk.session import Session
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.crate import Crate, Ink, Record
from tui.widgets.lines import Lines, Span, wrapped

DEBOUNCE = 0.04  # seconds after a key before a search starts
PREVIEW_DELAY = 0.3  # seconds that a hit stays chosen before its cover is drawn
LIKE = 75  # of 100: a word as like one that was typed is marked whole

Item = TypeVar("Item")


class Pages(Protocol):
    """An app that has a page for each album."""

    def page_of(self, album: Album) -> Screen[str | None]:
        """All that is known of it."""

    def sleeves_of(self, album: Album) -> Screen[str | None]:
        """All sleeves of its artist."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Item]):
    """What a text asks for, and what to say above it."""

    items: Sequence[Item]
    said: str = ""
    problem: bool = False
    words: tuple[str, ...] = ()  # keys of the words that names were looked through for


def asking_keys(place: str, does: str) -> list[BindingType]:
    """The keys of a screen with a query; letters are for the query, so they all work while one types."""

    def key(keys: str, action: str, what: str, name: str, tip: str) -> BindingType:
        return Binding(keys, action, what, id=f"{place}.{name}", tooltip=tip, priority=name not in ("back", "help"))

    return [
        key("escape", "dismiss(None)", "back", "back", "Back to the walk"),
        key("enter", "choose", does, "choose", f"{does.capitalize()}: the chosen album"),
        key("down,ctrl+n", "move(1)", "next", "next", "The next album"),
        key("up,ctrl+p", "move(-1)", "previous", "previous", "The album before"),
        key("pagedown", "page(1)", "page down", "page-down", "A page down"),
        key("pageup", "page(-1)", "page up", "page-up", "A page up"),
        key("f5", "letters", "letters", "letters", LETTERS_TIP),
        key("f2", "page_of", "album's page", "page", "All that is known of the chosen album"),
        key("f4", "sleeves", "all sleeves", "sleeves", "All sleeves of its artist"),
        key("f3", "only", "only these", "only", "Let the walk keep to what these words ask for"),
        key("f1", "app.help", "keys", "help", "These keys"),
    ]


class AskingScreen(DrawnScreen[str | None], Generic[Item]):
    """Answers with the album_id to walk to, or None."""

    @dataclass
    class Found(Message):
        """What a text asks for."""

        text: str
        answer: Answer[Any]

    def __init__(self, session: Session, painter: CoverPainter, asks: str, text: str = "") -> None:
        """`asks` stands in the empty query, `text` is typed already."""
        super().__init__()
        self.session, self.painter, self.asks = session, painter, asks
        self.hits: Crate[Item] = Crate(painter, self.record, id="hits")
        self.said = ""  # above the hits
        self.words: tuple[str, ...] = ()  # to be marked in names
        self._asked = text  # the text in the query
        self.asked = ""  # the text that the hits are of
        self._problem = False
        self._search_timer: Timer | None = None
        self._preview_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The query, the hits and the chosen hit's cover."""
        query = Input(self._asked, placeholder=self.asks, id="query", select_on_focus=False)
        query.cursor_blink = False
        yield query
        with Horizontal(id="find-body"):
            yield self.hits
            with Vertical(id="preview"):
                yield Cover(self.painter, coarse=True, id="preview-cover")
                yield Lines(id="preview-text")
        yield KeysLine(id="keys")

    @abstractmethod
    def answer(self, text: str) -> Answer[Item]:
        """What a text asks for; called off the screen's thread but for the empty one."""

    @abstractmethod
    def record(self, item: Item, place: int, cells: int, ink: Ink) -> Record:
        """How an item is shown."""

    @abstractmethod
    def album_of(self, item: Item) -> Album:
        """The album of an item."""

    @property
    def chosen(self) -> Album | None:
        """The chosen album."""
        item = self.hits.chosen
        return None if item is None else self.album_of(item)

    def on_mount(self) -> None:
        """Start with what there is for the text so far."""
        self.query_one(Input).focus()
        self._ask()

    def resized(self) -> None:
        """Rows and what is said beside them are as wide as the screen."""
        height = self.size.height
        self.hits.tall = 3 if height < 40 else 4 if height < 80 else 5
        if self.asked or self.hits.place:
            self.redraw()
        else:  # what is offered goes by the page
            self._show("", self.answer(""))
            self.draw_keys()
        self._preview_soon()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Ask once typing pauses."""
        if event.value == self._asked:
            return
        self._asked = event.value
        if self._search_timer is not None:
            self._search_timer.stop()
        self._search_timer = self.set_timer(DEBOUNCE, self._ask)

    def _ask(self) -> None:
        if self._asked.strip():
            self._search(self._asked)
        else:
            self._show("", self.answer(""))

    @work(thread=True, group="find", exclusive=True)
    def _search(self, text: str) -> None:
        if text == self._asked:
            self.post_message(self.Found(text, self.answer(text)))

    def on_asking_screen_found(self, message: Found) -> None:
        """Show an answer unless another text was typed since."""
        if message.text == self._asked:
            self._show(message.text, message.answer)

    def action_move(self, step: int) -> None:
        """Choose another hit."""
        self.hits.move(step)
        self._preview_soon()

    def action_page(self, step: int) -> None:
        """Choose a hit one page away."""
        self.action_move(step * self.hits.page)

    def action_choose(self) -> None:
        """Answer with the chosen album."""
        if self.chosen is not None:
            self.dismiss(self.chosen.album_id)

    def action_only(self) -> None:
        """Let the walk keep to what the words ask for."""
        try:
            self.session.only(self._asked)
        except LibraryError as error:
            self.say(str(error), error=True)
        else:
            words = plain(self.session.filter.text)
            self.say(f"the walk keeps to {words}" if words else "the walk goes anywhere again")

    @work
    async def action_page_of(self) -> None:
        """The page of the chosen album; answer with where that leads."""
        self._lead(None if self.chosen is None else await page_of(self, self.chosen))

    @work
    async def action_sleeves(self) -> None:
        """All sleeves of the artist; answer with where that leads."""
        self._lead(None if self.chosen is None else await sleeves_of(self, self.chosen))

    def _lead(self, album_id: str | None) -> None:
        if album_id is not None:
            self.dismiss(album_id)

    def on_choices_pointed(self, message: Crate.Pointed) -> None:
        """A click chooses, a second one answers."""
        self._preview_soon()
        if message.twice:
            self.action_choose()

    def _show(self, text: str, answer: Answer[Item]) -> None:
        self.asked, self.said, self._problem, self.words = text, answer.said, answer.problem, answer.words
        self._head()
        self.hits.fill(answer.items)
        self._preview_soon()

    def _head(self) -> None:
        style = self.hits.palette.text("error" if self._problem else "quiet")
        self.hits.heading = [*wrapped(plain(self.said), max(8, self.hits.size.width - 1), 2, style), []]

    def redraw(self) -> None:
        """Draw the hits."""
        self._head()
        self.hits.draw()
        self.draw_keys()

    def _preview_soon(self) -> None:
        if self._preview_timer is not None:
            self._preview_timer.stop()
        self._preview_timer = self.set_timer(PREVIEW_DELAY, self._preview)

    def _preview(self) -> None:
        album = self.chosen
        self.query_one("#preview-cover", Cover).show(album)
        text = self.query_one("#preview-text", Lines)
        palette, cells = text.palette, max(8, text.size.width - 1)
        rows: list[list[Span]] = []
        if album is not None:
            rows += wrapped(plain(album.title) or "untitled", cells, 2, palette.text(bold=True))
            rows += wrapped(plain(album.artist), cells, 2, palette.text())
            rows += wrapped(facts_of(album), cells, 2, palette.text("quiet"))
            looks = summary(self.session.snapshot.look(self.session.neighborhood.row(album.album_id)))
            rows += wrapped(looks, cells, 2, palette.text("quiet"))
            tags = ", ".join(plain(tag) for tag in album.tags)
            rows += wrapped(tags, cells, max(3, text.size.height - len(rows)), palette.text("quiet"))
        text.show(rows)


async def page_of(screen: Screen[Any], album: Album) -> str | None:
    """Show an album's page over a screen; the album_id to walk to, or None."""
    return await screen.app.push_screen_wait(cast(Pages, screen.app).page_of(album))


async def sleeves_of(screen: Screen[Any], album: Album) -> str | None:
    """Show all sleeves of an album's artist over a screen; the album_id to walk to, or None."""
    return await screen.app.push_screen_wait(cast(Pages, screen.app).sleeves_of(album))


def facts_of(album: Album) -> str:
    """`1991 · shoegaze · 120k listeners`, what is known of it."""
    listeners = count(album.listeners)
    facts = (str(album.year or ""), plain(album.genre or ""), f"{listeners} listeners" if listeners else "")
    return " · ".join(fact for fact in facts if fact)


def marked(text: str, words: Sequence[str], style: Style, mark: Style) -> list[Span]:
    """`text` with what answers `words` (keys) marked: the beginning of a word, or all of one that is nearly so."""
    spans: list[Span] = []
    for part in _parts(text):
        folded = key(part) if part.strip() else ""
        begun = max((len(word) for word in words if folded.startswith(word)), default=0)
        if not folded or not begun:
            near = bool(folded) and any(fuzz.ratio(folded, word) >= LIKE for word in words)
            spans.append((part, mark if near else style))
        else:
            cut = begun if len(folded) == len(part) else len(part)
            spans += [(part[:cut], mark), (part[cut:], style)]
    return [span for span in spans if span[0]]


def _parts(text: str) -> list[str]:
    """Words and what stands between them, in order."""
    parts: list[str] = []
    for character in text:
        if parts and parts[-1][-1].isalnum() == character.isalnum():
            parts[-1] += character
        else:
            parts.append(character)
    return parts
