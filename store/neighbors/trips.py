"""Routes as a person wants them: over several stops, with a number of steps, few albums of an artist, another way.

Each leg between two stops is the strongest route (`store.neighbors.routes`) through albums that are not left out yet.
A wish for fewer steps takes the weakest step as weak as it must be; one for more puts the best fitting album between
two others, again and again. Finding the very best is not claimed: with these wishes that is a hard problem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from store.neighbors.filters import NO_FILTER, Filter
from store.neighbors.neighborhood import Neighborhood
from store.neighbors.routes import MAX_RINGS, Rings, shortest, widest, widest_within
from store.records import DEFAULT_WEIGHTS, Route, Step, Weights

MOST_STEPS = 100
_MORE_RINGS = 100  # neighbourhoods that a further search for the same leg may look at
_TRIES = 40  # routes looked for until one has few enough albums of each artist


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a route has to be beside strong; what is not set does not count."""

    steps: int | None = None  # so many in all, 1 to MOST_STEPS
    per_artist: int | None = None  # albums of one artist at most
    vary: int | None = None  # a seed: another way than the strongest, the same for the same seed
    chosen: Filter = NO_FILTER  # what the albums between the stops have to be


class _Impossible(Exception):
    """There is no such route; the text says why, for people. `fewest`: steps that it takes, where they are too many."""

    def __init__(self, text: str, fewest: int = 0) -> None:
        super().__init__(text)
        self.fewest = fewest


def find_trip(
    neighborhood: Neighborhood,
    stops: Sequence[str],
    wishes: Wishes = Wishes(),  # frozen
    weights: Weights = DEFAULT_WEIGHTS,
    should_stop: Callable[[], bool] = lambda: False,
    k: int = 12,
) -> Route:
    """The route over two or more albums (album_ids), in their order, no album twice.

    `steps` of the answer is empty where there is none: `why` then says why, and which wish stands in its way.
    UnknownAlbum for an id that is no album; ValueError for fewer than two stops or a number out of range.
    """
    if len(stops) < 2:
        raise ValueError("a route needs two albums or more")
    if wishes.steps is not None and not 1 <= wishes.steps <= MOST_STEPS:
        raise ValueError(f"a route has 1 to {MOST_STEPS} steps")
    rows = [neighborhood.row(stop) for stop in stops]
    ask = _Asked(neighborhood, rows, weights, should_stop, k)
    try:
        path, rings = ask.find(wishes)
    except _Impossible as error:
        return Route((), None, ask.blamed(wishes, str(error)))
    return _route(neighborhood, path, rings, weights)


