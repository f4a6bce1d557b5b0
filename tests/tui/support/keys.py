"""Presses every key of a screen and says which did not do what its case wants (`tests/tui/screens/keys`)."""

from __future__ import annotations

import webbrowser
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from store.neighbors.filters import Filter
from tests.tui.support.app import screen_text, until
from tests.tui.support.scenes import SCENES, open_scene, scene_app
from tui.app import SleevewalkApp
from tui.palette import THEMES
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.tree import TreeScreen
from tui.screens.bench.write import WriteScreen
from tui.screens.evidence.screen import EvidenceScreen
from tui.screens.find import FindScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.help import HelpScreen
from tui.screens.lens import LensScreen
from tui.screens.library.album import AlbumScreen
from tui.screens.library.albums import ArtistScreen
from tui.screens.library.listing import ListScreen
from tui.screens.map.screen import MapScreen
from tui.screens.network.screen import NetworkScreen
from tui.screens.palette.screen import PaletteScreen
from tui.screens.registry import HOLDERS, all_bindings
from tui.screens.route.screen import RouteScreen
from tui.screens.shelf import ShelfScreen
from tui.screens.sql import SqlScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.counts import Counts
from tui.screens.walk.ringview import RingView
from tui.screens.walk.screen import WalkScreen
from tui.walk.session import Session
from tui.widgets.choices import Choices

SIZES = {"help": (80, 20), "walk": (130, 50)}  # small enough that help scrolls; covers above and below the centre
USUAL = (110, 36)


@dataclass
class Stage:
    """The running app and what checks look at."""

    pilot: Pilot[Any]
    app: SleevewalkApp
    left: list[object]  # what the app was told to leave with
    folder: Path

    @property
    def screen(self) -> Any:
        return self.app.screen

    @property
    def session(self) -> Session:
        assert self.app.session is not None
        return self.app.session

    @property
    def kind(self) -> type:
        return type(self.app.screen)

    @property
    def text(self) -> str:
        return "\n".join(screen_text(self.app))

    @property
    def spot(self) -> tuple[float, float]:
        """Where the cover in focus stands on the walk."""
        ring, slot = self.screen.query_one(RingView).ring, self.session.focused_slot
        center: tuple[float, float] = (ring.center if slot is None else ring.slots[slot]).cover.center
        return center


Before = tuple[str, ...] | Callable[[Stage], Awaitable[None] | None]
Look = Callable[[Stage], Any]


@dataclass(frozen=True)
class Case:
    """What is done first, what is looked at before and after the key, and how the two have to differ."""

    look: Look
    differs: Callable[[Any, Any], bool]
    before: Before = ()
    after: tuple[str, ...] = ()  # keys pressed after the one that is tried


def becomes(look: Look, wanted: Any, before: Before = (), after: tuple[str, ...] = ()) -> Case:
    """What is looked at was something else and is `wanted`."""
    return Case(look, lambda was, now: was != wanted and now == wanted, before, after)


def to(kind: type, title: str = "", before: Before = ()) -> Case:
    """Another screen, with these words on it."""
    return Case(
        lambda s: (s.kind, title in s.text), lambda was, now: was[0] is not kind and now == (kind, True), before
    )


def moved(look: Look, by: float, before: Before = ()) -> Case:
    """A number that changes by so much."""
    return Case(look, lambda was, now: now - was == pytest.approx(by), before)


def rises(look: Look, before: Before = ()) -> Case:
    return Case(look, lambda was, now: now > was, before)


def falls(look: Look, before: Before = ()) -> Case:
    return Case(look, lambda was, now: now < was, before)


def leaves() -> Case:
    return moved(lambda s: len(s.left), 1)


def here_is(look: Look, before: Before = ()) -> Case:
    """The walk is at the album that `look` saw, and was not."""
    return Case(
        lambda s: (s.kind, s.session.here.album_id, look(s) if s.kind is not WalkScreen else None),
        lambda was, now: now[0] is WalkScreen and now[1] == was[2] != was[1],
        before,
    )


def next_theme() -> Case:
    names = [theme.name for theme in THEMES]
    return Case(lambda s: names.index(s.app.theme), lambda was, now: now == (was + 1) % len(names))


HELP = {holder: to(HelpScreen, f"keys: {title}") for holder, title in HOLDERS.items()}
PALETTE = to(PaletteScreen)


def fill_tray(stage: Stage) -> None:
    stage.session.tray = [stage.session.snapshot.album(row) for row in (1, 2, 3)]


def choices(stage: Stage) -> Choices[Any]:
    return stage.screen.query_one(Choices)


def chosen(stage: Stage) -> int:
    listed = stage.screen.query("Choices, Sheet")
    return cast(int, listed.first().place if listed else stage.screen.chosen)


