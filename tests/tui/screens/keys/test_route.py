"""Every key of a route does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.exports.walk import ENDINGS
from tests.tui.screens.keys.player import asked
from tests.tui.support.app import until
from tests.tui.support.keys import HELP, Case, Stage, becomes, check_keys, chosen, here_is, moved, to
from tui.screens.find import FindScreen
from tui.screens.route.screen import RouteScreen
from tui.screens.walk.screen import WalkScreen


async def unwished(stage: Stage) -> None:
    """The strongest route again, found."""
    await stage.pilot.press("0")
    await until(stage.pilot, lambda: stage.screen.route is not None)


def all_steps(stage: Stage) -> list[str]:
    return [step.album.album_id for step in stage.screen.route.steps]


def written(stage: Stage) -> int:
    folder = stage.folder / "walks"
    return len(list(folder.glob("route-to-*"))) if folder.exists() else 0


def unwritten(stage: Stage) -> None:
    for path in (stage.folder / "walks").glob("*"):
        path.unlink()


async def narrow(stage: Stage) -> None:
    """Two covers abreast."""
    await stage.pilot.resize_terminal(40, 30)
    await until(stage.pilot, lambda: stage.screen.way.grid.across == 2)
    stage.screen.way.choose(0)


async def at_end(stage: Stage) -> None:
    await narrow(stage)
    stage.screen.way.choose(2)


def counted(digit: int) -> Case:
    return becomes(lambda s: f"{digit} albums in all" in s.text, True, unwished)


CASES = {
    "next": moved(chosen, 1, ("home",)),
    "previous": moved(chosen, -1, ("end",)),
    "last": becomes(chosen, 2, ("home",)),
    "first": becomes(chosen, 0, ("end",)),
    "below": moved(chosen, 2, narrow),
    "above": moved(chosen, -2, at_end),
    "letters": Case(chosen, lambda was, now: (was, now) == (0, 2), ("home",), ("d",)),
    "weakest": becomes(chosen, 1, ("end",)),
    "walk": here_is(lambda s: s.screen.stops[-1].album_id, ("end",)),
    "add": to(FindScreen, "stop at which album on the way?"),
    "longer": becomes(lambda s: s.screen.wishes.steps, 3, unwished),
    "shorter": becomes(lambda s: s.screen.wishes.steps, 1, unwished),
    **{f"count-{digit}": counted(digit) for digit in range(1, 10)},
    "vary": becomes(lambda s: s.screen.wishes.vary, 0, unwished),
    "one-an-artist": becomes(lambda s: s.screen.wishes.per_artist, 1, unwished),
    "plain": becomes(lambda s: s.screen.wishes.vary, None, ("v",)),
    "play": asked(False, all_steps),
    "queue": asked(True, all_steps),
    "export": becomes(lambda s: (written(s), "wrote 3 stops" in s.text), (len(ENDINGS), True), unwritten),
    "back": to(WalkScreen),
    "help": HELP[RouteScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("route", CASES, tmp_path, monkeypatch)
