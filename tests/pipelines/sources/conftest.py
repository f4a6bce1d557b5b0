"""Covers that a table can name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.support.pictures import photo, to_bytes


@pytest.fixture
def covers(tmp_path: Path) -> Path:
    """Twelve covers, 0.jpg to 11.jpg."""
    folder = tmp_path / "covers"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.jpg").write_bytes(to_bytes(photo(200, 200, seed=number), "JPEG"))
    return folder
