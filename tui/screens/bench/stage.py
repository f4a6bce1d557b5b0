"""The stage of the blend bench: one large picture, or up to four side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Container

from store.records import Album
from tui.pictures.painter import CoverPainter
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines

PLACES = 4
Shown = tuple[Album | NDArray[np.uint8] | None, str]  # a cover or a picture (None: not there yet), and what it is


class BenchStage(Container):
    """Pictures as large as they fit; one that stays the same is not painted again."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._covers = [Cover(painter) for _ in range(PLACES)]
        self._captions = [Lines() for _ in range(PLACES)]

    def compose(self) -> ComposeResult:
        """All are there from the start."""
        yield from self._covers
        yield from self._captions

    def show(self, pictures: Sequence[Shown]) -> None:
        """At most PLACES of them."""
        across = 1 if len(pictures) == 1 else 2
        down = max(1, -(-len(pictures) // across))
        width, height = self.size
        captioned = any(said for _, said in pictures)
        side = max(1, min((width - across) // (2 * across), height // down - captioned))
        for place, (cover, caption) in enumerate(zip(self._covers, self._captions, strict=True)):
            what, said = pictures[place] if place < len(pictures) else (None, "")
            cover.display = what is not None
            caption.display = bool(said)
            x, y = place % across * (side * 2 + 1) + 1, place // across * (side + 1)
            cover.styles.offset, caption.styles.offset = (x, y), (x, y + side)
            cover.styles.width, cover.styles.height = side * 2, side
            caption.styles.width, caption.styles.height = side * 2, 1
            if isinstance(what, Album):
                cover.show(what)
            elif what is not None and cover.pixels is not what:
                cover.show_pixels(what)
            caption.show([[(said, caption.palette.text("quiet"))]])
