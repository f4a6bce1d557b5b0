"""The walk without a screen: where one stands, the ring, the trail, the tray. Nothing here draws or waits."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from store.database.replay import PersonalRecords
from store.neighbors.filters import NO_FILTER, Filter
from store.personal.records import blend_row
from store.records import PERSONAL, SIGNALS, Album, Neighbor, Reason, Weights
from tui.layout.ring import MAX_RING, MIN_RING
from tui.walk.kept import Kept
from tui.walk.network import Network
from tui.walk.placement import place
from tui.walk.random_album import random_row
from tui.walk.trail import Trail

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import BlendResult
    from store.neighbors.neighborhood import Neighborhood
    from store.personal.records import Personal

TRAY_LIMIT = 12
PRESETS = {  # what counts, by name; the first is the default
    "balanced": Weights(),
    "by sleeve alone": Weights(1, 0, 0, 0, 0),
    "by ear alone": replace(Weights(), cover=0, era=0, popularity=0),
}
NeighborCache = dict[tuple[str, Weights, Filter], list[Neighbor]]


class Recorder(Protocol):
    """Writes personal records in the order they come; the walk does not wait for the disk."""

    def trouble(self, wait: bool = False) -> str | None:
        """Why the last record could not be written; `wait`: once all that were asked for are."""

    def write(self, record: Callable[[Personal], None]) -> None:
        """Call `record` with the library's personal records, later."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The neighbours by slot; a slot is empty where there are fewer neighbours than slots."""

    slots: tuple[Neighbor | None, ...]

    def slot_of(self, album_id: str) -> int | None:
        """The slot that an album stands in."""
        for index, neighbor in enumerate(self.slots):
            if neighbor is not None and neighbor.album.album_id == album_id:
                return index
        return None


