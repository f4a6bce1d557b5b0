"""Which parts of two sleeves make them alike: both covers, those parts lit, and every reason in words."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from pipelines.looking.heat import Alike, alike, lit_pair
from store.records import Album, Reason
from tui.keynames import Hint
from tui.pictures.colors import Pixels
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.walk.details import bar
from tui.text import cut, plain, wrap
from tui.walk.session import Session
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span
from tui.workers.decoder import TROUBLES, Decoder

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import Blender

KEYS = [
    Hint("a", "lit or whole", ("alike.whole",)),
    Hint("Esc", "back", ("alike.back",)),
    Hint("?", "keys", ("alike.help",)),
]
TEXT_ROWS = 9  # below the covers
LITTLE = 0.01  # similarity that no part brings more than


def compared(session: Session) -> tuple[tuple[Album, Album], tuple[Reason, ...]] | None:
    """The album in the centre and the one in focus, or the one before, with their reasons; None for neither."""
    neighbor, previous = session.focused_neighbor, session.previous
    if neighbor is not None:
        return (session.here, neighbor.album), neighbor.reasons
    return None if previous is None else ((session.here, previous), session.way_here)


def _alike(one: Pixels, other: Pixels, blender: Blender) -> Alike:
    return alike(blender.codec, one, other)


class AlikeScreen(DrawnScreen[None]):
    """Shows the covers at once, and lights them once the model has looked: a second or two."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,space", "whole", "lit or whole", id="alike.whole", tooltip="The whole covers, or their parts lit"),
        Binding("escape,q", "dismiss(None)", "back", id="alike.back", tooltip="Back to the walk"),
        Binding("question_mark", "app.help", "keys", id="alike.help", tooltip="These keys"),
    ]

    def __init__(
        self, painter: CoverPainter, decoder: Decoder, albums: tuple[Album, Album], reasons: tuple[Reason, ...]
    ) -> None:
        super().__init__()
        self.painter, self.decoder, self.albums, self.reasons = painter, decoder, albums, reasons
        self.found: Alike | None = None
        self.said = "looking at both sleeves …"
        self._whole = False

    def compose(self) -> ComposeResult:
        """Both covers side by side, their names and reasons below."""
        yield Lines(id="alike-head")
        with Container(id="alike-covers"):
            for number in (0, 1):
                yield Cover(self.painter, id=f"alike-{number}")
        yield Lines(id="alike-text")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Look off the screen's thread."""
        self._look()

    def redraw(self) -> None:
        """Two square covers beside each other, as large as fit, and the text."""
        width, height = self.size
        side = max(2, min(height - 2 - TEXT_ROWS, (width - 3) // 4))
        pixels = [self.painter.pixels(album) for album in self.albums]
        pictures: tuple[Pixels, Pixels] | None = None
        if self.found is not None and not self._whole and pixels[0] is not None and pixels[1] is not None:
            pictures = lit_pair(pixels[0], pixels[1], self.found)
        for number, album in enumerate(self.albums):
            cover = self.query_one(f"#alike-{number}", Cover)
            cover.styles.width, cover.styles.height = side * 2, side
            cover.styles.offset = (1 + number * (side * 2 + 1), 0)
            if pictures is None:
                cover.show(album)
            else:
                cover.show_pixels(pictures[number])
        self.query_one("#alike-covers").styles.height = side
        self._draw_text()
        self.draw_keys()

    def action_whole(self) -> None:
        """The whole covers, or their parts lit."""
        self._whole = not self._whole
        self.redraw()

    @work
    async def _look(self) -> None:
        pixels = [self.painter.pixels(album) for album in self.albums]
        lacking = [album for album, one in zip(self.albums, pixels, strict=True) if one is None]
        one, other = pixels
        if one is None or other is None:
            self.said = f"“{plain(lacking[0].title)}” has no cover to compare"
        else:
            try:
                self.found = await asyncio.wrap_future(self.decoder.job(partial(_alike, one, other)))
                what = "what makes these sleeves alike is lit"
                if self.found.similarity <= 0:
                    what = "these sleeves are hardly alike: lit is what speaks for it"
                elif max(float(heat.max()) for heat in self.found.heats) < LITTLE:
                    what = "hardly any part makes these sleeves alike"
                self.said = f"{what} (cosine {self.found.similarity:.2f})"
            except TROUBLES as error:
                self.said = f"cannot compare them: {plain(str(error)) or type(error).__name__}"
        self.redraw()

    def _draw_text(self) -> None:
        head, lines = self.query_one("#alike-head", Lines), self.query_one("#alike-text", Lines)
        palette, cells = lines.palette, max(20, lines.size.width)
        said = "the whole sleeves, nothing lit" if self._whole and self.found is not None else self.said
        head.show([[(cut(f" {said}", cells), palette.text("accent", bold=True))]])
        rows: list[list[Span]] = []
        for album in self.albums:
            rows.append(
                [
                    (cut(f" {plain(album.title) or 'untitled'}", cells // 2), palette.text(bold=True)),
                    (cut(f"  {plain(album.artist)}", cells // 2), palette.text("quiet")),
                ]
            )
        looks = next((reason.looks for reason in self.reasons if reason.looks), "")
        rows += [[(f" {row}", palette.text("accent"))] for row in wrap(looks, cells - 2, 2)]
        wide = min(40, cells // 2)
        for reason in self.reasons:
            said = plain(reason.text.removeprefix(reason.looks).removeprefix(" · "))
            drawn = bar(palette, reason, wide)
            rows.append([(" ", palette.text()), *drawn, (f"  {cut(said, cells - wide - 4)}", palette.text("quiet"))])
        lines.show(rows)


class Comparing(DrawnScreen[None]):
    """A screen of a walk from which the sleeves of two albums are compared."""

    session: Session
    painter: CoverPainter
    decoder: Decoder

    def action_alike(self) -> None:
        """Which parts of the sleeve in the centre and the one in focus (or the one before) make them alike."""
        if albums := compared(self.session):
            self.app.push_screen(AlikeScreen(self.painter, self.decoder, *albums))
        else:
            self.say("an arrow focuses a neighbour: then its sleeve is compared with this one")
