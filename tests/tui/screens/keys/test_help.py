"""Every key of help does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import check_keys, falls, rises, to
from tui.screens.walk.screen import WalkScreen

CASES = {
    "back": to(WalkScreen),
    "more": rises(lambda s: s.screen._first, ("up",) * 6),
    "less": falls(lambda s: s.screen._first, ("down",)),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("help", CASES, tmp_path, monkeypatch)
