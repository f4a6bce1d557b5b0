"""The network: where albums stand, where arrows lead, and the screen through Textual's Pilot."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot

from store.records import SIGNALS, Album, Neighbor, Reason
from tests.tui.support.app import ready, screen_text, session_of, until
from tests.tui.support.fakes import make_album, make_app
from tui.app import SleevewalkApp
from tui.keynames import key_name
from tui.layout.edges import BRAILLE
from tui.layout.geometry import Rect
from tui.layout.navigation import OPPOSITE, Direction
from tui.screens.help import HelpScreen
from tui.screens.network.lattice import LEVELS, OPENED, PATH, bounds, draw_links, opening, whole
from tui.screens.network.screen import NetworkScreen
from tui.screens.registry import binding_ids
from tui.screens.walk.screen import WalkScreen
from tui.walk.network import MOST, Link, Network, Site
from tui.widgets.canvas import Canvas, Caption, Picture

DIRECTIONS: tuple[Direction, ...] = ("left", "right", "up", "down")
rooms = st.tuples(st.integers(54, 300), st.integers(18, 88))  # the canvas at 80x24 to 300x90
rings = st.integers(5, 24)


def neighbor(name: object, signal: str = "cover", score: float = 0.5) -> Neighbor:
    album = Album(str(name), "artist", "title", None, None, None, None)
    return Neighbor(album, score, (Reason(signal, score, ""),))


def walked(ring: int, steps: int, seed: int, albums: int = 3000) -> Network:
    """A network of `steps` rings, each of an album of an earlier ring, now and then of any album."""
    chance, network, here = random.Random(seed), Network(), "0"
    for step in range(steps):
        names = chance.sample(range(albums), ring + 1)
        found = [neighbor(name, chance.choice(SIGNALS), chance.random()) for name in names if str(name) != here]
        network.explore(here, found[:ring])
        here = chance.choice(list(network.sites)) if step % 7 != 6 else str(chance.randrange(albums))
    return network


@settings(max_examples=60)
@given(rings, st.integers(1, 2), st.integers(0, 10_000))
def test_arrows_reach_every_cover_and_every_arrow_can_be_undone(ring: int, hops: int, seed: int) -> None:
    check_arrows(walked(ring, hops, seed))


@pytest.mark.parametrize("seed", range(3))
def test_arrows_reach_every_cover_of_a_long_walk(seed: int) -> None:
    network = walked(12, 20, seed)
    assert len(network) > 200
    check_arrows(network)


def check_arrows(network: Network) -> None:
    forward: dict[str, set[str]] = {album: set() for album in network.sites}
    backward: dict[str, set[str]] = {album: set() for album in network.sites}
    for album in network.sites:
        for direction in DIRECTIONS:
            target = network.arrow(album, direction)
            if target is not None:
                assert target != album
                forward[album].add(target)
                backward[target].add(album)
                assert network.arrow(target, OPPOSITE[direction], (album, direction)) == album
    assert reached(forward) == reached(backward) == set(network.sites)


def reached(ways: dict[str, set[str]]) -> set[str]:
    start = next(iter(ways))
    seen, waiting = {start}, [start]
    while waiting:
        for target in ways[waiting.pop()] - seen:
            seen.add(target)
            waiting.append(target)
    return seen


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 40), st.lists(st.integers(0, 40), max_size=24, unique=True)), max_size=12))
def test_an_album_once_placed_never_moves_and_none_share_a_site(steps: list[tuple[int, list[int]]]) -> None:
    network, before = Network(), dict[str, Site]()
    for here, ring in steps:
        new = {str(here), *map(str, ring)} - set(before)
        added = network.explore(str(here), [neighbor(name) for name in ring if name != here])
        assert added == len(new)
        assert {album: network.sites[album] for album in before} == before
        before = dict(network.sites)
        assert len(set(before.values())) == len(before)
        assert set(network.joined(str(here))) >= {str(name) for name in ring if name != here}
    ends = [(a, b) for a, b, _ in network.pairs()]
    assert len(set(ends)) == len(ends) == sum(map(len, network.links.values())) / 2


@settings(max_examples=40)
@given(rings, st.integers(0, 10_000))
def test_a_ring_stands_apart_so_that_its_edges_show(ring: int, seed: int) -> None:
    network = walked(ring, 1, seed)
    x0, y0 = network.sites["0"]
    offsets = [(abs(x - x0), abs(y - y0)) for album, (x, y) in network.sites.items() if album != "0"]
    assert all(offset[0] > 1 or offset[1] > 1 for offset in offsets)
    assert all(x <= 4 and y <= 3 for x, y in offsets)


def test_a_very_long_walk_forgets_the_rings_of_long_ago_and_moves_nothing() -> None:
    network, kept = Network(), dict[str, Site]()
    for step in range(60):
        here = str(step * 100)
        ring = [neighbor(step * 100 + number) for number in range(1, 24)] + [neighbor((step + 1) * 100)]
        network.explore(here, ring)
        assert all(network.sites[album] == site for album, site in kept.items() if album in network.sites)
        kept.update(network.sites)
        assert len(network) <= MOST
        assert here in network.sites and set(network.parents) <= set(network.sites)
        assert all(other in network.sites for links in network.links.values() for other in links)
    assert "1" not in network.sites and "5901" in network.sites
    check_arrows(network)


@settings(max_examples=80)
@given(rooms, rings, st.integers(1, 4), st.integers(0, 10_000), st.integers(-8, 8))
def test_covers_never_overlap_and_zooming_keeps_the_focus_in_view(
    room: tuple[int, int], ring: int, steps: int, seed: int, zoom: int
) -> None:
    network = walked(ring, steps, seed)
    focus = random.Random(seed).choice(list(network.sites.values()))
    other = next(iter(network.sites.values()))
    window = opening(*room, network.sites.values(), focus, other)
    assert window.shows(focus) and window.number >= OPENED
    everything = whole(*room, network.sites.values())
    assert everything is None or all(map(everything.shows, network.sites.values()))
    window = window.zoom(zoom, *window.rect(focus).center).following(focus)
    assert window.shows(focus) and window.number <= window.nearest
    rects = sorted((window.rect(site) for site in network.sites.values()), key=lambda rect: (rect.y, rect.x))
    marked = [Rect(r.x - 1, r.y, r.width + 2, r.height + window.level.titled) for r in rects]
    near = [(a, b) for place, a in enumerate(marked) for b in marked[place + 1 : place + 60]]
    assert not any(a.overlaps(b) for a, b in near)
    (left, top), (right, bottom) = bounds(network.sites.values())
    begun = opening(*room, network.sites.values(), focus, other)  # no room is left at one end that the other wants
    ends = begun.rect((left, top)), begun.rect((right, bottom))
    assert not (ends[0].x > 1 and ends[1].right > room[0]) and not (ends[1].bottom < room[1] - 1 and ends[0].y < 0)
    panned = window.pan(room[0] // 3, -(room[1] // 3), network.sites.values())
    assert any(panned.touches(site) for site in network.sites.values()) or len(network) > 5


def test_lines_pass_behind_covers_and_are_strokes_in_ascii() -> None:
    network = Network()
    network.explore("a", [neighbor("b", "tags", 0.9), neighbor("c", "era", 0.2)])
    window = opening(60, 20, network.sites.values(), (0, 0), (0, 0))
    rects = {album: window.rect(site) for album, site in network.sites.items()}
    lines = [(rects[a], rects[b], link) for a, b, link in network.pairs()]
    for ascii_only in (False, True):
        cells = draw_links(lines, rects.values(), Rect(0, 0, 60, 20), ascii_only=ascii_only)
        assert {key for _, key in cells.values()} == {"tags", "era"}
        assert not any(rect.contains(Rect(*cell, 1, 1)) for cell in cells for rect in rects.values())
        assert all((character in "-|/\\") == ascii_only for character, _ in cells.values())
        assert ascii_only or all(BRAILLE < ord(character) < BRAILLE + 256 for character, _ in cells.values())


def test_the_walk_is_a_solid_line() -> None:
    first, second = Rect(0, 0, 2, 1), Rect(20, 0, 2, 1)
    cells = draw_links([(first, second, Link(PATH, 1.0))], [first, second], Rect(0, 0, 60, 20))
    assert set(cells) == {(x, 0) for x in range(2, 20)} and {mark for mark, _ in cells.values()} <= set("▀▄▖▗")


async def opened(pilot: Pilot[Any], key: str = "minus") -> NetworkScreen:
    await ready(pilot)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, NetworkScreen) and pilot.app.screen.window is not None)
    assert isinstance(pilot.app.screen, NetworkScreen)
    await pilot.pause()
    return pilot.app.screen


def network_app(albums: int = 400) -> SleevewalkApp:
    return make_app([make_album(row) for row in range(albums)])


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 50)])
async def test_a_second_hop_grows_the_network_and_enter_walks_there(size: tuple[int, int]) -> None:
    app = network_app()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        session = session_of(app)
        here, focused = session.here, session.focused
        shown = {n.album.album_id for n in session.ring.slots if n}
        screen = await opened(pilot, "e")
        assert screen.focused_id == focused.album_id and screen.other_id == here.album_id
        assert list(session.network.explored) == [here.album_id, focused.album_id]
        assert len(session.network) > len(shown) + 1
        text = "\n".join(screen_text(app))
        assert focused.title in text and here.title in text and "match" in text
        before = dict(session.network.sites)
        moved = next(key for key in DIRECTIONS if session.network.arrow(screen.focused_id, key))
        await pilot.press(moved)
        third = screen.focused_id
        assert third != focused.album_id
        await pilot.press(OPPOSITE[moved])
        assert screen.focused_id == focused.album_id
        await pilot.press(moved, "e")
        assert third in session.network.explored
        assert "ring" in screen_text(app)[-1]
        await pilot.press("tab")
        assert "expand" in screen_text(app)[-1]
        assert before.items() <= session.network.sites.items()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert session.here.album_id == third and len(session.trail.visits) == 2


async def test_walking_grows_the_network_too() -> None:
    app = network_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        start = session.here.album_id
        await pilot.press("enter", "right", "enter", "u", "r")
        screen = await opened(pilot)
        assert list(session.network.explored)[-1] == session.here.album_id
        assert start in session.network.explored and len(session.network.explored) >= 4
        await pilot.press("c")
        assert screen.focused_id == session.here.album_id


async def test_edges_are_chosen_with_tab_and_say_why() -> None:
    app = network_app()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot)
        session = session_of(app)
        await pilot.press("c")
        edges = session.network.joined(screen.focused_id)
        said = set()
        for _ in edges:
            await pilot.press("tab")
            assert screen.other_id in edges
            link = session.network.links[screen.focused_id][screen.other_id]
            row = screen_text(app)[-2]
            assert session.album(screen.other_id).title in row and f"match {link.score:.2f}" in row
            said.add(screen.other_id)
        assert said == set(edges)
        last = screen.other_id
        await pilot.press("tab", "shift+tab")
        assert screen.other_id == last


async def test_pan_zoom_and_back_to_the_walk() -> None:
    app = network_app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, "e")
        assert screen.window is not None
        opened_at = screen.window
        await pilot.press("shift+right")
        assert screen.window.left > opened_at.left and screen.window.number == opened_at.number
        assert screen.window.shows(screen.network.sites[screen.focused_id])
        await pilot.press("minus", "minus", "minus", "minus", "minus", "minus")
        assert screen.window.number == 0
        sites = screen.network.sites.values()
        assert screen.window == screen.window.filled(sites)  # no half of the screen is empty
        await pilot.press("a")
        assert screen.window == whole(screen.window.columns, screen.window.rows, sites)
        for _ in LEVELS:
            if isinstance(app.screen, NetworkScreen):
                assert screen.window.shows(screen.network.sites[screen.focused_id])
                await pilot.press("plus")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert len(session_of(app).trail.visits) == 1
        await opened(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))


async def test_the_mouse_focuses_zooms_and_walks() -> None:
    app = network_app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot)
        assert screen.window is not None
        target = next(a for a in screen.network.sites if a not in (screen.focused_id, session_of(app).here.album_id))
        rect = screen.window.rect(screen.network.sites[target])
        await pilot.click("#canvas", offset=(rect.x + 1, rect.y))
        assert screen.focused_id == target
        number = screen.window.number
        await pilot._post_mouse_events([events.MouseScrollDown], widget="#canvas", button=0)
        await until(pilot, lambda: screen.window is not None and screen.window.number == number - 1)
        rect = screen.window.rect(screen.network.sites[target])
        await pilot.click("#canvas", offset=(rect.x + 1, rect.y), times=2)
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert session_of(app).here.album_id == target


async def test_moving_the_focus_paints_no_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    app = network_app()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot, "e")
        whole_redraws: list[object] = []
        monkeypatch.setattr(Canvas, "show", lambda self, *args: whole_redraws.append(args))
        seen = {screen.focused_id}
        for key in ("left", "left", "up", "right", "down", "down", "right"):
            await pilot.press(key)
            seen.add(screen.focused_id)
        assert len(seen) > 3 and not whole_redraws


async def test_a_library_of_one_album_has_a_network_of_one() -> None:
    app = network_app(1)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, "e")
        assert screen.other_id is None
        await pilot.press("left", "tab", "e", "shift+left", "minus", "a", "t")
        assert "nothing joins it" in screen_text(app)[-2]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert len(session_of(app).trail.visits) == 1


async def test_keys_help_and_palette_know_the_network() -> None:
    assert {"network.expand", "network.left", "walk.expand", "walk.network"} <= set(binding_ids())
    app = network_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        names = [f"{one.description} ({key_name(one.key)})" for one in app._keys_of(screen)[1]]
        assert "expand (e)" in names and "walk there (Enter)" in names
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "the network" in screen_text(app)[1]


async def test_the_walk_and_the_edges_of_the_focus_are_drawn_and_the_rest_when_asked() -> None:
    app = make_app([make_album(row) for row in range(60)])
    async with app.run_test(size=(130, 45)) as pilot:
        await ready(pilot)
        await pilot.press("enter", "right", "enter", "down", "enter", "minus")
        await until(pilot, lambda: isinstance(app.screen, NetworkScreen) and app.screen.window is not None)
        screen: Any = app.screen
        canvas = screen.query_one(Canvas)
        walked = {(a, b) for a, b, _ in screen._walked()}
        visits = session_of(app).trail.visits
        assert walked == {(visits[at].album_id, visits[at + 1].album_id) for at in range(len(visits) - 1)}
        lines = sum(len(row) for row in canvas._ground.values())
        await pilot.press("v")
        assert sum(len(row) for row in canvas._ground.values()) > lines > 0
        await pilot.press("v", "plus")
        x, y = screen._rect(screen.focused_id).center
        assert abs(x - screen.window.columns / 2) <= 2 and abs(y - screen.window.rows / 2) <= 2
        titles = [block for block in canvas.blocks if isinstance(block, Caption)]
        covers = [block.rect for block in canvas.blocks if isinstance(block, Picture)]
        assert titles and not any(title.rect.overlaps(rect) for title in titles for rect in covers)
