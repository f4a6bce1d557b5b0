"""Walks on a library on disk: named, exported alone, and there again when the app is opened again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store.database.library import Library
from store.personal.records import Personal
from tests.store.support.library import fill
from tests.store.support.records import ALBUMS, circle
from tests.support.hostile import HOSTILE
from tests.tui.support.app import Records, ready, screen_text, session_of, until
from tests.tui.support.fakes import make_app
from tui.app import SleevewalkApp
from tui.opening import app_of
from tui.screens.exporting import file_name
from tui.screens.palette.screen import PaletteScreen
from tui.screens.trail import TrailScreen
from tui.screens.welcome import WelcomeScreen
from tui.walk.stops import stops_of


async def on_trail(app: SleevewalkApp, pilot: object) -> None:
    await pilot.press("g")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, TrailScreen))  # type: ignore[arg-type]


async def test_the_name_of_a_walk_is_there_when_the_app_is_opened_again(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "lib")
    fill(library, ALBUMS, circle(5))
    app, notebook = app_of(library)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, WelcomeScreen))
        beside = session_of(app).here.title  # what it explains is seen
        await until(pilot, lambda: beside in "\n".join(screen_text(app)))
        await pilot.press("ctrl+k")  # over two screens
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.press("escape", "enter")
        await ready(pilot)
        await pilot.press("enter", "enter")
        await on_trail(app, pilot)
        await pilot.press("n", *"dusk", "enter")
        first = session_of(app).walk_id
    notebook.close()
    Personal(library).flush()

    again, notebook = app_of(library)
    async with again.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        session = session_of(again)
        assert session.walk_id != first and len(session.trail.visits) == 3
        await on_trail(again, pilot)
        await until(pilot, lambda: any("walk: dusk" in row for row in screen_text(again)))
        assert sum("▪" in row and " dusk " in row for row in screen_text(again)) == 1
        await pilot.press("escape")
        await ready(pilot)
        await pilot.press("R")
        await on_trail(again, pilot)
        await pilot.press("pageup")
        await until(pilot, lambda: any("walk: dusk" in row for row in screen_text(again)))
        await pilot.press("X")
        folder = library.path / "walks"
        await until(pilot, lambda: any("wrote 3 stops" in row for row in screen_text(again)))
        (path,) = folder.glob("dusk-*.json")
        assert len(list(folder.iterdir())) == 5  # no playlist: the albums have no music files
        stops = json.loads(path.read_text())["stops"]
        assert [stop["seq"] for stop in stops] == [0, 1, 2]
        assert [stop["album"]["album_id"] for stop in stops] == [one.album_id for one in session.trail.visits[:3]]
        await pilot.press("x")
        await until(pilot, lambda: any("wrote 4 stops" in row for row in screen_text(again)))
        (path,) = folder.glob("trail-*.json")
        assert len(json.loads(path.read_text())["stops"]) == 4
    notebook.close()


@pytest.mark.parametrize("name", [*HOSTILE, "../../etc/passwd", "CON", "a/b\\c", "Sunday evening"])
def test_the_files_of_a_walk_have_a_name_that_any_folder_takes(name: str) -> None:
    made = file_name(name)
    assert made and len(made.encode()) <= 240
    assert not set(made) & set('/\\.:*?"<>| \0') and made.isprintable()


async def test_a_walk_reached_from_another_walk_starts_its_own_file(tmp_path: Path) -> None:
    app = make_app(tmp_path=tmp_path)
    session = session_of(app)
    session.personal = Records()
    for row in (5, 6):
        session.jump(session.snapshot.album(row).album_id)
    session.walk_id = "later"
    for row in (7, 8):
        session.jump(session.snapshot.album(row).album_id)
    stops = stops_of(session.trail, session.neighborhood, "later")
    assert [(stop.seq, stop.came_from, bool(stop.reasons)) for stop in stops] == [(0, None, False), (1, 0, True)]
    assert [stop.came_from for stop in stops_of(session.trail, session.neighborhood)] == [None, 0, 1, 2, 3]
