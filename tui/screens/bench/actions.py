"""What the keys of the blend bench change: weights, mode, drift, areas, variants, views."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tui.keynames import key_names
from tui.screens.base import DrawnScreen
from tui.screens.bench.areas import Cursor
from tui.screens.bench.tiles import BenchTiles
from tui.walk.bench import Bench, Draft

if TYPE_CHECKING:
    from textual.worker import Worker

    from pipelines.blends.recipe_to_file import BlendResult


class BenchActions(DrawnScreen[str | None]):
    """A bench, what its preview shows, and the actions that need no model."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.pixels: NDArray[np.uint8] | None = None  # the preview's, uint8 [128, 128, 3]
        self.made: BlendResult | None = None  # the preview with its areas
        self.drawn: Draft | None = None  # what the preview shows
        self.view = "preview"
        self.cursor = Cursor()
        self.directions: tuple[str, ...] = ()
        self._dice = np.random.default_rng()

    @abstractmethod
    def _preview(self) -> Worker[None]:
        """Decode the draft."""

    @abstractmethod
    def _encode(self) -> Worker[None]:
        """Decode the chosen cover alone."""

    @abstractmethod
    def _compare(self) -> Worker[None]:
        """Decode the draft with each detail."""

    @abstractmethod
    def _draw_stage(self) -> None:
        """Draw the pictures."""

    @abstractmethod
    def _draw_text(self) -> None:
        """Draw all but the pictures."""

    def _changed(self, changed: bool, otherwise: str = "") -> None:
        if changed:
            self._draw_text()
            self._preview()
        elif otherwise:
            self.say(otherwise)

    def action_choose(self, step: int) -> None:
        """Another album; while a place is looked for, that to the left or right."""
        if self.view == "pin":
            self.cursor.move(step, 0)
            self._draw_stage()
            return
        self._choose((self.bench.chosen + step) % len(self.bench.draft.albums))

    def _choose(self, place: int) -> None:
        self.bench.chosen = place
        self._draw_text()
        if self.view == "self":
            self._encode()
        elif self.view == "areas":
            self._draw_stage()

    def show_letters(self, letters: str) -> None:
        """Draw letters below the covers; "": the chosen one is marked."""
        tiles = self.query_one(BenchTiles)
        tiles.letters = letters
        tiles.show_bench(self.bench)

    def letter_chosen(self, place: int) -> None:
        """Choose the album that has a letter."""
        if place < len(self.bench.draft.albums):
            self._choose(place)

    def action_weight(self, amount: float) -> None:
        """The chosen album counts more or less; while a place is looked for, that above or below."""
        if self.view == "pin":
            self.cursor.move(0, -1 if amount > 0 else 1)
            self._draw_stage()
            return
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
        if view in ("areas", "pin") and (self.made is None or self.made.areas is None):
            self.say(
                "the picture is no montage, so it has no areas" if self.made is not None else "wait for the preview"
            )
            return
        self.view = "preview" if self.view == view else view
        if self.view == "self":
            self._encode()
        elif self.view == "details":
            self._compare()
        elif self.view == "pin":
            title = self.bench.draft.albums[self.bench.chosen].title
            self.say(f"arrows choose a place, {key_names(self)('bench.pin-here')} pins it to {title} or lets it go")
        self._draw_stage()

    def action_favour(self, factor: float) -> None:
        """A larger or smaller area."""
        self._changed(self.bench.favour(factor), "its area cannot be larger" if factor > 1 else "nor smaller")

    def action_pin_here(self) -> None:
        """Pin the cursor's place."""
        if self.view == "pin":
            self._changed(self.bench.pin(*self.cursor.at))

    def action_swap(self) -> None:
        """Layout of the chosen album."""
        self._changed(self.bench.swap())

    def action_detail(self) -> None:
        """The next detail."""
        self._changed(self.bench.next_detail())

    def action_back(self) -> None:
        """To the preview, then to the walk."""
        if self.view != "preview":
            self.action_view(self.view)
        else:
            self.dismiss(None)
