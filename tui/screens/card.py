"""The test card: a cover in every kind of cells, and as a picture where the terminal draws those, to choose by eye."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from pipelines.folders import config_file
from store.errors import LibraryError
from store.records import Album
from tui.config import ConfigError, keep_settings
from tui.keynames import Hint, key_names
from tui.pictures.colors import COLORLESS
from tui.pictures.glyphs import KINDS
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.text import plain, wrap
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span

KEYS = [Hint("Esc", "change nothing", ("card.back",)), Hint("?", "keys", ("card.help",))]
PICTURES = "pictures"  # the choice beside KINDS
GAP = 2  # columns between the covers
ADVICE = (
    "Choose the finest in which no boxes, question marks, gaps or shifted columns are seen; finer shows more of the "
    "sleeve for the same bytes. The choice is kept in config.toml."
)
UNCOLORED = "Without colours a cover is drawn in characters, and there is nothing to choose; --color gives it colours."
NOTHING = "Where the place of the picture stays empty, the terminal says that it draws it and does not: choose cells."


class CardScreen(DrawnScreen[str | None]):
    """Answers with what to say of the choice, or None where nothing changed."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                str(number), f"choose('{kind}')", kind, id=f"card.{kind}", tooltip=f"Draw covers in {kind} from now on"
            )
            for number, kind in enumerate(KINDS, start=1)
        ),
        Binding("5", f"choose('{PICTURES}')", PICTURES, id="card.pictures", tooltip="Let the terminal draw covers"),
        Binding("escape,q", "dismiss", "back", id="card.back", tooltip="Change nothing"),
        Binding("question_mark", "app.help", "keys", id="card.help", tooltip="These keys"),
    ]

    def __init__(self, painter: CoverPainter, album: Album) -> None:
        super().__init__()
        self.painter, self.album = painter, album
        self._ways = (*KINDS, PICTURES) if painter.pictures is not None else tuple(KINDS)
        if painter.mode in COLORLESS:
            self._ways = ("characters",)

    def compose(self) -> ComposeResult:
        """The covers side by side, words above and below."""
        yield Lines(id="card-head")
        with Container(id="card-covers"):
            for way in self._ways:
                yield Cover(self.painter.with_cells(way) if way in KINDS else self.painter, id=f"card-{way}")
        yield Lines(id="card-names")
        yield Lines(id="card-text")
        yield KeysLine(id="keys")

    def redraw(self) -> None:
        """Show the covers as large as they fit, and the words."""
        width, height = self.size
        rows = max(3, min((width - 2) // len(self._ways) // 2 - GAP // 2, height - 10, 24))
        for place, way in enumerate(self._ways):
            cover = self.query_one(f"#card-{way}", Cover)
            cover.styles.width, cover.styles.height = 2 * rows, rows
            cover.styles.offset = (1 + place * (2 * rows + GAP), 0)
            cover.show(self.album)
        self.query_one("#card-covers").styles.height = rows
        self._write(2 * rows)
        self.draw_keys()

    def _write(self, cover: int) -> None:
        head, names, text = (self.query_one(f"#card-{part}", Lines) for part in ("head", "names", "text"))
        palette, keys = head.palette, key_names(self)
        head.show([[("how covers are drawn", palette.text("accent", bold=True))], []])
        chooses = self.painter.mode not in COLORLESS
        now = PICTURES if self.painter.pictures is not None else self.painter.kind
        row: list[Span] = [(" ", palette.text())]
        for way in self._ways:
            label = f"{keys(f'card.{way}')} {way}" if chooses else way
            style = palette.focus if way == now else palette.text()
            row += [(label.ljust(cover)[:cover], style), (" " * GAP, palette.text())]
        names.show([row])
        said = [f"now: {now}, {plain(self.painter.why)}", ADVICE] if chooses else [UNCOLORED]
        said += [NOTHING] if PICTURES in self._ways else []
        wrapped = [line for part in said for line in (*wrap(part, max(20, text.size.width - 2), 4), "")]
        text.show([[], *([(f" {line}", palette.text("quiet"))] for line in wrapped)])

    def action_choose(self, way: str) -> None:
        """Draw so from now on, if this is one of the ways that are shown, and keep it."""
        if way == PICTURES or way not in self._ways:
            self.dismiss(None)
            return
        chosen = {"cells": way, **({} if self.painter.pictures is None else {"pictures": "cells"})}
        self.painter.kind, self.painter.pictures, self.painter.why = way, None, "by the test card"
        try:
            keep_settings(config_file(), chosen)
        except (OSError, ConfigError, LibraryError) as error:
            self.dismiss(f"covers are {way} until you leave; they could not be kept: {plain(str(error))}")
        else:
            self.dismiss(f"covers are {way} from now on")
