"""The blend bench: covers with weights, a preview that follows every key, variants, and files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.keynames import key_names
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.bench.keys import BENCH_BINDINGS, KEYS
from tui.screens.bench.near import NearScreen
from tui.screens.bench.stage import BenchStage, Shown
from tui.screens.bench.text import BenchHead, BenchStatus, BenchText
from tui.screens.bench.tiles import BenchTiles
from tui.screens.bench.write import Order, WriteScreen
from tui.screens.find import FindScreen
from tui.walk.bench import Bench, Draft
from tui.walk.session import TRAY_LIMIT, Session
from tui.widgets.bars import KeysLine
from tui.workers.decoder import TROUBLES, Decoder

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import Blender

PREVIEW = 128  # pixels a side
NEAREST = 60
Answer = TypeVar("Answer")


class BenchScreen(DrawnScreen[str | None]):
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
        super().__init__()
        self.session, self.painter, self.decoder, self.bench = session, painter, decoder, bench
        self.blends_dir = blends_dir
        self.finder = finder
        self.pixels: NDArray[np.uint8] | None = None  # the preview's, uint8 [128, 128, 3]
        self.drawn: Draft | None = None  # what the preview shows
        self.view = "preview"
        self.directions: tuple[str, ...] = ()
        self._encoded: dict[str, NDArray[np.uint8]] = {}  # self-encodings by cover
        self._dice = np.random.default_rng()

    def compose(self) -> ComposeResult:
        """The stage, the parents beside it, the state of the decoder, keys."""
        yield BenchHead(id="bench-head")
        with Horizontal(id="bench-body"):
            yield BenchStage(self.painter, id="bench-stage")
            with Vertical(id="bench-side"):
                yield BenchText(id="bench-text")
                yield BenchTiles(self.painter, id="bench-tiles")
        yield BenchStatus(id="bench-status")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """The first preview."""
        self._preview()
        self._learn_directions()

    def on_resize(self) -> None:
        """The parents get what the width allows."""
        width = self.size.width
        self.query_one("#bench-side").styles.width = 26 if width < 76 else 37 if width < 126 else 62

    def reopened(self, near: bool) -> None:
        """Another draft was put onto the bench; `near`: go on to its nearest albums."""
        self.view = "preview"
        self.redraw()
        self._preview()
        if near:
            self.action_near()

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
        made = self.decoder.preview(lambda blender: blender.make(draft.recipe(blender, PREVIEW)).pixels)
        pixels = await self._answer(made)  # of a preview that another overtook the future is cancelled, and so is this
        if pixels is not None and self.query(BenchStatus):
            self.pixels, self.drawn = pixels, draft
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
        self.say("writing …")
        result = await self._answer(self.decoder.job(lambda blender: order.write(blender, draft, self.blends_dir)))
        if result is not None:
            self.session.record_blend(result)
            self.say(f"wrote {result.path} ({result.device}, {result.seconds:.1f} s)")

    @work
    async def action_near(self) -> None:
        """The albums nearest to this blend; the one chosen is walked to."""
        draft = self.bench.draft
        if draft.problem is not None:
            self.say(draft.problem)
            return

        def place(blender: Blender) -> tuple[str, NDArray[np.float32], NDArray[np.uint8]]:
            made = blender.make(draft.recipe(blender, PREVIEW))
            point = made.recipe.stops(blender.codec.latent_dim)
            assert point is not None  # what was just made
            return blender.codec.model_id, blender.codec.search_vectors(point)[0], made.pixels

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
        self.query_one(BenchStage).show(shown)

    def _draw_text(self) -> None:
        self.query_one(BenchHead).show_bench(self.bench)
        self.query_one(BenchText).show_bench(self.bench, self.directions)
        self.query_one(BenchTiles).show_bench(self.bench)
        self._draw_status()
        self.draw_keys()

    def _draw_status(self) -> None:
        for status in self.query(BenchStatus):  # none where the person left while the decoder worked
            status.show_decoder(self.decoder)

    # keys

    def _changed(self, changed: bool, otherwise: str = "") -> None:
        if changed:
            self._draw_text()
            self._preview()
        elif otherwise:
            self.say(otherwise)

    def action_choose(self, step: int) -> None:
        """Another album."""
        self.bench.chosen = (self.bench.chosen + step) % len(self.bench.draft.albums)
        self._draw_text()
        if self.view == "self":
            self._encode()

    def action_weight(self, amount: float) -> None:
        """The chosen album counts more or less."""
        self._changed(self.bench.nudge(amount), "it cannot count more" if amount > 0 else "it counts for nothing")

    def action_solo(self) -> None:
        """The chosen album alone."""
        self._changed(self.bench.alone())

    def action_mute(self) -> None:
        """Without the chosen album."""
        self._changed(self.bench.mute())

    def action_even(self) -> None:
        """As it began."""
        self._changed(self.bench.even(), "all count the same already")

    def action_mode(self, step: int) -> None:
        """Another mode."""
        self._changed(self.bench.next_mode(step))

    def action_direction(self, step: int) -> None:
        """Another direction."""
        if self.directions:
            self.bench.direction = (self.bench.direction + step) % len(self.directions)
            self._draw_text()
        else:
            self.say("no directions: the library has too few covers, or is not built, or the model still loads")

    def action_drift(self, steps: int) -> None:
        """Along the direction."""
        if self.directions:
            name = self.directions[self.bench.direction % len(self.directions)]
            self._changed(self.bench.drift(name, float(steps)), "no farther that way")
        else:
            self.action_direction(0)

    def action_dice(self) -> None:
        """Weights at random."""
        self._changed(self.bench.roll(self._dice))

    def action_undo(self, steps: int) -> None:
        """Back, or forward again."""
        self._changed(self.bench.undo(steps), "nothing to undo" if steps > 0 else "nothing to do again")

    def action_keep(self) -> None:
        """As a variant."""
        if self.pixels is None or self.drawn != self.bench.draft:
            self.say("wait for the preview, then keep it")
            return
        self.bench.keep(self.pixels)
        self.redraw()
        side = key_names(self)("bench.variants")
        self.say(f"kept as variant {len(self.bench.variants)}: {side} shows them side by side")

    def action_variant(self, number: int) -> None:
        """Go on from a variant, counted from 1."""
        if number <= len(self.bench.variants):
            self.view = "preview"
            self._changed(self.bench.change(self.bench.variants[number - 1].draft), "this is that variant")
            self._draw_stage()
        else:
            self.say(f"no such variant: {key_names(self)('bench.keep')} keeps one")

    def action_view(self, view: str) -> None:
        """Another picture on the stage, or the preview again."""
        if view == "variants" and not self.bench.variants:
            self.say(f"no variants yet: {key_names(self)('bench.keep')} keeps one")
            return
        self.view = "preview" if self.view == view else view
        if self.view == "self":
            self._encode()
        self._draw_stage()

    def action_write(self) -> None:
        """The usual file."""
        self._write(Order("picture", ".png", 512, 1, None, False))

    @work
    async def action_write_as(self) -> None:
        """Ask for name, size and format."""
        order = await self.app.push_screen_wait(WriteScreen(self.bench.draft, self.blends_dir))
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
            self._changed(self.bench.add(self.session.album(album_id)), "it is on the bench already")

    def action_take_out(self) -> None:
        """Without the chosen album."""
        self._changed(self.bench.take_out(), "a blend takes two albums: add another first")

    def action_back(self) -> None:
        """To the preview, then to the walk."""
        if self.view != "preview":
            self.action_view(self.view)
        else:
            self.dismiss(None)
