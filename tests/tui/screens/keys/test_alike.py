"""Every key of two sleeves that are compared does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, Case, check_keys, to
from tui.screens.walk.alike import AlikeScreen
from tui.screens.walk.screen import WalkScreen

CASES = {
    "whole": Case(lambda s: s.screen._whole, lambda was, now: now is not was),
    "back": to(WalkScreen),
    "help": HELP[AlikeScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("alike", CASES, tmp_path, monkeypatch)
