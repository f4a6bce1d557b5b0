"""The nastiest names on every screen: nothing of them acts on the terminal, whatever the library holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.support.app import check_rows
from tests.tui.support.fakes import make_album
from tests.tui.support.scenes import open_scene, scene_app
from tui.app import SleevewalkApp

NASTY: list[str] = json.loads((Path(__file__).parents[2] / "nasty_names.json").read_text())
WORST = [*NASTY[9:29], *NASTY[29::8]][:40]  # as many as the fake map has places
SIZE = (80, 24)


@pytest.mark.parametrize("scene", ["walk", "counts", "trail", "sql", "map", "network", "palette"])
async def test_no_screen_draws_a_control_character(scene: str) -> None:
    albums = [
        make_album(row, artist=text[:600], title=text[:600], genre=text[:80] or None, tags=(text[:80], text[:80]))
        for row, text in enumerate(WORST)
    ]
    app: SleevewalkApp = scene_app(scene, albums=albums)
    async with app.run_test(size=SIZE) as pilot:
        await open_scene(pilot, scene)
        await check_rows(pilot, SIZE)
        for key in ("right", "down", "r", "left"):
            await pilot.press(key)
            await check_rows(pilot, SIZE)
