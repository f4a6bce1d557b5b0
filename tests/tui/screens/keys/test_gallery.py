"""Every key of the gallery does what help says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Case, Stage, check_keys, moved, sheet_cases, to
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.tree import TreeScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.walk.screen import WalkScreen


def trash(stage: Stage) -> int:
    return len(list((stage.app.setup.library.blends_dir / "trash").glob("*")))  # type: ignore[union-attr]


def at_blend(number: int) -> Callable[[Stage], None]:
    def before(stage: Stage) -> None:
        stage.screen._choose(number)

    return before


CASES = {
    **sheet_cases(12),
    "choose": Case(
        lambda s: (s.kind, s.app.bench.draft.drift if s.app.bench.drafts else None),
        lambda was, now: was[0] is GalleryScreen and now == (BenchScreen, (("brighter", 10.0),)),
        at_blend(1),
    ),
    "parent": moved(lambda s: len(s.session.tray), 1, at_blend(1)),
    "tree": to(TreeScreen, "family tree", at_blend(1)),
    "near": to(NearScreen, "nearest to this blend", at_blend(1)),
    "trash": Case(
        lambda s: (trash(s), len(s.screen.gallery.entries)),
        lambda was, now: now == (was[0] + 1, was[1] - 1),
        at_blend(1),
    ),
    "undo": Case(
        lambda s: (trash(s), len(s.screen.gallery.entries)), lambda was, now: now == (was[0] - 1, was[1] + 1), ("x",)
    ),
    "back": to(WalkScreen),
    "help": HELP[GalleryScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("gallery", CASES, tmp_path, monkeypatch)
