"""`merge` and `split`: what a person says of two albums, stronger than every rule and undone by each other.

A merge moves what sources say to the album that is kept, and with it tags, cover, bookmark, the stops of walks and
the parents of blends; what it moved is noted, and a split puts it back. Every function takes the open connection of
a write burst.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from store.catalogue.album_sources import best_of, gather_tags, tell_tags_apart
from store.catalogue.files import follow_sources
from store.catalogue.merged_records import (
    Moved,
    merge_bookmarks,
    move_parents,
    move_stops,
    put_parents_back,
    put_stops_back,
    split_bookmarks,
)
from store.database.schema import NOW_UTC, first_row, first_value
from store.database.steps.sources import remember_sources
from store.errors import LibraryError, UnknownPart
from store.shapes import BadShape, from_json
from store.text import clean, key

if TYPE_CHECKING:
    import duckdb

_FIELDS = ("year", "genre", "listeners", "playcount", "mbid", "cover_sha256")
_NAMING = ("artist", "title", "source", "source_key", "artist_key", "title_key")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the album that is kept: before, after, and the source that its new value is from."""

    name: str
    before: object
    after: object
    source: str | None


@dataclass(slots=True)
class MergeReport:
    """What a merge or a split did, or would do."""

    album_id: str  # of the album that is kept
    label: str
    other_id: str  # of the one merged into it or taken out of it
    other_label: str
    sources: int = 0  # rows of album_sources that moved
    tags: int = 0  # that the kept album has afterwards
    bookmarks: int = 0
    stops: int = 0  # of walks
    parents: int = 0  # of blends
    fields: list[FieldChange] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AlbumPart:
    """What can be taken out of an album: an album merged into it, a spelling, or a source."""

    label: str
    album_id: str  # of the album that it would be
    merged: bool  # by a person
    items: tuple[tuple[str, str, str], ...]  # (source, source_key, name_id)


def merge(con: duckdb.DuckDBPyConnection, kept_id: str, gone_id: str) -> MergeReport:
    """Make `gone_id` part of `kept_id`; both are albums. LibraryError where they are one already."""
    if kept_id == gone_id:
        raise LibraryError(f"{_label(con, kept_id)} is one album already")
    report = MergeReport(kept_id, _label(con, kept_id), gone_id, _label(con, gone_id))
    remember_sources(con, [kept_id, gone_id])
    tell_tags_apart(con, [kept_id, gone_id])
    before = _fields(con, kept_id)
    kept_names = con.execute(
        "SELECT name_id FROM album_sources WHERE album_id = $1 UNION "
        "SELECT match_key FROM album_sources WHERE album_id = $1",
        [kept_id],
    ).fetchall()
    moved = Moved(_naming(con, gone_id), _items(con, gone_id), [row[0] for row in kept_names])
    con.execute("UPDATE album_sources SET album_id = ? WHERE album_id = ?", [kept_id, gone_id])
    for table, column in (("albums", "album_id"), ("album_tags", "album_id"), ("neighbors", "album_id"),
                          ("neighbors", "neighbor_id")):  # fmt: skip
        con.execute(f"DELETE FROM {table} WHERE {column} = ?", [gone_id])
    best_of(con, [kept_id])
    gather_tags(con, [kept_id])
    follow_sources(con, kept_id)
    merge_bookmarks(con, kept_id, gone_id, moved)
    move_stops(con, kept_id, gone_id, moved)
    moved.parents = move_parents(con, gone_id, kept_id)
    _decide(con, gone_id, kept_id, same=True, moved=json.dumps(asdict(moved)))
    report.sources, report.stops, report.parents = len(moved.items), len(moved.stops), len(moved.parents)
    report.bookmarks = moved.bookmark is not None
    _finish(con, report, before)
    return report


