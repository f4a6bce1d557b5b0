"""Playlists written for a player to open."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipelines.exports.playlist import Playlist, write_playlist
from pipelines.folders import cache_folder
from store.database.atomic import atomic_file

_KEPT = 20  # playlists; a player may still read the last ones


def playlist_file(playlist: Playlist) -> Path:
    """An M3U8 of the playlist in the cache folder, as mpv and VLC both read it. LibraryError where it cannot be
    written.
    """
    text = write_playlist(playlist, "m3u8", addressed="#%?").encode()
    folder = cache_folder() / "playlists"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{hashlib.sha256(text).hexdigest()[:16]}.m3u8"
    with atomic_file(target) as path:
        path.write_bytes(text)
    there = sorted(folder.glob("*.m3u8"), key=lambda path: path.stat().st_mtime)
    for old in there[:-_KEPT]:
        old.unlink(missing_ok=True)
    return target