def _route(neighborhood: Neighborhood, path: list[int], rings: Rings, weights: Weights) -> Route:
    snapshot = neighborhood.snapshot
    steps, scores = [Step(snapshot.album(path[0]), None)], []
    for before, row in pairwise(path):
        reasons = neighborhood.reasons(snapshot.album_ids[before], snapshot.album_ids[row], weights)
        scores.append(rings.score(before, row) or 0.0)
        steps.append(Step(snapshot.album(row), scores[-1], reasons))
    unsure = f"the strongest found in {len(rings.known):,} neighbourhoods; there may be a stronger one"
    return Route(tuple(steps), min(scores, default=None), unsure if rings.unsettled else "")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question but for its wishes, so that it can be asked again with fewer of them."""

    neighborhood: Neighborhood
    stops: list[int]
    weights: Weights
    should_stop: Callable[[], bool]
    k: int
    known: dict[tuple[Filter, bool], dict[int, list[tuple[int, float]]]] = field(
        default_factory=dict
    )  # rings, by wishes

    def find(self, wishes: Wishes) -> tuple[list[int], Rings]:
        """Rows on the way. _Impossible where there is none."""
        if len(set(self.stops)) < len(self.stops):
            if len(self.stops) == 2 and wishes.steps is None:
                return self.stops[:1], self._rings(wishes)
            raise _Impossible("a stop is named twice, and a route leads through an album once")
        rings = self._rings(wishes)
        path = _Search(self, wishes, rings).path()
        if wishes.vary is None:
            return path, rings
        between = [row for row in path if row not in self.stops]
        if not between:
            raise _Impossible("the stops are neighbours, so there is no other way than the direct one")
        draw = np.random.default_rng(wishes.vary)
        some = [row for row in between if draw.random() < 0.5] or [between[int(draw.integers(len(between)))]]
        singles = [[between[place]] for place in draw.permutation(len(between)).tolist()]
        for without in (some, *singles):
            try:
                return _Search(self, wishes, rings, frozenset(without)).path(), rings
            except _Impossible:
                continue
        raise _Impossible("there is no other way than the strongest one")

    def _rings(self, wishes: Wishes) -> Rings:
        snapshot = self.neighborhood.snapshot
        allowed = wishes.chosen.allowed_between(snapshot, self.stops)

        def others(row: int) -> np.ndarray:
            apart: np.ndarray = snapshot.artist_codes != snapshot.artist_codes[row]
            return apart if (mask := allowed(row)) is None else apart & mask

        # Where no artist may come twice no step leads to the same one: such neighbours would only take others' room.
        may_follow = others if wishes.per_artist == 1 else allowed
        rings = Rings(self.neighborhood, self.weights, self.k, MAX_RINGS, self.should_stop, may_follow)
        rings.known = self.known.setdefault((wishes.chosen, wishes.per_artist == 1), rings.known)
        return rings

    def blamed(self, wishes: Wishes, why: str) -> str:
        """`why`, and which wish to give up where one alone stands in the way."""
        fewer = {
            "the other way": replace(wishes, vary=None),
            "the number of steps": replace(wishes, steps=None),
            "the limit of albums an artist": replace(wishes, per_artist=None),
            "the filters": replace(wishes, chosen=NO_FILTER),
        }
        without = []
        for name, rest in fewer.items():
            if rest != wishes and not self.should_stop():
                try:
                    self.find(rest)
                    without.append(name)
                except _Impossible:
                    continue
        return f"{why}; there is one without {' or without '.join(without)}" if without else why


class _Search:
    """One search for all legs; rings are shared between searches."""

    def __init__(self, asked: _Asked, wishes: Wishes, rings: Rings, without: frozenset[int] = frozenset()) -> None:
        self.asked, self.wishes, self.rings, self.without = asked, wishes, rings, without
        self.snapshot = asked.neighborhood.snapshot
        self.again = bool(without or rings.known)  # whether rings of an earlier search are there to go over

    def path(self) -> list[int]:
        """Rows on the way. _Impossible where there is none."""
        stops, steps = self.asked.stops, self.wishes.steps
        self._check_artists(stops)
        legs: list[list[int]] = [list(pair) for pair in pairwise(stops)]
        for number in range(len(legs)):
            legs[number] = self._leg(legs, number)
        while steps is not None and sum(map(len, legs)) - len(legs) > steps:
            self._shorten(legs)
        path = [stops[0], *(row for leg in legs for row in leg[1:])]
        while steps is not None and len(path) - 1 < steps:
            path = self._lengthened(path)
        return path

    def _leg(self, legs: list[list[int]], number: int, at_most: int | None = None) -> list[int]:
        """The way of one leg, the others as they are."""
        start, goal = legs[number][0], legs[number][-1]
        elsewhere = {row for other, leg in enumerate(legs) if other != number for row in leg} | set(self.asked.stops)
        elsewhere -= {start, goal}
        fixed = [*elsewhere, start, goal]
        out = self._of_full_artists(fixed)
        for attempt in range(_TRIES):
            self.rings.without = self.without | elsewhere | out
            if attempt or at_most or self.again:
                path = self._strongest_among_known(start, goal, at_most)
            else:
                self.rings.allow(MAX_RINGS)
                path = self._strongest(start, goal, at_most)
            crowded = self._crowded([*elsewhere, *path])
            if not crowded:
                return path
            for artist in crowded:
                out |= self._surplus(artist, fixed, path[1:-1])
        raise _Impossible("no route has so few albums of each artist")

    def _strongest_among_known(self, start: int, goal: int, at_most: int | None) -> list[int]:
        """A further search, over the rings that are known; only where those hold no way are more looked at."""
        try:
            with self.rings.closed():
                return self._strongest(start, goal, at_most)
        except _Impossible:
            self.rings.allow(_MORE_RINGS)
            return self._strongest(start, goal, at_most)

    def _of_full_artists(self, fixed: list[int]) -> set[int]:
        """The other albums of the artists of whom no more may come between."""
        most = self.wishes.per_artist
        counts = Counter(self.snapshot.artist_codes[fixed].tolist())
        full = [artist for artist, count in counts.items() if most is not None and count >= most]
        return set().union(*(self._surplus(artist, fixed, []) for artist in full))

    def _surplus(self, artist: int, fixed: list[int], between: list[int]) -> set[int]:
        """The artist's albums but those that are fixed and the first ones between that there is room for."""
        codes = self.snapshot.artist_codes
        room = (self.wishes.per_artist or 0) - sum(int(codes[row]) == artist for row in fixed)
        kept = [row for row in between if int(codes[row]) == artist][: max(room, 0)]
        starts = self.snapshot.artist_starts
        return set(range(int(starts[artist]), int(starts[artist + 1]))) - {*kept, *fixed}

    def _strongest(self, start: int, goal: int, at_most: int | None) -> list[int]:
        weakest = widest(self.rings, start, goal)
        if weakest is None:
            raise _Impossible(self._why_none(start, goal))
        self.rings.unsettled = self.rings.unsettled or self.rings.ended
        path = shortest(self.rings, start, goal, weakest)
        if at_most is not None and len(path) > at_most:
            fewest = shortest(self.rings, start, goal, -1.0)
            if len(fewest) > at_most:
                raise _Impossible(f"none found with fewer than {len(fewest)} steps", len(fewest))
            path = shortest(self.rings, start, goal, widest_within(self.rings, start, goal, at_most))
        return [start, *(row for _, row, _ in path)]

    def _shorten(self, legs: list[list[int]]) -> None:
        """Take as many steps from the longest leg as it can do without, of those that are too many."""
        own = [len(leg) - 1 for leg in legs]
        surplus = sum(own) - (self.wishes.steps or 0)
        for number in sorted(range(len(legs)), key=lambda number: -own[number]):
            at_most = max(1, own[number] - surplus)
            while at_most < own[number]:
                try:
                    legs[number] = self._leg(legs, number, at_most)
                    return
                except _Impossible as error:
                    at_most = max(at_most + 1, error.fewest)
        raise _Impossible(f"none found with fewer than {sum(own)} steps")

    def _lengthened(self, path: list[int]) -> list[int]:
        """One step more: the album that fits best between two others of the way."""
        self.rings.without = self.without | frozenset(path)
        best: tuple[float, float, int, int] | None = None
        for place, (before, after) in enumerate(pairwise(path), 1):
            self.rings.allow(_MORE_RINGS)
            self.rings.compute([before, after])
            near = {row for end in (before, after) for row, _ in self.rings.of(end)}
            self.rings.compute(sorted(near))
            for row in near:
                if self._crowded([*path, row]):
                    continue
                scores = [score for end in (before, after) if (score := self.rings.score(end, row)) is not None]
                if len(scores) == 2:
                    best = max(best or (-1.0, 0.0, 0, 0), (min(scores), sum(scores), -row, place))
        if best is None:
            raise _Impossible(f"no album fits between the steps of the {len(path) - 1} that there are")
        return [*path[: best[3]], -best[2], *path[best[3] :]]

    # artists

    def _crowded(self, rows: list[int]) -> list[int]:
        """Codes of the artists of which there are too many albums."""
        if self.wishes.per_artist is None:
            return []
        counts = Counter(self.snapshot.artist_codes[rows].tolist())
        return [artist for artist, count in counts.items() if count > self.wishes.per_artist]

    def _check_artists(self, stops: list[int]) -> None:
        if crowded := self._crowded(stops):
            named = next(row for row in stops if self.snapshot.artist_codes[row] == crowded[0])
            raise _Impossible(f"the stops themselves are too often by {self.snapshot.album(named).artist}")

    def _why_none(self, start: int, goal: int) -> str:
        first, last = (self.snapshot.album(row).label for row in (start, goal))
        if self.rings.stopped:
            return "stopped before a route was found"
        if self.rings.ended:
            return f"no route from {first} to {last} found in {len(self.rings.known):,} neighbourhoods"
        for row, label in ((start, first), (goal, last)):
            if not self.rings.of(row):
                return f"{label} has no neighbours left"
        return f"no chain of neighbours joins {first} and {last}"
