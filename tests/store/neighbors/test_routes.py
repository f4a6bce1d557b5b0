"""Routes against brute force on small random graphs, and on real neighbourhoods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.database.library import Library
from store.errors import UnknownAlbum
from store.neighbors.filters import Filter
from store.neighbors.neighborhood import Neighborhood, Ring, open_neighborhood
from store.neighbors.routes import Rings as neighborhood_rings
from store.neighbors.routes import find_route, shortest, widest_within
from store.records import Album, Reason, Weights
from store.text import album_id
from tests.store.support.library import fill
from tests.store.support.records import circle, record, sha

Rings = dict[int, dict[int, float]]


class GraphSnapshot:
    def __init__(self, count: int) -> None:
        self.album_ids = [str(row) for row in range(count)]

    def album(self, row: int) -> Album:
        return Album(str(row), f"artist {row}", f"title {row}", None, None, None, None)


@dataclass
class Graph:
    """Stands where a neighbourhood stands: rings of a made-up graph. Scores are the same both ways."""

    edges: Rings
    asked: int = 0

    def __post_init__(self) -> None:
        self.snapshot = GraphSnapshot(len(self.edges))

    def row(self, name: str) -> int:
        return int(name)

    def rings(self, rows: list[int], k: int, weights: Weights, allowed: object) -> list[Ring]:
        self.asked += len(rows)
        found = []
        for row in rows:
            best = sorted(self.edges[row].items(), key=lambda pair: (-pair[1], pair[0]))[:k]
            others, scores = np.array([o for o, _ in best], np.int64), np.array([s for _, s in best])
            found.append(Ring(others, np.tile(scores[:, None], (1, 5)), scores))
        return found

    def reasons(self, a: str, b: str, weights: Weights) -> tuple[Reason, ...]:
        return (Reason("cover", 0.5, f"{a} to {b}"),)


def route(graph: Graph, a: int, b: int, **more: object):
    return find_route(cast(Neighborhood, graph), str(a), str(b), **more)  # type: ignore[arg-type]


@st.composite
def graphs(draw: st.DrawFn) -> Rings:
    count = draw(st.integers(2, 9))
    # Few different scores, so that ties abound.
    score = {(a, b): draw(st.integers(1, 6)) / 8 for a in range(count) for b in range(a + 1, count)}
    return {
        row: {
            other: score[min(row, other), max(row, other)]
            for other in draw(st.sets(st.integers(0, count - 1).filter(lambda o, row=row: o != row), max_size=4))
        }
        for row in range(count)
    }


def every_width(edges: Rings, start: int) -> dict[int, float]:
    """The strongest way to every row, by trying until nothing changes."""
    width = {start: float("inf")}
    changed = True
    while changed:
        changed = False
        for row, ring in edges.items():
            for other, score in ring.items():
                if row in width and min(width[row], score) > width.get(other, -1):
                    width[other] = min(width[row], score)
                    changed = True
    return width


def every_depth(edges: Rings, start: int, weakest: float) -> dict[int, int]:
    """The fewest steps of at least `weakest` to every row."""
    return _depths(edges, {start: 0}, weakest)


def _depths(edges: Rings, depth: dict[int, int], weakest: float) -> dict[int, int]:
    layer = list(depth)
    while layer:
        following = {o for row in layer for o, s in edges[row].items() if s >= weakest and o not in depth}
        depth |= {other: max(depth.values()) + 1 for other in following}
        layer = list(following)
    return depth


@given(graphs())
@settings(max_examples=150)
def test_no_route_is_stronger_and_none_as_strong_is_shorter(edges: Rings) -> None:
    goal = len(edges) - 1
    from_start, from_goal = every_width(edges, 0), every_width(edges, goal)
    meetings = [min(from_start[row], from_goal[row]) for row in from_start if row in from_goal]
    found = route(Graph(edges), 0, goal, k=12)
    if not meetings:
        assert found.steps == () and found.weakest is None and found.why
        return
    assert found.weakest == max(meetings)
    assert found.why == ""
    rows = [int(step.album.album_id) for step in found.steps]
    assert rows[0] == 0 and rows[-1] == goal and len(set(rows)) == len(rows)
    scores = []
    for (before, after), step in zip(pairwise(rows), found.steps[1:], strict=True):
        assert step.score in (edges[before].get(after), edges[after].get(before)), "every step is in a ring"
        assert step.reasons
        scores.append(step.score)
    assert min(scores) == found.weakest  # type: ignore[type-var]
    out, back = every_depth(edges, 0, found.weakest), every_depth(edges, goal, found.weakest)
    assert len(scores) == min(out[row] + back[row] for row in out if row in back)


@given(graphs(), st.integers(0, 9))
@settings(max_examples=100)
def test_no_route_of_so_many_steps_is_stronger(edges: Rings, steps: int) -> None:
    goal, count = len(edges) - 1, len(edges)
    graph = Graph(edges)
    rings = neighborhood_rings(cast(Neighborhood, graph), Weights(), 12, count, lambda: False, lambda row: None)
    rings.compute(list(edges))
    score = np.array([[edges[row].get(other, -1.0) for other in range(count)] for row in range(count)])
    reached = {row: [np.where(np.arange(count) == row, np.inf, -1.0)] for row in (0, goal)}
    for found in reached.values():
        for _ in range(steps):
            found.append(np.maximum(found[-1], np.minimum(found[-1][:, None], score).max(axis=0)))
    best = max(np.minimum(reached[0][n], reached[goal][steps - n]).max() for n in range(steps + 1))
    assert widest_within(rings, 0, goal, steps) == best
    if best > 0:
        path = shortest(rings, 0, goal, best)
        assert len(path) <= steps and min(score for *_, score in path) == best
    with rings.closed():
        rings.known.clear()
        assert widest_within(rings, 0, goal, steps) == -1
        rings.compute([0])
    assert graph.asked == count and rings.unsettled, "closed: none was asked for, so a stronger way may be there"


@given(graphs())
@settings(max_examples=50)
def test_the_same_question_has_the_same_answer(edges: Rings) -> None:
    goal = len(edges) - 1
    assert route(Graph(edges), 0, goal) == route(Graph(edges), 0, goal)
    backwards = route(Graph(edges), goal, 0)
    assert backwards.weakest == route(Graph(edges), 0, goal).weakest


def line(count: int) -> Rings:
    """A long way: each row knows the one before and the one after."""
    return {row: {other: 0.5 for other in (row - 1, row + 1) if 0 <= other < count} for row in range(count)}


def test_work_is_bounded_and_says_so() -> None:
    graph = Graph(line(5000))
    found = route(graph, 0, 4999, max_rings=100)
    assert found.steps == () and "100 neighbourhoods" in found.why
    assert graph.asked <= 100


def test_the_best_found_comes_when_the_bound_comes_first() -> None:
    edges = line(300)
    edges[0][299] = edges[299][0] = 0.1
    found = route(Graph(edges), 0, 299, max_rings=20)
    assert found.weakest == 0.1 and len(found.steps) == 2
    assert "there may be a stronger one" in found.why
    settled = route(Graph(edges), 0, 299, max_rings=1000)
    assert settled.weakest == 0.5 and settled.why == ""


def test_it_stops_when_told() -> None:
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 3

    graph = Graph(line(5000))
    found = route(graph, 0, 4999, should_stop=stop)
    assert found.steps == () and found.why.startswith("stopped")
    assert graph.asked < 100


def test_from_an_album_to_itself() -> None:
    found = route(Graph(line(3)), 1, 1)
    assert [step.album.album_id for step in found.steps] == ["1"]
    assert found.weakest is None and found.steps[0].score is None


def test_an_album_without_neighbours_is_named(tiny: Library, named: Callable[[str, str], str]) -> None:
    near = open_neighborhood(tiny)
    for ends in ((("Ada", "First"), ("Di", "Bare")), (("Di", "Bare"), ("Ada", "First"))):
        found = find_route(near, *(named(*end) for end in ends), weights=Weights(1, 0, 0, 0, 0))
        assert found.steps == () and "Di / Bare has no neighbours" in found.why
    with pytest.raises(UnknownAlbum):
        find_route(near, "no such id", named("Ada", "First"))


def test_along_a_circle_of_covers(library: Library) -> None:
    """Only the two nearest are in a ring: the way leads through all between, each step with its reason."""
    fill(library, [record(f"A{n}", "T", cover_sha256=sha(n)) for n in range(8)], circle(8))
    near = open_neighborhood(library)
    only_cover = Weights(1, 0, 0, 0, 0)
    found = find_route(near, album_id("A0", "T"), album_id("A7", "T"), only_cover, k=2)
    assert [step.album.artist for step in found.steps][::7] == ["A0", "A7"]
    assert len(found.steps) >= 5
    assert all(step.reasons[0].signal == "cover" for step in found.steps[1:])
    assert found.weakest == min(step.score for step in found.steps[1:] if step.score is not None)


def test_only_what_passes_the_filter_lies_between_the_ends(library: Library) -> None:
    """Every second album is of another genre; the ends are of that genre and are on the route all the same."""
    genre = ["dub", "bop"] * 4 + ["dub"]
    albums = [record(f"A{n}", "T", cover_sha256=sha(n), genre=name) for n, name in enumerate(genre)]
    fill(library, albums, circle(len(albums)))
    near = open_neighborhood(library)
    ends = album_id("A0", "T"), album_id("A8", "T")
    only_cover = Weights(1, 0, 0, 0, 0)
    free = find_route(near, *ends, only_cover, k=2)
    held = find_route(near, *ends, only_cover, k=2, chosen=Filter.of(near.snapshot, "genre:bop"))
    assert {step.album.genre for step in free.steps[1:-1]} == {"bop", "dub"}
    assert [step.album.album_id for step in held.steps][:: len(held.steps) - 1] == list(ends)
    between = held.steps[1:-1]
    assert between and {step.album.genre for step in between} == {"bop"}
    assert held.weakest is not None and free.weakest is not None and held.weakest <= free.weakest


def test_other_artists_hold_for_each_step(library: Library) -> None:
    albums = [record(f"A{n // 2}", f"T{n}", cover_sha256=sha(n)) for n in range(8)]
    fill(library, albums, circle(8))
    near = open_neighborhood(library)
    ends = album_id("A0", "T0"), album_id("A0", "T1")
    only_cover = Weights(1, 0, 0, 0, 0)
    assert len(find_route(near, *ends, only_cover).steps) == 2
    artists = [
        step.album.artist
        for step in find_route(near, *ends, only_cover, chosen=Filter.of(near.snapshot, "is:other")).steps
    ]
    assert len(artists) >= 3 and all(a != b for a, b in pairwise(artists))


def test_where_the_filters_leave_no_way_it_says_so(tiny: Library, named: Callable[[str, str], str]) -> None:
    """Only the two ends are left, and they share nothing that counts."""
    near = open_neighborhood(tiny)
    ends = named("Cy", "Cold"), named("Di", "Bare")
    found = find_route(near, *ends, weights=Weights(1, 0, 0, 0, 0), chosen=Filter.of(near.snapshot, "year:1970s"))
    assert found.steps == () and found.why.endswith("within the filters")
