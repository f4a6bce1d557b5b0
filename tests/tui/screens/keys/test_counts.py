"""Every key of what counts does what help says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from store.neighbors.filters import Filter
from store.neighbors.terms import Term
from tests.tui.support.app import ready, session_of, until
from tests.tui.support.fakes import make_app
from tests.tui.support.keys import Case, Stage, becomes, check_keys, falls, moved, rises, to
from tui.screens.find import FindScreen
from tui.screens.walk.counts import Counts
from tui.walk.session import PRESETS


def counts_at(place: int = 0) -> Callable[[Stage], None]:
    def before(stage: Stage) -> None:
        stage.screen.query_one(Counts).chosen = place
        stage.session.set_weights(cover=1.0)

    return before


def filtered(stage: Stage) -> None:
    stage.session.set_filter(Filter((Term("is", "other"),)))
    stage.screen.redraw()


def place(stage: Stage) -> int:
    return cast(int, stage.screen.query_one(Counts).chosen)


def preset(number: int) -> Case:
    names = list(PRESETS)
    return becomes(lambda s: s.session.preset, names[number], (str((number + 1) % 3 + 1),))


CASES = {
    "up": moved(place, -1, counts_at(3)),
    "down": moved(place, 1, counts_at(3)),
    "less": falls(lambda s: s.session.weights.cover, counts_at()),
    "more": rises(lambda s: s.session.weights.cover, counts_at()),
    "balanced": preset(0),
    "sleeve": preset(1),
    "ear": preset(2),
    "words": to(FindScreen, "which albums may be neighbours?"),
    "no-filter": becomes(lambda s: s.session.filter.is_set, False, filtered),
    "close": becomes(lambda s: s.screen.query_one(Counts).visible, False),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("counts", CASES, tmp_path, monkeypatch)


async def test_weights_presets_and_filters_are_clickable() -> None:
    app = make_app()
    async with app.run_test(size=(130, 50)) as pilot:
        await ready(pilot)
        session = session_of(app)
        await pilot.click("#mode", offset=(30, 0))
        counts = app.screen.query_one(Counts)
        await until(pilot, lambda: counts.visible and len(counts.rows) > 10)
        bar = counts.container_size.width - 20
        await pilot.click(Counts, offset=(15 + bar - 1, 1))
        await until(pilot, lambda: session.weights.cover == 2)
        await pilot.click(Counts, offset=(15, 1))
        await until(pilot, lambda: session.weights.cover == 0)
        row = next(y for y, text in enumerate(counts.rows) if "by sleeve alone" in text)
        await pilot.click(Counts, offset=(5, row))
        await until(pilot, lambda: session.preset == "by sleeve alone")
        genre = next(y for y, text in enumerate(counts.rows) if "genre" in text)
        await pilot.click(Counts, offset=(5, genre))
        await until(pilot, lambda: counts.chosen == len(session.signals))
        assert not session.filter.is_set
        await pilot.click(Counts, offset=(5, genre))
        await until(pilot, lambda: session.filter.of_field("genre") != "")
