"""Rows of keys and sentences name the keys that the person chose, on every screen."""

from __future__ import annotations

import importlib

import pytest

from store.records import Weights
from tests.tui.support.app import ready, rows_of, screen_text, session_of, until, walk_of
from tests.tui.support.fakes import of_genre
from tests.tui.support.scenes import open_scene, scene_app
from tui.config import Config
from tui.keynames import Hint, KeyNames, key_name, keyed
from tui.screens.help import grouped
from tui.screens.registry import bindings_of
from tui.screens.walk.counts import COUNTS_KEYS
from tui.screens.walk.keys import WALK_BINDINGS
from tui.widgets.bars import KeysLine

OPENS = ("walk.counts", "walk.find", "walk.help", "walk.route", "walk.trail", "walk.map", "walk.network", "walk.bench")
ROWS = {
    "walk": "walk.keys",
    "find": "find",
    "trail": "trail",
    "route": "route.keys",
    "map": "map.keys",
    "network": "network.keys",
    "bench": "bench.keys",
    "evidence": "evidence.keys",
    "near": "bench.near",
    "write": "bench.write",
    "gallery": "gallery",
    "shelf": "shelf",
    "alike": "walk.alike",
    "list": "library.listing",
    "album": "library.album",
    "artist": "library.albums",
    "card": "card",
}


def hints(scene: str) -> list[Hint]:
    found: list[Hint] = importlib.import_module(f"tui.screens.{ROWS[scene]}").KEYS
    return found


@pytest.mark.parametrize("scene", [name for name in ROWS if name not in ("route", "near", "write", "gallery")])
async def test_the_row_of_keys_names_own_keys(scene: str) -> None:
    ids = [name for hint in hints(scene) for name in hint.ids if scene != "walk" or name not in OPENS]
    own = {name: f"f{number}" for number, name in enumerate(ids, 20)}
    app = scene_app(scene, config=Config("paper", Weights(), own))
    async with app.run_test(size=(240, 50)) as pilot:
        await open_scene(pilot, scene)
        shown = app.screen.query_one(KeysLine).rows[0]
    for hint in hints(scene):
        if set(hint.ids) <= set(own) and hint.ids:
            keys = " ".join(f"F{ids.index(name) + 20}" for name in hint.ids)
            assert f"{keys} " in shown, hint


def test_every_entry_of_a_row_has_the_ids_of_its_keys() -> None:
    for scene in ROWS:
        assert all(hint.ids for hint in hints(scene) if hint.shown != "type"), scene
    assert all(hint.ids for hint in COUNTS_KEYS)


def test_a_key_that_was_given_away_is_told_of_nowhere() -> None:
    walk = bindings_of(WALK_BINDINGS)
    own = {"walk.find": "s", "walk.random": "u"}
    told = {does: keys for _, entries in grouped(keyed(walk, own)) for keys, does in entries}
    assert told["Find an album by name, or by words: tag:shoegaze year:1991"] == "s"
    assert told["Bookmark the album in focus, or take the mark off"] == "no key"
    assert told["Back to the stop before, as you left it"] == "Backspace"
    names = KeyNames([walk], own)
    assert names.shown(Hint("⌫", "back", ("walk.back",))) == "Backspace"
    assert names.shown(Hint("w", "what counts", ("walk.counts",))) == "w"
    assert [key_name(key) for key in ("ctrl+f", "f12", "!", "exclamation_mark", "shift+tab", "space", "G")] == [
        "Ctrl-F", "F12", "!", "!", "Shift-Tab", "space", "G",
    ]  # fmt: skip


async def test_sentences_name_own_keys_and_digits_can_be_changed() -> None:
    own = {"walk.counts": "f5", "counts.no-filter": "f6", "map.genre-1": "f7", "walk.random": "f8"}
    app = scene_app("map", config=Config("paper", Weights(), own))
    async with app.run_test(size=(110, 30)) as pilot:
        await ready(pilot)
        session_of(app).set_filter(of_genre("polka"))
        await pilot.press("f8")
        assert "passes the filters: F5, then F6 takes them off" in rows_of(walk_of(app), "#keys")[0]
        await pilot.press("f5")
        walk_of(app).redraw()
        await until(pilot, lambda: "F6 takes" in "\n".join(screen_text(app)))
        await pilot.press("f6", "escape")
        await open_scene(pilot, "map")
        shown = app.screen.shown.tolist()  # type: ignore[attr-defined]
        await pilot.press("1")
        assert app.screen.shown.tolist() == shown  # type: ignore[attr-defined]
        await pilot.press("f7")
        assert app.screen.shown.tolist() == [False, *shown[1:]]  # type: ignore[attr-defined]
