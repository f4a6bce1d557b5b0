"""The library that the terminal tests walk."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database.library import Library
from tests.tui.support.libraries import make_library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Twelve albums with covers and tags, no index."""
    return make_library(tmp_path / "library")
