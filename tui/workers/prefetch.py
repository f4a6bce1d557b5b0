"""Prefetching in small steps while nobody presses a key, so that the key that is likely next has less to do.

On the screen's own thread: a thread beside it would hold Python's lock for longer than a step takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.timer import Timer

REST = 0.05  # seconds without a new plan before the first step: a held key plans nothing
PAUSE = 0.003  # seconds between steps, in which a key is heard

SetTimer = Callable[[float, Callable[[], None]], Timer]


class Prefetch:
    """Runs the steps of the latest plan; a new one takes the place of what is left of the one before."""

    def __init__(self, set_timer: SetTimer) -> None:
        self._set_timer = set_timer
        self._steps: Iterator[None] = iter(())
        self._waiting: Timer | None = None

    def plan(self, steps: Iterator[None]) -> None:
        """Run `steps` up to each `yield`, one at a time, once there is rest."""
        if self._waiting is not None:
            self._waiting.stop()
        self._steps = steps
        self._waiting = self._set_timer(REST, self._step)

    def _step(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self._waiting = None
        else:
            self._waiting = self._set_timer(PAUSE, self._step)
