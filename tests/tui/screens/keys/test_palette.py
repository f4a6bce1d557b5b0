"""Every key of the palette does what help says, and every action of every screen is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import ColorSystem
from textual.binding import Binding

from tests.tui.support.app import ready, session_of, until
from tests.tui.support.keys import Before, Case, check_keys, choices, chosen, moved, to
from tests.tui.support.scenes import open_scene, scene_app
from tui.screens.find import FindScreen
from tui.screens.palette.screen import Entry, PaletteScreen, asked
from tui.screens.registry import APP_BINDINGS, acting, bindings_of
from tui.screens.walk.keys import WALK_BINDINGS
from tui.screens.walk.screen import WalkScreen
from tui.terminal.mirror import TerminalMirror


def at(place: int) -> Before:
    return lambda stage: choices(stage).move(place - choices(stage).place)


CASES = {
    "back": to(WalkScreen),
    "choose": to(FindScreen, "artist or title", ("f", "i", "n", "d")),
    "next": moved(chosen, 1, at(0)),
    "previous": moved(chosen, -1, at(3)),
    "page-down": Case(lambda s: (chosen(s), choices(s).page), lambda was, now: now[0] - was[0] == was[1], at(0)),
    "page-up": Case(lambda s: (chosen(s), choices(s).page), lambda was, now: was[0] - now[0] == was[1], at(20)),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("palette", CASES, tmp_path, monkeypatch)


async def test_it_has_every_action_of_the_screen_and_of_the_panel_in_focus_with_its_key_and_what_it_does() -> None:
    app = scene_app("counts")
    async with app.run_test(size=(110, 36)) as pilot:
        for scene in ("counts", "map"):
            await open_scene(pilot, scene)
            holder = acting(app.screen)
            await pilot.press("ctrl+k")
            await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
            listed = {entry.action: entry for entry in app.screen.entries}  # type: ignore[attr-defined]
            for binding in bindings_of([*type(holder).BINDINGS, *APP_BINDINGS]):
                if not binding.action.endswith(("palette", "quit")):
                    assert listed[binding.action].does and listed[binding.action].keys
            await pilot.press("escape", "escape")


async def test_a_double_click_does_it_on_the_screen_below() -> None:
    app = scene_app("walk")
    async with app.run_test(size=(110, 36)) as pilot:
        await ready(pilot)
        await pilot.press("colon", *"tray")
        await until(pilot, lambda: app.screen.query("#palette-list").first().chosen.name == "tray")  # type: ignore[attr-defined]
        await pilot.click("#palette-list", offset=(3, 0), times=2)
        await until(pilot, lambda: isinstance(app.screen, WalkScreen) and len(session_of(app).tray) == 1)


async def test_nothing_but_its_own_rows_is_sent() -> None:
    app = scene_app("walk")
    async with app.run_test(size=(130, 45)) as pilot:
        await ready(pilot)
        mirror = TerminalMirror(130, 45, ColorSystem.TRUECOLOR)
        mirror.paint(app.screen._compositor.render_update(full=True))
        while mirror.take(100_000):
            pass
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.pause()
        own = app.screen.query_one("#palette").region
        mirror.paint(app.screen._compositor.render_update(full=True))
        rows, columns = mirror._pending().nonzero()
        assert len(rows) and max(rows) < own.bottom and max(columns) < own.right < 130


def test_words_find_names_first_then_meanings_then_what_is_like_them() -> None:
    entries = [
        Entry("gallery", "The blends so far", "G", "gallery"),
        Entry("blend", "Blend the covers in the tray", "b", "blend"),
        Entry("look left", "Focus the next cover to the left", "← h", "left"),
    ]
    assert [entry.name for entry in asked(entries, "")] == ["gallery", "blend", "look left"]
    assert [entry.name for entry in asked(entries, "ble")] == ["blend", "gallery"]
    assert [entry.name for entry in asked(entries, "gallary")] == ["gallery"]
    assert [entry.name for entry in asked(entries, "cover left")] == ["look left"]
    assert [entry.name for entry in asked(entries, "h")] == ["look left"]
    assert asked(entries, "zzz") == []


def test_the_lens_is_found_by_its_name() -> None:
    found = asked([Entry.of(binding) for binding in WALK_BINDINGS if isinstance(binding, Binding)], "lens")
    assert [entry.name for entry in found] == ["from a picture"]
