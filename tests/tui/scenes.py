"""Every screen of the app on the fake library, opened by its keys."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from textual.pilot import Pilot

from store.cover_map import CoverMap
from store.records import Route, Step
from tests.tui.evidence_report import write_report
from tests.tui.fakes import make_album, make_app
from tests.tui.test_app import ready, until
from tui.app import SleevewalkApp
from tui.evidence_run import EvidenceDesk
from tui.screens.empty import EmptyScreen
from tui.screens.evidence import EvidenceScreen
from tui.screens.find import FindScreen
from tui.screens.map import MapScreen
from tui.screens.route import RouteScreen
from tui.screens.welcome import WelcomeScreen

# A screen is one line here: the keys that open it from the walk.
SCENES: dict[str, tuple[str, ...]] = {
    "walk": (),
    "counts": ("w",),
    "find": ("slash",),
    "help": ("question_mark",),
    "welcome": (),
    "empty": (),
    "route": ("p", "3", "7", "enter"),
    "trail": ("enter", "enter", "g"),
    "sql": ("y",),
    "map": ("m",),
    "network": ("minus",),
    "evidence": ("E",),
    "evidence-looks": ("E", "tab"),
    "palette": ("ctrl+k",),
}


def short_route(neighborhood: Any, start: str, goal: str, *_: object) -> Route:
    """Three steps."""
    snapshot = neighborhood.snapshot
    first, last = (snapshot.album(snapshot.row(album_id)) for album_id in (start, goal))
    between = make_album(20)
    reasons = neighborhood.reasons
    steps = (
        Step(first, None),
        Step(between, 0.5, reasons(start, between.album_id)),
        Step(last, 0.5, reasons(between.album_id, goal)),
    )
    return Route(steps, 0.5)


def scene_app(name: str) -> SleevewalkApp:
    """The app that the scene is played in."""
    app = make_app([] if name == "empty" else None)
    found = CoverMap(np.random.default_rng(7).normal(size=(40, 2)).astype(np.float32))
    app.mapper = lambda: found
    app.router = short_route
    app.welcome = name == "welcome"
    if name.startswith("evidence"):
        folder = Path(tempfile.mkdtemp())
        write_report(folder)
        app.evidence = EvidenceDesk(folder, ["none"])
    return app


async def open_scene(pilot: Pilot[Any], name: str) -> None:
    """Press the keys of the scene and wait until its screen has what it shows."""
    app = pilot.app
    if name in ("empty", "welcome"):
        kind = EmptyScreen if name == "empty" else WelcomeScreen
        await until(pilot, lambda: isinstance(app.screen, kind))
    else:
        await ready(pilot)
    for key in SCENES[name]:
        await pilot.press(key)
        if key == "7":
            await until(pilot, lambda: isinstance(app.screen, FindScreen) and app.screen.hits == [make_album(37)])
    if name == "route":
        await until(pilot, lambda: isinstance(app.screen, RouteScreen) and app.screen.route is not None)
    if name.startswith("evidence"):
        await until(pilot, lambda: isinstance(app.screen, EvidenceScreen) and app.screen.loaded)
    if name == "map":
        await until(pilot, lambda: isinstance(app.screen, MapScreen) and app.screen.cells is not None)
    await pilot.pause()
