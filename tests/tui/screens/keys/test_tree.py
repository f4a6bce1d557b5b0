"""Every key of a blend's family tree does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Stage, becomes, check_keys, here_is, moved
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.tree import TreeScreen


def place(stage: Stage) -> int:
    return int(stage.screen.place)


def chosen_album(stage: Stage) -> str:
    return str(stage.screen.nodes[stage.screen.place].part.album_id)


CASES = {
    "left": moved(place, -1, ("right",)),
    "right": moved(place, 1),
    "up": becomes(place, 0, ("down",)),
    "down": becomes(place, 1, ("up",)),
    "choose": here_is(chosen_album, ("right",)),
    "back": becomes(lambda s: s.kind, BenchScreen),
    "help": HELP[TreeScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("tree", CASES, tmp_path, monkeypatch)
