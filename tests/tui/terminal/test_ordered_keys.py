"""Keys that come faster than they act still act in their order, on the screen that the ones before opened."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from tests.tui.support.app import ready, rows_of, session_of, until, walk_of
from tests.tui.support.fakes import make_album, make_app
from tui.screens.find import FindScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.ringview import RingView
from tui.screens.walk.screen import WalkScreen
from tui.widgets.cover import Cover


def burst(app, keys: str) -> None:
    """All at once, as one packet brings them."""
    names = {"\r": "enter", "\x1b": "escape", "\x7f": "backspace", "/": "slash"}
    for key in keys:
        app.post_message(events.Key(names.get(key, key), key))


async def test_what_is_typed_behind_the_key_that_opens_the_search_is_searched():
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        here = session_of(app).here
        burst(app, "/album 3")
        await until(
            pilot, lambda: isinstance(app.screen, FindScreen) and app.screen.query_one(Input).value == "album 3"
        )
        assert session_of(app).here == here
        burst(app, "7\x1b")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert session_of(app).here == here


async def test_the_key_after_the_one_that_chooses_acts_where_the_choice_led():
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        session = session_of(app)
        here = session.here
        await pilot.press("slash", "3", "7")
        await until(pilot, lambda: isinstance(app.screen, FindScreen) and len(app.screen.hits.items) == 1)
        burst(app, "\rus")  # walk there, back, bookmark
        await until(pilot, lambda: bool(session.bookmarks))
        assert session.here == here and len(session.trail.visits) == 2


async def test_a_label_typed_at_once_focuses_and_does_nothing_else():
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        session = session_of(app)
        session.focus(0)
        burst(app, "fs")  # s is a letter of the labels; alone it bookmarks
        await pilot.pause(0.2)
        assert session.focused != 0 and not session.bookmarks


@pytest.mark.parametrize("keys", ["g\x1bg\x1bg", "?\x1bg", "/\x1bg", "w\x1bg"])
async def test_screens_open_and_close_in_the_order_of_the_keys(keys):
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        burst(app, keys)
        await until(pilot, lambda: isinstance(app.screen, TrailScreen) and not app._waiting and app._acting is None)


async def test_a_key_that_is_never_done_does_not_hold_the_next_for_ever():
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        app._acting = events.Key("x", "x")  # whose widget went away with its callback
        burst(app, "g")
        await until(pilot, lambda: isinstance(app.screen, TrailScreen))


@pytest.mark.parametrize("key", ["r", "\r", "l", "\x7f"])
async def test_of_what_a_held_key_passes_by_only_the_last_is_drawn(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app([make_album(row) for row in range(400)])
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session, walk = session_of(app), walk_of(app)
        for _ in range(9):
            session.random()
        walk.redraw()
        await pilot.pause()
        drawn: list[str] = []
        show = RingView.show_focus
        monkeypatch.setattr(
            RingView, "show_focus", lambda self, *told: drawn.append(session.focused.album_id) or show(self, *told)
        )
        before = (session.here, session.focused)
        burst(app, key * 8)
        await until(pilot, lambda: bool(drawn) and not app._waiting and app._acting is None)
        await pilot.pause()
        assert before != (session.here, session.focused)
        assert len(drawn) <= 2 and drawn[-1] == session.focused.album_id
        assert walk.query_one("#center", Cover).album == session.here
        assert session.here.title in rows_of(walk, "#trail")[0]
        shown = {
            cover.album.album_id for cover in walk.query(Cover) if cover.album is not None and cover.slot is not None
        }
        assert shown >= {near.album.album_id for near in session.ring.slots if near is not None}
