"""Hostile titles through every screen, every export and the terminal's title: data, never codes."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from pipelines.exports.walk import ENDINGS, Stop, write_walk
from store.records import Album, Reason
from tests.support.hostile import HOSTILE, HOSTILE_NAME, NASTY
from tests.tui.support.app import check_rows, ready, session_of
from tests.tui.support.fakes import FakeCovers, make_album
from tests.tui.support.scenes import SCENES, open_scene, scene_app
from tui.pictures.colors import ColorMode
from tui.terminal.display import title_codes
from tui.terminal.thrifty import KEEP_TITLE, RESTORE_TITLE


def hostile() -> list[Album]:
    """Forty albums that are hostile in every text; the one that the route leads to can be typed."""
    texts = [*HOSTILE, *(text[:600] for text in NASTY[len(HOSTILE) + 1 :: 8])][:40]
    albums = [
        make_album(row, artist=text, title=text, genre=text[:80] or None, tags=(text, text), fictional=True)
        for row, text in enumerate(texts)
    ]
    albums[37] = make_album(37)
    return albums


@pytest.mark.parametrize("scene", [name for name in SCENES if name not in ("empty", "welcome")])
async def test_every_screen_draws_hostile_titles_as_data(scene: str, tmp_path: Path) -> None:
    app = scene_app(scene, tmp_path, hostile())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_scene(pilot, scene)
        for key in ("down", "right", "pagedown", "up", "end", "left"):
            await check_rows(pilot, (80, 24))
            await pilot.press(key)
        await pilot.resize_terminal(110, 30)
        await pilot.pause(0.1)
        await check_rows(pilot, (110, 30))
        assert app.is_running
    if app.setup.decoder is not None:
        app.setup.decoder.close()


async def test_the_walk_goes_on_through_them() -> None:
    app = scene_app("walk", albums=hostile())
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        for _ in HOSTILE:
            session_of(app).focus(None)
            await pilot.press("space", "right", "space")
            await check_rows(pilot, (130, 50))
            await pilot.press("r")
        assert app.is_running


@pytest.mark.parametrize("mode", [ColorMode.TRUECOLOR, ColorMode.ASCII])
@pytest.mark.parametrize("scene", ["map", "network"])
async def test_each_of_them_in_focus(scene: str, mode: ColorMode) -> None:
    app = scene_app(scene, albums=hostile())
    app.painter.mode = mode
    async with app.run_test(size=(100, 30)) as pilot:
        await open_scene(pilot, scene)
        screen: Any = app.screen
        await pilot.press("plus")
        for one in screen.network.sites if scene == "network" else range(40):
            screen._focus(one)
            await check_rows(pilot, (100, 30))


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_export_takes_hostile_titles(ending: str, tmp_path: Path) -> None:
    reason = (Reason("tags", 0.5, HOSTILE[1]),)
    stops = [Stop(row, album, row - 1 if row else None, reason) for row, album in enumerate(hostile()[:16])]
    path = tmp_path / f"walk.{ending}"
    write_walk(stops, FakeCovers(), path, HOSTILE[1])
    written = path.read_bytes()
    if ending == "png":
        assert written.startswith(b"\x89PNG")
        return
    text = written.decode()
    kept = "\n\r\t"
    assert not [one for one in text if unicodedata.category(one) in ("Cc", "Cs") and one not in kept]
    assert "<script>alert(1)" not in text or ending in ("csv", "json")
    if ending == "graphml":
        assert len(list(ElementTree.fromstring(text).iter())) > 16


@pytest.mark.parametrize("text", [*HOSTILE, HOSTILE_NAME])
def test_the_title_of_the_terminal_is_text_alone(text: str) -> None:
    codes = title_codes(make_album(1, title=text, artist=text))
    assert codes.startswith("\x1b]2;") and codes.endswith("\x07") and len(codes.encode()) < 500
    assert not [one for one in codes[4:-1] if unicodedata.category(one)[0] == "C"]


async def test_the_title_follows_the_walk_and_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    app = scene_app("walk")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        start = session_of(app).here
        await pilot.press("enter", "right", "left", "s")
        here = session_of(app).here
        assert [one for one in written if "\x1b]2;" in one] == [title_codes(here)] and here != start
        await pilot.press("backspace")
        assert written[-1] == title_codes(start)
    assert written[-1] == RESTORE_TITLE and app._title == ""
    bare = scene_app("walk")
    monkeypatch.setenv("TERM", "linux")
    async with bare.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert bare._title == ""
    assert KEEP_TITLE.startswith("\x1b[22")
