"""The albums nearest to a blend: a cover that does not exist as the centre, and ways on from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from store.records import Neighbor
from tui.keynames import Hint
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.text import pad, plain
from tui.widgets.bars import KeysLine
from tui.widgets.choices import Choices
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span

KEYS = [
    Hint("↑↓", "choose", ("near.previous", "near.next")),
    Hint("Enter", "walk there", ("near.choose",)),
    Hint("Esc", "back", ("near.back",)),
    Hint("?", "keys", ("near.help",)),
]


class NearScreen(DrawnScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next", id="near.next", tooltip="The next nearest album"),
        Binding("up,k", "move(-1)", "previous", id="near.previous", tooltip="The album before"),
        Binding("pagedown", "move(10)", "ten on", id="near.page-down", tooltip="Ten albums on"),
        Binding("pageup", "move(-10)", "ten back", id="near.page-up", tooltip="Ten albums back"),
        Binding("enter", "choose", "walk there", id="near.choose", tooltip="Walk on from this album"),
        Binding("escape,q", "dismiss(None)", "back", id="near.back", tooltip="Back"),
        Binding("question_mark", "app.help", "keys", id="near.help", tooltip="These keys"),
    ]

    def __init__(self, painter: CoverPainter, pixels: NDArray[np.uint8], neighbors: Sequence[Neighbor]) -> None:
        super().__init__()
        self.painter, self.pixels = painter, pixels
        self.neighbors = Choices(self._row, id="near-list")
        self.neighbors.items = list(neighbors)
        self.neighbors.empty = "no album near it"

    def compose(self) -> ComposeResult:
        """The blend, below it the chosen album, beside them the list."""
        yield Lines(id="near-head")
        with Horizontal(id="near-body"):
            with Vertical(id="near-covers"):
                yield Cover(self.painter, id="near-blend")
                yield Cover(self.painter, id="near-album")
            yield self.neighbors
        yield KeysLine(id="keys")

    def on_resize(self) -> None:
        """Two square covers above each other, a third of the width at most."""
        width, height = self.size
        side = max(2, min((height - 3) // 2, width // 6))
        self.query_one("#near-covers").styles.width = side * 2
        for name in ("#near-blend", "#near-album"):
            cover = self.query_one(name, Cover)
            cover.styles.width, cover.styles.height = side * 2, side
        self.query_one("#near-blend", Cover).show_pixels(self.pixels)

    def action_move(self, step: int) -> None:
        """Another album."""
        self.neighbors.move(step)
        self.redraw()

    def action_choose(self) -> None:
        """Walk there."""
        if self.neighbors.chosen is not None:
            self.dismiss(self.neighbors.chosen.album.album_id)

    def _row(self, near: Neighbor, place: int, cells: int, text: Style, quiet: Style) -> list[Span]:
        room = max(8, cells - 14)
        title = room * 55 // 100
        return [
            (f"{place + 1:3} ", text),
            (pad(plain(near.album.title) or "untitled", title - 1) + " ", text),
            (pad(plain(near.album.artist), room - title), quiet),
            (f" {near.score:.2f} ", quiet),
        ]

    def redraw(self) -> None:
        """Draw the list and the chosen album."""
        head, near = self.query_one("#near-head", Lines), self.neighbors.chosen
        head.show([[(" the albums nearest to this blend", head.palette.text("accent", bold=True))]])
        self.neighbors.draw()
        if near is not None:
            self.query_one("#near-album", Cover).show(near.album)
        self.draw_keys()
