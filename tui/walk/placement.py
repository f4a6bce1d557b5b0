"""Which neighbour goes to which slot: who stays keeps the place, the rest fill up by reason and rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from store.records import Neighbor

Slots = tuple[str | None, ...]  # the album_id in each slot


def place(
    neighbors: Sequence[Neighbor],
    count: int,
    previous: Sequence[str | None] = (),
    wishes: Mapping[str, int] | None = None,
) -> Slots:
    """`count` slots for the first `count` of `neighbors` (best first).

    An album that stood in slot i of `previous` stands there again; an album in `wishes` takes the wished
    slot, or the nearest free one. The others fill the free slots in order, grouped by their strongest reason
    so that edges of one colour lie together.
    """
    chosen = list(neighbors[:count])
    slots: list[str | None] = [None] * count
    waiting = {neighbor.album.album_id for neighbor in chosen}
    for index, album_id in enumerate(previous[:count]):
        if album_id in waiting:
            slots[index] = album_id
            waiting.discard(album_id)
    for album_id, wish in (wishes or {}).items():
        free = [index for index, taken in enumerate(slots) if taken is None]
        if album_id in waiting and free:
            slots[min(free, key=lambda index: _around(index, wish, count))] = album_id
            waiting.discard(album_id)
    rest = (neighbor for neighbor in _by_reason(chosen) if neighbor.album.album_id in waiting)
    for index, taken in enumerate(slots):
        if taken is None:
            slots[index] = next((neighbor.album.album_id for neighbor in rest), None)
    return tuple(slots)


def _around(a: int, b: int, count: int) -> int:
    """Steps between two slots along the ring."""
    return min((a - b) % count, (b - a) % count)


def _by_reason(neighbors: Sequence[Neighbor]) -> list[Neighbor]:
    """Grouped by strongest reason, the group of the best neighbour first, by rank within a group."""
    first: dict[str, int] = {}
    for rank, neighbor in enumerate(neighbors):
        first.setdefault(neighbor.strongest.signal, rank)
    return sorted(neighbors, key=lambda neighbor: first[neighbor.strongest.signal])
