"""Draws the demo library into a folder: albums, tags, covers and similar artists, in short bursts, resumable.

Embedding and indexing come after, as for any other library (`pipelines.build`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.batches import batched
from pipelines.demo.canvas import SIZE
from pipelines.demo.catalogue import SOURCE, demo_albums, demo_similar_artists
from pipelines.demo.draw import draw_cover
from pipelines.images import encode_webp
from pipelines.progress import Progress
from pipelines.writing import patient_write
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_covers, add_similar_artists, item_statuses, record_items
from store.database.library import Library
from store.errors import LibraryError
from store.records import AlbumRecord, CoverRecord

_BATCH = 50  # albums a burst: a second or two of drawing is all that a kill can lose
_SIMILAR = "similar-artists"  # the item that stands for all their rows
_DONE = "done"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """An album and its cover, encoded but not yet stored."""

    album: AlbumRecord
    webp: bytes
    mean_color: int  # 0xRRGGBB


def build_demo(library_path: Path, progress: Progress) -> Library:
    """The demo library in `library_path`, made there or completed; where it is complete nothing is written.

    Progress counts albums. Killed at any moment it goes on from its last burst when it is run again, and a cover
    file that has gone missing is drawn anew. Raises LibraryError and its kin as the store does.
    """
    library = Library.create(library_path)
    files = CoverFiles(library.covers_dir)
    albums = demo_albums()
    with library.read() as con:
        statuses = item_statuses(con, SOURCE)
        stored = dict(con.execute("SELECT source_key, cover_sha256 FROM albums WHERE source = ?", [SOURCE]).fetchall())
    todo = [album for album in albums if not _is_done(album, statuses, stored, files)]
    progress.start("Drawing covers", len(albums))
    progress.advance(len(albums) - len(todo))
    # Threads: most of the time goes to numpy and Pillow, which let go of the interpreter, and a process pool
    # would take longer to start than it saves.
    pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))
    try:
        for batch in batched(todo, _BATCH):
            drawn = list(pool.map(_draw, batch))
            _store(library, files, drawn, progress)
            progress.advance(len(drawn))
    finally:
        pool.shutdown(cancel_futures=True)
    if statuses.get(_SIMILAR) != _DONE:
        with patient_write(library, progress) as con:
            add_similar_artists(con, demo_similar_artists(), SOURCE)
            record_items(con, SOURCE, [(_SIMILAR, "store", _DONE, None)])
    progress.finish()
    return library


def _is_done(album: AlbumRecord, statuses: dict[str, str], stored: dict[str, str | None], files: CoverFiles) -> bool:
    if statuses.get(album.source_key) != _DONE:
        return False
    sha = stored.get(album.source_key)
    return sha is not None and files.has(sha)


def _draw(album: AlbumRecord) -> _Drawn:
    pixels = draw_cover(album)
    red, green, blue = (int(value) for value in pixels.reshape(-1, 3).mean(axis=0).round())
    return _Drawn(album, encode_webp(pixels), red << 16 | green << 8 | blue)


def _store(library: Library, files: CoverFiles, drawn: Sequence[_Drawn], progress: Progress) -> None:
    """The files first: a row never names a cover that is not there."""
    shas = [files.put(one.webp) for one in drawn]
    covers = [CoverRecord(sha, SIZE, SIZE, len(one.webp), one.mean_color) for sha, one in zip(shas, drawn, strict=True)]
    albums = [replace(one.album, cover_sha256=sha) for sha, one in zip(shas, drawn, strict=True)]
    with patient_write(library, progress) as con:
        add_covers(con, covers)
        result = add_albums(con, albums)
        if result.refused:
            key, reason = result.refused[0]
            raise LibraryError(f"demo album {key} cannot be stored: {reason}")
        record_items(con, SOURCE, [(album.source_key, "store", _DONE, None) for album in albums])
