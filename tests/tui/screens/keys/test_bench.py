"""Every key of the blend bench does what help says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tui.support.app import until
from tests.tui.support.keys import (
    HELP,
    PALETTE,
    Case,
    Stage,
    becomes,
    check_keys,
    falls,
    files,
    fill_tray,
    moved,
    rises,
    to,
)
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.tree import TreeScreen
from tui.screens.bench.write import WriteScreen
from tui.screens.find import FindScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.walk.screen import WalkScreen
from tui.walk.bench import MODES, Draft


def draft(stage: Stage) -> Any:
    return stage.app.bench.draft


def weight(stage: Stage) -> float:
    return float(draft(stage).given[stage.app.bench.chosen])


def favour(stage: Stage) -> float:
    factors = draft(stage).wishes.favour
    return float(factors[1]) if factors else 1.0


async def fresh(stage: Stage) -> None:
    fill_tray(stage)
    bench = stage.app.bench
    bench.change(Draft.of(stage.session.tray))
    bench.chosen, bench.direction = 1, 0
    bench.variants.clear()
    stage.screen.view = "preview"
    stage.screen.redraw()
    stage.screen._preview()
    await until(stage.pilot, lambda: stage.screen.drawn == bench.draft)


def after_fresh(*keys: str) -> Callable[[Stage], Awaitable[None]]:
    async def before(stage: Stage) -> None:
        await fresh(stage)
        for key in keys:
            await stage.pilot.press(key)
            await until(stage.pilot, lambda: stage.screen.drawn == stage.app.bench.draft)

    return before


def mode(step: int) -> Case:
    return Case(lambda s: MODES.index(draft(s).mode), lambda was, now: now == (was + step) % len(MODES), fresh)


def steps(stage: Stage) -> float:
    return float(draft(stage).steps(stage.screen.directions[0]))


def variant(number: int) -> Case:
    keys = ("v", "up", "v", "up", "v", "up", "v", "r")
    return Case(
        lambda s: (draft(s), s.app.bench.variants[number - 1].draft),
        lambda was, now: was[0] != was[1] and now[0] == was[1],
        after_fresh(*keys),
    )


CASES = {
    "left": moved(lambda s: s.app.bench.chosen, -1, fresh),
    "right": moved(lambda s: s.app.bench.chosen, 1, fresh),
    "letters": replace(moved(lambda s: s.app.bench.chosen, -1, fresh), after=("a",)),
    "more": moved(weight, 0.1, fresh),
    "less": moved(weight, -0.1, fresh),
    "fine-more": moved(weight, 0.01, fresh),
    "fine-less": moved(weight, -0.01, fresh),
    "solo": Case(lambda s: draft(s).given, lambda was, now: now == (0, 1, 0) != was, fresh),
    "mute": Case(lambda s: draft(s).given, lambda was, now: now == (was[0], 0, was[2]) != was, fresh),
    "even": Case(
        lambda s: (len(set(draft(s).given)), draft(s).drift),
        lambda was, now: was[0] > 1 and was[1] != () and now == (1, ()),
        after_fresh("up", "plus"),
    ),
    "mode": mode(1),
    "mode-before": mode(-1),
    "direction": moved(lambda s: s.app.bench.direction % 2, 1, fresh),
    "direction-before": moved(lambda s: s.app.bench.direction % 2, -1, after_fresh("d")),
    "drift": moved(steps, 1, fresh),
    "drift-back": moved(steps, -1, fresh),
    "dice": Case(lambda s: draft(s).given, lambda was, now: len(set(was)) == 1 and len(set(now)) == 3, fresh),
    "undo": moved(weight, -0.1, after_fresh("up")),
    "redo": moved(weight, 0.1, after_fresh("up", "u")),
    "keep": Case(
        lambda s: [one.draft for one in s.app.bench.variants], lambda was, now: was == [] and len(now) == 1, fresh
    ),
    "variants": becomes(lambda s: s.screen.view, "variants", after_fresh("v")),
    **{f"variant-{number}": variant(number) for number in range(1, 5)},
    "self": becomes(
        lambda s: (s.screen.view, draft(s).albums[1].cover_sha256 in s.screen._encoded), ("self", True), fresh
    ),
    "add": to(FindScreen, "which album onto the bench?", fresh),
    "take-out": Case(
        lambda s: [album.album_id for album in draft(s).albums],
        lambda was, now: len(was) == 3 and now == [was[0], was[2]],
        fresh,
    ),
    "areas": becomes(lambda s: s.screen.view, "areas", fresh),
    "favour": rises(favour, fresh),
    "favour-less": falls(favour, fresh),
    "pin": becomes(lambda s: s.screen.view, "pin", fresh),
    "pin-here": moved(lambda s: len(draft(s).wishes.pins), 1, after_fresh("p")),
    "swap": becomes(lambda s: draft(s).wishes.layout_of, 1, fresh),
    "detail": becomes(lambda s: draft(s).detail, "invented", fresh),
    "details": becomes(lambda s: s.screen.view, "details", fresh),
    "tree": to(TreeScreen, "family tree", fresh),
    "write": moved(files, 1, fresh),
    "write-as": to(WriteScreen, "write this blend", fresh),
    "near": to(NearScreen, "nearest to this blend", fresh),
    "gallery": to(GalleryScreen, " gallery ", fresh),
    "palette": PALETTE,
    "help": HELP[BenchScreen],
    "back": to(WalkScreen, before=fresh),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("bench", CASES, tmp_path, monkeypatch)
