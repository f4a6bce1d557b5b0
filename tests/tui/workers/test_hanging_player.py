"""Every key of the walk does at once what it does without a player, while MPD holds its socket and says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from textual.message import Message
from textual.pilot import Pilot

from pipelines.players.mpd import Mpd
from pipelines.players.settings import PlayerSettings
from tests.pipelines.support.fakes.mpd import FakeMpd
from tests.tui.support.app import ready, session_of, until
from tests.tui.support.keys import KEYS
from tests.tui.support.scenes import scene_app
from tui.app import SleevewalkApp
from tui.screens.walk.screen import WalkScreen
from tui.workers.jukebox import Jukebox, Said

FOREVER = 600.0  # seconds that the player has for an answer: longer than any test runs
LEAVING = ("app.quit", "app.suspend")


@pytest.fixture
def server() -> Iterator[FakeMpd]:
    with TemporaryDirectory() as folder:
        songs = {"a.flac": {"Artist": "A", "Album": "B", "Title": "t", "Track": "1"}}
        fake = FakeMpd(Path(folder) / "socket", Path("/music"), songs)
        yield fake
        fake.stop()


def seen(app: SleevewalkApp) -> tuple[Any, ...]:
    """What the keys of the walk change, without the row that tells what the player says."""
    session = session_of(app)
    rows = [strip.text for strip in app.screen._compositor.render_strips()][:-1] if app.screen is walk(app) else []
    tray = [album.album_id for album in session.tray]
    return type(app.screen).__name__, session.here.album_id, session.focused.album_id, tray, session.weights, rows


def walk(app: SleevewalkApp) -> WalkScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, WalkScreen)
    return screen


async def all_keys(pilot: Pilot[Any], app: SleevewalkApp) -> dict[str, tuple[Any, ...]]:
    """What each key makes of the walk, right after it; what it opened is closed before the next."""
    found = {}
    for name, keys in KEYS.items():
        if name.split(".")[0] in ("app", "walk") and name not in LEAVING:
            await pilot.press(keys[0])
            found[name] = seen(app)
            while app.screen is not walk(app):
                app.pop_screen()
                await pilot.pause()
            walk(app).action_close()
            await pilot.pause()
    return found


async def test_every_key_acts_while_a_player_hangs(
    server: FakeMpd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for hangs in (False, True):
        app = scene_app("walk", tmp_path)
        app.setup.library = None
        told: list[Message] = []
        settings = PlayerSettings(mpd=str(server.place))
        app.jukebox = Jukebox(None, settings, told.append, lambda settings: Mpd(settings, FOREVER))
        monkeypatch.setattr(app, "exit", lambda *_, **__: None)
        async with app.run_test(size=(110, 36)) as pilot:
            await ready(pilot)
            if hangs:
                server.hang.set()
                app.jukebox.play([session_of(app).here], False)
                await until(pilot, server.held.is_set)
            found.append(await all_keys(pilot, app))
            if hangs:
                assert not any(isinstance(message, Said) for message in told)  # it hung all the while
            else:
                await until(pilot, lambda told=told: any(isinstance(message, Said) for message in told))  # type: ignore[misc]
        app.jukebox.close()
    free, hung = found
    assert len(free) > 35 and {name: now for name, now in hung.items() if now != free[name]} == {}
