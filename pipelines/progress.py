"""How far long work has come: one small object that any front end can draw."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

_WINDOW = 15.0  # seconds that the rate looks back on: notices a slow network, and is calm


class Progress:
    """Counts, and shows nothing. A front end derives from it and overrides `show`.

    Not thread-safe: the thread that does the work's bookkeeping calls it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.start("", None)

    def start(self, label: str, total: int | None) -> None:
        """Begin work called `label` on `total` items (None: nobody knows)."""
        self.label = label
        self.total = total
        self.done = 0
        self.note = ""
        self._began = self._clock()
        self._samples: deque[tuple[float, int]] = deque([(self._began, 0)])
        self.show(final=False)

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """`count` more items are done; `note` replaces the note where given ("" takes it off)."""
        self.done += count
        self.note = self.note if note is None else note
        now = self._clock()
        if now - self._samples[-1][0] >= _WINDOW / 60:
            self._samples.append((now, self.done))
            while len(self._samples) > 2 and now - self._samples[1][0] > _WINDOW:
                self._samples.popleft()
        self.show(final=False)

    def finish(self, note: str = "") -> None:
        """The work has ended, well or not; `note` says how."""
        self.note = note or self.note
        self.show(final=True)

    @property
    def seconds(self) -> float:
        """Time since `start`."""
        return self._clock() - self._began

    @property
    def rate(self) -> float:
        """Items a second, of late; 0 before anything is known."""
        then, done = self._samples[0]
        elapsed = self._clock() - then
        return (self.done - done) / elapsed if elapsed > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds left at this rate; None where the total or the rate is unknown."""
        if self.total is None or self.rate == 0:
            return None
        return max(0, self.total - self.done) / self.rate

    def show(self, final: bool) -> None:
        """Draw the present state. Called at every change: an implementation limits how often it draws."""


class StderrProgress(Progress):
    """One line that is redrawn on a terminal; elsewhere (a log) a plain line now and then and at the end."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._terminal = self._stream.isatty()
        self._every = 0.1 if self._terminal else 30.0
        self._drawn_at = clock()  # the first plain line comes after half a minute: short work logs its end alone
        super().__init__(clock)

    def show(self, final: bool) -> None:
        """Write the line where it is due."""
        now = self._clock()
        if not self.label or not (final or now - self._drawn_at >= self._every):
            return
        self._drawn_at = now
        line = self.line()
        if self._terminal:
            # Truncated, not wrapped: a wrapped line cannot be redrawn by a carriage return.
            self._stream.write(f"\r{line[: _columns(self._stream) - 1]}\x1b[K{chr(10) if final else ''}")
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def line(self) -> str:
        """`Covers  1,024 of 4,197  24 %  260/s  12 s left  · note`."""
        parts = [self.label]
        if self.total is None:
            parts.append(f"{self.done:,}")
        else:
            parts.append(f"{self.done:,} of {self.total:,}")
            if self.total:
                parts.append(f"{min(100, 100 * self.done // self.total)} %")
        if self.rate:
            parts.append(f"{self.rate:,.0f}/s" if self.rate >= 10 else f"{self.rate:.1f}/s")
        if self.remaining:
            parts.append(f"{duration(self.remaining)} left")
        if self.note:
            parts.append(f"· {self.note}")
        return "  ".join(parts)


class LineProgress(StderrProgress):
    """A plain line twice a second, for a program that reads along."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._terminal, self._every, self._drawn_at = False, 0.5, 0.0


def duration(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _columns(stream: TextIO) -> int:
    import os

    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
