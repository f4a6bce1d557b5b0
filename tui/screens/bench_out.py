"""What leaves the blend bench: files, and the way on to the albums nearest to a blend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.pictures.painter import CoverPainter
from tui.screens.bench.asking import AskingScreen
from tui.screens.bench.near import NearScreen
from tui.screens.bench.write import Order, WriteScreen
from tui.walk.bench import Bench
from tui.walk.session import Session
from tui.workers.decoder import Decoder

PREVIEW = 128  # pixels a side
NEAREST = 60


class BenchOut(AskingScreen):
    """The part of the bench's screen that writes and that leads back to the walk."""

    def __init__(
        self, session: Session, painter: CoverPainter, decoder: Decoder, bench: Bench, blends_dir: Path
    ) -> None:
        super().__init__(decoder)
        self.session, self.painter, self.bench = session, painter, bench
        self.blends_dir = blends_dir

    def action_write(self) -> None:
        """The usual file."""
        self._write(Order("picture", ".png", 512, 1, None, False))

    def action_write_as(self) -> None:
        """Ask for name, size and format."""

        def answer(order: Order | None) -> None:
            if order is not None:
                self._write(order)

        self.app.push_screen(WriteScreen(self.bench.draft, self.blends_dir), answer)

    def _write(self, order: Order) -> None:
        draft = self.bench.draft
        if draft.problem is not None:
            self.say(draft.problem)
            return
        self.say("writing …")
        self.ask(lambda blender: order.write(blender, draft, self.blends_dir), self._wrote)

    def _wrote(self, result: Any) -> None:
        self.session.record_blend(result)
        self.say(f"wrote {result.path} ({result.device}, {result.seconds:.1f} s)")

    def action_near(self) -> None:
        """The albums nearest to this blend."""
        draft = self.bench.draft
        if draft.problem is not None:
            self.say(draft.problem)
            return

        def place(blender: Any) -> tuple[str, Any, Any]:
            made = blender.make(draft.recipe(blender, PREVIEW))
            point = made.recipe.stops(blender.codec.latent_dim)
            return blender.codec.model_id, blender.codec.search_vectors(point)[0], made.pixels

        self.ask(place, self._near)

    def _near(self, found: tuple[str, Any, NDArray[np.uint8]]) -> None:
        model_id, vector, pixels = found
        index = getattr(self.session.neighborhood, "index", None)
        if index is None or index.model_id != model_id:
            self.say("the cover index is missing or of another model: run `sleevewalk build`", error=True)
            return
        neighbors = self.session.neighborhood.nearest_to(vector, NEAREST)

        def answer(album_id: str | None) -> None:
            if album_id is not None:
                self.dismiss(album_id)

        self.app.push_screen(NearScreen(self.painter, pixels, neighbors), answer)
