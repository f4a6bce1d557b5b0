"""Routes: the way from one album to another whose weakest step is as strong as can be."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from store.errors import UnknownAlbum
from store.neighborhood import Neighborhood
from store.records import Route, Step, Weights

MAX_RINGS = 2_000  # neighbourhoods looked at before giving up; some seconds


def find_route(
    neighborhood: Neighborhood,
    a: str,
    b: str,
    weights: Weights = Weights(),
    k: int = 12,
    max_rings: int = MAX_RINGS,
    should_stop: Callable[[], bool] = lambda: False,
) -> Route:
    """The route from album_id `a` to `b` over rings of `k` neighbours: every step is one that a person could walk.

    Its weakest step is as strong as can be; of several such routes the one with the fewest steps, of those the one
    with the strongest steps in sum, then by name. `steps` is empty and `why` says why where there is none, where
    the work grows beyond `max_rings` neighbourhoods, and where `should_stop()` says so (asked once a ring).
    UnknownAlbum for an id that is no album.
    """
    start, goal = _row(neighborhood, a), _row(neighborhood, b)
    rings = _Rings(neighborhood, weights, k, max_rings, should_stop)
    if start == goal:
        return Route((Step(neighborhood.snapshot.album(start), None),))
    try:
        weakest = _widest(rings, start, goal)
        path = _shortest(rings, start, goal, weakest) if weakest is not None else []
    except _GaveUp as gave_up:
        return Route((), None, str(gave_up))
    if weakest is None:
        return Route((), None, _why_none(neighborhood, start, rings))
    steps = [Step(neighborhood.snapshot.album(start), None)]
    for before, row, score in path:
        ids = neighborhood.snapshot.album_ids
        reasons = neighborhood.reasons(ids[before], ids[row], weights)
        steps.append(Step(neighborhood.snapshot.album(row), score, reasons))
    return Route(tuple(steps), weakest)


class _GaveUp(Exception):
    """The bound was reached; the message says so to people."""


class _Rings:
    """Rings by row, each computed once."""

    def __init__(
        self,
        neighborhood: Neighborhood,
        weights: Weights,
        k: int,
        limit: int,
        should_stop: Callable[[], bool],
    ) -> None:
        self._neighborhood, self._weights, self._k = neighborhood, weights, k
        self._limit, self._should_stop = limit, should_stop
        self.known: dict[int, list[tuple[int, float]]] = {}

    def of(self, row: int) -> list[tuple[int, float]]:
        """(neighbour's row, score) of the ring around `row`, best first."""
        ring = self.known.get(row)
        if ring is None:
            if self._should_stop():
                raise _GaveUp("stopped before a route was found")
            if len(self.known) >= self._limit:
                raise _GaveUp(
                    f"no route found within {self._limit:,} neighbourhoods; try a larger -k or other weights"
                )
            found = self._neighborhood.ring(row, self._k, self._weights)
            ring = list(zip(found.rows.tolist(), found.fused.tolist(), strict=True))
            self.known[row] = ring
        return ring


def _widest(rings: _Rings, start: int, goal: int) -> float | None:
    """The strength of the best route's weakest step, None where there is no route (Dijkstra, with min for plus)."""
    best = {start: float("inf")}
    done: set[int] = set()
    queue = [(-best[start], start)]
    while queue:
        width, row = heapq.heappop(queue)
        if row == goal:
            return -width
        if row in done:
            continue
        done.add(row)
        for other, score in rings.of(row):
            reached = min(-width, score)
            if reached > best.get(other, -1.0):
                best[other] = reached
                heapq.heappush(queue, (-reached, other))
    return None


def _shortest(rings: _Rings, start: int, goal: int, weakest: float) -> list[tuple[int, int, float]]:
    """(from, to, score) of the fewest steps that are all at least `weakest`; ties by the sum of scores, then by row."""
    layer = {start: 0.0}  # row to the best sum of scores on the way there
    came_from: dict[int, tuple[int, float]] = {start: (start, 0.0)}
    while goal not in came_from:
        following: dict[int, tuple[float, int, float]] = {}
        for row in sorted(layer):
            for other, score in rings.of(row):
                total = layer[row] + score
                if (
                    score >= weakest
                    and other not in came_from
                    and total > following.get(other, (-1.0, 0, 0.0))[0]
                ):
                    following[other] = (total, row, score)
        came_from |= {other: (row, score) for other, (_, row, score) in following.items()}
        layer = {other: total for other, (total, _, _) in following.items()}
    path: list[tuple[int, int, float]] = []
    row = goal
    while row != start:
        before, score = came_from[row]
        path.append((before, row, score))
        row = before
    return path[::-1]


def _why_none(neighborhood: Neighborhood, start: int, rings: _Rings) -> str:
    label = neighborhood.snapshot.album(start).label
    if not rings.known.get(start):
        return f"{label} has no neighbours with these weights"
    return f"no chain of neighbours leads there: {len(rings.known):,} albums can be reached from {label}"


def _row(neighborhood: Neighborhood, album_id: str) -> int:
    row = neighborhood.snapshot.row(album_id)
    if row is None:
        raise UnknownAlbum(f"no album with the id {album_id} in this library")
    return row
