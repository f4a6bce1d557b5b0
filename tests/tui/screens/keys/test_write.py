"""Every key of writing a blend does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Stage, check_keys, files, moved, to
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.write import WriteScreen


def at_first_row(stage: Stage) -> None:
    stage.screen.row = 1


def at_what(stage: Stage) -> None:
    stage.screen.row, stage.screen.place["what"] = 0, 1


CASES = {
    "down": moved(lambda s: s.screen.row, 1, at_first_row),
    "up": moved(lambda s: s.screen.row, -1, at_first_row),
    "right": moved(lambda s: s.screen.place["what"], 1, at_what),
    "left": moved(lambda s: s.screen.place["what"], -1, at_what),
    "write": moved(files, 1),
    "back": to(BenchScreen),
    "help": HELP[WriteScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("write", CASES, tmp_path, monkeypatch)
