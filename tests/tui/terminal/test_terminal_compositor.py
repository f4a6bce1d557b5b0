"""What the sparing compositor asks to be drawn is what Textual's own would have drawn, after every key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor
from textual.pilot import Pilot
from textual.strip import Strip

from tests.tui.support.app import ready, session_of
from tests.tui.support.fakes import make_album, make_app
from tests.tui.support.mirror import CONSOLE
from tests.tui.support.slow_terminal import pictured
from tui.app import SleevewalkApp
from tui.pictures.colors import ColorMode
from tui.terminal.compositor import Painting, Part, SparingCompositor, within, without
from tui.terminal.mirror import TerminalMirror
from tui.terminal.output import app_class

ROOT = Path(__file__).parents[3]
SIZE = (100, 30)
KEYS = ("right", "j", "enter", "space", "w", "escape", "slash", "d", "u", "b", "escape", "M", "L", "escape")
KEYS_MORE = ("right_square_bracket", "t", "escape", "n", "escape", "f12", "h", "enter", "question_mark", "escape")


ThriftyApp = app_class(SleevewalkApp, "thrifty")


class Spy(SparingCompositor):
    """Hands every painting to the mirror, as the running app does."""

    def __init__(self, mirror: TerminalMirror) -> None:
        super().__init__()
        self.mirror = mirror

    def render_update(self, full: bool = False, screen_stack: Any = None, simplify: bool = False) -> Any:
        painting = super().render_update(full, screen_stack, simplify)
        if isinstance(painting, Painting):
            self.mirror.paint(painting)
        return painting


class SpiedApp(ThriftyApp):  # type: ignore[valid-type, misc]
    """An app whose screens draw into one mirror, though there is no terminal."""

    CSS_PATH = ROOT / "tui" / "app.tcss"
    mirror = TerminalMirror(*SIZE, ColorSystem.TRUECOLOR)

    def _register(self, parent: Any, *widgets: Any, **how: Any) -> Any:
        done = super()._register(parent, *widgets, **how)
        for widget in widgets:
            if isinstance(getattr(widget, "_compositor", None), Compositor):
                widget._compositor = Spy(self.mirror)
        return done


def test_after_every_key_the_mirror_holds_what_textual_would_have_drawn() -> None:
    async def check(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, SpiedApp)
        screen = pyte.Screen(*SIZE)
        stream = pyte.Stream(screen)
        for key in ("", *KEYS, *KEYS_MORE):
            if key:
                await pilot.press(key)
            await pilot.pause(0.02)
            compositor = app.screen._compositor
            while compositor._dirty_regions or app.screen._dirty_widgets:
                await pilot.pause(0.02)
            while codes := app.mirror.take(1 << 20):
                stream.feed(codes)
            stock = pyte.Screen(*SIZE)
            feed = pyte.Stream(stock).feed
            for y, strip in enumerate(Compositor.render_strips(compositor)):
                feed(f"\x1b[{y + 1};1H{strip.render(CONSOLE)}")
            assert pictured(screen) == pictured(stock), key

    run(check, SpiedApp)


def run(check: Callable[[Pilot[Any]], Any], kind: type[SleevewalkApp]) -> None:
    async def walk() -> None:
        plain = make_app([make_album(row, title=f"長い題名 {row}") for row in range(40)])
        app = kind(plain.setup)
        app.painter.mode = ColorMode.TRUECOLOR
        async with app.run_test(size=SIZE) as pilot:
            await check(pilot)

    asyncio.run(walk())


def test_what_enter_shows_was_read_in_the_rest_before_it() -> None:
    async def check(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, SleevewalkApp) and app.session is not None
        read: list[str] = []
        pixels = app.setup.covers.pixels
        app.painter.source = SimpleNamespace(pixels=lambda sha: (read.append(sha), pixels(sha))[1])
        await pilot.press("right")
        seen = -1
        while len(read) != seen:
            seen = len(read)
            await pilot.pause(0.3)
        centre, focused = app.session.here, app.session.focused
        await pilot.press("enter")
        assert app.session.here == focused != centre
        for neighbor in app.session.ring.slots:
            assert neighbor is None or neighbor.album.cover_sha256 in read[:seen]
        assert focused.cover_sha256 in read[:seen]

    run(check, ThriftyApp)


@pytest.mark.parametrize("left", range(8))
@pytest.mark.parametrize("right", range(8))
def test_within_and_without_share_out_every_column(left: int, right: int) -> None:
    spans = [(0, 2), (3, 4), (5, 9)]
    columns = [x for span in spans for x in range(*span)]
    inside = [x for span in within(spans, (left, right)) for x in range(*span)]
    outside = [x for span in without(spans, (left, right)) for x in range(*span)] if left <= right else []
    assert inside == [x for x in columns if left <= x < right]
    if left <= right:
        assert sorted(inside + outside) == columns


def test_of_a_wide_character_cut_in_half_a_space_is_left() -> None:
    mirror = TerminalMirror(8, 1, ColorSystem.TRUECOLOR)
    ground, text = Style(bgcolor="#000000"), Style(color="#ffffff", bgcolor="#202020")
    mirror.paint(Painting([Part(0, 0, 0, 8, Strip([Segment("." * 8, ground)], 8))]))
    mirror.paint(Painting([Part(0, 1, 2, 5, Strip([Segment("題名題", text)], 6))]))
    screen = pyte.Screen(8, 1)
    pyte.Stream(screen).feed(mirror.take(1 << 20))
    assert [screen.buffer[0][x].data for x in range(8)] == [".", ".", " ", "名", "", ".", ".", "."]


async def test_a_screenshot_shows_the_screen():
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        title = session_of(app).here.title.split()[0]
        for svg in (app.export_screenshot(), app.export_screenshot(title="a title", simplify=False)):
            assert svg.count("<rect") > 500 and title in svg and "Painting" not in svg
