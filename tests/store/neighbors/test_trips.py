"""Routes with wishes: stops, a number of steps, albums an artist, another way, and which wish stands in the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from store.database.library import Library
from store.errors import UnknownAlbum
from store.neighbors.filters import Filter
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from store.neighbors.routes import find_route
from store.neighbors.trips import Wishes, find_trip
from store.records import AlbumRecord, Route, Weights
from tests.store.support.library import fill
from tests.store.support.records import sha

BY_SLEEVE = Weights(1, 0, 0, 0, 0)
COUNT = 200


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Neighborhood:
    """Sleeves strewn over a patch of a sphere, so that a way across leads over those between; four an artist."""
    library = Library.create(tmp_path_factory.mktemp("trips") / "lib")
    albums = [
        AlbumRecord(
            f"Artist {number % 50:02}", f"Album {number:03}", "table", str(number),
            year=1960 + number % 40, genre="rock" if number % 3 else "jazz", cover_sha256=sha(number),
        )
        for number in range(COUNT)
    ]  # fmt: skip
    random = np.random.default_rng(2)
    flat = random.uniform(-0.7, 0.7, size=(COUNT, 2))
    fill(library, albums, np.column_stack([flat, np.ones(COUNT)]).astype(np.float32))
    return open_neighborhood(library)


def ids(near: Neighborhood, *numbers: int) -> list[str]:
    titles = list(near.snapshot.titles)
    return [near.snapshot.album_ids[titles.index(f"Album {number:03}")] for number in numbers]


def trip(near: Neighborhood, *numbers: int, **wishes: object) -> Route:
    return find_trip(near, ids(near, *numbers), Wishes(**wishes), BY_SLEEVE, k=6)  # type: ignore[arg-type]


def names(route: Route) -> list[str]:
    return [step.album.album_id for step in route.steps]


def test_without_wishes_it_is_the_strongest_route(near: Neighborhood) -> None:
    start, goal = ids(near, 0, 50)
    assert trip(near, 0, 50) == find_route(near, start, goal, BY_SLEEVE, k=6)


def test_it_leads_over_the_stops_in_their_order_and_through_no_album_twice(near: Neighborhood) -> None:
    found = names(trip(near, 60, 5, 30))
    assert [album for album in found if album in ids(near, 60, 5, 30)] == ids(near, 60, 5, 30)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("more", [-2, -1, 0, 1, 4])
def test_it_has_the_steps_that_are_asked_for_each_between_neighbours(near: Neighborhood, more: int) -> None:
    shortest = len(trip(near, 0, 60).steps) - 1
    found = trip(near, 0, 60, steps=shortest + more)
    if not found.steps:
        assert more < 0 and "without the number of steps" in found.why
        return
    assert len(found.steps) == shortest + more + 1 and len(set(names(found))) == len(found.steps)
    for before, step in pairwise(found.steps):
        rows = near.row(before.album.album_id), near.row(step.album.album_id)
        rings = near.rings(list(rows), 6, BY_SLEEVE)
        assert rows[1] in rings[0].rows or rows[0] in rings[1].rows
        assert step.score is not None and step.score >= (found.weakest or 0)


def test_few_albums_of_each_artist(near: Neighborhood) -> None:
    found = trip(near, 3, 70, per_artist=1, steps=14)
    assert len(found.steps) == 15
    assert max(Counter(step.album.artist for step in found.steps).values()) == 1
    both = trip(near, 4, 54, per_artist=1)  # both by Artist 04
    assert not both.steps and "Artist 04" in both.why and "without the limit of albums an artist" in both.why


def test_another_way_is_the_same_for_the_same_seed_and_differs_from_the_strongest(near: Neighborhood) -> None:
    strongest = trip(near, 0, 40)
    ways = [trip(near, 0, 40, vary=seed) for seed in range(6)]
    assert all(way.steps and names(way) != names(strongest) for way in ways)
    assert len({tuple(names(way)) for way in ways}) > 1
    assert names(trip(near, 0, 40, vary=3)) == names(ways[3])
    assert all((way.weakest or 0) <= (strongest.weakest or 0) for way in ways)


def test_what_stands_in_the_way_is_said(near: Neighborhood) -> None:
    assert {
        step.album.genre for step in trip(near, 1, 80, chosen=Filter.of(near.snapshot, "genre:jazz")).steps[1:-1]
    } <= {"jazz"}
    few = trip(near, 1, 80, steps=1)
    assert not few.steps and few.why.endswith("there is one without the number of steps")
    twice = trip(near, 1, 5, 1)
    assert not twice.steps and "twice" in twice.why
    assert len(trip(near, 1, 1).steps) == 1
    start, goal = ids(near, 0, 40)
    stopped = find_trip(near, [start, goal], Wishes(), BY_SLEEVE, lambda: True)
    assert not stopped.steps and "stopped" in stopped.why


def test_what_cannot_be_asked(near: Neighborhood) -> None:
    with pytest.raises(ValueError, match="two albums"):
        find_trip(near, ids(near, 1))
    with pytest.raises(ValueError, match="1 to 100"):
        find_trip(near, ids(near, 1, 2), replace(Wishes(), steps=0))
    with pytest.raises(UnknownAlbum):
        find_trip(near, [*ids(near, 1), "nobody"])
