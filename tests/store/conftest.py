"""Built libraries, shared by the tests of the store and those above it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from store.database.library import Library
from store.text import album_id
from tests.store.support.library import fill, grow
from tests.store.support.records import ALBUMS, circle


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The eight albums, indexed. Shared: only to be read."""
    library = Library.create(tmp_path_factory.mktemp("tiny"))
    fill(library, ALBUMS, circle(5))
    return library


@pytest.fixture(scope="session")
def named() -> Callable[[str, str], str]:
    """album_id by artist and title."""
    return album_id


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Sixty albums with covers, latents, neighbours and personal records. Shared: only to be read."""
    return grow(tmp_path_factory.mktemp("grown") / "library")


@pytest.fixture
def copy(grown: Library, tmp_path: Path) -> Library:
    """A copy of `grown` to change."""
    shutil.copytree(grown.path, tmp_path / "copy")
    return Library.open(tmp_path / "copy")
