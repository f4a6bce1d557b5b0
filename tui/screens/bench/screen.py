"""The blend bench: covers with weights, a preview that follows every key, variants, and files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from store.records import Album
from tui.keynames import key_names
from tui.pictures.painter import CoverPainter
from tui.screens.bench.actions import BenchActions
from tui.screens.bench.areas import PREVIEW, area_of, label_picture, with_each_detail
from tui.screens.bench.directions import Directions
from tui.screens.bench.keys import BENCH_BINDINGS, KEYS
from tui.screens.bench.near import NearScreen
from tui.screens.bench.stage import BenchStage, Shown
from tui.screens.bench.text import BenchHead, BenchStatus, BenchText
from tui.screens.bench.tiles import BenchTiles
from tui.screens.bench.tree import TreeScreen
from tui.screens.bench.write import FRAMES, Order, WriteScreen
from tui.screens.find import FindScreen
from tui.walk.bench import Bench
from tui.walk.session import TRAY_LIMIT, Session
from tui.widgets.bars import KeysLine
from tui.workers.decoder import TROUBLES, Decoder

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import Blender

NEAREST = 60
FEWEST = 3  # rows below the picture from which the directions are listed there
TALL, BESIDE = 34, 9  # rows of a screen from which they are listed beside it, and how many rows they have there
Answer = TypeVar("Answer")
Placed = tuple[NDArray[np.float32], NDArray[np.uint8]]  # a latent [1, d] and the picture of it


class BenchScreen(BenchActions):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS
    BINDINGS = BENCH_BINDINGS

    def __init__(
        self,
        session: Session,
        painter: CoverPainter,
        decoder: Decoder,
        bench: Bench,
        blends_dir: Path,
        finder: Callable[[str, str], FindScreen],
    ) -> None:
        """`finder`: a screen that asks for an album (what it asks, what becomes of the answer)."""
        super().__init__(bench)
        self.session, self.painter, self.decoder = session, painter, decoder
        self.blends_dir = blends_dir
        self.finder = finder
        self._details: list[Shown] = []  # the drawn draft with each detail
        self._encoded: dict[str, NDArray[np.uint8]] = {}  # self-encodings by cover

    def compose(self) -> ComposeResult:
        """The stage, the parents beside it, the state of the decoder, keys."""
        yield BenchHead(id="bench-head")
        with Horizontal(id="bench-body"):
            with Vertical(id="bench-main"):
                yield BenchStage(self.painter, id="bench-stage")
                yield Directions(id="directions-below")
            with Vertical(id="bench-side"):
                yield BenchText(id="bench-text")
                yield BenchTiles(self.painter, id="bench-tiles")
                yield Directions(id="directions-beside")
        yield BenchStatus(id="bench-status")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """The first preview."""
        self._preview()
        self._learn_directions()

    def on_resize(self) -> None:
        """The parents get what the width allows."""
        width, height = self.size
        side = 26 if width < 76 else 37 if width < 126 else 62
        self.query_one("#bench-side").styles.width = side
        below, beside = self.query_one("#directions-below"), self.query_one("#directions-beside")
        free = height - 3 - (width - side - 2) // 2  # rows below the picture
        below.display, beside.display = free >= FEWEST, free < FEWEST and height >= TALL
        below.styles.height, beside.styles.height = max(1, free - 1), BESIDE
        super().on_resize()

    def reopened(self, then: str) -> None:
        """Another draft was put onto the bench; `then`: go on to its nearest albums or its family tree."""
        self.view = "preview"
        self.redraw()
        self._preview()
        self.go_on(then)

    def go_on(self, then: str) -> None:
        """To the nearest albums ("near") or the family tree ("tree"), or nowhere ("")."""
        if then == "near":
            self.action_near()
        elif then == "tree":
            self.action_tree()

    # what the decoder makes

    async def _answer(self, future: Future[Answer]) -> Answer | None:
        """Wait for the decoder beside the screen's other business; None, after saying why, where it failed."""
        try:
            # Shielded, since leaving the bench must not take a file back that waits to be written.
            return await asyncio.shield(asyncio.wrap_future(future))
        except TROUBLES as error:
            self.say(str(error) or type(error).__name__, error=True)
            return None
        finally:
            self._draw_status()  # its time and device are new

    @work
    async def _preview(self) -> None:
        draft = self.bench.draft
        if draft.problem is not None:
            self.say(draft.problem)
            return
        waiting = self.decoder.preview(lambda blender: blender.make(draft.recipe(blender, PREVIEW)))
        made = await self._answer(waiting)  # of a preview that another overtook the future is cancelled, and so is this
        if made is not None and self.query(BenchStatus):
            self.made, self.pixels, self.drawn = made, made.pixels, draft
            if self.view in ("areas", "pin") and made.areas is None:  # no montage any more
                self.view = "preview"
            if self.view == "details":
                self._compare()
            self._draw_stage()
            self._draw_text()

    @work
    async def _compare(self) -> None:
        draft = self.bench.draft
        shown = await self._answer(self.decoder.job(lambda blender: with_each_detail(blender, draft)))
        if shown is not None and self.query(BenchStatus):
            self._details = shown
            self._draw_stage()

    @work
    async def _learn_directions(self) -> None:
        names = self.decoder.job(lambda blender: tuple(one.name for one in blender.parents.directions))
        self.directions = await self._answer(names) or ()
        if self.query(BenchStatus):
            self._draw_text()

    @work
    async def _encode(self) -> None:
        sha = self.bench.draft.albums[self.bench.chosen].cover_sha256
        if sha is None:
            self.say("this album has no cover")
            return
        if sha not in self._encoded:
            pixels = await self._answer(self.decoder.job(lambda blender: blender.parents.picture_of(sha)))
            if pixels is None:
                return
            self._encoded[sha] = pixels
        if self.query(BenchStatus):
            self._draw_stage()

    @work
    async def _write(self, order: Order) -> None:
        draft = self.bench.draft
        if draft.problem is not None:
            self.say(draft.problem)
            return
        pictures = f"{order.frames} pictures " if order.layout in FRAMES else ""
        began = time.monotonic()
        self.say(f"writing {pictures}…")
        ticking = self.set_interval(1, lambda: self.say(f"writing {pictures}… {time.monotonic() - began:.0f} s"))
        result = await self._answer(self.decoder.job(lambda blender: order.write(blender, draft, self.blends_dir)))
        ticking.stop()
        if result is not None:
            self.session.record_blend(result)
            kind = "a montage, " if result.areas is not None else ""
            self.say(f"wrote {result.path} ({kind}{result.device}, {result.seconds:.1f} s)")

    @work
    async def action_tree(self) -> None:
        """What the blend was made of; one of its albums is walked to, of its blends the nearest albums are shown."""
        draft = self.bench.draft
        if draft.problem is not None:
            self.say(draft.problem)
            return
        pixels = self.pixels
        if pixels is None or self.drawn != draft:
            made = await self._answer(self.decoder.job(lambda blender: blender.make(draft.recipe(blender, PREVIEW))))
            if made is None:
                return
            pixels = made.pixels
        part = await self.app.push_screen_wait(TreeScreen(self.painter, pixels, draft.parts))
        if part is not None and part.parts:
            sha = part.cover_sha256
            self._near(lambda blender: (blender.parents.latents([sha]), blender.parents.covers.pixels(sha)))
        elif part is not None:
            self.dismiss(part.album_id)

    def action_near(self) -> None:
        """The albums nearest to this blend; the one chosen is walked to."""
        draft = self.bench.draft
        if draft.problem is not None:
            self.say(draft.problem)
            return

        def make(blender: Blender) -> Placed:
            made = blender.make(draft.recipe(blender, PREVIEW))
            point = made.recipe.stops(blender.codec.latent_dim)
            assert point is not None  # what was just made
            return point, made.pixels

        self._near(make)

    @work
    async def _near(self, make: Callable[[Blender], Placed]) -> None:
        def place(blender: Blender) -> tuple[str, NDArray[np.float32], NDArray[np.uint8]]:
            point, pixels = make(blender)
            return blender.codec.model_id, blender.codec.search_vectors(point)[0], pixels

        placed = await self._answer(self.decoder.job(place))
        if placed is None:
            return
        model_id, vector, pixels = placed
        index = self.session.neighborhood.index
        if index is None or index.model_id != model_id:
            self.say("the cover index is missing or of another model: run `sleevewalk build`", error=True)
            return
        neighbors = self.session.neighborhood.nearest_to(vector, NEAREST)
        album_id = await self.app.push_screen_wait(NearScreen(self.painter, pixels, neighbors))
        if album_id is not None:
            self.dismiss(album_id)

    # drawing

    def redraw(self) -> None:
        """Draw everything."""
        with self.app.batch_update():
            self._draw_stage()
            self._draw_text()

    def _draw_stage(self) -> None:
        album = self.bench.draft.albums[self.bench.chosen]
        shown: list[Shown] = [(self.pixels, "")]
        if self.view == "variants":
            kept = enumerate(self.bench.variants, 1)
            shown = [(one.pixels, f"{place} {one.draft.said} {one.draft.mode}") for place, one in kept]
        elif self.view == "self":
            made = self._encoded.get(album.cover_sha256 or "")
            shown = [(album, "the cover"), (made, "self-encoding")]
        elif self.view == "details" and self._details:
            shown = self._details
        elif self.view in ("areas", "pin") and self.made is not None:
            cursor = self.cursor if self.view == "pin" else None
            pins = self.bench.draft.wishes.pins
            shown = [(label_picture(self.made, self.bench.chosen, pins, cursor), "")]
        self.query_one(BenchStage).show(shown)

    def _draw_text(self) -> None:
        self.query_one(BenchHead).show_bench(self.bench)
        self.query_one(BenchText).show_bench(self.bench, self.directions, area_of(self.made, self.bench.chosen))
        self.query_one(BenchTiles).show_bench(self.bench)
        for listed in self.query(Directions):
            if listed.display:
                listed.show_bench(self.bench, self.directions)
        self._draw_status()
        self.draw_keys()

    def _draw_status(self) -> None:
        for status in self.query(BenchStatus):  # none where the person left while the decoder worked
            status.show_decoder(self.decoder)

    def on_directions_pointed(self, message: Directions.Pointed) -> None:
        """Drift in that direction from here on."""
        self.bench.direction = message.place
        self._draw_text()

    def action_write(self) -> None:
        """The usual file."""
        self._write(Order("picture", ".png", 512, 1, None, False))

    @work
    async def action_write_as(self) -> None:
        """Ask for name, size and format."""
        order = await self.app.push_screen_wait(
            WriteScreen(self.bench.draft, self.blends_dir, self.painter, self.pixels)
        )
        if order is not None:
            self._write(order)

    @work
    async def action_add(self) -> None:
        """Find an album and put it on the bench."""
        if len(self.bench.draft.albums) >= TRAY_LIMIT:
            self.say(f"the bench is full: {TRAY_LIMIT} albums; {key_names(self)('bench.take-out')} takes one off")
            return
        album_id = await self.app.push_screen_wait(self.finder("which album onto the bench?", "add"))
        if album_id is not None:
            self.add(self.session.album(album_id))

    def add(self, album: Album) -> None:
        """Put an album, or a blend as one, on the bench."""
        if len(self.bench.draft.albums) >= TRAY_LIMIT:
            self.say(f"the bench is full: {TRAY_LIMIT} albums; {key_names(self)('bench.take-out')} takes one off")
        else:
            self._changed(self.bench.add(album), "it is on the bench already")

    def action_take_out(self) -> None:
        """Without the chosen album."""
        self._changed(self.bench.take_out(), "a blend takes two albums: add another first")
