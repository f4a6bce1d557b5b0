"""Small libraries on disk."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.records import AlbumRecord, CoverRecord
from tests.tui.support.fakes import FakeCovers


def make_library(path: Path, count: int = 12) -> Library:
    """Albums "Record 0" and so on with covers and tags, no index."""
    library = Library.create(path)
    files = CoverFiles(library.covers_dir)
    albums, covers = [], []
    for number in range(count):
        picture = io.BytesIO()
        Image.fromarray(FakeCovers().pixels(str(number))).save(picture, "WEBP")
        sha = files.put(picture.getvalue())
        covers.append(CoverRecord(sha, 128, 128, len(picture.getvalue()), 0x808080))
        tags = (("dub", 100.0), (f"tag {number % 3}", 80.0))
        albums.append(
            AlbumRecord(
                f"Artist {number}",
                f"Record {number}",
                "table",
                str(number),
                year=1990 + number,
                listeners=5000 - number,
                cover_sha256=sha,
                tags=tags,
            )
        )
    with library.write() as con:
        add_albums(con, albums)
        add_covers(con, covers)
    return library
