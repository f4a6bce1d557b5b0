"""The music files of albums: put there by what reads them, taken out when they are gone, listed to be played.

Every function takes the open connection of a `Library.read()` or `.write()` burst.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.database.bulk import registered
from store.database.schema import first_row
from store.identity import match_key
from store.records import Album
from store.text import clean, storable

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library

ORDER = "disc NULLS FIRST, track NULLS LAST, path"


@dataclass(frozen=True, slots=True)
class TrackFile:
    """One music file. `path` is absolute and as Python has it: bytes that are no UTF-8 are lone surrogates."""

    path: str
    title: str
    artist: str = ""  # of the track
    disc: int | None = None
    track: int | None = None
    seconds: float | None = None
    mbid: str | None = None  # of the recording


@dataclass(frozen=True, slots=True)
class Playable:
    """An album with what plays it; no tracks: none of its files is known."""

    album: Album
    mbid: str | None  # MusicBrainz identifier of the album
    tracks: tuple[TrackFile, ...]


def playables(library: Library, albums: Sequence[Album]) -> list[Playable]:
    """The albums with their files, in the same order. LibraryLocked as for any read burst."""
    ids = [album.album_id for album in albums]
    with library.read() as con:
        files = files_of(con, ids)
        rows = con.execute("SELECT album_id, mbid FROM albums WHERE album_id IN (SELECT unnest(?::VARCHAR[]))", [ids])
        mbids = dict(rows.fetchall())
    return [Playable(album, mbids.get(album.album_id), tuple(files.get(album.album_id, ()))) for album in albums]


def put_files(
    con: duckdb.DuckDBPyConnection,
    source: str,
    by_item: Mapping[str, Sequence[TrackFile]],
    ids: Mapping[str, str],
    read: Iterable[str] = (),
) -> None:
    """Store the files of albums; what the source knew of these files and of those `read` besides is replaced.

    `by_item`: by album_sources.source_key; those without an album_id in `ids` are left out.
    """
    import pyarrow as pa

    rows = [(ids[item], item, file) for item, files in by_item.items() if item in ids for file in files]
    names = [storable(path) for path in (*read, *(file.path for _, _, file in rows))]
    con.execute("DELETE FROM album_files WHERE source = ? AND path IN (SELECT unnest(?::VARCHAR[]))", [source, names])
    if not rows:
        return
    files = [file for _, _, file in rows]
    table = pa.table(
        {
            "album_id": [album for album, _, _ in rows],
            "path": [storable(file.path) for file in files],
            "disc": pa.array([file.disc for file in files], pa.int32()),
            "track": pa.array([file.track for file in files], pa.int32()),
            "title": [clean(file.title) for file in files],
            "seconds": pa.array([file.seconds for file in files], pa.float64()),
            "mbid": pa.array([file.mbid for file in files], pa.string()),
            "source_key": [item for _, item, _ in rows],
            "play_key": [match_key(file.artist, file.title) for file in files],
            "path_bytes": pa.array([_odd(file.path) for file in files], pa.binary()),
        }
    )
    with registered(con, "incoming_files", table):
        con.execute("INSERT INTO album_files BY NAME SELECT *, ? AS source FROM incoming_files", [source])


def files_of(con: duckdb.DuckDBPyConnection, album_ids: Sequence[str]) -> dict[str, list[TrackFile]]:
    """The files of albums in the order of disc and track; an album without any is not in it.

    Of an album that several sources have files of, those of the source with the most are taken: they are the same
    tracks twice, or two editions.
    """
    rows = con.execute(
        f"""WITH found AS (FROM album_files WHERE album_id IN (SELECT unnest(?::VARCHAR[]))),
        best AS (SELECT album_id, arg_max(source, n) AS source FROM (
            SELECT album_id, source, count(*) AS n FROM found GROUP BY ALL ORDER BY source DESC) GROUP BY album_id)
        SELECT album_id, path, path_bytes, title, disc, track, seconds, mbid
        FROM found JOIN best USING (album_id, source) ORDER BY {ORDER}""",
        [list(album_ids)],
    ).fetchall()
    found: dict[str, list[TrackFile]] = {}
    for album, path, odd, title, disc, track, seconds, mbid in rows:
        path = path if odd is None else os.fsdecode(odd)
        found.setdefault(album, []).append(TrackFile(path, title, "", disc, track, seconds, mbid))
    return found


def albums_of_files(con: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> dict[str, str]:
    """path → album_id of those paths that are files of albums; the paths as Python has them."""
    names = {storable(path): path for path in paths}
    rows = con.execute(
        "SELECT path, min(album_id) FROM album_files WHERE path IN (SELECT unnest(?::VARCHAR[])) GROUP BY path",
        [list(names)],
    ).fetchall()
    return {names[name]: album for name, album in rows}


def album_playing(con: duckdb.DuckDBPyConnection, path: str, artist: str, title: str) -> str | None:
    """The album that a player is at: by the file, else by artist and album as the player has them."""
    by_file = albums_of_files(con, [path]) if path else {}
    if by_file or not (artist and title):
        return by_file.get(path)
    row = first_row(
        con, "SELECT min(album_id) FROM album_sources WHERE match_key = ?", [match_key(clean(artist), clean(title))]
    )
    return row[0] if row else None


def paths_of(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Every path that a source has brought, as stored → as Python has it."""
    rows = con.execute("SELECT path, path_bytes FROM album_files WHERE source = ?", [source]).fetchall()
    return {path: path if odd is None else os.fsdecode(odd) for path, odd in rows}


def forget_files(con: duckdb.DuckDBPyConnection, source: str, gone: Sequence[str]) -> int:
    """Take out files (paths as stored) that are no longer there, with what the journal says of them, so that they
    are read again should they return. How many of them are still there under another path: same album, disc, track
    and title.
    """
    con.execute("CREATE TEMP TABLE gone AS SELECT unnest(?::VARCHAR[]) AS path", [list(gone)])
    moved = first_row(
        con,
        "SELECT count(*) FROM album_files f JOIN gone USING (path) WHERE f.source = $1 AND EXISTS ("
        "FROM album_files g WHERE g.source = $1 AND g.album_id = f.album_id AND g.title = f.title "
        "AND g.disc IS NOT DISTINCT FROM f.disc AND g.track IS NOT DISTINCT FROM f.track "
        "AND g.path NOT IN (FROM gone))",
        [source],
    )
    con.execute("DELETE FROM album_files WHERE source = ? AND path IN (FROM gone)", [source])
    con.execute("DELETE FROM internal.ingest_items WHERE source = ? AND key IN (FROM gone)", [source])
    con.execute("DROP TABLE gone")
    return int(moved[0]) if moved else 0


def follow_sources(con: duckdb.DuckDBPyConnection, *albums: str) -> None:
    """After a merge or a split: files and entries of lists belong to the album that their source is part of now."""
    for table in ("album_files", "owned"):
        con.execute(
            f"UPDATE {table} SET album_id = s.album_id FROM album_sources s WHERE s.source = {table}.source "
            f"AND s.source_key = {table}.source_key AND s.album_id IN (SELECT unnest(?::VARCHAR[])) "
            f"AND {table}.album_id <> s.album_id",
            [list(albums)],
        )


def _odd(path: str) -> bytes | None:
    """The bytes of a path that is no UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return None
