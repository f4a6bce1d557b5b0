"""`ingest beets`: the albums of a beets library (https://beets.io), from its `library.db`, which is only read.

Paths are bytes there, below a folder that is beets' own setting where they are not absolute.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipelines.images import BadImage, PreparedCover
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, SourceError, told
from pipelines.sources.folder import load_first
from pipelines.sources.music_files import UnreadableMusic, read_track, without_disc
from pipelines.sources.music_tree import Standing, tell_away
from pipelines.sources.personal.albums import Found, store_albums
from pipelines.writing import patient_write
from store.catalogue.files import TrackFile, forget_files, paths_of
from store.database.library import Library
from store.identity import is_mbid
from store.records import AlbumRecord
from store.text import album_id, clean, storable

SOURCE = "beets"
MOST = 1_000_000  # albums
_ALBUM = ("id", "albumartist", "album", "year", "original_year", "genre", "genres", "mb_releasegroupid", "artpath")
_ITEM = ("path", "artist", "title", "disc", "track", "length", "mb_trackid")
_SEPARATORS = re.compile(r"[;|,\0]|\\␀")  # between genres, of today's beets and of earlier ones


def ingest_beets(
    library: Library, database: Path, music: Path | None = None, progress: Progress | None = None
) -> IngestReport:
    """Add the albums of a beets library with their tracks and covers; tracks that it no longer has are taken out.

    `music`: beets' `directory`, below which paths lie that are not absolute; without it what the config.yaml beside the
    database says, else ~/Music. SourceError where the file is no beets library.
    """
    progress = progress or Progress()
    report = IngestReport(str(database))
    base = (music or _directory(database.parent / "config.yaml")).expanduser().absolute()
    with told(report, progress), closing(_open(database)) as con:
        progress.start(f"Albums of {clean(database.name, 60)}", None)
        tracks = _Tracks(base)
        try:
            store_albums(library, SOURCE, _albums(con, tracks, report), report, progress)
        except sqlite3.Error as error:
            raise SourceError(f"{database} cannot be read: {clean(str(error), 200)}") from None
        with library.read() as read:
            lost = {name: path for name, path in paths_of(read, SOURCE).items() if name not in tracks.there}
        away = {name: path for name, path in lost.items() if tracks.listed(name) and not tracks.standing.gone(path)}
        tell_away(list(away.values()), report)
        if without := tracks.missing.difference(map(_slashed, away)):
            report.values_left_out[f"track without its file below {base} (--music DIR names another)"] += len(without)
        if gone := list(lost.keys() - away.keys()):
            with patient_write(library, progress) as write:
                forget_files(write, SOURCE, gone)
    return report


@dataclass(slots=True)
class _Tracks:
    """Where beets' tracks are, by their paths as stored."""

    base: Path  # below it lie those that are not absolute
    there: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)  # as beets 2.14 has them: see `_with_backslashes`
    standing: Standing = field(default_factory=Standing)

    def met(self, file: TrackFile) -> bool:
        """Whether the track's file is there."""
        there = Path(file.path).is_file()
        if there:
            self.there.add(storable(file.path))
            self.standing.add(file.path)
        else:
            self.missing.add(_slashed(storable(file.path)))
        return there

    def listed(self, name: str) -> bool:
        """Whether beets still has the track, though it is not there."""
        return _slashed(name) in self.missing


def _directory(config: Path) -> Path:
    """Where beets keeps music, by the one line of its config that says so."""
    try:
        found = re.search(r"^directory:[ \t]*(.+?)[ \t]*$", config.read_text(encoding="utf-8", errors="replace"), re.M)
    except OSError:
        found = None
    return Path(found[1].strip("'\"")) if found else Path("~/Music")


def _open(database: Path) -> sqlite3.Connection:
    """A copy of the library, so that beets may work on. SourceError for what is none."""
    con = sqlite3.connect("")  # a file of its own that goes with the connection
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database.absolute()))}?mode=ro", uri=True, timeout=3)) as theirs:
            theirs.backup(con)
        con.text_factory = lambda data: data.decode("utf-8", "replace")
        con.execute("PRAGMA trusted_schema = OFF")
        for table, needed in (("albums", {"id", "album"}), ("items", {"path", "album_id"})):
            if not needed <= _columns(con, table):
                raise SourceError(
                    f"{database} is no library of beets: its table {table} lacks {', '.join(sorted(needed))}"
                )
    except BaseException as error:
        con.close()
        if isinstance(error, sqlite3.Error):
            raise SourceError(f"{database} is no library of beets: {clean(str(error), 200)}") from None
        raise
    return con


def _columns(con: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in con.execute(f"PRAGMA table_info({table})")}


