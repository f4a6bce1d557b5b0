"""Every key of a route does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.screens.keys.player import asked
from tests.tui.support.app import until
from tests.tui.support.keys import HELP, Stage, becomes, check_keys, chosen, here_is, moved, to
from tui.screens.find import FindScreen
from tui.screens.route import RouteScreen
from tui.screens.walk.screen import WalkScreen


async def unwished(stage: Stage) -> None:
    """The strongest route again, found."""
    await stage.pilot.press("0")
    await until(stage.pilot, lambda: stage.screen.route is not None)


def all_steps(stage: Stage) -> list[str]:
    return [step.album.album_id for step in stage.screen.route.steps]


CASES = {
    "next": moved(chosen, 1, ("home",)),
    "previous": moved(chosen, -1, ("end",)),
    "last": becomes(chosen, 2, ("home",)),
    "first": becomes(chosen, 0, ("end",)),
    "walk": here_is(lambda s: s.screen.stops[-1].album_id, ("end",)),
    "add": to(FindScreen, "stop at which album on the way?"),
    "longer": becomes(lambda s: s.screen.wishes.steps, 3, unwished),
    "shorter": becomes(lambda s: s.screen.wishes.steps, 1, unwished),
    "vary": becomes(lambda s: s.screen.wishes.vary, 0, unwished),
    "one-an-artist": becomes(lambda s: s.screen.wishes.per_artist, 1, unwished),
    "plain": becomes(lambda s: s.screen.wishes.vary, None, ("v",)),
    "play": asked(False, all_steps),
    "queue": asked(True, all_steps),
    "back": to(WalkScreen),
    "help": HELP[RouteScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("route", CASES, tmp_path, monkeypatch)
