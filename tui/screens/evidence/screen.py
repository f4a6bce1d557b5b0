"""The evidence: do sleeves say anything about the music? The last report's figures, and a run in the background."""

from __future__ import annotations

import os
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.message import Message

from pipelines.evidence.results import Evidence, Pair, read_results
from pipelines.evidence.sample import EvidenceError
from tui.keynames import key_names
from tui.pictures.colors import ColorMode
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.evidence.draw import SHOWN, Rows, heat_map, pair_side, words
from tui.screens.evidence.keys import EVIDENCE_BINDINGS, KEYS
from tui.screens.evidence.run import EvidenceDesk
from tui.text import cut, plain, wrap
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover, put
from tui.widgets.lines import Lines

VIEWS = ("pairs", "looks", "words")
STEPS = 5  # pictures of a direction
SIDE, GAP = 128, 6  # pixels of the pictures on the sheet of directions
ROOMY = 76  # columns from which the chosen pair has a side of its own
READING = "reading the report …"
_LOOK = 0.5  # seconds between looks at a run


class EvidenceScreen(DrawnScreen[None]):
    """Shows what lies in the report's folder; the run goes on when the screen is left."""

    hints = KEYS
    BINDINGS = EVIDENCE_BINDINGS

    @dataclass
    class Loaded(Message):
        """The last report, or why there is none; `lent`: it is the demo's, since nothing was measured here yet."""

        found: Evidence | None
        looks: list[NDArray[np.uint8]]
        why: str
        lent: bool

    def __init__(self, painter: CoverPainter, desk: EvidenceDesk) -> None:
        super().__init__()
        self.painter, self.desk = painter, desk
        self.found: Evidence | None = None
        self.looks: list[NDArray[np.uint8]] = []  # of each direction uint8 [5, 128, 128, 3]
        self.view = VIEWS[0]
        self.shown = "plain"  # the poster's own experiment first
        self.lent = False  # the figures are the demo's
        self.chosen = (1, 0)  # column and row of the heat map
        self._why = READING
        self._first = 0  # row of words or looks at the top
        self._said = ""
        self._seen_run: object = None  # whose end was told

    def compose(self) -> ComposeResult:
        """Heading, the view, how a run stands, keys."""
        yield Lines(id="evidence-head")
        with Horizontal(id="evidence-body"):
            yield Lines(id="evidence-main")
            yield Lines(id="evidence-side")
            with Container(id="evidence-looks"):
                yield Lines(id="evidence-names")
        yield Lines(id="evidence-status")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Read the report off the screen's thread, and look after a run."""
        self._seen_run = None if self.desk.is_running else self.desk.run
        self._load()
        self.set_interval(_LOOK, self._watch)

    @work(thread=True, group="evidence", exclusive=True)
    def _load(self) -> None:
        from pipelines.demo.build import MEASURED

        found, looks, why, folder = None, list[NDArray[np.uint8]](), "", self.desk.folder
        try:
            found = read_results(folder)
            if found is None:
                folder = MEASURED
                found = read_results(folder)
            if found is not None and found.traits:
                looks = read_looks(folder / "traits.png", len(found.traits))
        except (EvidenceError, OSError, ValueError) as error:
            why = str(error)
        self.post_message(self.Loaded(found, looks, why, folder == MEASURED))

    def on_evidence_screen_loaded(self, message: Loaded) -> None:
        """Show it."""
        self.found, self.looks, self.lent = message.found, message.looks, message.lent
        run = key_names(self)("evidence.run")
        self._why = message.why
        if message.lent and not self.desk.is_running:
            self._said = f"the demo's are drawn by genre; {run} measures yours while you walk on (minutes)"
        if self.found is not None and max(self.chosen) >= len(self.found.genres):
            self.chosen = (1, 0)
        self.redraw()

    # drawing

    def redraw(self) -> None:
        """Draw everything, such as after the theme changed."""
        head, main, side = (self.query_one(f"#evidence-{name}", Lines) for name in ("head", "main", "side"))
        looks = self.query_one("#evidence-looks")
        palette, found = head.palette, self.found
        with self.app.batch_update():
            side.display = found is not None and self.view == "pairs" and self.size.width >= ROOMY
            looks.display = found is not None and self.view == "looks"
            main.display = not looks.display
            title = [(" evidence ", palette.text("accent", bold=True))]
            if found is None:
                head.show([title])
                main.show(
                    [[(f" {row}", palette.text())] for row in wrap(plain(self._why), min(self.size.width, 90) - 2, 8)]
                )
            else:
                albums = sum(found.albums.values())
                source = "of the demo, not of your library" if self.lent else f"from {plain(found.source)}"
                told = f"{self.view} · {albums:,} sleeves of {len(found.genres)} genres {source}"
                head.show([[*title, (told, palette.text("quiet"))]])
                self.call_after_refresh(self._draw_view)
            self._draw_status()
            self.draw_keys()

    def _draw_view(self) -> None:
        found = self.found
        if found is None:
            return
        main, side = self.query_one("#evidence-main", Lines), self.query_one("#evidence-side", Lines)
        palette = main.palette
        if self.view == "pairs":
            main.show(heat_map(found, palette, self.chosen, self.shown, main.size, self._ascii))
            pair = self.pair
            side.show([] if pair is None else pair_side(found, pair, palette, self.shown, side.size, self._ascii))
        elif self.view == "words":
            rows = words(found, palette, main.size.width)
            self._first = max(0, min(self._first, len(rows) - main.size.height))
            main.show(rows[self._first :])
        else:
            self._draw_looks(found)

    def _draw_looks(self, found: Evidence) -> None:
        """A row of pictures for each genre, from the least of it to the most."""
        box, names = self.query_one("#evidence-looks"), self.query_one("#evidence-names", Lines)
        palette, (width, height) = names.palette, box.size
        label = 16
        side = max(2, min((height - 3) // max(1, min(4, len(self.looks))) - 1, (width - label) // STEPS // 2 - 1))
        fitting = max(1, (height - 2) // (side + 1))
        self._first = max(0, min(self._first, len(self.looks) - fitting))
        rows: Rows = [[(cut(" less of the genre … the mean cover … more of it", width), palette.text("quiet"))], []]
        covers = list(box.query(Cover))
        for place in range(fitting):
            number = self._first + place
            inside = number < len(self.looks)
            for step in range(STEPS):
                at = place * STEPS + step
                if at >= len(covers):
                    if not inside:
                        continue
                    covers.append(Cover(self.painter))
                    box.mount(covers[-1])
                cover = covers[at]
                cover.display = inside
                if inside:
                    put(cover, label + step * (2 * side + 1), 2 + place * (side + 1), 2 * side, side)
                    cover.show_pixels(self.looks[number][step])
            if inside:
                gap = next(
                    (one["gap"] for one in found.trait_facts if f"more {one['genre']}" == found.traits[number]), 0
                )
                text = [cut(f" {plain(found.traits[number])}", label - 1), cut(f" apart {gap:.2f} sd", label - 1)]
                block: Rows = [[(text[0], palette.text(bold=True))], [(text[1], palette.text("quiet"))]]
                rows += (block + [[]] * side)[: side + 1]
        for cover in covers[fitting * STEPS :]:
            cover.display = False
        names.show(rows)

    @property
    def _ascii(self) -> bool:
        return self.painter.mode is ColorMode.ASCII

    def _draw_status(self) -> None:
        line = self.query_one("#evidence-status", Lines)
        run = self.desk.run
        text = self._said
        if run is not None and run.is_running:
            text = (
                "stopping …" if run.stopped else f"measuring: {run.last}   {key_names(self)('evidence.stop')} stops it"
            )
        line.show([[(cut(f" {plain(text)}", self.size.width), line.palette.text("accent"))]])

    def _watch(self) -> None:
        """How a run stands; its end is told once."""
        run = self.desk.run
        if run is not None and not run.is_running and run is not self._seen_run:
            self._seen_run = run
            if run.stopped:
                self._said = "stopped; what was there before is as it was"
            elif run.failure is not None:
                self._said = run.failure
            else:
                self._said = "measured; this is the new report"
                self._load()
        self._draw_status()

    # keys

    @property
    def pair(self) -> Pair | None:
        """The pair chosen on the heat map."""
        if self.found is None:
            return None
        x, y = self.chosen
        return self.found.pair(self.found.genres[x], self.found.genres[y])

    def action_move(self, across: int, down: int) -> None:
        """Another pair, or other rows; the diagonal is stepped over."""
        if self.found is None:
            return
        if self.view != "pairs":
            self._first = max(0, self._first + down)
            self._draw_view()
            return
        count = len(self.found.genres)
        x, y = self.chosen
        for _ in range(2):
            x, y = x + across, y + down
            if not (0 <= x < count and 0 <= y < count):
                return
            if x != y:
                break
        self.chosen = (x, y)
        self._draw_view()

    def action_view(self, step: int) -> None:
        """Another view."""
        self.view = VIEWS[(VIEWS.index(self.view) + step) % len(VIEWS)]
        self._first = 0
        self.redraw()

    def action_folds(self) -> None:
        """Another figure of each pair, where pairs are shown."""
        if self.view != "pairs":
            return
        kinds = list(SHOWN)
        self.shown = kinds[(kinds.index(self.shown) + 1) % len(kinds)]
        self._draw_view()

    def action_run(self) -> None:
        """Measure the library beside the app."""
        try:
            self.desk.start()
        except OSError as error:
            self._said = f"the run could not be started: {error.strerror or error}"
        self._draw_status()

    def action_stop(self) -> None:
        """End the run."""
        if self.desk.is_running:
            self._end()
        else:
            self._said = f"nothing is being measured; {key_names(self)('evidence.run')} begins"
        self._draw_status()

    @work(thread=True, group="evidence-stop", exclusive=True)
    def _end(self) -> None:
        if self.desk.run is not None:
            self.desk.run.stop()

    def action_open(self) -> None:
        """The report in a browser where there is a desktop; else where it lies."""
        page = self.desk.folder / "report.html"
        if not page.is_file():
            self._said = f"there is no report yet; {key_names(self)('evidence.run')} makes one"
        elif has_desktop() and webbrowser.open(page.resolve().as_uri()):
            self._said = f"opened {page}"
        else:
            self._said = f"no desktop here; the report is {page}"
        self._draw_status()


def has_desktop() -> bool:
    """Whether a browser can open a window of its own; one that runs in this terminal would write over the app."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return not os.environ.get("SSH_CONNECTION")


def read_looks(file: Path, count: int) -> list[NDArray[np.uint8]]:
    """The decoded pictures of each direction, uint8 [5, 128, 128, 3], from the report's sheet."""
    from PIL import Image

    with Image.open(file, formats=["PNG"]) as image:
        sheet = np.asarray(image.convert("RGB"))
    step = SIDE + GAP
    return [
        np.stack([sheet[y * step : y * step + SIDE, x * step : x * step + SIDE] for x in range(STEPS)])
        for y in range(count)
    ]
