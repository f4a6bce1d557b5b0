"""Every key of the albums near a blend does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Stage, check_keys, choices, chosen, here_is, moved, to
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen


def twelfth(stage: Stage) -> None:
    choices(stage).place = 11


CASES = {
    "next": moved(chosen, 1),
    "previous": moved(chosen, -1, ("down",)),
    "page-down": moved(chosen, 10),
    "page-up": moved(chosen, -10, twelfth),
    "choose": here_is(lambda s: choices(s).chosen.album.album_id, twelfth),
    "back": to(BenchScreen),
    "help": HELP[NearScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("near", CASES, tmp_path, monkeypatch)
