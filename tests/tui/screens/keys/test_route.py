"""Every key of a route does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, becomes, check_keys, chosen, here_is, moved, to
from tui.screens.route import RouteScreen
from tui.screens.walk.screen import WalkScreen

CASES = {
    "next": moved(chosen, 1, ("home",)),
    "previous": moved(chosen, -1, ("end",)),
    "last": becomes(chosen, 2, ("home",)),
    "first": becomes(chosen, 0, ("end",)),
    "walk": here_is(lambda s: s.screen.goal.album_id, ("end",)),
    "back": to(WalkScreen),
    "help": HELP[RouteScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("route", CASES, tmp_path, monkeypatch)
