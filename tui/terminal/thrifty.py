"""The `thrifty` output: only what differs from what the terminal shows, the newest frame, no faster than it drains.

Textual paints into a mirror of the screen. What differs goes out in chunks, text and the centre first. Where
the terminal answers questions (it says at the start whether it does), each chunk ends with one, and only so
much is sent ahead of the answers; so on a slow link keys that come meanwhile change what is still to be sent,
and pictures that nobody will see are never sent.
"""

from __future__ import annotations

import gc
import os
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import COLOR_SYSTEMS
from textual import events, messages
from textual.geometry import Region
from textual.screen import Screen

from tui.pictures.cells import Cells
from tui.pictures.picture_table import PictureTable
from tui.terminal.choice import Asked
from tui.terminal.compositor import Painting, SparingCompositor
from tui.terminal.display import Display
from tui.terminal.kitty import LOWS, Kitty
from tui.terminal.mirror import TerminalMirror
from tui.terminal.pixel_strip import pixel_strips
from tui.terminal.probe import AnswerFilter, Modes, measured_cell
from tui.terminal.sixel import Inline, Sixel

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.dom import DOMNode
    from textual.strip import Strip
    from textual.widget import Widget

CHUNK = 6 * 1024  # bytes sent at a time
AHEAD = 40 * 1024  # bytes sent before the first of them is answered: what 1 Mbit/s carries in 0.3 s
ASK = "\x1b[?2026$p"  # Textual asks the same at the start; the answer comes as a message that changes nothing
LOST = 3.0  # seconds after which an answer no longer counts as on its way
PATIENCE = 0.7  # seconds that leaving waits for answers
POLL = 0.01  # seconds between looks at whether answers are overdue
SOON = 0.002  # and, where the terminal gives none, at whether the last chunk was written
SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
KEEP_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"  # the title that was there before

SLOW = 400_000  # bytes a second; below, a hop in the full quality takes over 0.2 s
FAST = 3 * SLOW  # well above, so that a link near the border does not turn back and forth
SURE = 6  # answers in a row that were fast before it counts as fast again
LEAST = 3 * 1024  # bytes below which an answer says nothing of the rate
DELAYED = 0.05  # seconds; a quicker answer comes from no slow link


class Link:
    """Slow at the first slow answer, fast again only after several fast ones in a row."""

    def __init__(self) -> None:
        self.slow = False
        self._fast = 0

    def answered(self, size: int, behind: int, seconds: float) -> bool:
        """Take an answer in: it ended a chunk of `size` bytes, `behind` were on their way, it took `seconds`.

        True where the link turned from fast to slow or back.
        """
        if size < LEAST:
            return False
        before = self.slow
        rate = behind / max(seconds, 1e-6)
        if seconds > DELAYED and rate < SLOW:
            self.slow, self._fast = True, 0
        elif rate > FAST:
            self._fast += 1
            self.slow = self.slow and self._fast < SURE
        else:
            self._fast = 0
        return self.slow != before


