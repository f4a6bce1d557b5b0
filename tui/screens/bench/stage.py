"""The stage of the blend bench: one large picture, or up to four side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from store.records import Album
from tui.pictures.painter import CoverPainter
from tui.widgets.cover import Captioned

PLACES = 4
Shown = tuple[Album | NDArray[np.uint8] | None, str]  # a cover or a picture (None: not there yet), and what it is


class BenchStage(Captioned):
    """Pictures abreast or below each other, as large as they fit; one that stays the same is not painted again."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(painter, PLACES, id=id)

    def show(self, pictures: Sequence[Shown]) -> None:
        """At most PLACES of them."""
        width, height = self.size
        captioned, count = any(said for _, said in pictures), max(1, len(pictures))

        def side_of(across: int) -> int:
            return max(1, min((width - across) // (2 * across), height // -(-count // across) - captioned))

        across = max(range(1, count + 1), key=side_of)
        side = side_of(across)
        for place, (cover, caption) in enumerate(zip(self.covers, self.captions, strict=True)):
            what, said = pictures[place] if place < len(pictures) else (None, "")
            cover.display = what is not None
            caption.display = bool(said)
            x, y = place % across * (side * 2 + 1) + 1, place // across * (side + 1)
            self.place(place, x, y, side, (side * 2, 1))
            if isinstance(what, Album):
                cover.show(what)
            elif what is not None and cover.pixels is not what:
                cover.show_pixels(what)
            caption.show([[(said, caption.palette.text("quiet"))]])
