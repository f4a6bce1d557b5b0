"""Every key of the albums near a blend does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Stage, check_keys, here_is, sheet_cases, to
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen


def twelfth(stage: Stage) -> None:
    stage.screen.sheet.choose(11)


CASES = {
    **sheet_cases(40),
    "choose": here_is(lambda s: s.screen.sheet.chosen.album.album_id, twelfth),
    "back": to(BenchScreen),
    "help": HELP[NearScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("near", CASES, tmp_path, monkeypatch)
