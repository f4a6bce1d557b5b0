"""Contact sheets: every cover stands clear of the others, and a mouse does what the arrows do."""

from __future__ import annotations

import pytest

from tests.tui.support.app import ready, screen_text, session_of, until
from tests.tui.support.scenes import open_scene, scene_app
from tui.screens.find import FindScreen
from tui.screens.route.screen import RouteScreen
from tui.screens.walk.counts import Counts
from tui.widgets.bars import KeysLine, TrailLine
from tui.widgets.sheet import Sheet, fitted


@pytest.mark.parametrize("room", [(5, 3), (12, 4), (40, 10), (80, 19), (130, 41), (300, 88)])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 40, 1000])
def test_a_page_fits_the_room_and_few_covers_are_larger(room: tuple[int, int], count: int) -> None:
    grid = fitted(count, *room, 2, 2, (6, 16))
    assert grid.page >= 1 and grid.side >= 1
    assert (grid.across - 1) * grid.pitch + 2 * grid.side + 1 <= room[0] or grid.across == 1
    assert grid.down * (grid.side + 3) - 1 <= room[1] or grid.down == 1
    assert grid.side >= fitted(count + 1, *room, 2, 2, (6, 16)).side


async def test_clicks_and_the_wheel_choose_on_the_way_and_a_second_click_walks() -> None:
    app = scene_app("route")
    async with app.run_test(size=(110, 36)) as pilot:
        await open_scene(pilot, "route")
        assert isinstance(app.screen, RouteScreen)
        sheet, steps = app.screen.query_one(Sheet), app.screen.way.items

        def middle(place: int) -> tuple[int, int]:
            rect = sheet.rect(place)
            return rect.x + rect.width // 2, rect.y + rect.height // 2

        await pilot.click(sheet, offset=middle(1))
        await until(pilot, lambda: sheet.place == 1)
        await pilot.click(sheet, offset=(0, 0))
        assert sheet.place == 1
        await pilot.click(sheet, offset=middle(2), times=2)
        await ready(pilot)
        assert [visit.album_id for visit in session_of(app).trail.path()[0]] == [step.album.album_id for step in steps]


async def test_keys_stops_and_weights_are_clicked() -> None:
    app = scene_app("walk")
    async with app.run_test(size=(130, 45)) as pilot:
        await ready(pilot)
        session, walk = session_of(app), app.screen
        start = session.here
        await pilot.press("enter", "right", "enter")
        row = walk.query_one(TrailLine).rows[0]
        await pilot.click("#trail", offset=(row.index(start.title), 0))
        await until(pilot, lambda: session.here == start)
        await pilot.click("#mode", offset=(40, 0))
        await until(pilot, lambda: walk.query_one(Counts).visible)
        await pilot.press("escape")
        keys = walk.query_one(KeysLine).rows[0]
        await pilot.click("#keys", offset=(keys.index("route"), 0))
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        assert "route to which album" in "\n".join(screen_text(app))
