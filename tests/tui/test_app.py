"""The app through Textual's Pilot, on a fake library."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tui.support.app import Records, ready, rows_of, screen_text, session_of, until, walk_of
from tests.tui.support.fakes import FakeBlender, make_album, make_app
from tests.tui.support.measures import contrast
from tui.screens.empty import EmptyScreen
from tui.screens.help import HelpScreen
from tui.screens.walk.blendview import BlendView
from tui.screens.walk.focus_cover import FocusCover
from tui.screens.walk.keys import KEYS
from tui.screens.walk.ringview import RingView
from tui.screens.walk.screen import TOO_SMALL, WalkScreen
from tui.widgets.cover import Cover
from vae.info import BadWeights


async def test_a_hop_with_an_arrow_and_enter_and_back_again() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        start, focus = session.here, session.focused
        await pilot.press("enter")
        assert session.here == focus
        await until(pilot, lambda: app.screen.query_one("#center", Cover).album == focus)
        assert any(focus.title in row for row in rows_of(walk_of(app), "#details"))
        await pilot.press("backspace")
        assert (session.here, session.focused) == (start, focus)
        await pilot.press("U")
        assert session.here == focus
        await pilot.press("u", "u")
        assert session.here == start
        assert "began" in rows_of(walk_of(app), "#keys")[0]


async def test_arrows_and_hjkl_move_the_focus_and_no_cover_is_painted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        session.focus(None)
        walk_of(app).refresh_focus()
        await pilot.pause()
        painted: list[Cover] = []
        monkeypatch.setattr(Cover, "refresh", lambda self, *_, **__: painted.append(self) or self)
        await pilot.press("right")
        first = session.focused_slot
        assert first is not None
        await pilot.press("left")
        assert session.focused_slot is None
        await pilot.press("l")
        assert session.focused_slot == first
        for key in "jkhljkkh":
            await pilot.press(key)
        assert all(isinstance(cover, FocusCover) for cover in painted)  # the one in the panel follows the focus
        assert len(session.trail.visits) == 1


async def test_a_hop_repaints_only_the_slots_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app([make_album(row) for row in range(11)])
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        before = session.trail.here.slots
        painted: list[int | None] = []
        refresh = Cover.refresh

        def noted(self: Cover, *args: Any, **options: Any) -> Cover:
            painted.append(self.slot)
            return refresh(self, *args, **options)

        monkeypatch.setattr(Cover, "refresh", noted)
        await pilot.press("enter")
        await pilot.pause()
        after = session.trail.here.slots
        changed = {slot for slot in range(len(after)) if before[slot] != after[slot]}
        assert len(changed) < len(after)
        assert {slot for slot in painted if slot is not None and slot >= 0} == changed


async def test_the_details_give_every_reason() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        neighbor = session_of(app).focused_neighbor
        assert neighbor is not None
        text = " ".join(" ".join(rows_of(walk_of(app), "#details")).split())  # long reasons are wrapped
        for reason in neighbor.reasons:
            assert reason.signal in text
            assert reason.text in text
            assert f"{reason.share:.0%}" in text
        mode = rows_of(walk_of(app), "#mode")[0]
        assert "ring 12" in mode and "tags 1" in mode and "40 albums" in mode


async def test_the_tray_blends_in_the_background(tmp_path: Path) -> None:
    blender = FakeBlender()
    app = make_app(tmp_path=tmp_path, blender=blender)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session, walk = session_of(app), walk_of(app)
        session.personal = records = Records()
        await pilot.press("space", "b")
        assert "two or more" in rows_of(walk, "#keys")[0]
        await pilot.press("right", "down", "left", "space")
        if len(session.tray) < 2:
            session.focus(3)
            await pilot.press("space")
        tray = [album.album_id for album in session.tray]
        assert len(tray) == 2
        await pilot.press("b")
        await until(pilot, lambda: bool(blender.asked))
        assert "blending" in rows_of(walk, "#keys")[0]
        here = session.here
        session.focus(1)
        await pilot.press("enter")  # the walk goes on meanwhile
        assert session.here != here
        assert not walk.query_one(BlendView).visible
        blender.go.set()
        await until(pilot, lambda: walk.query_one(BlendView).visible)
        assert blender.asked == [(tray, "vivid", 512)]
        path = tmp_path / "blends" / "blend.png"
        assert path.exists()
        await until(pilot, lambda: "blend.png" in "".join(rows_of(walk, "#blend-text")))  # once it has its width
        shown = "".join(rows_of(walk, "#blend-text"))
        assert "made on cpu in 0.5 s" in shown
        assert f"{session.tray[0].title} · {session.tray[0].artist[:8]}" in shown  # as wide as the panel
        assert "blend.png" in rows_of(walk, "#keys")[0]
        assert records.blends[0][0] == str(path)
        assert [part["album_id"] for part in records.blends[0][1]["parts"]] == tray
        await pilot.press("escape")
        assert not walk.query_one(BlendView).visible


async def test_a_walk_that_cannot_be_recorded_goes_on_and_says_so() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        session.personal = records = Records("cannot write to journal.jsonl: Read-only file system")
        target = session.focused
        await pilot.press("enter")
        assert session.here == target
        assert records.steps == [target.album_id]
        assert "Read-only file system" in rows_of(walk_of(app), "#keys")[0]


async def test_a_bookmark_that_cannot_be_kept_is_not_said_to_be(tmp_path: Path) -> None:
    app = make_app(tmp_path=tmp_path / "gone")  # the library's folder was deleted
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session, keys = session_of(app), lambda: rows_of(walk_of(app), "#keys")[0]
        session.personal = Records("no library in here any more")
        await pilot.press("s")
        await until(pilot, lambda: "not kept: no library in here any more" in keys())
        assert not session.bookmarks and "★" not in "".join(rows_of(walk_of(app), "#details"))
        session.kept.bookmarks = {session.focused.album_id: ""}
        await pilot.press("s")
        await until(pilot, lambda: "★" in "".join(rows_of(walk_of(app), "#details")))
        assert "taken off" not in keys() and session.bookmarks
        await pilot.press("space", "right", "space", "b")
        await until(pilot, lambda: "no blend" in keys())
        assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("error", [OSError, BadWeights, RuntimeError])
async def test_a_blend_that_fails_says_why(tmp_path: Path, error: type[Exception]) -> None:
    blender = FakeBlender(fails=error("no space left on device"))
    blender.go.set()
    app = make_app(tmp_path=tmp_path, blender=blender)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        session = session_of(app)
        for slot in (0, 1):
            session.focus(slot)
            await pilot.press("space")
        await pilot.press("b")
        await until(pilot, lambda: "no space left" in rows_of(walk_of(app), "#keys")[0])
        assert app.is_running


async def test_help_lists_the_bindings_of_its_screen() -> None:
    app = make_app()
    async with app.run_test(size=(80, 70)) as pilot:
        await ready(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await until(pilot, lambda: any("Esc" in row for row in screen_text(app)))
        text = " ".join(" ".join(screen_text(app)).split())
        for binding in WalkScreen.BINDINGS:
            assert binding.id and binding.tooltip  # type: ignore[union-attr]
            assert binding.tooltip in text  # type: ignore[union-attr]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))


async def test_the_keys_line_is_short_and_true() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        shown = rows_of(walk_of(app), "#keys")[0].strip().split("  ")
    assert len(shown) <= 7 and shown[0] == "arrows look" and shown[-1] == "? all keys"
    known = {key for binding in WalkScreen.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
    names = {"Enter": "enter", "⌫": "backspace", "/": "slash", "?": "question_mark", "arrows": "left"}
    assert {names.get(hint.shown, hint.shown) for hint in KEYS} <= known
    assert {name for hint in KEYS for name in hint.ids} <= {binding.id for binding in WalkScreen.BINDINGS}  # type: ignore[union-attr]


async def test_more_and_fewer_neighbors() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        shown = len(session.ring.slots)
        focused = session.focused
        await pilot.press("right_square_bracket")
        assert len(session.ring.slots) == shown + 2
        assert session.focused == focused
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert len(session.ring.slots) == shown - 2
        await pilot.press(*["right_square_bracket"] * 12)
        assert "no more" in rows_of(walk_of(app), "#keys")[0]


async def test_resizing_keeps_walk_and_focus() -> None:
    app = make_app()
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        await pilot.press("enter")
        here, trail = session.here, len(session.trail.visits)
        for size in ((80, 24), (60, 20), (300, 90), (44, 18), (130, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.05)
            rows = screen_text(app)
            assert len(rows) == size[1]
            assert (session.here, len(session.trail.visits)) == (here, trail)
            ring = app.screen.query_one(RingView)
            assert ring.ring is not None
            assert app.screen.query_one("#center", Cover).size == (
                ring.ring.center.cover.width,
                ring.ring.center.cover.height,
            )


async def test_a_tiny_window_says_so_and_recovers() -> None:
    app = make_app()
    async with app.run_test(size=(30, 8)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        await until(pilot, lambda: TOO_SMALL[:20] in screen_text(app)[-1])
        await pilot.press("right", "enter", "space", "backspace", "b")
        await pilot.resize_terminal(80, 24)
        await ready(pilot)
        await pilot.press("right")
        assert "walk" in rows_of(walk_of(app), "#keys")[0]


async def test_missing_covers_and_no_index_are_said_plainly() -> None:
    albums = [make_album(row, cover_sha256=None if row % 2 else "0" * 64) for row in range(12)]
    app = make_app(albums, missing=frozenset({"0" * 64}), indexed=False)
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        said = set()
        for slot in range(len(session.ring.slots)):
            session.focus(slot)
            walk_of(app).refresh_focus()
            said.add("\n".join(rows_of(walk_of(app), "#details")))
        assert any("no cover in this library" in text for text in said)
        assert any("sleevewalk doctor" in text for text in said)
        assert "sleevewalk build" in rows_of(walk_of(app), "#notices")[0]


async def test_a_single_album_and_an_empty_library() -> None:
    app = make_app([make_album(0)])
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("right", "enter", "r", "space", "b")
        assert "no neighbours" in " ".join(rows_of(walk_of(app), "#details"))
    empty = make_app([])
    async with empty.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(empty.screen, EmptyScreen))
        await until(pilot, lambda: any("sleevewalk ingest table" in row for row in screen_text(empty)))
        await pilot.press("q")
    assert empty.return_code == 0


async def test_clicks_focus_and_double_clicks_walk() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        await pilot.click("#slot-4")
        assert session.focused_slot == 4
        target = session.focused
        await pilot.click("#slot-4", times=2)
        await until(pilot, lambda: session.here == target)


async def test_every_theme_draws_readable_text() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        grounds = []
        for _ in range(3):
            await pilot.pause(0.05)
            strips = app.screen.query_one("#details").render_lines(app.screen.query_one("#details").size.region)
            for strip in strips:
                for segment in strip:
                    if segment.text.strip(" ─·█▏▎▍▌▋▊▉"):
                        assert segment.style and segment.style.color and segment.style.bgcolor
                        fore = segment.style.color.get_truecolor()
                        back = segment.style.bgcolor.get_truecolor()
                        assert contrast(fore, back) >= 4.5, segment
            grounds.append(app.theme)
            field = app.screen.query_one("#field")
            ground = {
                segment.style.bgcolor.get_truecolor().hex
                for strip in field.render_lines(field.size.region)
                for segment in strip
                if segment.style and segment.style.bgcolor
            }
            assert ground == {app.theme_variables["background"].lower()}
            await pilot.press("t")
        assert len(set(grounds)) == 3


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_leaving(key: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press(key)
        await asyncio.sleep(0)
    assert app.return_code == 0


def test_the_app_imports_neither_torch_nor_sklearn() -> None:
    code = "import sys, tui.app; print([m for m in ('torch', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