class Session:
    """One walk through a library that has at least one album."""

    def __init__(
        self,
        neighborhood: Neighborhood,
        start: str | None = None,
        weights: Weights | None = None,
        personal: Recorder | None = None,
        seed: int | None = None,
        trail: Trail | None = None,
        kept: PersonalRecords | None = None,
    ) -> None:
        """Without `start` the walk goes on where `trail` ends; `kept`: bookmarks and names of walks so far."""
        self.neighborhood = neighborhood
        self.snapshot = neighborhood.snapshot
        self.weights = weights or Weights()
        self.filter = NO_FILTER
        self.personal = personal
        self.playing = ""  # what the followed player is at, for people
        self.ring_size: int | None = None  # None: as many as suit the screen
        self.tray: list[Album] = []
        self.walk_id = uuid.uuid4().hex
        self.dice = random.Random(seed)
        self._count = MIN_RING
        self._neighbors: NeighborCache = {}
        self.kept = Kept(self.snapshot, kept or PersonalRecords(), self._record)
        self._steps = 0  # recorded in this sitting
        self.trail = trail or Trail(start or self._first())
        if trail is not None and start is not None and start != trail.here.album_id:
            self.trail.start(start)
            self._log_step()
        elif trail is None:
            self._log_step()
        self.ring = Ring(())
        self.network = Network()  # of the albums explored in this sitting

    # where one stands

    def album(self, album_id: str) -> Album:
        """The album of an id that this library knows."""
        return self.snapshot.album(self.neighborhood.row(album_id))

    @property
    def here(self) -> Album:
        """The album in the centre."""
        return self.album(self.trail.here.album_id)

    @property
    def previous(self) -> Album | None:
        """The album that one walked here from."""
        return None if self.trail.previous is None else self.album(self.trail.previous.album_id)

    @property
    def focused(self) -> Album:
        """The album in focus: a neighbour's or the centre's."""
        neighbor = self.focused_neighbor
        return self.here if neighbor is None else neighbor.album

    @property
    def focused_neighbor(self) -> Neighbor | None:
        """The neighbour in focus, or None when it is the centre."""
        return None if self.focused_slot is None else self.ring.slots[self.focused_slot]

    @property
    def focused_slot(self) -> int | None:
        """The slot in focus, or None when it is the centre."""
        return self.ring.slot_of(self.trail.here.focus)

    @property
    def way_here(self) -> tuple[Reason, ...]:
        """Why the centre neighbours the album that one walked here from; empty after a jump."""
        if self.previous is None:
            return ()
        return self.neighborhood.reasons(self.previous.album_id, self.here.album_id, self.weights)

    @property
    def signals(self) -> tuple[str, ...]:
        """What can count in this library: the person's own once they told of what they play."""
        return tuple(signal for signal in SIGNALS if signal not in PERSONAL or self.snapshot.plays)

    @property
    def notes(self) -> str:
        """What the mode line says of this library."""
        return f"plays: {self.playing}" if self.playing else "fictional demo" if self.here.fictional else ""

    def trouble(self, wait: bool = False) -> str | None:
        """Why the walk is not being recorded, or None; `wait`: once what was done is on the disk, or is not."""
        return None if self.personal is None else self.personal.trouble(wait)

    def record_blend(self, result: BlendResult) -> None:
        """Put a written blend into the personal records."""
        if result.path is not None:
            path, recipe = str(result.path.resolve()), json.loads(result.recipe.to_json())
            self._record(lambda personal: personal.add_blend(blend_row(path), path, recipe))

    # the ring

    def set_count(self, count: int) -> None:
        """Show `count` neighbours; those that stay keep their slots."""
        self._count = max(1, count)
        self._place(self.trail.here.slots)

    def set_weights(self, **changes: float) -> bool:
        """Change what counts and rank again; False, and nothing changes, where no weight would be above 0."""
        weights = replace(self.weights, **changes)
        if not any(getattr(weights, signal) > 0 for signal in SIGNALS):
            return False
        self.weights = weights
        self._place(self.trail.here.slots)
        return True

    def set_filter(self, chosen: Filter) -> None:
        """Show only neighbours that pass `chosen` and rank again."""
        self.filter = chosen
        self._place(self.trail.here.slots)

    def only(self, words: str) -> None:
        """Show only neighbours that the words of the query language ask for. UnknownWord where they ask for nothing."""
        self.set_filter(Filter.of(self.snapshot, words, self.bookmarks))

    @property
    def preset(self) -> str | None:
        """The name of the weights in use, or None where they are a person's own."""
        return next((name for name, weights in PRESETS.items() if weights == self.weights), None)

    def focus(self, slot: int | None) -> None:
        """Put the focus on a slot that has an album, or on the centre (None)."""
        neighbor = None if slot is None else self.ring.slots[slot]
        self.trail.here.focus = self.here.album_id if neighbor is None else neighbor.album.album_id

    # walking

    def walk(self, opposite: Callable[[int], int] | None = None) -> bool:
        """Walk to the album in focus; False when one stands there already.

        The album walked away from takes the slot `opposite` the one walked to, if it is a neighbour, and the
        focus stays on the same slot: pressing on leads on in the same direction.
        """
        slot = self.focused_slot
        if slot is None:
            return False
        left, slots = self.here.album_id, self.trail.here.slots
        wishes = {} if opposite is None else {left: opposite(slot)}
        self.jump(self.trail.here.focus, slots, wishes)
        if slot < len(self.ring.slots) and self.ring.slots[slot] is not None:
            self.focus(slot)
        return True

    def jump(self, album_id: str, slots: Sequence[str | None] = (), wishes: dict[str, int] | None = None) -> None:
        """Go to any album, as a new stop on the trail; the focus is on its best neighbour."""
        if album_id == self.here.album_id:
            return
        self.explore()
        self.trail.walk(album_id)
        self._log_step()
        self._place(slots, wishes)

    def back(self) -> bool:
        """To the stop before, as it was left; False at the start."""
        return self._leave(self.trail.back)

    def forward(self) -> bool:
        """To the stop that `back` came from, as it was left."""
        return self._leave(self.trail.forward)

    def go_to(self, seq: int) -> None:
        """To any stop of the trail, as it was left."""
        self.explore()
        self.trail.go_to(seq)
        self._place(self.trail.here.slots)

    def random(self, *, weighted: bool = False) -> bool:
        """Jump to any other album that passes the filter; False if there is none. `weighted`: rather to a known one."""
        here, draw = self.neighborhood.row(self.here.album_id), self.dice.random()
        row = random_row(self.snapshot, here, self.filter, draw, weighted)
        if row is None:
            return False
        self.jump(self.snapshot.album(row).album_id)
        return True

    # the network

    def explore(self) -> None:
        """Take the ring into the network as it is shown; done whenever one leaves it."""
        ring = [neighbor for neighbor in self.ring.slots if neighbor is not None]
        self.network.explore(self.here.album_id, ring)

    def expand(self, album_id: str) -> int:
        """Take an album's own ring into the network, as large as the one here; how many albums are new."""
        return self.network.explore(album_id, self.neighbors_of(album_id)[: self._count])

    # bookmarks

    @property
    def bookmarks(self) -> dict[str, str]:
        """The notes of the bookmarked albums by album_id, the newest mark first."""
        return self.kept.bookmarks

    def toggle_bookmark(self, album_id: str | None = None, note: str = "") -> bool:
        """Bookmark an album, that in focus where none is named, or take its mark off; whether it is bookmarked now."""
        marked = self.kept.toggle(album_id or self.focused.album_id, note)
        if self.filter.of_field("is"):  # of what is bookmarked now
            self.only(self.filter.text)
        return marked

    def name_walk(self, walk_id: str, name: str, note: str | None = None) -> str:
        """Name a walk or rename it, with another note or its own; the walk that goes on keeps what counts now."""
        weights = self.weights if walk_id == self.walk_id else None
        return self.kept.name_walk(walk_id, name, self.kept.note(walk_id) if note is None else note, weights)

    # the tray

    def toggle_tray(self, album: Album | None = None) -> bool:
        """Put an album, by default that in focus, into the tray or take it out; False when the tray is full."""
        album = album or self.focused
        if not self.in_tray(album):
            return self.into_tray(album)
        self.tray = [kept for kept in self.tray if kept.album_id != album.album_id]
        return True

    def into_tray(self, album: Album) -> bool:
        """Put an album into the tray; False when that is full."""
        if not self.in_tray(album) and len(self.tray) < TRAY_LIMIT:
            self.tray.append(album)
        return self.in_tray(album)

    def in_tray(self, album: Album) -> bool:
        """Whether an album is in the blend tray."""
        return any(kept.album_id == album.album_id for kept in self.tray)

    # inside

    def neighbors_of(self, album_id: str) -> list[Neighbor]:
        """The neighbours of an album, best first, by what counts now; the last few hundred answers are kept."""
        key = album_id, self.weights, self.filter
        if key not in self._neighbors:
            if len(self._neighbors) > 200:
                self._neighbors.pop(next(iter(self._neighbors)))
            allowed = self.filter.allowed(self.snapshot, self.neighborhood.row(album_id))
            self._neighbors[key] = self.neighborhood.neighbors(album_id, MAX_RING, self.weights, allowed=allowed)
        return self._neighbors[key]

    def _place(self, previous: Sequence[str | None] = (), wishes: dict[str, int] | None = None) -> None:
        neighbors = self.neighbors_of(self.here.album_id)
        visit = self.trail.here
        visit.slots = place(neighbors, self._count, previous, wishes)
        by_id = {neighbor.album.album_id: neighbor for neighbor in neighbors}
        self.ring = Ring(tuple(None if album_id is None else by_id[album_id] for album_id in visit.slots))
        if visit.focus != visit.album_id and self.ring.slot_of(visit.focus) is None:
            visit.focus = neighbors[0].album.album_id if neighbors else visit.album_id

    def _leave(self, move: Callable[[], bool]) -> bool:
        """Move along the trail; the stop arrived at is as it was left."""
        self.explore()
        moved = move()
        if moved:
            self._place(self.trail.here.slots)
        return moved

    def _record(self, record: Callable[[Personal], None]) -> None:
        if self.personal is not None:
            self.personal.write(record)

    def _log_step(self) -> None:
        visit, seq = self.trail.here, self._steps
        visit.walk_id = self.walk_id
        if self.personal is not None:
            came_from = None if self.trail.previous is None else self.trail.previous.album_id
            self.personal.write(lambda personal: personal.add_walk_step(self.walk_id, seq, visit.album_id, came_from))
            self._steps += 1

    def _first(self) -> str:
        """Where a first walk starts: the best known album, else any with a cover and tags."""
        known = self.snapshot.popularity
        if not np.isnan(known).all():
            return self.snapshot.album(int(np.nanargmax(known))).album_id
        drawn = [self.snapshot.album(self.dice.randrange(len(self.snapshot))) for _ in range(100)]
        return next((one for one in drawn if one.cover_sha256 and one.tags), drawn[-1]).album_id