class ThriftyDisplay(Display):
    """An app whose frames go through a TerminalMirror."""

    output = "thrifty"
    draw_cells: Callable[[Cells], list[Strip]] = staticmethod(pixel_strips)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.sent_bytes = 0
        self._title = ""  # codes of the title that the terminal has
        self.pictures: Kitty | Sixel | None = None  # what draws covers where half blocks do not
        self.answers: AnswerFilter | None = None  # of the terminal, some perhaps still to come
        self.early_keys = ""  # pressed before the start
        self.modes: Modes | None = None  # of the terminal before it was asked
        self._leaving: float | None = None  # since when
        self._mirror: TerminalMirror | None = None
        self._unanswered: deque[tuple[int, float]] = deque()  # (bytes, when) of chunks in flight
        self._pump_due = False
        self._settled = False  # whether a first screen was sent in full
        self._looked_at: tuple[Screen[Any] | None, Widget | None] = (None, None)
        self._link = Link()
        self._key: tuple[float, int] | None = None  # when the last key came, and the bytes sent before it

    def take_pictures(self, asked: Asked) -> PictureTable | None:
        """What the terminal answered before the start, and the pictures it is to draw; None: cells do."""
        self.answers, self.early_keys, self.modes = asked.answers, asked.keys, asked.modes
        choice, pictures = asked.choice, PictureTable()
        if choice.protocol == "kitty":
            first = os.getpid() % 200 * LOWS  # two apps in one terminal use different ids
            self.pictures = Kitty(pictures, choice.cell, inside_tmux=choice.inside_tmux, first=first)
        elif choice.protocol == "iterm":
            self.pictures = Inline(pictures, choice.cell or (1, 2))
        elif choice.protocol == "sixel" and choice.cell is not None:
            self.pictures = Sixel(pictures, choice.cell)
        asking = self.answers is not None or self.pictures is not None
        if asking:  # so there is a terminal, which other systems have another driver for
            from tui.terminal.driver import AskedDriver

            if AskedDriver.__base__ is self.driver_class:
                self.driver_class = AskedDriver
        return None if self.pictures is None else pictures

    async def on_event(self, event: events.Event) -> None:
        """Note when a key came."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._key = (time.monotonic(), self.sent_bytes)
        await super().on_event(event)

    def set_title(self, codes: str) -> None:
        """Write codes that set the terminal's title, unless it is the one that is there."""
        driver = self._driver
        if driver is None or codes == self._title:
            return
        codes, self._title = (codes if self._title else KEEP_TITLE + codes), codes
        self.sent_bytes += len(codes)
        driver.write(codes)
        driver.flush()

    def on_mount(self) -> None:
        """Draw all again when the app comes back from the shell."""
        self.app_resume_signal.subscribe(self, self._resumed)

    def _resumed(self, _app: object) -> None:
        self._unanswered.clear()
        self._title = ""
        self.redraw()

    def on_unmount(self) -> None:
        """Give the terminal the title back that it had."""
        if self._title and self._driver is not None:
            self._driver.write(RESTORE_TITLE)
            self._title = ""

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Leave once the answers on their way are here, or PATIENCE is over: the shell would take them for typing."""
        now = time.monotonic()
        self._leaving = self._leaving or now
        if self._unanswered and now - self._leaving < PATIENCE:
            self.set_timer(POLL, partial(self.exit, result, return_code, message))
        else:
            super().exit(result, return_code, message)

    def redraw(self) -> None:
        """Send everything again, such as after another program wrote over the screen."""
        if self._mirror is not None:
            self._mirror.forget()
        super().redraw()
        self._pump()

    def export_screenshot(self, *, title: str | None = None, simplify: bool = True) -> str:
        """The screen as SVG, always simplified: what goes to the mirror (see `SparingCompositor`) is for it alone."""
        return super().export_screenshot(title=title, simplify=True)

    def _register(self, parent: DOMNode, *widgets: Widget, **how: Any) -> list[Widget]:
        for widget in widgets:
            if isinstance(widget, Screen):  # it has drawn nothing yet
                widget._compositor = SparingCompositor()
        return super()._register(parent, *widgets, **how)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if not isinstance(renderable, Painting) or self._batch_count or self._driver is None or self.is_headless:
            super()._display(screen, renderable)
            return
        if self._running and not self._closed:
            columns, rows = self.size
            if self._mirror is None or (self._mirror.columns, self._mirror.rows) != (columns, rows):
                system = COLOR_SYSTEMS[self.console.color_system or "truecolor"]
                if isinstance(self.pictures, Sixel):
                    self.pictures.resized(measured_cell() or self.pictures.cell)
                self._mirror = TerminalMirror(columns, rows, system, self.pictures)
            self._mirror.paint(renderable)
            self._pump_soon(0)
        self.post_display_hook()

    def _on_terminal_supports_synchronized_output(self, message: messages.TerminalSupportsSynchronizedOutput) -> None:
        super()._on_terminal_supports_synchronized_output(message)
        if self._unanswered:
            size, sent = self._unanswered.popleft()
            took = time.monotonic() - sent
            behind = size + sum(later for later, _ in self._unanswered)
            if self._link.answered(size, behind, took):
                self.link_changed(self._link.slow)
        self._pump()

    def _pump_soon(self, delay: float) -> None:
        if not self._pump_due:
            self._pump_due = True
            self.set_timer(delay, self._pump_now) if delay else self.call_later(self._pump_now)

    def _pump_now(self) -> None:
        self._pump_due = False
        self._pump()

    def _pump(self) -> None:
        """Send chunks while there is something to send and the terminal keeps up."""
        driver, mirror = self._driver, self._mirror
        if driver is None or mirror is None or not self._running or self._closed or self._leaving is not None:
            return
        first = self._first()
        while self._keeps_up():
            chunk = mirror.take(CHUNK, first)
            if not chunk:
                self._all_sent()
                return
            if self._sync_available:
                chunk = f"{SYNC_START}{chunk}{SYNC_END}{ASK}"
                self._unanswered.append((len(chunk), time.monotonic()))
            self.sent_bytes += len(chunk)
            driver.write(chunk)
            driver.flush()
        self._pump_soon(POLL if self._unanswered else SOON)

    def _all_sent(self) -> None:
        """Called when the terminal shows what is wanted."""
        if not self._settled:
            self._settled = True
            gc.freeze()  # what the start made stays; looking through it again and again took longer than a hop
        if self._key is not None and self.sent_bytes > self._key[1]:
            (when, before), self._key = self._key, None
            self.key_drawn(self.sent_bytes - before, time.monotonic() - when)

    def _keeps_up(self) -> bool:
        while self._unanswered and time.monotonic() - self._unanswered[0][1] > LOST:
            self._unanswered.popleft()
        if self._unanswered:
            return sum(size for size, _ in self._unanswered) < AHEAD
        queue = getattr(getattr(self._driver, "_writer_thread", None), "_queue", None)
        return queue is None or queue.qsize() == 0

    def _first(self) -> Region | None:
        """The picture that is looked at."""
        screen, widget = self._looked_at
        if screen is not self.screen or widget is None:
            widget = next(iter(self.screen.query("#center, #preview-cover")), None)
            self._looked_at = self.screen, widget  # asking each time costs more than a small chunk
        return None if widget is None else widget.region