def split(con: duckdb.DuckDBPyConnection, kept_id: str, part: AlbumPart) -> MergeReport:
    """Take a part out of an album; what a merge had moved goes back to where it was."""
    report = MergeReport(kept_id, _label(con, kept_id), part.album_id, part.label)
    before = _fields(con, kept_id)
    tell_tags_apart(con, [kept_id])
    sql = "SELECT moved FROM album_decisions WHERE album_id = ? AND other_id = ? AND same"
    noted = first_value(con, sql, [part.album_id, kept_id])
    moved = _moved(noted) if noted else None
    for item in part.items:
        con.execute(
            "UPDATE album_sources SET album_id = ? "
            "WHERE album_id = ? AND source = ? AND source_key = ? AND name_id = ?",
            [part.album_id, kept_id, *item],
        )
    report.sources = len(part.items)
    follow_sources(con, kept_id, part.album_id)
    best_of(con, [kept_id, part.album_id])
    if moved is not None:
        naming = [moved.album[column] for column in (*_NAMING, "added_at")]
        sets = ", ".join(f"{column} = ?" for column in (*_NAMING, "added_at"))
        con.execute(f"UPDATE albums SET {sets} WHERE album_id = ?", [*naming, part.album_id])
        best_of(con, [part.album_id])
        report.bookmarks = split_bookmarks(con, kept_id, part.album_id, moved)
        report.stops = put_stops_back(con, kept_id, part.album_id, moved)
        report.parents = put_parents_back(con, kept_id, part.album_id, moved.parents)
    gather_tags(con, [kept_id, part.album_id])
    con.execute(
        "UPDATE album_sources SET tags = NULL WHERE album_id IN (SELECT album_id FROM album_sources "
        "WHERE album_id IN (?, ?) GROUP BY album_id HAVING count(*) = 1)",
        [kept_id, part.album_id],
    )
    _decide(con, part.album_id, kept_id, same=False, moved=None)
    report.other_label = _label(con, part.album_id)
    _finish(con, report, before)
    return report


def album_parts(con: duckdb.DuckDBPyConnection, album: str) -> list[AlbumPart]:
    """What can be taken out of an album: what a person merged into it; the spellings that differ from its own; and
    where all spell it alike, the other sources.
    """
    remember_sources(con, [album])
    rows = con.execute(
        "SELECT source, source_key, name_id, artist || ' / ' || title, match_key FROM album_sources WHERE album_id = ? "
        "ORDER BY added_at, rowid",
        [album],
    ).fetchall()
    merged = con.execute(
        "SELECT album_id, moved FROM album_decisions WHERE other_id = ? AND same ORDER BY decided_at", [album]
    ).fetchall()
    found: list[AlbumPart] = []
    taken: set[tuple[str, str, str]] = set()
    of_merges = [(gone, _moved(moved)) for gone, moved in merged]
    for gone, moved in of_merges:
        theirs = {tuple(item) for item in moved.items}
        # What came since under a name that was theirs alone is theirs.
        names = {name for row in rows if row[:3] in theirs for name in (row[2], row[4])} - set(moved.kept_names)
        items = tuple(
            row[:3] for row in rows if row[:3] not in taken and (row[:3] in theirs or names & {row[2], row[4]})
        )
        taken.update(items)
        if items:
            found.append(AlbumPart(f"{moved.album['artist']} / {moved.album['title']}", gone, True, items))
    naming = _naming(con, album)
    left = [row for row in rows if row[:3] not in taken]
    own_name = next(
        (row[2] for row in left if row[:2] == (naming["source"], naming["source_key"])), left[0][2] if left else ""
    )
    spelled: dict[str, list[tuple[str, ...]]] = {}
    for row in left:
        spelled.setdefault(row[2], []).append(row)
    if len(spelled) > 1:
        groups = [(spelling[0][3], spelling) for name, spelling in spelled.items() if name != own_name]
    else:
        by_source: dict[str, list[tuple[str, ...]]] = {}
        for row in left:
            by_source.setdefault(row[0], []).append(row)
        groups = [(source, of_source) for source, of_source in by_source.items() if source != naming["source"]]
    for label, members in groups:
        items = tuple(row[:3] for row in members)
        found.append(AlbumPart(label, _free_id(con, items[0]), False, items))
    return found


