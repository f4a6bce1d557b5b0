"""Every key of the network does what help says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
    moved,
    next_theme,
    rises,
    to,
)
from tui.screens.network.screen import NetworkScreen
from tui.screens.walk.screen import WalkScreen


def network_here(stage: Stage) -> None:
    stage.screen.action_whole()
    stage.screen.action_here()


def site(axis: int) -> Look:
    return lambda s: s.screen.network.sites[s.screen.focused_id][axis]


def network_near(stage: Stage) -> None:
    while len(stage.session.network.explored) < 4:
        stage.session.expand(next(reversed(stage.session.network.sites)))
    stage.screen.redraw()
    network_here(stage)
    while stage.screen.window.number < stage.screen.window.nearest:
        stage.screen.action_zoom(1)


def network_far(stage: Stage) -> None:
    network_near(stage)
    stage.screen.action_zoom(-2)


def unopened(stage: Stage) -> None:
    network = stage.screen.network
    stage.screen._focus(next(one for one in network.sites if one not in network.explored))


def edge(step: int) -> Case:
    def look(stage: Stage) -> tuple[list[str], str]:
        screen = stage.screen
        return screen.network.joined(screen.focused_id), screen.other_id

    def differs(was: Any, now: Any) -> bool:
        edges = was[0]
        return bool(len(edges) > 1 and now[1] == edges[(edges.index(was[1]) + step) % len(edges)])

    return Case(look, differs, network_here)


CASES = {
    "left": falls(site(0), network_here),
    "right": rises(site(0), network_here),
    "up": falls(site(1), network_here),
    "down": rises(site(1), network_here),
    "pan-left": falls(lambda s: s.screen.window.left, network_near),
    "pan-right": rises(lambda s: s.screen.window.left, network_near),
    "pan-up": falls(lambda s: s.screen.window.top, network_near),
    "pan-down": rises(lambda s: s.screen.window.top, network_near),
    "edges": Case(
        lambda s: (s.screen.every, "all edges" in s.text.split("\n")[0]), lambda was, now: was == (not now[0],) * 2
    ),
    "nearer": moved(lambda s: s.screen.window.number, 1, network_far),
    "farther": moved(lambda s: s.screen.window.number, -1, network_near),
    "whole": becomes(
        lambda s: all(s.screen.window.shows(one) for one in s.screen.network.sites.values()), True, network_near
    ),
    "letters": Case(
        lambda s: (s.screen.focused_id, list(s.screen._lettered)),
        lambda was, now: now[1][2:3] == [now[0]] != [was[0]],
        network_here,
        ("d",),
    ),
    "here": becomes(lambda s: s.screen.focused_id == s.session.here.album_id, True, unopened),
    "expand": becomes(lambda s: s.screen.focused_id in s.session.network.explored, True, unopened),
    "edge": edge(1),
    "edge-before": edge(-1),
    "choose": here_is(lambda s: s.screen.focused_id, unopened),
    "theme": next_theme(),
    "palette": PALETTE,
    "help": HELP[NetworkScreen],
    "back": to(WalkScreen),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("network", CASES, tmp_path, monkeypatch)
