"""The map: what stands where, and the screen through Textual's Pilot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot

from store.errors import LibraryError
from store.neighbors.cover_map import CoverMap
from store.records import Album
from tests.tui.support.app import ready, rows_of, screen_text, session_of, until
from tests.tui.support.fakes import make_album, make_app
from tui.app import SleevewalkApp
from tui.layout.geometry import Rect
from tui.screens.map.genres import common_genres
from tui.screens.map.plane import covers_on, dot_sizes, fill_cells, whole_view
from tui.screens.map.screen import MapScreen
from tui.screens.map.tiles import Tiles
from tui.screens.walk.screen import WalkScreen
from tui.widgets.canvas import Canvas


def scattered(count: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=(count, 2)).astype(np.float32)


def map_app(albums: list[Album] | None = None, places: np.ndarray | None = None) -> SleevewalkApp:
    albums = [make_album(row) for row in range(40)] if albums is None else albums
    app = make_app(albums)
    found = CoverMap(scattered(len(albums)) if places is None else places)
    app.setup.mapper = lambda: (found,)
    return app


async def opened(pilot: Pilot[Any]) -> MapScreen:
    await ready(pilot)
    await pilot.press("m")
    await until(pilot, lambda: isinstance(pilot.app.screen, MapScreen) and pilot.app.screen.cells is not None)
    assert isinstance(pilot.app.screen, MapScreen)
    return pilot.app.screen


def test_every_album_is_seen_and_zooming_keeps_the_cell_over_its_place() -> None:
    places = scattered(500)
    view = whole_view(places, 60, 20)
    kinds, listeners = np.zeros(500, np.int64), np.arange(500.0)
    cells = fill_cells(view, places, np.argsort(listeners), dot_sizes(listeners), kinds, np.ones(1, bool))
    assert sorted(cells.visible.tolist()) == list(range(500))
    assert set(cells.leaders) == set(cells.bits) == set(cells.kinds)
    at = np.floor(view.cells(places)).astype(int)
    for cell, leader in cells.leaders.items():
        assert leader == np.flatnonzero((at == cell).all(axis=1)).max()  # the most listened to leads
    near = view.zoom(4, 30.0, 10.0, view)
    assert np.allclose(
        near.cells(places[:1]) - (30, 10), (view.cells(places[:1]) - (30, 10)) * near.nearness, atol=1e-3
    )
    assert near.zoom(-9, 3.0, 3.0, view) == view


def test_popular_albums_are_larger_and_hidden_genres_are_not_drawn() -> None:
    places = np.array([[0, 0], [1, 1], [2, 0]], np.float32)
    listeners = np.array([10.0, 1e6, np.nan])
    view, kinds = whole_view(places, 30, 10), np.array([0, 1, 0])
    order = np.argsort(np.nan_to_num(listeners, nan=-1))
    cells = fill_cells(view, places, order, dot_sizes(listeners), kinds, np.ones(2, bool))
    size = {cells.leaders[cell]: bits.bit_count() for cell, bits in cells.bits.items()}
    assert size[0] == size[2] == 1 and size[1] == 4
    hidden = fill_cells(view, places, order, dot_sizes(listeners), kinds, np.array([True, False]))
    assert sorted(hidden.visible.tolist()) == [0, 2]


@pytest.mark.parametrize("steps", [0, 2, 6, 12])
def test_covers_on_the_map_never_overlap(steps: int) -> None:
    places = scattered(300)
    whole = whole_view(places, 100, 40)
    view = whole.zoom(steps, 50, 20, whole)
    kinds = np.zeros(300, np.int64)
    cells = fill_cells(view, places, np.arange(300), np.ones(300, np.int64), kinds, np.ones(1, bool))
    rects = [rect for _, rect in covers_on(view, places, cells.visible)]
    assert not any(one.overlaps(other) for place, one in enumerate(rects) for other in rects[place + 1 :])
    assert rects or not len(cells.visible)


@pytest.mark.parametrize("room", [(80, 20), (88, 41), (140, 56), (240, 86)])
@pytest.mark.parametrize("steps", [0, 1, 3, 6])
def test_covers_fill_the_map_whole_and_stay_where_they_are(room: tuple[int, int], steps: int) -> None:
    places = np.array([(x, y) for x in range(70) for y in range(60)], np.float32)
    whole = whole_view(places, *room)
    view = whole.zoom(steps, room[0] / 2, room[1] / 2, whole)
    seen = np.arange(len(places))[::-1]
    tiles = Tiles.of(view, len(seen))
    names = [Rect(20, 5, 12, 1)]
    covers = tiles.covers(view, places, seen, (), names)
    rects = list(covers.values())
    inside = Rect(1, 0, room[0] - 2, room[1])
    assert all(inside.contains(rect) for rect in rects) and not any(rect.overlaps(names[0]) for rect in rects)
    assert len({(rect.x, rect.y) for rect in rects}) == len(rects) and {rect.height for rect in rects} == {tiles.side}
    assert steps > 1 or len(rects) >= (250 if room[0] > 80 else 120)
    moved = view.pan(5, 3, whole)
    for row, rect in Tiles.of(moved, len(seen)).covers(moved, places, seen, (), ()).items():
        if row in covers:
            across, down = covers[row].x - rect.x, covers[row].y - rect.y
            assert abs(across - 5) <= 1 and abs(down - 3) <= 1
    focus = Tiles.of(view, len(seen)).covers(view, places, seen, (1234,), names).get(1234)
    place = places[1234]
    assert focus is not None or tiles.beyond(view, place) != (0, 0)


def test_genres_by_how_common_they_are() -> None:
    genres = common_genres(["dub", "", "bop", "dub"])
    assert genres.labels == ("dub", "bop", "other")
    assert genres.counts == (2, 1, 1) and genres.kinds.tolist() == [0, 2, 1, 0]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_look_zoom_and_walk_there(size: tuple[int, int]) -> None:
    app = map_app([make_album(row) for row in range(400)])
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot)
        first = screen.focus_row
        moved = next(key for key in ("right", "left", "up", "down") if screen._next(key))  # type: ignore[arg-type]
        await pilot.press(moved)
        assert screen.focus_row != first
        await pilot.press({"right": "left", "left": "right", "up": "down", "down": "up"}[moved])
        assert screen.focus_row == first
        await pilot.press(moved, *["plus"] * 6)
        assert screen.covers  # near enough, covers show
        album = screen.looked_at
        assert album is not None and album.title in "\n".join(screen_text(app))
        await pilot.press("a", "shift+right", "c", "tab", "0", "t", "enter")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert len(session_of(app).trail.visits) in (1, 2)


async def test_moving_the_focus_draws_marks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    app = map_app([make_album(row) for row in range(400)])
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot)
        cells: list[int] = []
        refresh = Canvas.refresh
        monkeypatch.setattr(
            Canvas,
            "refresh",
            lambda self, *regions, **more: (cells.append(sum(r.area for r in regions)), refresh(self, *regions))[1],
        )
        before = screen.focus_row
        await pilot.press("right", "left", "up", "down")
        assert screen.focus_row is not None and before is not None
        assert cells and max(cells) < 100 * 6


async def test_digits_hide_genres_and_the_mouse_focuses_and_zooms() -> None:
    app = map_app([make_album(row) for row in range(400)])
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot)
        assert screen.cells is not None and screen.view is not None
        all_visible = len(screen.cells.visible)
        await pilot.press("1", "2")
        assert len(screen.cells.visible) < all_visible
        await pilot.press("0")
        assert len(screen.cells.visible) == all_visible
        await pilot.click("#canvas", offset=(5, 5))
        cell = screen._cell(screen.focus_row or 0)
        assert cell is not None
        await pilot._post_mouse_events([events.MouseScrollUp], widget="#canvas", button=0)
        await until(pilot, lambda: screen.view is not None and screen.view.nearness > 1)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))


@pytest.mark.parametrize("count", [1, 2])
async def test_a_library_of_one_album_and_albums_on_one_spot(count: int) -> None:
    app = map_app([make_album(row) for row in range(count)], np.zeros((count, 2), np.float32))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        first = screen.focus_row
        await pilot.press("right", "plus", "minus", "tab", "shift+left")
        assert (screen.focus_row != first) == (count == 2)


async def test_without_latents_or_with_a_locked_library_it_says_why() -> None:
    app = map_app(places=np.full((40, 2), np.nan, np.float32))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("m")
        await until(pilot, lambda: "sleevewalk build" in screen_text(app)[0])
        await pilot.press("right", "plus", "tab", "1", "enter", "escape")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))

        def locked() -> CoverMap:
            raise LibraryError("library.duckdb is in use by python (PID 7)")

        app.setup.mapper = locked
        await pilot.press("m")
        await until(pilot, lambda: "PID 7" in screen_text(app)[0])


async def test_an_album_that_is_not_on_the_map_is_told() -> None:
    places = scattered(40)
    places[0] = np.nan
    app = map_app(places=places)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        session = session_of(app)
        session.focus(None)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, MapScreen) and app.screen.cells is not None)
        await pilot.press("c")
        assert "not on the map" in screen_text(app)[-1]
        assert "1 without a cover" in screen_text(app)[0]


@pytest.mark.parametrize("words", ["list:these-3", "genre:rock"])
async def test_the_map_shows_what_passes_the_filter(words: str) -> None:
    app = map_app([make_album(row, genre="rock" if row < 3 else "jazz") for row in range(40)])
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        session.snapshot.own.give([session.snapshot.album(row).album_id for row in range(3)])
        session.only(words)
        screen = await opened(pilot)
        assert screen.cells is not None and sorted(screen.cells.visible.tolist()) == [0, 1, 2]
        head = screen_text(app)[0]
        assert f"only {words} · 3 sleeves" in head and "without a cover" not in head
        await pilot.press("right", "left", "down", "plus", "tab")
        assert screen.focus_row in (0, 1, 2)


async def test_a_map_of_nothing_says_so() -> None:
    places = scattered(40)
    places[:3] = np.nan
    app = map_app(places=places)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        session.snapshot.own.give([session.snapshot.album(row).album_id for row in range(3)])
        session.only("list:these-3")
        await pilot.press("m")
        await until(pilot, lambda: "nothing on the map passes the filter list:these-3" in screen_text(app)[0])


async def test_a_part_drawn_with_the_mouse_is_the_walks_filter() -> None:
    app = map_app()
    async with app.run_test(size=(110, 36)) as pilot:
        screen: Any = await opened(pilot)
        places = screen.view.cells(screen.map.places)
        inside = ((places >= (20, 5)) & (places < (61, 26))).all(axis=1)
        ids = {screen.session.snapshot.album_ids[row] for row in np.flatnonzero(inside).tolist()}
        await pilot.mouse_down("#canvas", offset=(20, 5))
        await pilot.hover("#canvas", offset=(40, 15))
        assert screen.box == Rect(20, 5, 21, 11)
        await pilot.hover("#canvas", offset=(60, 25))
        await pilot.mouse_up("#canvas", offset=(60, 25))
        await until(pilot, lambda: screen.session.filter.is_set)
        assert set(screen.session.filter.terms[0].names) == ids and 0 < len(ids) < 40
        assert f"these {len(ids)} albums only" in rows_of(screen, "#keys")[0]


async def test_a_corner_can_be_let_go() -> None:
    app = map_app()
    async with app.run_test(size=(110, 36)) as pilot:
        screen: Any = await opened(pilot)
        await pilot.press("x", "left")
        assert screen.box is not None
        await pilot.press("escape")
        assert screen.box is None and app.screen is screen and not screen.session.filter.is_set
