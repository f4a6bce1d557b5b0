"""What counts, label jumps, SQL, the trail: through Textual's Pilot on a fake library."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from textual import events

from store.neighbors.filters import Filter
from store.neighbors.taste import Suggestion
from store.neighbors.trips import Wishes
from store.records import Route, Step, Weights
from tests.support.hostile import HOSTILE
from tests.tui.support.app import check_rows, ready, rows_of, screen_text, session_of, until, walk_of
from tests.tui.support.fakes import make_album, make_app, of_genre
from tui.screens.find import FindScreen, kept_first
from tui.screens.route.screen import RouteScreen
from tui.screens.sql import SqlScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.counts import LEVELS, Counts, next_level
from tui.screens.walk.ringview import RingView
from tui.screens.walk.screen import WalkScreen
from tui.widgets.cover import Cover


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (160, 50)])
async def test_what_counts_is_changed_by_keys_and_ranks_at_once(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        session, walk = session_of(app), walk_of(app)
        await pilot.press("w")
        await until(pilot, lambda: "presets" in "\n".join(screen_text(app)))
        before = {album_id for album_id in session.trail.here.slots if album_id}
        await pilot.press("2")
        assert session.preset == "by sleeve alone"
        assert {reason.signal for n in session.ring.slots if n for reason in n.reasons}
        assert before != set(session.trail.here.slots)
        await pilot.press("left", "left", "left", "left", "left")
        assert session.weights.cover == LEVELS[1]
        await pilot.press("left")
        await until(pilot, lambda: "has to count" in rows_of(walk, "#keys")[0])
        await pilot.press("3", "down", "right")
        assert session.weights == Weights(0, next_level(1, 1), Weights().artist, 0, 0)
        await pilot.press("down", "down", "down", "down", "right")
        genre = session.filter.of_field("genre").removeprefix("genre:")
        assert genre
        assert {n.album.genre for n in session.ring.slots if n} == {genre}
        assert any(genre in row for row in screen_text(app)[:1]) or size[0] < 80
        await pilot.press("0", "w")
        assert session.filter == Filter()
        assert not walk.query_one(Counts).visible
        await pilot.press("right")
        await check_rows(pilot, size)


async def test_a_filter_that_nothing_passes_says_how_to_leave() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session_of(app).set_filter(of_genre("no such"))
        await pilot.press("w")
        walk_of(app).redraw()
        await until(pilot, lambda: any("Nothing here passes" in row for row in screen_text(app)))
        await pilot.press("0")
        assert any(session_of(app).ring.slots)


async def test_letters_focus_their_covers() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        await pilot.press("f")
        await until(pilot, lambda: any(" a " in row and " s " in row for row in screen_text(app)))
        await pilot.press("d")
        assert session.focused_slot == 2
        here = session.here
        await pilot.press("f", "escape")
        assert session.focused_slot == 2
        await pilot.press("f", "s")
        assert (session.focused_slot, session.here) == (1, here)
        assert not session.bookmarks


async def test_the_wheel_shows_more_and_fewer() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        shown = len(session_of(app).ring.slots)
        await pilot._post_mouse_events([events.MouseScrollUp], widget="#center", button=0)
        await until(pilot, lambda: len(session_of(app).ring.slots) == shown + 2)


async def test_the_sql_is_shown_and_copied() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, SqlScreen))
        await until(pilot, lambda: any("similar_albums(" in row for row in screen_text(app)))
        assert app.clipboard.startswith("FROM similar_albums(")
        await pilot.press("escape")
        await ready(pilot)


async def test_the_trail_leads_to_any_stop_and_exports(tmp_path: Path) -> None:
    albums = [make_album(row, artist=text, title=text) for row, text in enumerate(HOSTILE)]
    app = make_app([*albums, *(make_album(row) for row in range(20, 30))], tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        await pilot.press("enter", "s", "enter", "backspace", "r", "r")
        stops = len(session.trail.visits)
        wanted = session.trail.visits[1]
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, TrailScreen))
        trail = app.screen
        assert isinstance(trail, TrailScreen)
        await check_rows(pilot, (80, 24))
        await pilot.press("x")
        await until(pilot, lambda: len(list((tmp_path / "walks").glob("trail-*"))) == 5)
        while trail.visit is not wanted:
            await pilot.press("up")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert session.trail.here is wanted
        assert len(session.trail.visits) == stops
        assert session.trail.tree()[0][1].seq == 0
        assert app.screen.query_one(RingView).ring is not None


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_walk_is_named_and_renamed_on_its_trail(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        session = session_of(app)
        named: list[tuple[str, str]] = []
        session.personal = Named(named)
        await pilot.press("enter", "enter", "g")
        await until(pilot, lambda: isinstance(app.screen, TrailScreen))
        await pilot.press("n", *"gx q", "down", "enter")
        await until(pilot, lambda: any("walk: gx q" in row for row in screen_text(app)))
        assert named == [(session.walk_id, "gx q")]
        first = next(row for row in screen_text(app) if "\u25aa" in row)
        assert " gx q " in first
        await check_rows(pilot, size)
        await pilot.press("n", "z", "escape")
        assert isinstance(app.screen, TrailScreen) and session.kept.name(session.walk_id) == "gx q"
        await pilot.press("n", "backspace", "7", "enter")
        assert named[-1] == (session.walk_id, "gx 7")
        session.name_walk(session.walk_id, HOSTILE[0] * 40)
        await pilot.press("up")
        await check_rows(pilot, size)
        await pilot.press("n", "ctrl+u", "enter")
        assert named[-1] == (session.walk_id, "")
        await until(pilot, lambda: not any("walk: " in row for row in screen_text(app)))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))


class Named:
    """Keeps what walks are named."""

    def trouble(self, wait: bool = False) -> None:
        """Never any."""

    def __init__(self, named: list[tuple[str, str]]) -> None:
        self.named = named

    def write(self, record: Callable[[Any], None]) -> None:
        record(self)

    def name_walk(self, walk_id: str, name: str, note: str, weights: object) -> None:
        self.named.append((walk_id, name))

    def __getattr__(self, other: str) -> Any:
        return lambda *_: None


async def test_bookmarks_come_first_in_find() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        marked = session.focused
        await pilot.press("s")
        assert list(session.bookmarks) == [marked.album_id]
        assert "★" in "".join(rows_of(walk_of(app), "#details"))
        await pilot.press("slash")
        await until(pilot, lambda: any("★" in row for row in screen_text(app)))
        assert app.screen.hits.items[0] == marked
        await pilot.press("escape")
        await ready(pilot)
        await pilot.press("s")
        assert not session.bookmarks


def hostile_route(neighborhood: Any, stops: list[str], *_: object) -> Route:
    start, goal = stops
    albums = [neighborhood.snapshot.album(neighborhood.snapshot.row(start))]
    albums += [album for album in neighborhood.snapshot.albums if album.album_id not in (start, goal)][:9]
    albums.append(neighborhood.snapshot.album(neighborhood.snapshot.row(goal)))
    steps = [Step(albums[0], None)]
    for before, album in pairwise(albums):
        steps.append(Step(album, 0.5, neighborhood.reasons(before.album_id, album.album_id)))
    return Route(tuple(steps), 0.5)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_route_is_shown_and_walked_along(size: tuple[int, int]) -> None:
    albums = [make_album(row, artist=text, title=text) for row, text in enumerate(HOSTILE)]
    app = make_app([*albums, *(make_album(row) for row in range(20, 30))])
    app.setup.router = hostile_route
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        session = session_of(app)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        await pilot.press(*make_album(25).title.lower().split()[1])
        await until(pilot, lambda: app.screen.hits.items == [make_album(25)])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RouteScreen) and app.screen.route is not None)
        route = app.screen
        await until(pilot, lambda: any("11 albums" in row for row in screen_text(app)))
        for key in ["left"] * 11 + ["end"]:
            await pilot.press(key)
            await check_rows(pilot, size)
        assert len(route.way.blocks) >= 11 and not any(
            block.rect.overlaps(other.rect) for block, other in combinations(route.way.blocks, 2)
        )
        await until(
            pilot,
            lambda: [cover.album for cover in route.query(Cover)] == [step.album for step in route.route.steps[-2:]],
        )
        await pilot.press("1", "0")  # a number of two digits: ten albums in all
        await until(pilot, lambda: route.wishes.steps == 9 and route.route is not None)
        await pilot.press("left", "enter")
        await ready(pilot)
        assert [visit.album_id for visit in session.trail.path()[0]] == [
            step.album.album_id for step in route.route.steps[:-1]
        ]
        await pilot.press("backspace")
        assert session.here == route.route.steps[-3].album


async def test_where_there_is_no_route_it_says_why() -> None:
    app = make_app()
    app.setup.router = lambda *_, **__: Route((), None, "no neighbourhood of either reaches the other")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        await pilot.press("3", "7")
        await until(pilot, lambda: app.screen.hits.items == [make_album(37)])
        await pilot.press("enter")
        await until(pilot, lambda: any("no route, because no neighbourhood" in row for row in screen_text(app)))
        await pilot.press("enter", "left", "escape")
        await ready(pilot)
        assert len(session_of(app).trail.visits) == 1


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_route_is_looked_for_within_the_filters_that_are_on(size: tuple[int, int]) -> None:
    asked: list[Filter] = []

    def none_within(_near: Any, _stops: list[str], wishes: Wishes, _weights: Weights, _stop: Any) -> Route:
        asked.append(wishes.chosen)
        return Route((), None, "no way within the filters")

    app = make_app()
    app.setup.router = none_within
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        session_of(app).set_filter(Filter.of(session_of(app).snapshot, "genre:dub year:1990s"))
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        await pilot.press("3", "7")
        await until(pilot, lambda: app.screen.hits.items == [make_album(37)])
        await pilot.press("enter")
        way_out = "within the filters: turn them off with w, then 0"
        await until(pilot, lambda: any(way_out in row for row in screen_text(app)))
        assert asked == [Filter.of(session_of(app).snapshot, "genre:dub year:1990s")]
        assert all(word in screen_text(app)[0] for word in ("only", "genre:dub", "year:1990s"))
        await check_rows(pilot, size)


def test_a_recent_stop_that_is_unlike_the_text_does_not_lead() -> None:
    meant, near, recent = (make_album(i) for i in range(3))
    found = ((meant, 0.9), (near, 0.85), (recent, 0.4))
    assert kept_first(found, {recent.album_id}) == [meant, near, recent]
    assert kept_first(found, {near.album_id}) == [near, meant, recent]
    assert kept_first((), {recent.album_id}) == []


async def test_near_what_one_plays_or_what_brings_plays() -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("N")
        await until(pilot, lambda: "ingest listens" in rows_of(app.screen, "#keys")[0])
        session, played = session_of(app), make_album(3)
        here, other = session.here, make_album(9)
        app._suggested = [Suggestion(album, 0.5, played, 7, ()) for album in (here, other)]
        await pilot.press("N")
        await until(pilot, lambda: session.here.album_id == other.album_id)
        assert f"never heard; you played {played.label} 7 times" in rows_of(app.screen, "#keys")[0]
