"""Every key of the SQL does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Case, Stage, check_keys, to
from tui.screens.sql import SqlScreen
from tui.screens.walk.screen import WalkScreen


def no_clipboard(stage: Stage) -> None:
    stage.app.copy_to_clipboard("")


CASES = {
    "copy": Case(
        lambda s: (s.app.clipboard, s.screen.sql),
        lambda was, now: was[0] == "" and now[0] == now[1] != "",
        no_clipboard,
    ),
    "back": to(WalkScreen),
    "help": HELP[SqlScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("sql", CASES, tmp_path, monkeypatch)
