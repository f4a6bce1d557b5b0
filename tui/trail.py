"""The trail of a walk: a tree of visits with a place in it, so that back and forward lose nothing."""

from __future__ import annotations

from dataclasses import dataclass

from tui.placement import Slots


@dataclass(slots=True)
class Visit:
    """One stop of the walk and what its screen looked like when it was left."""

    seq: int
    album_id: str
    came_from: int | None  # seq of the visit walked from
    focus: str = ""  # album_id in focus; empty until the ring is known
    slots: Slots = ()
    next: int | None = None  # seq of the visit that `forward` leads to: the last one walked to from here


class Trail:
    """Every visit of this walk in order; `here` is where the person stands."""

    def __init__(self, album_id: str) -> None:
        self.visits: list[Visit] = [Visit(0, album_id, None)]
        self.position = 0

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
