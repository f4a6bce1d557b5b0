"""The running app: wait for it, look at it, check what it drew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from tui.app import SleevewalkApp
from tui.screens.walk.ringview import RingView
from tui.screens.walk.screen import WalkScreen
from tui.walk.session import Session
from tui.widgets.lines import Lines


async def until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    """Wait for a condition, not for a time; fail after a generous one."""
    for _ in range(400):
        if true():
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not come to be")


def session_of(app: SleevewalkApp) -> Session:
    assert app.session is not None
    return app.session


def walk_of(app: SleevewalkApp) -> WalkScreen:
    assert isinstance(app.screen, WalkScreen)
    return app.screen


def screen_text(app: SleevewalkApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


def rows_of(screen: Screen[Any], selector: str) -> list[str]:
    """The rows of one of a screen's text widgets, as shown."""
    return screen.query_one(selector, Lines).rows


class Records:
    """Personal records kept in memory."""

    def __init__(self, trouble: str | None = None) -> None:
        self.why = trouble
        self.steps: list[str] = []
        self.blends: list[tuple[str, dict[str, Any]]] = []
        self.bookmarks: list[str] = []
        self.names: dict[str, str] = {}

    def trouble(self, wait: bool = False) -> str | None:
        return self.why

    def write(self, record: Callable[[Any], None]) -> None:
        record(self)

    def add_walk_step(self, walk_id: str, seq: int, album_id: str, came_from: str | None = None) -> None:
        self.steps.append(album_id)

    def add_blend(self, blend_id: str, path: str, recipe: dict[str, Any]) -> None:
        self.blends.append((path, recipe))

    def add_bookmark(self, album_id: str, note: str = "") -> None:
        self.bookmarks.append(album_id)

    def remove_bookmark(self, album_id: str) -> None:
        self.bookmarks.remove(album_id)

    def name_walk(self, walk_id: str, name: str, note: str = "", weights: object = None) -> None:
        self.names[walk_id] = name


async def ready(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, WalkScreen))
    await until(pilot, lambda: pilot.app.screen.query_one(RingView).ring is not None)
    await pilot.pause()


async def check_rows(pilot: Pilot[Any], size: tuple[int, int]) -> None:
    await pilot.pause()
    strips = pilot.app.screen._compositor.render_strips()
    assert len(strips) == size[1]
    for strip in strips:
        assert sum(segment.cell_length for segment in strip) == size[0]
        assert not [c for c in strip.text if ord(c) < 32 or c in "\x7f\u202e\u2066\u200d"]
