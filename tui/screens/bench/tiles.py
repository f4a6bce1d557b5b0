"""The parents of a blend: their covers side by side, each with its weight below."""

from __future__ import annotations

from tui.pictures.painter import CoverPainter
from tui.text import pad
from tui.walk.bench import Bench
from tui.walk.session import TRAY_LIMIT
from tui.widgets.cover import Captioned
from tui.widgets.lines import Span

LARGEST, SMALLEST = 14, 2  # rows of a cover


class BenchTiles(Captioned):
    """As many covers as there are parents, as large as they fit; a weight that changes repaints no cover."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(painter, TRAY_LIMIT, id=id)
        self.letters = ""  # below the covers, while one of them is to be typed

    def show_bench(self, bench: Bench) -> None:
        """Lay out and draw."""
        draft = bench.draft
        count = min(TRAY_LIMIT, len(draft.albums))
        side, across = _fit(count, *self.size)
        for place, (cover, caption) in enumerate(zip(self.covers, self.captions, strict=True)):
            cover.display = caption.display = place < count
            if place >= count:
                continue
            x, y = place % across * (side * 2 + 1), place // across * (side + 2)
            self.place(place, x, y, side, (side * 2, 1))
            cover.show(draft.albums[place])
            caption.show([self._caption(bench, place, side * 2)])

    def _caption(self, bench: Bench, place: int, cells: int) -> list[Span]:
        palette, draft = self.captions[place].palette, bench.draft
        share = draft.shares[place]
        said = f"{share:+.2f}" if draft.is_signed else f"{share:.0%}"
        said += " solo" if draft.solo == place else " muted" if place in draft.muted else ""
        chosen = place == bench.chosen
        text = pad(("▸" if chosen else " ") + said, cells)
        if letter := self.letters[place : place + 1]:
            return [(letter, palette.focus), (text[1:], palette.text(on="panel"))]
        full = round(min(1.0, abs(share)) * cells)  # the share as a bar behind the number
        if chosen:
            return [(text[:full], palette.focus), (text[full:], palette.text("focus", bold=True, on="panel"))]
        quiet = "quiet" if not draft.given[place] else "foreground"
        return [(text[:full], palette.text("on-focus", on="accent")), (text[full:], palette.text(quiet, on="panel"))]


def _fit(count: int, width: int, height: int) -> tuple[int, int]:
    """(rows of a cover, covers abreast): the largest with which all fit."""
    for side in range(LARGEST, SMALLEST - 1, -1):
        across = (width + 1) // (side * 2 + 1)
        if across and -(-count // across) * (side + 2) - 1 <= height:
            return side, across
    return SMALLEST, max(1, (width + 1) // (SMALLEST * 2 + 1))
