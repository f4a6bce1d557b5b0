"""Every key of the map does what help says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from store.neighbors.cover_map import LAYOUTS
from tests.tui.support.keys import (
    HELP,
    PALETTE,
    Case,
    Look,
    Stage,
    becomes,
    check_keys,
    falls,
    here_is,
    next_theme,
    rises,
    to,
)
from tui.screens.bench.screen import BenchScreen
from tui.screens.map.screen import MapScreen
from tui.screens.walk.screen import WalkScreen


def look_at_middle(stage: Stage) -> None:
    stage.screen.action_whole()
    stage.screen.action_all_genres()
    columns, rows = stage.screen.view.columns, stage.screen.view.rows
    stage.screen._focus_nearest(columns // 2, rows // 2)


def map_spot(axis: int) -> Look:
    return lambda s: s.screen.view.cells(s.screen.map.places[s.screen.focus_row : s.screen.focus_row + 1])[0][axis]


def near(stage: Stage) -> None:
    look_at_middle(stage)
    stage.screen.action_zoom(4)


def elsewhere(stage: Stage) -> None:
    here = stage.session.snapshot.row(stage.session.here.album_id)
    stage.screen._focus(5 if here != 5 else 6)


def two_at_a_spot(stage: Stage) -> None:
    look_at_middle(stage)
    stage.screen._focus(2)


def covers(stage: Stage) -> None:
    stage.screen.coloring = "covers"
    stage.screen.action_coloring(0)


def two_layouts(stage: Stage) -> None:
    screen = stage.screen
    screen.map = replace(screen.map, layout=LAYOUTS[0])
    screen.maps = (screen.map, replace(screen.map, places=-screen.map.places, layout=LAYOUTS[1]))
    screen.action_zoom(4)


def genre(number: int) -> Case:
    return Case(
        lambda s: s.screen.shown.tolist(),
        lambda was, now: [i for i in range(len(now)) if was[i] != now[i]] == [number],
    )


def two_in_the_tray(stage: Stage) -> None:
    stage.session.tray = [stage.session.snapshot.album(row) for row in range(2)]


CASES = {
    "left": falls(map_spot(0), look_at_middle),
    "right": rises(map_spot(0), look_at_middle),
    "up": falls(map_spot(1), look_at_middle),
    "down": rises(map_spot(1), look_at_middle),
    "pan-left": falls(lambda s: s.screen.view.x, near),
    "pan-right": rises(lambda s: s.screen.view.x, near),
    "pan-up": rises(lambda s: s.screen.view.y, near),
    "pan-down": falls(lambda s: s.screen.view.y, near),
    "nearer": rises(lambda s: s.screen.view.nearness, look_at_middle),
    "farther": falls(lambda s: s.screen.view.nearness, near),
    "whole": becomes(lambda s: s.screen.view.nearness, 1.0, near),
    "letters": Case(
        lambda s: (s.screen.focus_row, list(s.screen._lettered)),
        lambda was, now: now[1][2:3] == [now[0]] != [was[0]],
        look_at_middle,
        ("d",),
    ),
    "layout": becomes(lambda s: (s.screen.map.layout, s.screen.view.nearness), (LAYOUTS[1], 1.0), two_layouts),
    "here": becomes(lambda s: s.screen.looked_at.album_id == s.session.here.album_id, True, elsewhere),
    "next": Case(lambda s: s.screen.focus_row, lambda was, now: {was, now} == {2, 3}, two_at_a_spot),
    **{f"genre-{number}": genre(number - 1) for number in range(1, 10)},
    "view": becomes(lambda s: s.screen.coloring, "genre", covers),
    "view-before": becomes(lambda s: s.screen.coloring, "sleeve", covers),
    "filter": becomes(lambda s: s.session.filter.text, "list:these-40", look_at_middle),
    "tray": becomes(lambda s: s.screen.looked_at in s.session.tray, True, look_at_middle),
    "bench": to(BenchScreen, "", two_in_the_tray),
    "all-genres": becomes(lambda s: bool(s.screen.shown.all()), True, ("1", "9")),
    "choose": here_is(lambda s: s.screen.looked_at.album_id, elsewhere),
    "theme": next_theme(),
    "palette": PALETTE,
    "help": HELP[MapScreen],
    "back": to(WalkScreen),
    "mark": Case(
        lambda s: (s.session.filter.text[:5], s.screen.box is None),
        lambda was, now: was == ("", True) and now == ("list:", True),
        look_at_middle,
        ("left", "x"),
    ),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("map", CASES, tmp_path, monkeypatch)
