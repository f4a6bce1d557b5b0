"""The recorded walks as a list, and one of them by its name or id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.database.replay import PersonalRecords, WalkName, WalkStep
from store.errors import UnknownWalk
from store.text import clean, key

SHORT_ID = 8  # characters of a walk's id that are shown
_LISTED = 8  # walks named in an error


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk, at least one step, in their order."""

    walk_id: str
    steps: tuple[WalkStep, ...]
    named: WalkName | None = None

    @property
    def name(self) -> str:
        """'' where it has none."""
        return "" if self.named is None else self.named.name

    @property
    def started_at(self) -> datetime:
        """When its first album was arrived at, UTC."""
        return min(step.walked_at for step in self.steps)

    @property
    def label(self) -> str:
        """`1a2b3c4d`, or `1a2b3c4d "its name"`, without control characters."""
        short = clean(self.walk_id)[:SHORT_ID]
        return f'{short} "{clean(self.name, 60)}"' if self.name else short


def recorded_walks(records: PersonalRecords) -> list[Walk]:
    """Every walk, the newest first."""
    names = {named.walk_id: named for named in records.walk_names}
    steps: dict[str, list[WalkStep]] = {}
    for step in records.walks:
        steps.setdefault(step.walk_id, []).append(step)
    walks = [Walk(walk_id, tuple(taken), names.get(walk_id)) for walk_id, taken in steps.items()]
    return walks[::-1]


def find_walk(walks: Sequence[Walk], text: str) -> Walk:
    """The walk of that id or name (by key), or whose id starts so. UnknownWalk where there is none or several."""
    wanted = key(text)
    ways = (
        [walk for walk in walks if walk.walk_id == text],
        [walk for walk in walks if walk.name and walk.name == clean(text)],
        [walk for walk in walks if walk.name and wanted and key(walk.name) == wanted],
        [walk for walk in walks if text and walk.walk_id.startswith(text)],
    )
    found = next((way for way in ways if way), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownWalk(f"{len(found)} walks go by {clean(text, 60)!r}: {_listed(found)}; name one by its id")
    there = f"there are {_listed(walks)}" if walks else "none is recorded yet"
    raise UnknownWalk(f"no walk goes by {clean(text, 60)!r}; {there}")


def _listed(walks: Sequence[Walk]) -> str:
    more = len(walks) - _LISTED
    return ", ".join(walk.label for walk in walks[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")
