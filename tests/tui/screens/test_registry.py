"""Every action of every screen, by the one registry: help, palette, key row, a test of its key, and the mouse."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from pathlib import Path

import pytest

import tui.screens
from tests.tui.support.app import ready, session_of, until
from tests.tui.support.keys import KEYS
from tests.tui.support.scenes import open_scene, scene_app
from tui.keynames import Hint, key_name
from tui.screens.help import HelpScreen, grouped
from tui.screens.palette.screen import Entry, PaletteScreen
from tui.screens.registry import APP_BINDINGS, HOLDERS, all_bindings, binding_ids, bindings_of
from tui.screens.walk.counts import COUNTS_KEYS, Counts
from tui.screens.walk.screen import WalkScreen
from tui.widgets.bars import KeysLine

NO_ROW = ("WelcomeScreen", "EmptyScreen", "HelpScreen", "SqlScreen", "TreeScreen")  # say their keys in their own rows


def test_every_screen_with_keys_is_in_the_registry() -> None:
    """A screen that is not would have no help, no palette and no key test."""
    found = set()
    for module in pkgutil.walk_packages(tui.screens.__path__, "tui.screens."):
        found |= {
            one
            for one in vars(importlib.import_module(module.name)).values()
            if isinstance(one, type) and one.__module__ == module.name and bindings_of(vars(one).get("BINDINGS", []))
        }
    assert found == set(HOLDERS)


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: holder.__name__)
def test_every_action_has_a_name_a_meaning_and_a_key_in_help_and_palette(holder: type) -> None:
    bindings = bindings_of([*holder.BINDINGS, *APP_BINDINGS])  # type: ignore[attr-defined]
    told: dict[str, str] = {}
    for _, entries in grouped(bindings):
        for keys_told, does in entries:
            told[does] = f"{told.get(does, '')} {keys_told}"
    for binding in bindings:
        assert binding.id and binding.description and binding.tooltip
        keys = [key_name(key) for key in binding.key.split(",")]
        assert keys and all(key in told[binding.tooltip] or key.isdigit() for key in keys)
        entry = Entry.of(binding)
        assert (entry.name, entry.does, entry.action) == (binding.description, binding.tooltip, binding.action)
        assert entry.keys == " ".join(dict.fromkeys(keys))
    own = bindings_of(holder.BINDINGS)  # type: ignore[attr-defined]
    assert {
        key: count for key, count in Counter(key for one in own for key in one.key.split(",")).items() if count > 1
    } == {}


def test_every_key_has_a_test() -> None:
    assert set(KEYS) == set(binding_ids()) and Counter(binding_ids()).most_common(1)[0][1] == 1
    here = {path.stem.removeprefix("test_") for path in (Path(__file__).parent / "keys").glob("test_*.py")}
    assert {name.split(".")[0] for name in KEYS} - {"list", "album", "artist"} <= here


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: holder.__name__)
def test_a_row_of_keys_has_keys_of_its_own_screen_and_the_way_to_all_of_them(holder: type) -> None:
    hints: list[Hint] = COUNTS_KEYS if holder is Counts else getattr(holder, "hints", [])
    if holder.__name__ in NO_ROW:
        return
    own = {binding.id for binding in bindings_of(holder.BINDINGS)}  # type: ignore[attr-defined]
    hints = hints or importlib.import_module(holder.__module__).KEYS
    assert {name for hint in hints for name in hint.ids} <= own
    assert any(name.endswith((".help", ".close", ".back")) for name in hints[-1].ids)


def test_what_every_screen_shares_has_one_key_everywhere() -> None:
    """Back, help and letters are where one looks for them."""
    for bindings in all_bindings()[1:]:
        keys = {(binding.id or "").split(".")[-1]: binding.key.split(",") for binding in bindings}
        typing = any(key.startswith("f1") for key in keys.get("help", []))
        assert "help" not in keys or keys["help"] == (["f1"] if typing else ["question_mark"])
        assert "back" not in keys or "escape" in keys["back"] or "backspace" in keys["back"]
        letters = keys.get("letters") or keys.get("labels")
        assert letters is None or (["f5"] if typing else ["apostrophe"])[0] in letters


async def test_the_mouse_does_every_action_by_a_right_click_or_beside_the_row_of_keys() -> None:
    app = scene_app("walk")
    async with app.run_test(size=(130, 40)) as pilot:
        await ready(pilot)
        await pilot.mouse_down("#center", button=3)
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.press(*"tray")
        await pilot.click("#palette-list", offset=(3, 0), times=2)
        await until(pilot, lambda: isinstance(app.screen, WalkScreen) and len(session_of(app).tray) == 1)
        await pilot.click(KeysLine, offset=(128, 0))
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.press("escape")
        await open_scene(pilot, "map")
        await pilot.mouse_down("#canvas", offset=(5, 5), button=3)
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.press(*"keys", "enter")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
