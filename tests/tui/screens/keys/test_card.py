"""Every key of the test card does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Case, Stage, becomes, check_keys, to
from tui.config import configured
from tui.pictures.glyphs import KINDS
from tui.screens.card import CardScreen
from tui.screens.walk.screen import WalkScreen
from tui.terminal.brands import CELLS

CONFIG = "config.toml"


def other(kind: str) -> Case:
    """Covers are drawn in this kind of cells, the walk says so, and it is kept."""

    def drawn_otherwise(stage: Stage) -> None:
        stage.app.painter.kind = next(name for name in KINDS if name != kind)
        (stage.folder / CONFIG).unlink(missing_ok=True)

    def look(stage: Stage) -> tuple[object, ...]:
        kept = configured(stage.folder / CONFIG, "cells", CELLS) if (stage.folder / CONFIG).exists() else None
        return stage.kind, stage.app.painter.kind, kept, f"covers are {kind} from now on" in stage.text

    return becomes(look, (WalkScreen, kind, kind, True), drawn_otherwise)


def nothing_kept(stage: Stage) -> None:
    (stage.folder / CONFIG).unlink(missing_ok=True)


CASES = {
    **{kind: other(kind) for kind in KINDS},
    "pictures": Case(  # a terminal that draws none: nothing changes
        lambda s: (s.kind, s.app.painter.kind, (s.folder / CONFIG).exists()),
        lambda was, now: was[0] is CardScreen and now == (WalkScreen, was[1], False),
        nothing_kept,
    ),
    "back": to(WalkScreen),
    "help": HELP[CardScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEVEWALK_CONFIG", str(tmp_path / CONFIG))
    await check_keys("card", CASES, tmp_path, monkeypatch)
