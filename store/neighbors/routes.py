"""Routes: the way from one album to another whose weakest step is as strong as can be.

A step joins two albums of which one is in the ring of the other; the score of a pair is the same both ways.
Rings are looked at from both ends at once, strongest first, until no unseen ring can make the weakest step
stronger.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from store.neighbors.filters import NO_FILTER, Filter
from store.neighbors.neighborhood import Neighborhood
from store.records import DEFAULT_WEIGHTS, Route, Step, Weights

MAX_RINGS = 600  # neighbourhoods looked at: about a second for 4,000 albums, two for 24,000
_BATCH = 24  # rings computed together: one search for all their covers


def find_route(
    neighborhood: Neighborhood,
    a: str,
    b: str,
    weights: Weights = DEFAULT_WEIGHTS,
    k: int = 12,
    max_rings: int = MAX_RINGS,
    should_stop: Callable[[], bool] = lambda: False,
    chosen: Filter = NO_FILTER,
) -> Route:
    """The strongest route from album_id `a` to `b` over rings of `k` neighbours, looking out from both.

    Of the routes whose weakest step is strongest it is one with the fewest steps, of those one with the
    strongest steps in sum, then by name. Where `max_rings` rings do not settle which is strongest the best
    one found is returned and `why` says so; where there is none `steps` is empty and `why` says why.
    `should_stop()` is asked between rings and ends the search the same way. Every album on the way passes
    `chosen`; the two ends need not. UnknownAlbum for an id that is no album.
    """
    start, goal = neighborhood.row(a), neighborhood.row(b)
    if start == goal:
        return Route((Step(neighborhood.snapshot.album(start), None),))
    allowed = chosen.allowed_between(neighborhood.snapshot, (start, goal))
    rings = Rings(neighborhood, weights, k, max_rings, should_stop, allowed)
    weakest = widest(rings, start, goal)
    if weakest is None:
        return Route((), None, _why_none(neighborhood, (start, goal), rings, chosen.is_set))
    settled = not rings.ended
    path = shortest(rings, start, goal, weakest)
    snapshot = neighborhood.snapshot
    steps = [Step(snapshot.album(start), None)]
    for before, row, score in path:
        reasons = neighborhood.reasons(snapshot.album_ids[before], snapshot.album_ids[row], weights)
        steps.append(Step(snapshot.album(row), score, reasons))
    unsettled = f"the strongest found in {len(rings.known):,} neighbourhoods; there may be a stronger one"
    return Route(tuple(steps), min(score for *_, score in path), "" if settled else unsettled)


class Rings:
    """Rings by row, each computed once; `ended` once no more may be computed."""

    def __init__(
        self,
        neighborhood: Neighborhood,
        weights: Weights,
        k: int,
        limit: int,
        should_stop: Callable[[], bool],
        may_follow: Callable[[int], np.ndarray | None],
    ) -> None:
        self._neighborhood, self._weights, self._k, self._may_follow = neighborhood, weights, k, may_follow
        self._limit, self._should_stop = limit, should_stop
        self.known: dict[int, list[tuple[int, float]]] = {}
        self.ended = self.stopped = self._closed = False
        self.unsettled = False  # whether a search ended before it was sure to have the strongest way
        self.without: frozenset[int] = frozenset()  # rows that no way may lead through

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Within it no ring is computed, and an album without one leads nowhere."""
        self._closed, self.ended = True, False
        try:
            yield
        finally:
            self._closed = False

    def allow(self, more: int) -> None:
        """Let so many more rings be computed from here on."""
        self._limit, self.ended = len(self.known) + more, False

    def compute(self, rows: list[int]) -> None:
        """Make the rings of `rows` known, as far as the bound allows."""
        missing = [row for row in dict.fromkeys(rows) if row not in self.known]
        self.unsettled = self.unsettled or (self._closed and bool(missing))
        if not missing or self._closed:
            return
        self.stopped = self.stopped or self._should_stop()
        allowed = 0 if self.stopped else self._limit - len(self.known)
        self.ended = self.ended or len(missing) > allowed
        found = self._neighborhood.rings(missing[:allowed], self._k, self._weights, allowed=self._may_follow)
        for row, ring in zip(missing, found, strict=False):
            self.known[row] = list(zip(ring.rows.tolist(), ring.fused.tolist(), strict=True))

    def of(self, row: int) -> list[tuple[int, float]]:
        """(neighbour's row, score) of the ring around `row`, best first; [] where it is not known."""
        ring = self.known.get(row, [])
        return [pair for pair in ring if pair[0] not in self.without] if self.without else ring

    def score(self, row: int, other: int) -> float | None:
        """How strong the step between two rows is; None where neither is in the other's ring as far as known."""
        ways = ((row, other), (other, row))
        return next((score for a, b in ways for at, score in self.known.get(a, []) if at == b), None)


