from __future__ import annotations

from pathlib import Path

import pytest

from store.database.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library."""
    return Library.create(tmp_path / "library")
