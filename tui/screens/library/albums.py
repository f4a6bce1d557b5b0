"""All sleeves of an artist, the earliest first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from store.memory.snapshot import Snapshot
from store.records import Album
from tui.keynames import Hint, keys_of
from tui.palette import Palette
from tui.pictures.painter import CoverPainter
from tui.screens.asking import facts_of, page_of
from tui.screens.sheets import SheetScreen, arrows, sheet_keys
from tui.text import plain
from tui.walk.session import Session
from tui.widgets.album_panel import album_line
from tui.widgets.bars import KeysLine
from tui.widgets.lines import Lines
from tui.widgets.sheet import Card, Sheet

KEYS = [
    Hint("arrows", "choose", arrows("artist")),
    Hint("Enter", "walk there", ("artist.choose",)),
    Hint("i", "album's page", ("artist.page",)),
    Hint("o", "play", ("artist.play",)),
    Hint("Esc", "back", ("artist.back",)),
    Hint("?", "keys", ("artist.help",)),
]
key = keys_of("artist")


def albums_by(snapshot: Snapshot, album: Album) -> list[Album]:
    """The albums of the artist of one, the earliest first, those without a year last."""
    row = snapshot.row(album.album_id)
    rows = [] if row is None else np.flatnonzero(snapshot.artist_codes == snapshot.artist_codes[row]).tolist()
    albums = [snapshot.album(one) for one in rows]
    return sorted(albums, key=lambda one: (one.year is None, one.year))


class ArtistScreen(SheetScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        *sheet_keys("artist"),
        key("i", "page", "album's page", "page", "All that is known of the chosen album"),
        key("o", "play(False)", "play", "play", "Play the chosen album"),
        key("O", "play(True)", "queue", "queue", "Queue it behind what plays"),
        key("escape,q", "dismiss(None)", "back", "back", "Back"),
        key("question_mark", "app.help", "keys", "help", "These keys"),
    ]

    def __init__(self, session: Session, painter: CoverPainter, album: Album) -> None:
        super().__init__()
        self.album = album
        self.sheet: Sheet[Album] = Sheet(painter, self._card, sides=(5, 30), id="sheet")
        self._albums = albums_by(session.snapshot, album)

    def compose(self) -> ComposeResult:
        """Whose they are, the sleeves, what is chosen."""
        yield Lines(id="artist-head")
        yield self.sheet
        yield Lines(id="artist-chosen")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Start at the album that one came from."""
        self.sheet.fill(self._albums, next((n for n, one in enumerate(self._albums) if one == self.album), 0))

    def redraw(self) -> None:
        """Draw all of it."""
        head = self.query_one("#artist-head", Lines)
        years = [album.year for album in self._albums if album.year]
        span = f"{min(years)}–{max(years)}" if years and min(years) < max(years) else str(years[0]) if years else ""
        count = f"{len(self._albums):,} album{'s' if len(self._albums) != 1 else ''}"
        said = " · ".join(part for part in (count, span, self.sheet.pages) if part)
        head.show(
            [
                [
                    (f" {plain(self.album.artist) or 'unknown artist'} ", head.palette.text("accent", bold=True)),
                    (f" {said}", head.palette.text("quiet")),
                ]
            ]
        )
        self.sheet.draw()
        self.moved()
        self.draw_keys()

    def moved(self) -> None:
        """Say what is chosen."""
        line, album = self.query_one("#artist-chosen", Lines), self.sheet.chosen
        if album is not None:
            line.show([album_line(line.palette, album, *facts_of(album).split(" · ")[2:])])

    def action_choose(self) -> None:
        """Walk to it."""
        if self.sheet.chosen is not None:
            self.dismiss(self.sheet.chosen.album_id)

    @work
    async def action_page(self) -> None:
        """The page of the chosen album; walk where that leads."""
        album_id = None if self.sheet.chosen is None else await page_of(self, self.sheet.chosen)
        if album_id is not None:
            self.dismiss(album_id)

    def action_play(self, queue: bool) -> None:
        """Hear it."""
        if self.sheet.chosen is not None:
            self.hear([self.sheet.chosen], queue)

    def _card(self, album: Album, _place: int) -> Card:
        palette = Palette(self.app.theme_variables)
        year = (str(album.year or "no year"), palette.text("quiet"))
        return Card(album, ((plain(album.title) or "untitled", palette.text()), year))