class _Side:
    """The search from one end: how strong the weakest step is on the best way found to each row."""

    def __init__(self, row: int) -> None:
        self.width = {row: float("inf")}
        self.looked_at = 0
        self._steps = {row: 0}
        self._changed = {row}  # rows whose way is new or better since they were looked at
        self._strongest: list[tuple[float, int]] = [(-float("inf"), row)]
        self._nearest: list[tuple[int, float, int]] = [(0, -float("inf"), row)]

    def reach(self, row: int, width: float, steps: int) -> bool:
        """Note a way to `row`; whether it is stronger than what was known."""
        if width <= self.width.get(row, -1.0):
            return False
        self.width[row], self._steps[row] = width, steps
        self._changed.add(row)
        heapq.heappush(self._strongest, (-width, row))
        heapq.heappush(self._nearest, (steps, -width, row))
        return True

    def steps(self, row: int) -> int:
        """Steps on the best way to `row`."""
        return self._steps[row]

    def strongest(self) -> float:
        """The width of the strongest way to a row not looked at; -1 where there is none."""
        while self._strongest and self._is_old(*self._strongest[0]):
            heapq.heappop(self._strongest)
        return -self._strongest[0][0] if self._strongest else -1.0

    def batch(self, best: float) -> list[int]:
        """The next rows to look at: the nearest until the ends have met, then the strongest above `best`."""
        rows: list[int] = []
        while len(rows) < _BATCH:
            if best < 0 and self._nearest:
                _, width, row = heapq.heappop(self._nearest)
            elif best >= 0 and self._strongest and -self._strongest[0][0] > best:
                width, row = heapq.heappop(self._strongest)
            else:
                break
            if not self._is_old(width, row):
                self._changed.remove(row)
                rows.append(row)
        self.looked_at += len(rows)
        return rows

    def _is_old(self, minus_width: float, row: int) -> bool:
        return row not in self._changed or -minus_width != self.width[row]


def widest(rings: Rings, start: int, goal: int) -> float | None:
    """The strength of the best route's weakest step; None where there is no route, or none was found in time.

    Dijkstra's search with min for plus, from both ends. First it goes for any meeting, then for stronger
    ones; a row whose way gets better is looked at again. It ends when each end has looked at every row that
    it reaches by a way stronger than the best meeting, for then no stronger meeting is left.
    """
    sides = (_Side(start), _Side(goal))
    best = -1.0
    while not rings.ended:
        open_sides = [number for number in (0, 1) if sides[number].strongest() > best]
        if not open_sides:
            break
        number = min(open_sides, key=lambda one: sides[one].looked_at)
        side, other_side = sides[number], sides[1 - number]
        rows = side.batch(best)
        rings.compute(rows)
        for row in rows:
            for other, score in rings.of(row):
                width = min(side.width[row], score)
                if side.reach(other, width, side.steps(row) + 1) and other in other_side.width:
                    best = max(best, min(width, other_side.width[other]))
    return best if best >= 0 else None


