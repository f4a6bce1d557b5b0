"""The albums nearest to a blend: a cover that does not exist, beside it a sheet of ways on from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from store.records import Neighbor
from tui.keynames import Hint, keys_of
from tui.palette import Palette
from tui.pictures.painter import CoverPainter
from tui.screens.sheets import SheetScreen, arrows, sheet_keys
from tui.text import plain
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, wrapped
from tui.widgets.sheet import Card, Sheet

KEYS = [
    Hint("arrows", "choose", arrows("near")),
    Hint("Enter", "walk there", ("near.choose",)),
    Hint("Esc", "back", ("near.back",)),
    Hint("?", "keys", ("near.help",)),
]
key = keys_of("near")
NEAR_BINDINGS: list[BindingType] = [
    *sheet_keys("near"),
    key("escape,q", "dismiss(None)", "back", "back", "Back"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
]


class NearScreen(SheetScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS
    BINDINGS = NEAR_BINDINGS

    def __init__(self, painter: CoverPainter, pixels: NDArray[np.uint8], neighbors: Sequence[Neighbor]) -> None:
        super().__init__()
        self.painter, self.pixels = painter, pixels
        self.sheet: Sheet[Neighbor] = Sheet(painter, self._card, sides=(5, 12), id="sheet")
        self.sheet.items, self.sheet.empty = list(neighbors), "no album near it"

    def compose(self) -> ComposeResult:
        """The blend, and beside it the albums, the nearest first."""
        yield Lines(id="near-head")
        with Horizontal(id="near-body"):
            with Vertical(id="near-side"):
                yield Cover(self.painter, id="near-blend")
                yield Lines(id="near-text")
            yield self.sheet
        yield KeysLine(id="keys")

    def on_resize(self) -> None:
        """The blend takes a third of the width at most."""
        super().on_resize()
        width, height = self.size
        side = max(2, min(height - 9, width // 6))
        self.query_one("#near-side").styles.width = side * 2
        blend = self.query_one("#near-blend", Cover)
        blend.styles.width, blend.styles.height = side * 2, side
        blend.show_pixels(self.pixels)

    def moved(self) -> None:
        """Say what is chosen."""
        near, head, text = self.sheet.chosen, self.query_one("#near-head", Lines), self.query_one("#near-text", Lines)
        palette = head.palette
        said = " the albums nearest to this blend "
        head.show([[(said, palette.text("accent", bold=True)), (f" {self.sheet.pages}", palette.text("quiet"))]])
        if near is not None:
            cells, facts = text.size.width, (str(near.album.year or ""), plain(near.album.genre or ""))
            place = f"{self.sheet.place + 1} of {len(self.sheet.items)}, match {near.score:.2f}"
            rows = [[(place, palette.text("quiet"))]]
            rows += wrapped(plain(near.album.title) or "untitled", cells, 2, palette.text(bold=True))
            rows += wrapped(plain(near.album.artist), cells, 2, palette.text())
            text.show([*rows, *wrapped(" · ".join(filter(None, facts)), cells, 1, palette.text("quiet"))])

    def action_choose(self) -> None:
        """Walk there."""
        if self.sheet.chosen is not None:
            self.dismiss(self.sheet.chosen.album.album_id)

    def _card(self, near: Neighbor, _place: int) -> Card:
        palette = Palette(self.app.theme_variables)
        title, artist = plain(near.album.title) or "untitled", plain(near.album.artist)
        return Card(near.album, ((title, palette.text()), (artist, palette.text("quiet"))))

    def redraw(self) -> None:
        """Draw the sheet and what is said of the chosen album."""
        self.sheet.draw()
        self.moved()
        self.draw_keys()
