"""The trail of a walk: a tree of visits with a place in it, so that back and forward lose nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.walk.placement import Slots

if TYPE_CHECKING:
    from store.database.replay import WalkStep

DEEPEST = 8  # branches are indented no further


@dataclass(slots=True)
class Visit:
    """One stop of the walk and what its screen looked like when it was left."""

    seq: int
    album_id: str
    came_from: int | None  # seq of the visit walked from
    focus: str = ""  # album_id in focus; empty until the ring is known
    slots: Slots = ()
    next: int | None = None  # seq of the visit that `forward` leads to: the last one walked to from here
    walk_id: str = ""  # the recorded walk that it belongs to


class Trail:
    """Every visit in order, those of earlier sittings too; `here` is where the person stands."""

    def __init__(self, album_id: str) -> None:
        self.visits: list[Visit] = [Visit(0, album_id, None)]
        self.position = 0

    @classmethod
    def of_steps(cls, steps: Sequence[WalkStep]) -> Trail | None:
        """The trail of recorded steps, oldest first; None of no steps.

        A step is tied to the latest visit of the album that it came from; without one it starts a tree of its own.
        """
        if not steps:
            return None
        trail = cls(steps[0].album_id)
        trail.here.walk_id = steps[0].walk_id
        latest = {steps[0].album_id: 0}
        for step in steps[1:]:
            seq, before = len(trail.visits), None if step.came_from is None else latest.get(step.came_from)
            trail.visits.append(Visit(seq, step.album_id, before, walk_id=step.walk_id))
            if before is not None:
                trail.visits[before].next = seq
            latest[step.album_id] = seq
        trail.position = len(trail.visits) - 1
        return trail

    def start(self, album_id: str) -> Visit:
        """A new visit that was walked to from nowhere, which becomes `here`."""
        visit = Visit(len(self.visits), album_id, None)
        self.visits.append(visit)
        self.position = visit.seq
        return visit

    def go_to(self, seq: int) -> None:
        """Stand at any visit again; back leads along its own path, forward on where that path went."""
        self.position = seq
        visit = self.here
        while visit.came_from is not None:
            self.visits[visit.came_from].next = visit.seq
            visit = self.visits[visit.came_from]

    def tree(self) -> list[tuple[int, Visit]]:
        """Every visit with the depth of its branch, each stop above what was walked to from it.

        The first way on from a stop keeps the depth; other ways stand between, one deeper.
        """
        ways: dict[int | None, list[Visit]] = {}
        for visit in self.visits:
            ways.setdefault(visit.came_from, []).append(visit)
        rows: list[tuple[int, Visit]] = []
        waiting = [(0, visit) for visit in reversed(ways.get(None, []))]
        while waiting:
            depth, visit = waiting.pop()
            rows.append((depth, visit))
            on = ways.get(visit.seq, [])
            waiting += [(depth, first) for first in on[:1]]
            waiting += [(depth + 1, other) for other in reversed(on[1:])]
        return rows

    def firsts(self) -> dict[int, int]:
        """The first visit walked to from each that was walked on from, by their seq; all others fork."""
        found: dict[int, int] = {}
        for visit in self.visits:
            if visit.came_from is not None:
                found.setdefault(visit.came_from, visit.seq)
        return found

    @property
    def here(self) -> Visit:
        """The visit that the person is at."""
        return self.visits[self.position]

    @property
    def previous(self) -> Visit | None:
        """The visit that `here` was walked to from."""
        return None if self.here.came_from is None else self.visits[self.here.came_from]

    def walk(self, album_id: str) -> Visit:
        """A new visit below `here`, which becomes `here`. Other branches stay in the tree."""
        visit = Visit(len(self.visits), album_id, self.position)
        self.here.next = visit.seq
        self.visits.append(visit)
        self.position = visit.seq
        return visit

    def back(self) -> bool:
        """Step to where `here` was walked to from; False at the start."""
        if self.here.came_from is None:
            return False
        self.visits[self.here.came_from].next = self.position
        self.position = self.here.came_from
        return True

    def forward(self) -> bool:
        """Undo the last step back; False where nothing was walked to from here."""
        if self.here.next is None:
            return False
        self.position = self.here.next
        return True

    def path(self) -> tuple[list[Visit], list[Visit]]:
        """The visits from the start to `here`, and those that `forward` would step through."""
        behind = [self.here]
        while behind[-1].came_from is not None:
            behind.append(self.visits[behind[-1].came_from])
        ahead: list[Visit] = []
        visit = self.here
        while visit.next is not None:
            visit = self.visits[visit.next]
            ahead.append(visit)
        return behind[::-1], ahead

    def recent(self) -> list[str]:
        """Every album of the walk once, the latest first."""
        return list(dict.fromkeys(visit.album_id for visit in reversed(self.visits)))


def branch(depth: int, forks: bool) -> str:
    """What stands before a stop of that depth, two columns a branch; `forks`: it is another way on from its stop."""
    depth = min(depth, DEEPEST)
    return "│ " * (depth - forks) + ("├─" if forks and depth else "")
