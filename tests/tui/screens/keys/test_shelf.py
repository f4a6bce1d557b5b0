"""Every key of the shelf does what help says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from store.records import Weights
from tests.tui.screens.keys.player import asked
from tests.tui.support.keys import HELP, Case, Stage, becomes, check_keys, here_is, moved, sheet_cases, to
from tui.screens.shelf import ShelfScreen
from tui.screens.walk.screen import WalkScreen


def on(tab: str, place: int = 0) -> Callable[[Stage], None]:
    """Twelve bookmarks, three albums in the tray, a walk with a name."""

    def before(stage: Stage) -> None:
        session = stage.session
        session.kept.bookmarks = {session.snapshot.album(row).album_id: "" for row in range(12)}
        session.tray = [session.snapshot.album(row) for row in (4, 5, 6)]
        if len(session.trail.visits) == 1:
            session.random()
        session.weights = Weights(1, 0, 0, 0, 0)
        session.kept.walks.clear()
        session.name_walk(session.walk_id, "dusk", "rain")
        stage.screen.tab = tab
        stage.screen._open(place)

    return before


def kept(stage: Stage) -> tuple[int, int, str]:
    session = stage.session
    return len(session.bookmarks), len(session.tray), session.kept.name(session.walk_id)


def walked(stage: Stage) -> list[str]:
    return [visit.album_id for visit in stage.session.trail.visits]


def sheet_on_bookmarks() -> dict[str, Case]:
    cases = sheet_cases(12)

    def after(case: Case) -> Case:
        async def before(stage: Stage) -> None:
            on("bookmarks")(stage)
            assert callable(case.before)
            waiting = case.before(stage)
            assert waiting is not None
            await waiting

        return Case(case.look, case.differs, before, case.after)

    return {name: after(case) for name, case in cases.items()}


CASES = {
    **sheet_on_bookmarks(),
    "choose": here_is(lambda s: s.screen.sheet.chosen.album.album_id, on("bookmarks", 7)),
    "tab": becomes(lambda s: s.screen.tab, "tray", on("bookmarks")),
    "tab-before": becomes(lambda s: s.screen.tab, "walks", on("bookmarks")),
    "note": becomes(
        lambda s: next(iter(s.session.bookmarks.values()), None), "rain", on("bookmarks"), (*"rain", "enter")
    ),
    "name": becomes(lambda s: kept(s)[2], "duskx", on("walks"), ("x", "enter")),
    "remove": moved(lambda s: kept(s)[1], -1, on("tray")),
    "undo": becomes(kept, (12, 3, "dusk"), lambda s: (on("walks")(s), s.screen.action_remove())[1]),
    "play": asked(False, walked, on("walks")),
    "queue": asked(True, walked, on("walks")),
    "back": to(WalkScreen),
    "help": HELP[ShelfScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("shelf", CASES, tmp_path, monkeypatch)
