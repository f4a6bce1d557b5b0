"""Every key of the welcome does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import check_keys, leaves, to
from tui.screens.walk.screen import WalkScreen

CASES = {"begin": to(WalkScreen), "quit": leaves()}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("welcome", CASES, tmp_path, monkeypatch)
