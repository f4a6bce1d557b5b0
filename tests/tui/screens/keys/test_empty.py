"""Every key of an empty library does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.keys import check_keys, leaves

CASES = {"quit": leaves()}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("empty", CASES, tmp_path, monkeypatch)