def shortest(rings: Rings, start: int, goal: int, weakest: float) -> list[tuple[int, int, float]]:
    """(from, to, score) of the fewest steps that are all at least `weakest`; ties by the sum of scores,
    then by row. Empty where there is no such way.
    """
    ways = (_Ways(start), _Ways(goal))
    while True:
        meeting = [row for row in ways[0].steps if row in ways[1].steps]
        fewest = min((ways[0].steps[row] + ways[1].steps[row] for row in meeting), default=None)
        growing = [way for way in ways if way.layer]
        # A row not yet met is further from one end than that end has looked.
        if not growing or (fewest is not None and fewest <= min(way.depth for way in growing) + 1):
            break
        min(growing, key=lambda way: way.depth).grow(rings, weakest)
    if not meeting:
        return []
    middle = min(
        meeting,
        key=lambda row: (
            ways[0].steps[row] + ways[1].steps[row],
            -round(ways[0].total[row] + ways[1].total[row], 9),
            row,
        ),
    )
    outward = ways[0].back_from(middle)[::-1]
    return outward + [(after, before, score) for before, after, score in ways[1].back_from(middle)]


def widest_within(rings: Rings, start: int, goal: int, steps: int) -> float:
    """The strength of the weakest step of the best route of at most `steps`, over the rings that are known; -1 where
    there is none.
    """
    ways = [_widths(rings, row, steps) for row in (start, goal)]
    best = -1.0
    for first in range(steps + 1):
        outward, back = ways[0][first], ways[1][steps - first]
        best = max([best, *(min(width, back[row]) for row, width in outward.items() if row in back)])
    return best


def _widths(rings: Rings, row: int, steps: int) -> list[dict[int, float]]:
    """For 0 to `steps` steps: how strong the weakest is on the best way from `row` to each that so many reach."""
    found, changed = [{row: float("inf")}], {row}
    for _ in range(steps):
        before, after = found[-1], dict(found[-1])
        for at in changed:
            for other, score in rings.of(at):
                width = min(before[at], score)
                if width > after.get(other, -1.0):
                    after[other] = width
        changed = {other for other, width in after.items() if width > before.get(other, -1.0)}
        found.append(after)
    return found


class _Ways:
    """Breadth first from one end: the fewest steps to each row, among those the strongest in sum."""

    def __init__(self, row: int) -> None:
        self.layer = [row]
        self.depth = 0
        self.steps = {row: 0}
        self.total = {row: 0.0}
        self.came_from: dict[int, tuple[int, float]] = {}

    def grow(self, rings: Rings, weakest: float) -> None:
        """One step further over all edges of at least `weakest`."""
        rings.compute(self.layer)
        self.depth += 1
        following: set[int] = set()
        for row in sorted(self.layer):
            for other, score in rings.of(row):
                if score < weakest or self.steps.get(other, self.depth) < self.depth:
                    continue
                total = self.total[row] + score
                if other not in following or total > self.total[other] + 1e-9:
                    following.add(other)
                    self.steps[other], self.total[other] = self.depth, total
                    self.came_from[other] = (row, score)
        self.layer = sorted(following)

    def back_from(self, row: int) -> list[tuple[int, int, float]]:
        """(before, row, score) from `row` back to the end."""
        path: list[tuple[int, int, float]] = []
        while row in self.came_from:
            before, score = self.came_from[row]
            path.append((before, row, score))
            row = before
        return path


def _why_none(neighborhood: Neighborhood, ends: tuple[int, int], rings: Rings, filtered: bool) -> str:
    within = " within the filters" if filtered else ""
    advice = "" if filtered else "; try a larger -k or other weights"
    if rings.stopped:
        return "stopped before a route was found"
    if rings.ended:
        return f"no route found in {len(rings.known):,} neighbourhoods{within}{advice}"
    for row in ends:
        if not rings.of(row):
            return f"{neighborhood.snapshot.album(row).label} has no neighbours{within or ' with these weights'}"
    first, second = (neighborhood.snapshot.album(row).label for row in ends)
    return f"no chain of neighbours joins {first} and {second}{within}{advice}"
