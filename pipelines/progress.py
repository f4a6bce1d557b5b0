"""How far long work has come: one small object that any front end can draw, and the one for stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Task

WINDOW = 15.0  # seconds that the rate looks back on: notices a slow network, and is calm


class Progress:
    """Counts, and shows nothing; a front end overrides `show`. For one thread: the one that does the bookkeeping."""

    def __init__(self) -> None:
        self.start("", None)

    def start(self, label: str, total: int | None) -> None:
        """Begin work called `label` on `total` items (None: nobody knows)."""
        self.label = label
        self.total = total
        self.done = 0
        self.note = ""
        self.show(final=False)

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """`count` more items are done; `note` replaces the note where given ("" takes it off)."""
        self.done += count
        self.note = self.note if note is None else note
        self.show(final=False)

    def finish(self, note: str = "") -> None:
        """The work has ended, well or not; `note` says how."""
        self.note = note or self.note
        self.show(final=True)

    def show(self, final: bool) -> None:
        """Draw the present state. Called at every change: an implementation limits how often it draws."""


class StderrProgress(Progress):
    """rich's progress in one line on a terminal; in a log the same line now and then and at the end."""

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic, every: float | None = None
    ) -> None:
        """`every`: seconds between plain lines, also on a terminal; None: a line each half minute in a log."""
        from rich import progress
        from rich.console import Console
        from rich.text import Text

        class Steady(Console):
            def show_cursor(self, show: bool = True) -> bool:
                """Never hidden: a killed run leaves the terminal as it was."""
                return False

        class Line(progress.ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(line(task), no_wrap=True, overflow="ellipsis")

        self._stream = stream if stream is not None else sys.stderr
        console = Steady(file=self._stream)
        self._live = console.is_terminal and not console.is_dumb_terminal and every is None
        self._every = 0.1 if self._live else 30.0 if every is None else every
        self._clock = clock
        # The first plain line of a log comes after half a minute: short work logs its end alone.
        self._drawn_at = clock() if every is None else 0.0
        self._tasks = progress.Progress(
            Line(), console=console, get_time=clock, auto_refresh=False, redirect_stdout=False, redirect_stderr=False,
            speed_estimate_period=WINDOW, disable=not self._live,
        )  # fmt: skip
        super().__init__()

    def start(self, label: str, total: int | None) -> None:
        """Another line, for other work."""
        for old in self._tasks.task_ids:
            self._tasks.remove_task(old)
        self._task = self._tasks.add_task(label, total=total, note="")
        if label:
            self._tasks.start()
        super().start(label, total)

    def show(self, final: bool) -> None:
        """Write the line where it is due."""
        self._tasks.update(self._task, completed=self.done, note=self.note)
        now = self._clock()
        if not self.label or not (final or now - self._drawn_at >= self._every):
            return
        self._drawn_at = now
        if self._live:
            self._tasks.refresh()
            if final:
                self._tasks.stop()
        else:
            self._stream.write(line(self._tasks.tasks[0]) + "\n")
            self._stream.flush()


def line(task: Task) -> str:
    """`Covers  1,024 of 4,197  24 %  260/s  12 s left  · note`."""
    done, total, speed = int(task.completed), task.total, task.finished_speed or task.speed
    parts = [task.description, f"{done:,}" if total is None else f"{done:,} of {int(total):,}"]
    if total:
        parts.append(f"{min(100, 100 * done // int(total))} %")
    if speed:
        parts.append(f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s")
    if task.time_remaining:
        parts.append(f"{duration(task.time_remaining)} left")
    if task.fields["note"]:
        parts.append(f"· {task.fields['note']}")
    return "  ".join(parts)


def duration(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
