"""Find narrows as one types, and leads to an album."""

from __future__ import annotations

import threading
from typing import Any

from store.neighbors.search import Found
from tests.tui.support.app import ready, session_of, until
from tests.tui.support.fakes import make_album, make_app
from tui.screens.find import FindScreen
from tui.screens.walk.screen import WalkScreen
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines


async def test_find_narrows_and_walks_there() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        target = make_album(37)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        find = app.screen
        assert isinstance(find, FindScreen)
        await pilot.press(*target.title.lower().replace(" ", "*").replace("*", " "))
        await until(pilot, lambda: target in find.hits.items and len(find.hits.items) < 5)
        while find.hits.chosen != target:
            await pilot.press("down")
        await until(pilot, lambda: find.query_one("#preview-cover", Cover).album == target)
        await pilot.press("enter")
        await until(pilot, lambda: session.here == target)
        await ready(pilot)
        await pilot.press("backspace")
        assert session.here == make_album(0)


async def test_stale_answers_of_find_are_dropped() -> None:
    app = make_app()
    slow = threading.Event()

    def find(snapshot: Any, text: str, n: int, bookmarks: Any) -> Found:
        if text == "o":
            slow.wait(5)
            return Found(((make_album(1), 1.0),))
        return Found(((make_album(2), 1.0),))

    app.setup.find = find
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        screen = app.screen
        assert isinstance(screen, FindScreen)
        await pilot.press("o")
        await pilot.pause(0.15)
        await pilot.press("r")
        await until(pilot, lambda: screen.hits.items == [make_album(2)])
        slow.set()
        await pilot.pause(0.2)
        assert screen.hits.items == [make_album(2)]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))


async def test_what_is_said_beside_the_hits_is_as_wide_as_the_terminal() -> None:
    album = make_album(0, tags=("a tag of some length", "another tag of some length", "a third one"))
    app = make_app([album, make_album(1)])
    async with app.run_test(size=(160, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        text = app.screen.query_one("#preview-text", Lines)
        await until(pilot, lambda: len(text.rows) > 3)
        await pilot.resize_terminal(100, 40)
        await until(pilot, lambda: max(map(len, text.rows)) <= text.size.width < 40)
