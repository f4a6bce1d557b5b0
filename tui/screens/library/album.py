"""An album's page: the whole cover, all that is known of it, and what is near it by each signal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message

from store.catalogue.album_page import AlbumPage, album_page
from store.errors import LibraryError
from store.looks import summary
from store.records import SIGNALS, Album, Weights
from store.text import storable
from tui.keynames import Hint, keys_of
from tui.palette import SIGNAL_LETTERS, Palette
from tui.pictures.painter import CoverPainter
from tui.screens.asking import facts_of, sleeves_of
from tui.screens.sheets import SheetScreen, arrows, sheet_keys
from tui.text import plain, wrap
from tui.walk.session import Session
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span, heading, wrapped
from tui.widgets.sheet import Card, Sheet, fitted

if TYPE_CHECKING:
    from store.database.library import Library

MOST = 8  # albums near it by one signal
SIDES, WORDS, GAP = (4, 17), 2, 2  # of their covers
LABEL = 11  # columns of the name of a fact
KEYS = [
    Hint("arrows", "near it", arrows("album")),
    Hint("Enter", "walk there", ("album.choose",)),
    Hint("w", "walk to this one", ("album.walk",)),
    Hint("A", "all sleeves", ("album.artist",)),
    Hint("c m f", "copy", ("album.copy-name", "album.copy-mbid", "album.copy-path")),
    Hint("Esc", "back", ("album.back",)),
    Hint("?", "keys", ("album.help",)),
]
key = keys_of("album")


@dataclass(frozen=True, slots=True)
class Near:
    """An album that one signal brings near, and how near."""

    signal: str
    album: Album
    score: float  # 0–1


class AlbumScreen(SheetScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        *sheet_keys("album", "apostrophe"),
        key("i", "page", "its page", "page", "The page of the chosen album near this one"),
        key("w", "walk", "walk to this one", "walk", "Walk to the album of this page"),
        key("A", "artist", "all sleeves", "artist", "All sleeves of the artist"),
        key("tab", "whole", "all of it", "whole", "The words over the whole screen, or what is near again"),
        key("c", "copy('name')", "copy name", "copy-name", "Copy artist and title"),
        key("m", "copy('mbid')", "copy MusicBrainz id", "copy-mbid", "Copy the MusicBrainz id"),
        key("f", "copy('path')", "copy path", "copy-path", "Copy the path of its files"),
        key("o", "play(False)", "play", "play", "Play the album"),
        key("O", "play(True)", "queue", "queue", "Queue the album behind what plays"),
        key("escape,q", "dismiss(None)", "back", "back", "Back"),
        key("question_mark", "app.help", "keys", "help", "These keys"),
    ]

    @dataclass
    class Read(Message):
        """What the library knows, and what is near; or why it cannot be read."""

        album: Album
        page: AlbumPage | None
        near: dict[str, list[Near]]
        why: str = ""

    def __init__(self, session: Session, painter: CoverPainter, album: Album, library: Library | None) -> None:
        """Without a library what is in memory is told alone."""
        super().__init__()
        self.session, self.painter, self.album, self.library = session, painter, album, library
        self.sheet: Sheet[Near] = Sheet(painter, self._card, words=WORDS, gap=GAP, sides=SIDES, id="sheet")
        self.page: AlbumPage | None = None
        self._near: dict[str, list[Near]] = {}
        self._why = ""
        self._whole = False

    def compose(self) -> ComposeResult:
        """The cover with words beside it, what is near below."""
        with Horizontal(id="album-top"):
            yield Cover(self.painter, id="album-cover")
            yield Lines(id="album-text")
        yield Lines(id="album-near")
        yield self.sheet
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Read the rest off the screen's thread."""
        self._open(self.album)

    def _open(self, album: Album) -> None:
        self.album, self.page, self._near, self._why = album, None, {}, ""
        self.sheet.fill([])
        self._read(album)

    @work(thread=True, group="album", exclusive=True)
    def _read(self, album: Album) -> None:
        near = {}
        for signal in self.session.signals:
            alone = Weights(**dict.fromkeys(SIGNALS, 0.0) | {signal: 1.0})
            found = self.session.neighborhood.neighbors(album.album_id, MOST, alone)
            near[signal] = [Near(signal, one.album, one.score) for one in found]
        page, why = None, ""
        if self.library is not None:
            try:
                with self.library.read() as con:
                    page = album_page(con, album)
            except LibraryError as error:
                why = str(error)
        self.post_message(self.Read(album, page, near, why))

    def on_album_screen_read(self, message: Read) -> None:
        """Show it, unless another album's page is open by now."""
        if message.album == self.album:
            self.page, self._near, self._why = message.page, message.near, message.why
            self.redraw()

    def redraw(self) -> None:
        """Cover, words, and as many of what is near as fit on one page."""
        columns, rows = self.size
        side = max(3, min((columns * 2 // 5) // 2, rows - 2 if self._whole else (rows - 2) * 3 // 5))
        cover, top = self.query_one("#album-cover", Cover), self.query_one("#album-top")
        cover.styles.width, cover.styles.height = 2 * side, side
        top.styles.height = rows - 1 if self._whole else side
        self.sheet.display = self.query_one("#album-near").display = not self._whole
        cover.show(self.album)
        self.call_after_refresh(self._fill)
        self.draw_keys()

    def _fill(self) -> None:
        signals = [signal for signal, found in self._near.items() if found]
        grids = [fitted(1, *self.sheet.size, WORDS, GAP, (side, side)) for side in range(*SIDES)]
        most = MOST * len(signals)
        room = max(grids, key=lambda grid: min(grid.page, most) * grid.side**1.5).page  # what fills the screen best
        share = max(1, room // max(1, len(signals)))
        chosen = self.sheet.chosen
        near = [one for signal in signals for one in self._near[signal][:share]]
        self.sheet.fill(near, near.index(chosen) if chosen in near else 0)
        self.moved()
        self._write()

    def moved(self) -> None:
        """Say which album is chosen and what brings it near."""
        line, chosen = self.query_one("#album-near", Lines), self.sheet.chosen
        palette, cells = line.palette, max(20, line.size.width - 2)
        if chosen is None:
            said = "looking for what is near …" if not self._near else "nothing is near it by any signal"
            line.show([[(f" {said}", palette.text("quiet"))]])
            return
        text = f"{plain(chosen.album.title)} · {plain(chosen.album.artist)}"
        row = heading(palette, f"near it by {chosen.signal}", cells, f"{text} · {chosen.score:.2f}")
        line.show([[(" ", palette.text()), *row]])

    def _write(self) -> None:
        text = self.query_one("#album-text", Lines)
        palette, cells = text.palette, max(10, text.size.width)
        album, known = self.album, self.page
        looks = summary(self.session.snapshot.look(self.session.neighborhood.row(album.album_id)))
        rows: list[list[Span]] = wrapped(plain(album.title) or "untitled", cells, 3, palette.text("accent", bold=True))
        rows += wrapped(plain(album.artist) or "unknown artist", cells, 2, palette.text(bold=True))
        rows += wrapped(facts_of(album), cells, 1, palette.text())
        problem = self.painter.problem(album) or self._why
        rows += [[], *([(row, palette.text("error"))] for row in wrap(plain(problem or ""), cells, 2))]
        facts = [("sleeve", looks), *([("tags", ", ".join(album.tags))] if known is None else known.facts)]
        for name, value in facts:
            for number, row in enumerate(wrap(plain(value), cells - LABEL, 6)):
                rows.append([((name if not number else "").ljust(LABEL), palette.text("quiet")), (row, palette.text())])
        if known is not None and known.tracks:
            folder = plain(str(Path(known.tracks[0].path).parent))
            rows += [[], *wrapped(folder, cells, 1, palette.text("quiet"))]
            room = max(1, text.size.height - len(rows) - 1)
            for track in known.tracks[:room]:
                length = "" if track.seconds is None else f"{int(track.seconds) // 60}:{int(track.seconds) % 60:02}"
                place = f"{track.disc}.{track.track}" if track.disc and track.track else str(track.track or "")
                name = plain(track.title) or plain(Path(track.path).name)
                rows.append([(f"{place:>5} {length:>6}  ", palette.text("quiet")), (name, palette.text())])
            if len(known.tracks) > room:
                rows.append([(f"… {len(known.tracks) - room:,} tracks more", palette.text("quiet"))])
        text.show(rows)

    def _card(self, one: Near, _place: int) -> Card:
        palette = Palette(self.app.theme_variables)
        why = f"{SIGNAL_LETTERS[one.signal]} {one.score:.2f}"
        title = (plain(one.album.title) or "untitled", palette.text())
        return Card(one.album, (title, (why, palette.signal(one.signal, bold=True))))

    def action_choose(self) -> None:
        """Walk to the album near this one."""
        if self.sheet.chosen is not None:
            self.dismiss(self.sheet.chosen.album.album_id)

    def action_walk(self) -> None:
        """Walk to the album of this page."""
        self.dismiss(self.album.album_id)

    def action_page(self) -> None:
        """The page of the album near this one."""
        if self.sheet.chosen is not None:
            self._open(self.sheet.chosen.album)
            self.redraw()

    def action_whole(self) -> None:
        """The words over the whole screen, or not."""
        self._whole = not self._whole
        self.redraw()

    @work
    async def action_artist(self) -> None:
        """All sleeves of the artist; walk where that leads."""
        album_id = await sleeves_of(self, self.album)
        if album_id is not None:
            self.dismiss(album_id)

    def action_play(self, queue: bool) -> None:
        """Hear the album."""
        self.hear([self.album], queue)

    def action_copy(self, what: str) -> None:
        """Ask the terminal to put it on the clipboard (OSC 52)."""
        path = str(Path(self.page.tracks[0].path).parent) if self.page is not None and self.page.tracks else ""
        mbid = (self.page.mbid or "") if self.page is not None else ""
        text, lacking = {
            "name": (self.album.label, ""),
            "mbid": (mbid, "no MusicBrainz id of it is known"),
            "path": (path, "no file of it is known: `sleevewalk ingest folder` brings them"),
        }[what]
        if text:
            self.app.copy_to_clipboard(storable(text))
            self.say(f"copied, if this terminal lets programs write its clipboard: {text}")
        else:
            self.say(lacking)