def sheet_cases(count: int) -> dict[str, Case]:
    """The cases of the keys that choose on a sheet of `count` covers, one page of three by two shown."""

    def at(place: int) -> Callable[[Stage], Awaitable[None]]:
        async def before(stage: Stage) -> None:
            stage.screen.sheet.styles.width, stage.screen.sheet.styles.height = 43, 17
            await until(stage.pilot, lambda: stage.screen.sheet.size == (43, 17))
            await until(stage.pilot, lambda: len(stage.screen.sheet.items) == count)
            assert (stage.screen.sheet.grid.across, stage.screen.sheet.grid.down) == (3, 2)
            stage.screen.sheet.choose(place)

        return before

    return {
        "next": moved(chosen, 1, at(0)),
        "previous": moved(chosen, -1, at(1)),
        "below": moved(chosen, 3, at(0)),
        "above": moved(chosen, -3, at(4)),
        "page-down": moved(chosen, 6, at(1)),
        "page-up": moved(chosen, -6, at(7)),
        "last": becomes(chosen, count - 1, at(0)),
        "first": becomes(chosen, 0, at(5)),
        "letters": replace(moved(chosen, 2, at(0)), after=("d",)),
    }


def files(stage: Stage) -> int:
    return len(list((stage.folder / "blends").glob("*.png"))) if (stage.folder / "blends").exists() else 0


KINDS = {
    "counts": WalkScreen,
    "find": FindScreen,
    "lens": LensScreen,
    "list": ListScreen,
    "album": AlbumScreen,
    "artist": ArtistScreen,
    "trail": TrailScreen,
    "shelf": ShelfScreen,
    "map": MapScreen,
    "network": NetworkScreen,
    "sql": SqlScreen,
    "evidence": EvidenceScreen,
    "help": HelpScreen,
    "bench": BenchScreen,
    "write": WriteScreen,
    "near": NearScreen,
    "tree": TreeScreen,
    "gallery": GalleryScreen,
    "route": RouteScreen,
    "palette": PaletteScreen,
}
KEYS = {binding.id: binding.key.split(",") for bindings in all_bindings() for binding in bindings if binding.id}


async def check_keys(scene: str, cases: dict[str, Case], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every binding of the scene has a case, and every key of every binding does what its case says."""
    assert set(cases) == {name.removeprefix(f"{scene}.") for name in KEYS if name.startswith(f"{scene}.")}
    opened = scene if scene in SCENES else "walk"
    app = scene_app(opened, folder)
    if scene in ("walk", "bench"):
        app.setup.library = scene_app("gallery", folder / "other").setup.library
    left: list[object] = []
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setattr(app, "exit", lambda *told, **_: left.append(told))
    async with app.run_test(size=SIZES.get(scene, USUAL)) as pilot:
        stage = Stage(pilot, app, left, folder)
        failed = [
            f"{scene}.{name} {key!r}: {why}"
            for name, case in cases.items()
            for key in KEYS[f"{scene}.{name}"]
            if (why := await tried(stage, opened, case, key))
        ]
    app.evidence.close()
    if app.setup.decoder is not None:
        app.setup.decoder.close()
    assert failed == []


async def tried(stage: Stage, scene: str, case: Case, key: str) -> str:
    """Why a key does not do what it should; "" where it does."""
    await play(stage, scene)
    if callable(case.before):
        waiting = case.before(stage)
        if waiting is not None:
            await waiting
    else:
        await stage.pilot.press(*case.before)
    await stage.pilot.pause()
    was = case.look(stage)
    await stage.pilot.press(key, *case.after)
    for _ in range(150):
        now = case.look(stage)
        if case.differs(was, now):
            return ""
        await stage.pilot.pause(0.01)
    return f"{was} became {now}"


async def play(stage: Stage, scene: str) -> None:
    """The scene anew: from the walk, with no filter and nothing open."""
    app = stage.app
    if scene in ("welcome", "empty"):
        if scene == "welcome" and isinstance(app.screen, WalkScreen):
            from tui.screens.welcome import WelcomeScreen

            app.push_screen(WelcomeScreen(len(stage.session.snapshot)))
        await open_scene(stage.pilot, scene)
        return
    stays = KINDS.get(scene) is type(app.screen) and (scene != "counts" or isinstance(app.screen.focused, Counts))
    stage.session.set_filter(Filter())
    if app.size != (size := SIZES.get(scene, USUAL)):
        await stage.pilot.resize_terminal(*size)
    if stays:
        if isinstance(app.screen, RouteScreen):  # the key before may have asked for another way
            await until(stage.pilot, lambda: app.screen.route is not None)
        return
    while len(app.screen_stack) > 1:
        app.pop_screen()
        await stage.pilot.pause()
    walk = app.screen
    assert isinstance(walk, WalkScreen)
    walk.action_close()
    if scene == "route":
        stage.session.jump(stage.session.snapshot.album(0).album_id)
    stage.session.tray = [stage.session.snapshot.album(row) for row in (1, 2, 3)] if SCENES[scene][:1] == ("B",) else []
    await open_scene(stage.pilot, scene)
