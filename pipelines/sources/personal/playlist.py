"""`ingest playlist`: a playlist of another program becomes a walk along the albums of its tracks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.report import IngestReport, LeftOut, SourceError
from pipelines.sources.personal.playlist_formats import Entry, read_playlist
from store.catalogue.files import albums_of_files
from store.database.library import Library
from store.identity import match_key
from store.personal.records import Personal

if TYPE_CHECKING:
    import duckdb


@dataclass(slots=True)
class PlaylistReport(IngestReport):
    """Records are tracks; those that the library has no album of are rejected."""

    walk: str = ""  # its name
    stops: int = 0

    def summary(self) -> str:
        line = f'walk "{self.walk}" of {self.stops:,} albums from {self.read:,} tracks'
        return line + (f", {len(self.rejected):,} left out" if self.rejected else "")

    def to_json(self) -> dict[str, object]:
        return {**IngestReport.to_json(self), "walk": self.walk, "stops": self.stops}


def ingest_playlist(library: Library, file: Path) -> PlaylistReport:
    """Record the playlist as a walk that has its name; the same playlist again is the same walk.

    SourceError where the file is no playlist, or the library has no album of it.
    """
    title, entries = read_playlist(file)
    report = PlaylistReport(str(file), read=len(entries), walk=title)
    with library.read() as con:
        found = _albums(con, entries)
    stops: list[str] = []
    for number, (entry, album) in enumerate(zip(entries, found, strict=True), 1):
        if album is None:
            report.rejected.append(LeftOut(f"track {number}", entry.label, "the library has no album of it"))
        elif not stops or stops[-1] != album:
            stops.append(album)
    if not stops:
        raise SourceError(f"{file}: of {len(entries):,} tracks the library has no album")
    report.stops = len(stops)
    walk_id = hashlib.sha256("\0".join([title, *stops]).encode()).hexdigest()[:32]
    personal = Personal(library)
    if any(step.walk_id == walk_id for step in personal.read().walks):
        report.already_there = len(entries) - len(report.rejected)
        return report
    for seq, album in enumerate(stops):
        personal.add_walk_step(walk_id, seq, album, stops[seq - 1] if seq else None)
    personal.name_walk(walk_id, title)
    personal.flush()
    report.added = len(entries) - len(report.rejected)
    return report


def _albums(con: duckdb.DuckDBPyConnection, entries: list[Entry]) -> list[str | None]:
    """The album of each track: by its file, by MusicBrainz identifiers, by artist and album, by artist and title."""
    by_path = albums_of_files(con, [path for entry in entries for path in entry.paths])
    by_mbid = _lookup(
        con,
        "SELECT mbid, min(album_id) FROM (SELECT mbid, album_id FROM albums UNION ALL SELECT mbid, album_id "
        "FROM album_files) WHERE mbid IN (SELECT unnest(?::VARCHAR[])) GROUP BY mbid",
        [mbid for entry in entries for mbid in entry.mbids],
    )
    names = {entry: match_key(entry.artist, entry.album) for entry in entries if entry.artist and entry.album}
    by_name = _lookup(
        con,
        "SELECT match_key, min(album_id) FROM album_sources WHERE match_key IN (SELECT unnest(?::VARCHAR[])) "
        "GROUP BY match_key",
        list(names.values()),
    )
    tracks = {entry: match_key(entry.artist, entry.title) for entry in entries if entry.artist and entry.title}
    by_track = _lookup(
        con,
        "SELECT play_key, min(album_id) FROM album_files WHERE play_key IN (SELECT unnest(?::VARCHAR[])) "
        "GROUP BY play_key",
        list(tracks.values()),
    )
    found: list[str | None] = []
    for entry in entries:
        ways = [by_path.get(path) for path in entry.paths] + [by_mbid.get(mbid) for mbid in entry.mbids]
        ways += [by_name.get(names.get(entry, "")), by_track.get(tracks.get(entry, ""))]
        found.append(next(filter(None, ways), None))
    return found


def _lookup(con: duckdb.DuckDBPyConnection, sql: str, values: list[str]) -> dict[str, str]:
    return dict(con.execute(sql, [values]).fetchall()) if values else {}