def _albums(con: sqlite3.Connection, tracks: _Tracks, report: IngestReport) -> Iterator[Found]:
    """Every album with its tracks; rows of one artist and title (two editions, the discs of a set) are one album. Rows
    that make no album are rejected.
    """
    albums, items = _present(con, "albums", _ALBUM), _present(con, "items", _ITEM)
    con.execute("CREATE TABLE named (id, place INTEGER)")
    places: dict[str, int] = {}
    for row in con.execute(f"SELECT {albums} FROM albums ORDER BY id LIMIT {MOST}").fetchall():
        artist, title = _names(dict(zip(_ALBUM, row, strict=True)))
        if artist and title:
            place = places.setdefault(album_id(artist, title), len(places))
            con.execute("INSERT INTO named VALUES (?, ?)", [row[0], place])
        else:
            report.read += 1
            label = f"{artist or '?'} / {title or '?'}"
            report.rejected.append(LeftOut(f"album {clean(str(row[0]), 40)}", label, "it has no artist or no title"))
    rows = con.execute(
        f"SELECT place, a.*, i.* FROM named n JOIN (SELECT {albums} FROM albums) a ON a.id IS n.id "
        f"LEFT JOIN (SELECT album_id, {items} FROM items) i ON i.album_id = n.id ORDER BY place, n.id"
    )
    for _, group in groupby(rows, key=itemgetter(0)):
        album: dict[str, Any] = {}
        files: dict[str, TrackFile] = {}
        for row in group:
            for name, value in zip(_ALBUM, row[1:], strict=False):
                album[name] = album.get(name) or value  # the first edition that says something
            file = _file(dict(zip(_ITEM, row[len(_ALBUM) + 2 :], strict=True)), tracks.base)
            if file and file.path not in files and tracks.met(file):
                files[file.path] = file
        yield _found(album, sorted(files.values(), key=lambda file: file.path), tracks.base)


def _found(album: dict[str, Any], files: list[TrackFile], base: Path) -> Found:
    artist, title = _names(album)
    genres = [clean(genre, 100).lower() for genre in _SEPARATORS.split(_text(album["genres"] or album["genre"]))]
    genres = list(dict.fromkeys(filter(None, genres)))[:20]
    mbid = _text(album["mb_releasegroupid"]).lower()
    art = _path(album["artpath"], base)
    record = AlbumRecord(
        artist=artist,
        title=title,
        source=SOURCE,
        source_key=album_id(artist, title),
        year=_year(album["original_year"]) or _year(album["year"]),
        genre=genres[0] if genres else None,
        mbid=mbid if is_mbid(mbid) else None,
        tags=tuple((genre, round(100 * 0.9**place, 1)) for place, genre in enumerate(genres)),
    )
    cover = partial(_cover, art, [file.path for file in files[:3]])
    return Found(record, tuple(files), cover, stamp=f"{art}{_stamp(art)}")


def _names(album: dict[str, Any]) -> tuple[str, str]:
    """(artist, title), each '' where the row has none."""
    return _text(album["albumartist"]), without_disc(_text(album["album"]))


def _present(con: sqlite3.Connection, table: str, names: Sequence[str]) -> str:
    """The columns for a SELECT, those that this version of beets lacks as NULL."""
    there = _columns(con, table)
    return ", ".join(name if name in there else f"NULL AS {name}" for name in names)


def _cover(art: str, tracks: list[str]) -> PreparedCover | BadImage:
    """The picture that beets keeps beside the album, else the one in its first tracks."""
    pictures: list[bytes | Path] = [Path(art)] if art else []
    found = load_first(pictures)
    for path in tracks if isinstance(found, BadImage) else ():
        try:
            embedded = read_track(Path(path)).art
        except UnreadableMusic:
            continue
        if embedded and not isinstance(cover := load_first([embedded]), BadImage):
            return cover
    return found


def _file(item: dict[str, Any], base: Path) -> TrackFile | None:
    path = _path(item["path"], base)
    if not path:
        return None
    length = item["length"]
    seconds = float(length) if isinstance(length, int | float) and 0 < length < 1e7 else None
    mbid = _text(item["mb_trackid"]).lower()
    title = _text(item["title"]) or clean(Path(path).stem) or "untitled"
    return TrackFile(
        path, title, _text(item["artist"]), _number(item["disc"]), _number(item["track"]), seconds,
        mbid if is_mbid(mbid) else None,
    )  # fmt: skip


def _path(value: Any, base: Path) -> str:
    """An absolute path, '' for none."""
    if not isinstance(value, bytes | str) or not value or b"\0" in os.fsencode(value):
        return ""
    path = os.path.normpath(base / os.fsdecode(value))
    return path if os.path.lexists(path) else _with_backslashes(base, os.fsdecode(value).split("/")) or path


def _with_backslashes(folder: Path, parts: list[str]) -> str:
    """The file that beets 2.14 has written with / in place of a backslash in a name; '' where there is none."""
    for many in range(1, len(parts) + 1):
        place = folder / "\\".join(parts[:many])
        if many == len(parts) and place.is_file():
            return str(place)
        if place.is_dir() and (found := _with_backslashes(place, parts[many:])):
            return found
    return ""


def _slashed(path: str) -> str:
    return path.replace("\\", "/")


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < 10_000 else None


def _year(value: Any) -> int | None:
    return value if isinstance(value, int) and 1860 <= value <= 2100 else None


def _stamp(path: str) -> str:
    try:
        return f" {Path(path).stat().st_mtime_ns}" if path else ""
    except OSError:
        return ""
