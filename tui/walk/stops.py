"""The visits of a trail as an export has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.walk.trail import Trail

if TYPE_CHECKING:
    from pipelines.exports.walk import Stop
    from store.neighbors.neighborhood import Neighborhood


def stops_of(trail: Trail, neighborhood: Neighborhood, walk_id: str | None = None) -> list[Stop]:
    """Every visit as an export has it: its album, and why the stop before neighbours it.

    `walk_id`: those of one walk only, counted from 0; one that was walked to from another walk is a start.
    """
    from pipelines.exports.walk import Stop

    snapshot, stops = neighborhood.snapshot, []
    visits = [visit for visit in trail.visits if walk_id in (None, visit.walk_id)]
    number = {visit.seq: place for place, visit in enumerate(visits)}
    for visit in visits:
        came_from = None if visit.came_from is None else number.get(visit.came_from)
        before = None if came_from is None else visits[came_from].album_id
        reasons = () if before is None else neighborhood.reasons(before, visit.album_id)
        album = snapshot.album(neighborhood.row(visit.album_id))
        stops.append(Stop(number[visit.seq], album, came_from, reasons))
    return stops
