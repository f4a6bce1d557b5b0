"""Every key of what counts does what help says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from store.neighbors.filters import Filter
from store.neighbors.terms import Term
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
