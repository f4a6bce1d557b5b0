"""Every screen of the app on the fake library, opened by its keys."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from textual.pilot import Pilot
from textual.screen import Screen

from pipelines.lens.lens import Sighting
from store.database.library import Library
from store.neighbors.cover_map import CoverMap
from store.personal.records import Personal, blend_row
from store.records import Album, Neighbor, Route, Step
from tests.tui.support.app import Records, ready, until
from tests.tui.support.evidence_report import write_report
from tests.tui.support.fakes import make_album, make_app
from tests.tui.support.model import Index, TinyCodec, decoder_of
from tui.app import SleevewalkApp
from tui.config import Config
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.tree import TreeScreen
from tui.screens.bench.write import WriteScreen
from tui.screens.empty import EmptyScreen
from tui.screens.evidence.run import EvidenceDesk
from tui.screens.evidence.screen import READING, EvidenceScreen
from tui.screens.find import FindScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.lens import LensScreen
from tui.screens.library.album import AlbumScreen
from tui.screens.library.albums import ArtistScreen
from tui.screens.library.listing import ListScreen
from tui.screens.map.screen import MapScreen
from tui.screens.route.screen import RouteScreen
from tui.screens.walk.alike import AlikeScreen
from tui.screens.welcome import WelcomeScreen
from tui.walk.bench import Draft
from vae.directions import Direction

# A screen is one line here: the keys that open it from the walk.
SCENES: dict[str, tuple[str, ...]] = {
    "walk": (),
    "counts": ("w",),
    "find": ("slash",),
    "help": ("question_mark",),
    "card": ("T",),
    "welcome": (),
    "empty": (),
    "route": ("p", "3", "7", "enter"),
    "trail": ("enter", "enter", "g"),
    "shelf": ("S",),
    "sql": ("y",),
    "map": ("m",),
    "network": ("minus",),
    "evidence": ("E",),
    "evidence-looks": ("E", "tab"),
    "palette": ("ctrl+k",),
    "bench": ("B",),
    "near": ("B", "n"),
    "tree": ("B", "T"),
    "alike": ("a",),
    "write": ("B", "W"),
    "gallery": ("G",),
    "lens": ("P", "x", "enter"),
    "list": ("L",),
    "album": ("i",),
    "artist": ("A",),
}
BLENDS = 12  # in the gallery


def short_route(neighborhood: Any, stops: Sequence[str], *_: object) -> Route:
    """Two steps, whatever is wished."""
    snapshot, start, goal = neighborhood.snapshot, stops[0], stops[-1]
    first, last = (snapshot.album(snapshot.row(album_id)) for album_id in (start, goal))
    between = snapshot.album(20)
    reasons = neighborhood.reasons
    steps = (
        Step(first, None),
        Step(between, 0.5, reasons(start, between.album_id)),
        Step(last, 0.5, reasons(between.album_id, goal)),
    )
    return Route(steps, 0.5)


def scene_app(
    name: str,
    folder: Path = Path("nowhere"),
    albums: list[Album] | None = None,
    config: Config | None = None,
    output: str = "thrifty",
) -> SleevewalkApp:
    """The app that the scene is played in; what the bench writes goes into `folder`."""
    if name == "artist" and albums is None:
        albums = [make_album(row, artist="Harbour") for row in range(12)]
    app = make_app([] if name == "empty" else albums, folder, config=config, output=output)
    app.setup.welcome = name == "welcome"
    app.setup.router = short_route
    session = app.session
    if session is None:
        return app
    places = np.random.default_rng(7).normal(size=(len(session.snapshot), 2)).astype(np.float32)
    places[3] = places[2]  # two albums at one spot
    app.setup.mapper = lambda: (CoverMap(places),)
    app.setup.decoder = decoder_of(TinyCodec())
    blender = app.setup.decoder._loaded()
    ways = {"brighter": 10, "darker": -10}
    blender.parents.directions = tuple(Direction(said, np.full(48, by, np.float32)) for said, by in ways.items())
    app.setup.looker = lambda path: seen(session.neighborhood)
    session.personal = Records()
    session.tray = (
        [session.snapshot.album(row) for row in (1, 2, 3)] if name in ("bench", "near", "tree", "write") else []
    )
    session.neighborhood.index = Index()  # type: ignore[attr-defined]
    if name == "gallery":
        app.setup.library = blended(app, folder)
    if name.startswith("evidence"):
        report = Path(tempfile.mkdtemp())
        write_report(report)
        app.evidence = EvidenceDesk(report, ["none"])
    return app


def seen(neighborhood: Any) -> Future[Sighting]:
    """A photo that shows the fifth album, or perhaps the ninth."""
    snapshot, answer = neighborhood.snapshot, Future[Sighting]()
    near = tuple(Neighbor(snapshot.album(row), 0.9 - row / 100, ()) for row in range(20))
    sleeve = np.full((64, 64, 3), (200, 80, 40), np.uint8)
    answer.set_result(Sighting(sleeve, None, ((snapshot.album(4), 0.97), (snapshot.album(8), 0.61)), (), near))
    return answer


def blended(app: SleevewalkApp, folder: Path) -> Library:
    """A library with BLENDS blends in its gallery."""
    assert app.session is not None and app.setup.decoder is not None
    library = Library.create(folder / "library")
    library.blends_dir.mkdir(exist_ok=True)
    albums = [app.session.snapshot.album(row) for row in (1, 2, 3)]
    blender, personal = app.setup.decoder._loaded(), Personal(library)
    for number in range(BLENDS):
        draft = replace(Draft.of(albums), drift=(("brighter", float(number)),))
        made = blender.write(draft.recipe(blender, 128), library.blends_dir / f"blend {number:02}.png")
        assert made.path is not None
        path = str(made.path.resolve())
        made_at = datetime(2024, 2, 3, 4, number, tzinfo=UTC)
        personal.add_blend(blend_row(path), path, json.loads(made.recipe.to_json()), made_at)
    return library


def is_drawn(screen: Screen[Any]) -> bool:
    """Whether it is the bench, with its preview."""
    return isinstance(screen, BenchScreen) and screen.drawn == screen.bench.draft and bool(screen.directions)


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
            await until(pilot, lambda: isinstance(app.screen, FindScreen) and len(app.screen.hits.items) == 1)
        if key == "B":
            await until(pilot, lambda: is_drawn(app.screen))
    done = {
        "lens": lambda screen: isinstance(screen, LensScreen) and screen.sheet.chosen is not None,
        "list": lambda screen: isinstance(screen, ListScreen) and len(screen.hits.items) > 3,
        "album": lambda screen: isinstance(screen, AlbumScreen) and screen.sheet.chosen is not None,
        "artist": lambda screen: isinstance(screen, ArtistScreen) and screen.sheet.chosen is not None,
        "route": lambda screen: isinstance(screen, RouteScreen) and screen.route is not None,
        "map": lambda screen: isinstance(screen, MapScreen) and screen.cells is not None,
        "evidence": lambda screen: isinstance(screen, EvidenceScreen) and screen._why != READING,
        "evidence-looks": lambda screen: isinstance(screen, EvidenceScreen) and screen._why != READING,
        "near": lambda screen: isinstance(screen, NearScreen),
        "tree": lambda screen: isinstance(screen, TreeScreen),
        "alike": lambda screen: isinstance(screen, AlikeScreen) and screen.found is not None,
        "write": lambda screen: isinstance(screen, WriteScreen),
        "gallery": lambda screen: isinstance(screen, GalleryScreen) and screen.entry is not None,
    }
    if name in done:
        await until(pilot, lambda: done[name](app.screen))
    await pilot.pause()