def find_part(there: list[AlbumPart], album: str, text: str | None) -> AlbumPart:
    """The part that a person means: by its label or album_id, or the only one. UnknownPart lists them."""
    if not there:
        raise UnknownPart(f"{album} is of one piece: one source names it, and nothing was merged into it")
    meant = there if text is None else [part for part in there if text == part.album_id or key(text) == key(part.label)]
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(f'"{clean(part.label, 200)}"' + (f" ({part.album_id})" if part.merged else "") for part in there)
    asked = "has several parts" if text is None else f'has no part "{clean(text, 200)}"'
    raise UnknownPart(f"{album} {asked}; name one of them: {listed}")


def _moved(text: str) -> Moved:
    try:
        moved = from_json(text, Moved)
        if not moved.album.keys() >= {*_NAMING, "added_at"}:
            raise BadShape("the album has no name")
    except BadShape as error:
        raise LibraryError(f"what a merge noted cannot be read: {error}; `sleevewalk doctor --repair`") from None
    return moved


def _label(con: duckdb.DuckDBPyConnection, album: str) -> str:
    label = first_value(con, "SELECT artist || ' / ' || title FROM albums WHERE album_id = ?", [album])
    if label is None:
        raise LibraryError(f"no album {album} in this library")
    return str(label)


def _fields(con: duckdb.DuckDBPyConnection, album: str) -> tuple[Any, ...]:
    row = first_row(con, f"SELECT {', '.join(_FIELDS)} FROM albums WHERE album_id = ?", [album])
    return row or ()


def _naming(con: duckdb.DuckDBPyConnection, album: str) -> dict[str, Any]:
    columns = (*_NAMING, "added_at")
    row = first_row(con, f"SELECT {', '.join(_NAMING)}, added_at::VARCHAR FROM albums WHERE album_id = ?", [album])
    return dict(zip(columns, row or (), strict=True))


def _items(con: duckdb.DuckDBPyConnection, album: str) -> list[list[str]]:
    rows = con.execute("SELECT source, source_key, name_id FROM album_sources WHERE album_id = ?", [album]).fetchall()
    return [list(row) for row in rows]


def _free_id(con: duckdb.DuckDBPyConnection, item: tuple[str, str, str]) -> str:
    """The id that the name has, unless an album has it or had it."""
    taken = first_value(
        con,
        "SELECT 1 WHERE ? IN (SELECT album_id FROM albums UNION SELECT album_id FROM album_decisions WHERE same)",
        [item[2]],
    )
    return item[2] if taken is None else hashlib.sha256("\0".join(item).encode()).hexdigest()[:16]


def _decide(con: duckdb.DuckDBPyConnection, album: str, other: str, same: bool, moved: str | None) -> None:
    con.execute(
        "DELETE FROM album_decisions WHERE (album_id = $1 AND other_id = $2) OR (album_id = $2 AND other_id = $1)",
        [album, other],
    )
    con.execute(f"INSERT INTO album_decisions VALUES (?, ?, ?, ?, {NOW_UTC})", [album, other, same, moved])


def _finish(con: duckdb.DuckDBPyConnection, report: MergeReport, before: tuple[Any, ...]) -> None:
    after = _fields(con, report.album_id)
    for name, old, new in zip(_FIELDS, before, after, strict=True):
        if old != new:
            sql = f"SELECT source FROM album_sources WHERE album_id = ? AND {name} = ? ORDER BY added_at"
            report.fields.append(FieldChange(name, old, new, first_value(con, sql, [report.album_id, new])))
    report.tags = int(first_value(con, "SELECT count(*) FROM album_tags WHERE album_id = ?", [report.album_id]))
