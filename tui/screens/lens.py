"""Start from a picture: a photo of a sleeve beside the albums that it shows, or beside the sleeves nearest to it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from store.errors import LibraryError
from store.records import Album
from tui.keynames import Hint, keys_of
from tui.palette import Palette
from tui.pictures.painter import CoverPainter
from tui.screens.sheets import SheetScreen, arrows, sheet_keys
from tui.text import plain
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span, wrapped
from tui.widgets.sheet import Card, Sheet

if TYPE_CHECKING:
    from pipelines.lens.lens import Sighting

ASKS = "a photo of a sleeve: type where it lies, or drop the file here"
SAYS = "It may be tilted, in a hand or under a lamp. Nothing leaves this machine."
MOST_NAMES = 2000  # of a folder that are looked through to complete one
KEYS = [
    Hint("arrows", "choose", arrows("lens")),
    Hint("Enter", "walk there", ("lens.choose",)),
    Hint("/", "another picture", ("lens.another",)),
    Hint("Esc", "back", ("lens.back",)),
    Hint("?", "keys", ("lens.help",)),
]
ASKING = [Hint("type", "a file"), Hint("→", "complete"), Hint("Enter", "look"), Hint("Esc", "back", ("lens.back",))]
key = keys_of("lens")
LENS_BINDINGS: list[BindingType] = [
    *sheet_keys("lens"),
    key("slash", "another", "another picture", "another", "Look at another picture"),
    key("escape,q", "dismiss(None)", "back", "back", "Back to the walk"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
]
Looker = Callable[[Path], "Future[Sighting]"]


@dataclass(frozen=True, slots=True)
class Way:
    """An album on the sheet."""

    album: Album
    score: float  # 0–1
    found: bool  # it is what the picture shows, so sure; else it is so near


class LensScreen(SheetScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    hints = ASKING
    BINDINGS = LENS_BINDINGS

    @dataclass
    class Seen(Message):
        """What a picture shows, or why nothing can be said of it."""

        path: Path
        sighting: Sighting | None
        problem: str = ""

    def __init__(self, painter: CoverPainter, look: Looker, path: Path | None = None) -> None:
        """`look` is asked off the screen's thread; with a `path` that picture is looked at at once."""
        super().__init__()
        self.painter, self.look, self.path = painter, look, path
        self.sighting: Sighting | None = None
        self.said, self.problem = SAYS, False
        self.sheet: Sheet[Way] = Sheet(painter, self._card, words=3, sides=(5, 14), id="sheet")

    def compose(self) -> ComposeResult:
        """The question, what was answered, the sleeve as it was seen and the albums beside it."""
        asked = Input("" if self.path is None else str(self.path), placeholder=ASKS, id="query", suggester=Paths())
        asked.cursor_blink = False
        yield asked
        yield Lines(id="lens-head")
        with Horizontal(id="lens-body"):
            with Vertical(id="lens-side"):
                yield Cover(self.painter, id="lens-sleeve")
                yield Lines(id="lens-text")
            yield self.sheet
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Ask for a picture, or look at the one that was given."""
        self.query_one(Input).focus()
        if self.path is not None:
            self._begin(self.path)

    def on_resize(self) -> None:
        """The sleeve takes a third of the width at most."""
        super().on_resize()
        width, height = self.size
        side = max(2, min(height - 13, width // 6))
        self.query_one("#lens-side").styles.width = side * 2
        sleeve = self.query_one("#lens-sleeve", Cover)
        sleeve.styles.width, sleeve.styles.height = side * 2, side

    @on(Input.Submitted)
    def path_given(self, event: Input.Submitted) -> None:
        """Look at the picture."""
        event.stop()
        if event.value.strip():
            self._begin(dropped_path(event.value))

    def _begin(self, path: Path) -> None:
        self.path, self.said, self.problem = path, f"looking at {plain(path.name)} …", False
        self.redraw()
        self._look(path)

    @work(thread=True, group="lens", exclusive=True)
    def _look(self, path: Path) -> None:
        from pipelines.images import BadImage
        from vae.info import BadWeights

        try:
            seen = self.Seen(path, self.look(path).result())
        except (BadImage, LibraryError, BadWeights) as error:
            seen = self.Seen(path, None, f"{path}: {error}" if isinstance(error, BadImage) else str(error))
        self.post_message(seen)

    def on_lens_screen_seen(self, message: Seen) -> None:
        """Show what is seen, unless another picture was given since."""
        if message.path != self.path:
            return
        self.problem, self.said = bool(message.problem), plain(message.problem)
        if message.sighting is not None:
            self._show(message.sighting)
        self.redraw()

    def _show(self, sighting: Sighting) -> None:
        self.sighting, self.hints = sighting, KEYS
        ways = [Way(album, sure, True) for album, sure in sighting.found]
        known = {way.album.album_id for way in ways}
        ways += [Way(near.album, near.score, False) for near in sighting.nearest if near.album.album_id not in known]
        self.said = sighting.told
        self.sheet.empty = "no sleeve near it"
        self.sheet.fill(ways)
        self.query_one("#lens-sleeve", Cover).show_pixels(sighting.sleeve)
        self.set_focus(None)

    def action_another(self) -> None:
        """Ask for another picture."""
        asked = self.query_one(Input)
        asked.value, self.hints = "", ASKING
        asked.focus()
        self.draw_keys()

    def action_choose(self) -> None:
        """Walk there."""
        if self.sheet.chosen is not None:
            self.dismiss(self.sheet.chosen.album.album_id)

    def moved(self) -> None:
        """Say what was seen and what is chosen."""
        head, text, way = self.query_one("#lens-head", Lines), self.query_one("#lens-text", Lines), self.sheet.chosen
        palette = head.palette
        style = palette.text("error" if self.problem else "accent", bold=not self.problem)
        head.show(
            [
                [*row, (f"  {self.sheet.pages}", palette.text("quiet"))] if not at else row
                for at, row in enumerate(wrapped(self.said, max(8, head.size.width - 14), 2, style))
            ]
        )
        rows: list[list[Span]] = []
        if way is not None:
            cells = text.size.width
            facts = (str(way.album.year or ""), plain(way.album.genre or ""))
            rows += wrapped(_score(way), cells, 1, palette.text("accent" if way.found else "quiet"))
            rows += wrapped(plain(way.album.title) or "untitled", cells, 2, palette.text(bold=True))
            rows += wrapped(plain(way.album.artist), cells, 2, palette.text())
            rows += wrapped(" · ".join(filter(None, facts)), cells, 1, palette.text("quiet"))
        text.show(rows)

    def _card(self, way: Way, _place: int) -> Card:
        palette = Palette(self.app.theme_variables)
        title, artist = plain(way.album.title) or "untitled", plain(way.album.artist)
        score = (_score(way), palette.text("accent" if way.found else "quiet", bold=way.found))
        return Card(way.album, (score, (title, palette.text()), (artist, palette.text("quiet"))))

    def redraw(self) -> None:
        """Draw the sheet and what is said."""
        self.sheet.draw()
        self.moved()
        self.draw_keys()


def _score(way: Way) -> str:
    return f"{100 * way.score:.0f} % sure" if way.found else "near"  # its score would read as how sure


def dropped_path(text: str) -> Path:
    """The file that a text means, typed or as terminals paste one that is dropped: quoted, escaped or as an address."""
    text = text.strip()
    if text.startswith("file://"):
        return Path(unquote(urlsplit(text).path))
    try:
        words = shlex.split(text)
    except ValueError:  # an apostrophe in a name
        words = []
    typed, meant = Path(text).expanduser(), Path(words[0] if len(words) == 1 else text).expanduser()
    return meant if not _is_file(typed) and _is_file(meant) else typed


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or has a zero byte
        return False


class Paths(Suggester):
    """Completes the name of a file or folder."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """`value` with the rest of the first name that begins so."""
        folder, slash, begun = value.rpartition("/")
        if not begun and not slash:
            return None
        try:
            names = list(islice(Path(folder + slash or ".").expanduser().iterdir(), MOST_NAMES))
            fitting = min((entry for entry in names if entry.name.startswith(begun)), default=None)
            return None if fitting is None else folder + slash + fitting.name + ("/" if fitting.is_dir() else "")
        except (OSError, RuntimeError, ValueError):  # no such folder, no such person's home
            return None
