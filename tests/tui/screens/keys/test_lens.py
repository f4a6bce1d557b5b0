"""Every key of starting from a picture does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui.support.keys import HELP, Stage, becomes, check_keys, here_is, sheet_cases, to
from tui.screens.lens import LensScreen
from tui.screens.walk.screen import WalkScreen


def twelfth(stage: Stage) -> None:
    stage.screen.sheet.choose(11)


def on_the_sheet(stage: Stage) -> None:
    stage.screen.set_focus(None)


CASES = {
    **sheet_cases(20),
    "choose": here_is(lambda s: s.screen.sheet.chosen.album.album_id, twelfth),
    "another": becomes(lambda s: isinstance(s.screen.focused, Input), True, on_the_sheet),
    "back": to(WalkScreen, before=on_the_sheet),
    "help": HELP[LensScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("lens", CASES, tmp_path, monkeypatch)
