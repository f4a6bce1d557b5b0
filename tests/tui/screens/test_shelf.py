"""What is kept on the shelf: notes, and what counted on a walk, are there when the library is opened again."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database.library import Library
from store.database.replay import weights_of
from store.personal.records import Personal
from store.records import Weights
from tests.store.support.library import fill
from tests.store.support.records import ALBUMS, circle
from tests.tui.support.app import ready, screen_text, session_of, until
from tui.opening import app_of
from tui.screens.shelf import ShelfScreen
from tui.screens.welcome import WelcomeScreen

SLEEVE = Weights(1, 0, 0, 0, 0)


async def test_notes_and_weights_are_there_again_and_a_walk_goes_on_with_its_own(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "lib")
    fill(library, ALBUMS, circle(5))
    app, notebook = app_of(library)
    async with app.run_test(size=(130, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, WelcomeScreen))
        await pilot.press("enter")
        await ready(pilot)
        session = session_of(app)
        session.weights = SLEEVE
        await pilot.press("enter", "s", "S")
        await until(pilot, lambda: isinstance(app.screen, ShelfScreen))
        await pilot.press("n", *"rain", "enter", "tab", "tab", "N", *"dusk", "enter", "n", *"late", "enter")
        marked, end = next(iter(session.bookmarks)), session.here
        assert any("arrows choose" in row for row in screen_text(app))
    notebook.close()
    for flushed in (False, True):
        assert not flushed or Personal(library).flush()
        records = Personal(library).read()
        assert [(mark.album_id, mark.note) for mark in records.bookmarks] == [(marked, "rain")]
        assert [(w.name, w.note, w.weights) for w in records.walk_names] == [("dusk", "late", SLEEVE)]

    again, notebook = app_of(library)
    async with again.run_test(size=(130, 40)) as pilot:
        await ready(pilot)
        session = session_of(again)
        await pilot.press("backspace", "S", "tab", "tab")
        await until(pilot, lambda: any("late" in row for row in screen_text(again)))
        await pilot.press("enter")
        await ready(pilot)
        assert (session.here, session.weights) == (end, SLEEVE)
        session.name_walk(records.walk_names[0].walk_id, "dawn")
    notebook.close()
    assert [(w.name, w.note, w.weights) for w in Personal(library).read().walk_names] == [("dawn", "late", SLEEVE)]


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "3", '{"cover": "x"}', '{"cover": -1}', '{"moon": 1}', '{"cover": 1e999}', "[" * 9999]
)
def test_what_is_no_weights_is_none(text: str) -> None:
    assert weights_of(text) is None


def test_weights_that_count_for_nothing_are_none() -> None:
    zero = '{"cover": 0, "tags": 0, "artist": 0, "era": 0, "popularity": 0}'
    assert weights_of(zero) is None and weights_of(zero.replace('"era": 0', '"era": 0.5')) == Weights(0, 0, 0, 0.5, 0)
