"""The Python door: `import sleevewalk as sw; sw.open().similar("Low / Trust", k=12).df()`.

It opens the same libraries as the command `sleevewalk` and gives the same answers. Importing it loads no model and
opens no file.
"""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.folders import LIBRARY_VARIABLE, default_library, demo_library
from sleevewalk.library import Library
from sleevewalk.table import Table
from store.errors import AmbiguousAlbum, LibraryError, LibraryLocked, LibraryMissing, UnknownAlbum
from store.records import Album, Weights

__all__ = [
    "Album",
    "AmbiguousAlbum",
    "Library",
    "LibraryError",
    "LibraryLocked",
    "LibraryMissing",
    "Table",
    "UnknownAlbum",
    "Weights",
    "create",
    "demo",
    "open",
]


def open(path: str | Path | None = None) -> Library:  # as gzip.open: it is always called as sleevewalk.open
    """The library in folder `path`; None: $SLEEVEWALK_LIBRARY, else the one that the command `sleevewalk` opens.

    One of an older version is migrated first, after a backup. LibraryMissing where there is none.
    """
    from store.database.library import Library as Store

    return Library(Store.open(_folder(path)))


def create(path: str | Path | None = None) -> Library:
    """The library in folder `path` (None: as in `open`), made empty where there is none. LibraryError: it cannot be."""
    from store.database.library import Library as Store

    return Library(Store.create(_folder(path)))


def demo(path: str | Path | None = None) -> Library:
    """The demo library of 300 fictional albums with drawn covers, built in `path` (None: where `sleevewalk demo` has
    it) by the first call, in some seconds.
    """
    from pipelines.build import build
    from pipelines.demo.build import build_demo
    from pipelines.progress import Progress

    library = build_demo(Path(path) if path is not None else demo_library(), Progress())
    build(library)
    return Library(library)


def _folder(path: str | Path | None) -> Path:
    return Path(path or os.environ.get(LIBRARY_VARIABLE) or default_library())
