"""The directions that a blend may drift in, all of them in sight, in columns as the room has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from tui.text import pad, plain, width
from tui.walk.bench import Bench
from tui.widgets.lines import Lines, Span

LONGEST = 22  # columns of a direction's name
STEPS = 4  # columns of how far the blend drifted


class Directions(Lines):
    """One stands out: that in which the next step goes; those in which it drifted tell how far."""

    @dataclass
    class Pointed(Message):
        """A click chose the direction at a place."""

        place: int

    _names: Sequence[str] = ()
    _start = 0  # place of the first that is shown

    def show_bench(self, bench: Bench, directions: Sequence[str]) -> None:
        """As many as there is room for, in columns; the page with the chosen one."""
        self._names, palette = directions, self.palette
        rows, across = max(1, self.size.height), self._across
        chosen = bench.direction % len(directions) if directions else 0
        start = chosen // (rows * across) * rows * across
        drawn: list[list[Span]] = []
        for row in range(rows):
            spans: list[Span] = []
            for place in range(start + row, min(start + rows * across, len(directions)), rows):
                name, steps = plain(directions[place]), bench.draft.steps(directions[place])
                style = palette.focus if place == chosen else palette.text("accent" if steps else "quiet")
                spans.append((pad(f" {name}", self._column - STEPS), style))
                spans.append((pad(f"{steps:+g}" if steps else "", STEPS), style))
            drawn.append(spans)
        self._start = start
        self.show(drawn)

    @property
    def _column(self) -> int:
        longest = max((width(plain(name)) for name in self._names), default=8)
        return min(LONGEST, longest) + 2 + STEPS

    @property
    def _across(self) -> int:
        return max(1, self.size.width // self._column)

    def on_click(self, event: events.Click) -> None:
        """Tell which."""
        event.stop()
        place = self._start + event.x // self._column * max(1, self.size.height) + event.y
        if place < len(self._names) and event.x // self._column < self._across:
            self.post_message(self.Pointed(place))
