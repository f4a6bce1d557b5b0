"""The blend bench: covers with weights, a preview that follows every key, variants, and files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.keynames import key_names
from tui.pictures.painter import CoverPainter
from tui.screens.bench.keys import BENCH_BINDINGS, KEYS
from tui.screens.bench.stage import BenchStage, Shown
from tui.screens.bench.text import BenchHead, BenchStatus, BenchText
from tui.screens.bench.tiles import BenchTiles
from tui.screens.bench_out import PREVIEW, BenchOut
from tui.screens.find import FindScreen
from tui.walk.bench import Bench, Draft
from tui.walk.session import TRAY_LIMIT, Session
from tui.widgets.bars import KeysLine
from tui.workers.decoder import Decoder


class BenchScreen(BenchOut):
    """Answers with the album_id to walk to, or None."""

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
        super().__init__(session, painter, decoder, bench, blends_dir)
        self.finder = finder
        self.pixels: NDArray[np.uint8] | None = None  # the preview's, uint8 [128, 128, 3]
        self.drawn: Draft | None = None  # what the preview shows
        self.view = "preview"
        self.directions: tuple[str, ...] = ()
        self._encoded: dict[str, NDArray[np.uint8]] = {}  # self-encodings by cover
        self._message: tuple[str, bool] | None = None
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
        self.ask(lambda blender: tuple(one.name for one in blender.directions), self._know)

    def on_resize(self) -> None:
        """Everything follows the new size once it is known."""
        width = self.size.width
        self.query_one("#bench-side").styles.width = 26 if width < 76 else 37 if width < 126 else 62
        self.call_after_refresh(self.redraw)

    def reopened(self, near: bool) -> None:
        """Another draft was put onto the bench; `near`: go on to its nearest albums."""
        self.view = "preview"
        self.redraw()
        self._preview()
        if near:
            self.action_near()

    # asking

    def after_answer(self) -> None:
        """The decoder's time and device are new with each answer."""
        self._draw_status()

    def _preview(self) -> None:
        draft = self.bench.draft
        if draft.problem is None:
            self.ask(lambda b: b.make(draft.recipe(b, PREVIEW)).pixels, partial(self._show, draft), preview=True)
        else:
            self.say(draft.problem)

    def _show(self, draft: Draft, pixels: NDArray[np.uint8]) -> None:
        self.pixels, self.drawn = pixels, draft
        self._draw_stage()

    def _know(self, directions: tuple[str, ...]) -> None:
        self.directions = directions
        self._draw_text()

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

    def _draw_status(self) -> None:
        self.query_one(BenchStatus).show_decoder(self.decoder)
        keys = self.query_one(KeysLine)
        if self._message is not None:
            keys.show_message(*self._message)
        else:
            keys.show_keys(KEYS)

    def say(self, message: str, error: bool = False) -> None:
        """Tell something in the last row until the next key."""
        self._message = (message, error)
        self._draw_status()

    def on_key(self) -> None:
        """A message stays until the next key."""
        if self._message is not None:
            self._message = None
            self._draw_status()

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

    def _encode(self) -> None:
        sha = self.bench.draft.albums[self.bench.chosen].cover_sha256
        if sha is None:
            self.say("this album has no cover")
        elif sha in self._encoded:
            self._draw_stage()
        else:
            self.ask(lambda blender: blender.picture_of(sha), partial(self._encoded_as, sha))

    def _encoded_as(self, sha: str, pixels: NDArray[np.uint8]) -> None:
        self._encoded[sha] = pixels
        self._draw_stage()

    def action_add(self) -> None:
        """Find an album and put it on the bench."""
        if len(self.bench.draft.albums) >= TRAY_LIMIT:
            self.say(f"the bench is full: {TRAY_LIMIT} albums; {key_names(self)('bench.take-out')} takes one off")
        else:
            self.app.push_screen(self.finder("which album onto the bench?", "add"), self._add)

    def _add(self, album_id: str | None) -> None:
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
