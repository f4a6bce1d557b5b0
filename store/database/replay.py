"""Personal records as the database and the journals hold them: read together, and the journals replayed.

A write burst moves the journal aside and applies it in one transaction. A later burst, which opened the file afresh,
archives it once it reads every one of its records back and they are BELIEVED_AFTER seconds old: until then a session of
DuckDB 2.0 that read the file's header before us may still undo us (see `connection`). The archive is for a library that
has to be put back from its copy. Each record has an id of its own and `personal_records` remembers those applied, so a
journal that is replayed again costs nothing. Decisions about albums are applied by `store.catalogue.decisions`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.database import journal
from store.database.connection import transaction
from store.database.merged_ids import merged_ids
from store.records import Weights
from store.shapes import BadShape, from_json

if TYPE_CHECKING:
    import duckdb

_ELSEWHERE = (journal.MergeLine, journal.SplitLine, journal.StoredLine)  # what is not applied here
BELIEVED_AFTER = 60.0  # seconds from a journal's last line until it may be archived


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An album that the person marked."""

    album_id: str
    note: str
    added_at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class BlendRecord:
    """A blend that was written to disk."""

    blend_id: str
    path: str
    recipe: dict[str, Any]
    made_at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class WalkStep:
    """One album that a walk arrived at."""

    walk_id: str
    seq: int
    album_id: str
    came_from: str | None
    walked_at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class WalkName:
    """The name that a walk was given, what was written about it, and what counted then (None: not known)."""

    walk_id: str
    name: str
    named_at: datetime  # UTC
    note: str = ""
    weights: Weights | None = None


@dataclass(frozen=True, slots=True)
class PersonalRecords:
    """All of a library's personal records, those still in the journal included."""

    bookmarks: tuple[Bookmark, ...] = ()  # newest first
    blends: tuple[BlendRecord, ...] = ()  # newest first
    walks: tuple[WalkStep, ...] = ()  # by walk, oldest walk first, each in its order
    walk_names: tuple[WalkName, ...] = ()  # by the walk's id


def replay_journal(folder: Path, con: duckdb.DuckDBPyConnection) -> int:
    """Apply the journals through a connection just opened for writing, which no second process has; the number of new
    records. A journal without new ones was applied by an earlier burst and goes to the archive. Appenders are held up
    for one rename only.
    """
    with suppress(OSError):  # a full disk: what was appended waits where it is
        journal.set_aside(folder)
    applied, seen = 0, []
    for path in journal.files(folder):
        if path.name == journal.JOURNAL:
            continue  # appended to since; its turn comes with the next burst
        old = time.time() - path.stat().st_mtime >= BELIEVED_AFTER
        records, damaged = journal.parse(path.read_bytes())
        new = _apply(con, [record for record in records if not isinstance(record, _ELSEWHERE)])
        applied += new
        if not new and old and not _unknown(con, records):
            seen.append((path, damaged))
    with suppress(OSError):  # a full disk: they stay, and the next burst looks at them again
        for path, damaged in seen:
            journal.archive(folder, path, damaged)
    return applied


def waiting_records(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """How many records the journals hold that the database does not."""
    return sum(not isinstance(record, _ELSEWHERE) for record in _waiting(con, folder))


def waiting_decisions(con: duckdb.DuckDBPyConnection, folder: Path) -> list[journal.Decision]:
    """What a person said of albums that the database does not know, in its order."""
    return [record for record in _waiting(con, folder) if isinstance(record, journal.Decision)]


def undone(con: duckdb.DuckDBPyConnection, folder: Path) -> list[journal.StoredLine]:
    """What ingests stored and a session of another program took back, by its look at the header before the lock."""
    return [record for record in _waiting(con, folder) if isinstance(record, journal.StoredLine)]


def remember(con: duckdb.DuckDBPyConnection, records: Sequence[journal.Record]) -> None:
    """Note that these records are applied."""
    con.execute(
        "INSERT INTO internal.personal_records (record_id) SELECT unnest(?::VARCHAR[])", [[one.id for one in records]]
    )


def is_known(con: duckdb.DuckDBPyConnection, record: journal.Record) -> bool:
    """Whether this record is applied."""
    return bool(_known_ids(con, [record.id]))


def forget(con: duckdb.DuckDBPyConnection, record: journal.Record) -> None:
    """Note that a record is not, or no longer."""
    con.execute("DELETE FROM internal.personal_records WHERE record_id = ?", [record.id])


def _waiting(con: duckdb.DuckDBPyConnection, folder: Path) -> list[journal.Record]:
    records = [record for path in journal.files(folder) for record in journal.parse(path.read_bytes())[0]]
    return _unknown(con, records)


def _unknown(con: duckdb.DuckDBPyConnection, records: Sequence[journal.Record]) -> list[journal.Record]:
    """Those that the database does not know, each once."""
    known = _known_ids(con, [record.id for record in records])
    return list({record.id: record for record in records if record.id not in known}.values())


def read_personal(con: duckdb.DuckDBPyConnection, folder: Path) -> PersonalRecords:
    """All personal records: the tables, and on top of them what waits in the journals."""
    bookmarks: dict[str, Bookmark | None] = {
        row[0]: Bookmark(*row) for row in con.execute("SELECT album_id, note, added_at FROM bookmarks").fetchall()
    }
    blends = {
        row[0]: BlendRecord(row[0], row[1], _recipe(row[2]), row[3])
        for row in con.execute("SELECT blend_id, path, recipe, made_at FROM blends").fetchall()
    }
    walks = {
        (row[0], row[1]): WalkStep(*row)
        for row in con.execute("SELECT walk_id, seq, album_id, came_from, walked_at FROM walks").fetchall()
    }
    names: dict[str, WalkName | None] = {
        row[0]: WalkName(row[0], row[1], row[2], row[3] or "", weights_of(row[4] or "null"))
        for row in con.execute("SELECT walk_id, name, named_at, note, weights FROM walk_names").fetchall()
    }
    changes = _Changes(_waiting(con, folder), merged_ids(con))
    marks = [mark for mark in (bookmarks | changes.bookmarks).values() if mark is not None]
    named = [name for name in (names | changes.walk_names).values() if name is not None]
    blends |= changes.blends
    walks |= changes.walks
    started: dict[str, datetime] = {}
    for step in walks.values():
        started[step.walk_id] = min(step.walked_at, started.get(step.walk_id, step.walked_at))
    return PersonalRecords(
        tuple(sorted(marks, key=lambda b: (b.added_at, b.album_id), reverse=True)),
        tuple(sorted(blends.values(), key=lambda b: (b.made_at, b.blend_id), reverse=True)),
        tuple(sorted(walks.values(), key=lambda s: (started[s.walk_id], s.walk_id, s.seq))),
        tuple(sorted(named, key=lambda n: n.walk_id)),
    )


class _Changes:
    """What records amount to, the later ones over the earlier; each of them counts once.

    Those of an album that was `merged` into another are that one's: a program that runs may not know yet.
    """

    def __init__(self, records: list[journal.Record], merged: dict[str, str]) -> None:
        self.ids = [record.id for record in records]
        self.bookmarks: dict[str, Bookmark | None] = {}  # None: taken off
        self.blends: dict[str, BlendRecord] = {}
        self.walks: dict[tuple[str, int], WalkStep] = {}
        self.walk_names: dict[str, WalkName | None] = {}  # None: taken off
        for record in records:
            at = record.when
            match record:
                case journal.BookmarkLine():
                    album = merged.get(record.album_id, record.album_id)
                    self.bookmarks[album] = Bookmark(album, record.note, at)
                case journal.UnbookmarkLine():
                    self.bookmarks[merged.get(record.album_id, record.album_id)] = None
                case journal.BlendLine():
                    self.blends[record.blend_id] = BlendRecord(record.blend_id, record.path, record.recipe, at)
                case journal.WalkNameLine():
                    weights = weights_of(json.dumps(record.weights))
                    name = WalkName(record.walk_id, record.name, at, record.note, weights)
                    self.walk_names[record.walk_id] = name if record.name else None
                case journal.WalkStepLine():
                    album = merged.get(record.album_id, record.album_id)
                    came_from = merged.get(record.came_from or "", record.came_from)
                    self.walks[record.walk_id, record.seq] = WalkStep(record.walk_id, record.seq, album, came_from, at)


def _apply(con: duckdb.DuckDBPyConnection, records: list[journal.Record]) -> int:
    """Store the records that are new, in one transaction and a few statements; return how many they are."""
    with transaction(con):
        new = _unknown(con, records)
        changes = _Changes(new, merged_ids(con))
        removed = [name for name, mark in changes.bookmarks.items() if mark is None]
        con.execute("DELETE FROM bookmarks WHERE album_id IN (SELECT unnest(?::VARCHAR[]))", [removed])
        marks = [(mark.album_id, mark.note, mark.added_at) for mark in changes.bookmarks.values() if mark]
        _upsert(con, "bookmarks", ("VARCHAR", "VARCHAR", "TIMESTAMP"), marks)
        blends = [(b.blend_id, b.path, json.dumps(b.recipe), b.made_at) for b in changes.blends.values()]
        _upsert(con, "blends", ("VARCHAR", "VARCHAR", "VARCHAR", "TIMESTAMP"), blends)
        steps = [(s.walk_id, s.seq, s.album_id, s.came_from, s.walked_at) for s in changes.walks.values()]
        _upsert(con, "walks", ("VARCHAR", "INTEGER", "VARCHAR", "VARCHAR", "TIMESTAMP"), steps)
        unnamed = [walk_id for walk_id, name in changes.walk_names.items() if name is None]
        con.execute("DELETE FROM walk_names WHERE walk_id IN (SELECT unnest(?::VARCHAR[]))", [unnamed])
        names = [
            (n.walk_id, n.name, n.named_at, n.note, None if n.weights is None else json.dumps(asdict(n.weights)))
            for n in changes.walk_names.values()
            if n
        ]
        _upsert(con, "walk_names", ("VARCHAR", "VARCHAR", "TIMESTAMP", "VARCHAR", "VARCHAR"), names)
        remember(con, new)
    return len(changes.ids)


def _recipe(text: str) -> dict[str, Any]:
    """Empty for what is none: the gallery says so."""
    try:
        return from_json(text, dict[str, Any])
    except BadShape:
        return {}


def _upsert(
    con: duckdb.DuckDBPyConnection, table: str, types: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows, replacing those with the same key."""
    if rows:
        columns = ", ".join(f"unnest(?::{type_name}[])" for type_name in types)
        con.execute(f"INSERT OR REPLACE INTO {table} SELECT {columns}", [list(c) for c in zip(*rows, strict=True)])


def _known_ids(con: duckdb.DuckDBPyConnection, ids: list[str]) -> set[str]:
    if not ids:
        return set()
    rows = con.execute(
        "SELECT record_id FROM internal.personal_records WHERE record_id IN (SELECT unnest(?))", [ids]
    ).fetchall()
    return {row[0] for row in rows}


def weights_of(text: str) -> Weights | None:
    """Weights as they were recorded, JSON by signal; None for what is no weights."""
    try:
        found = from_json(text, dict[str, float])
        weights = Weights(**found)
    except (BadShape, TypeError):
        return None
    return weights if all(0 <= weight <= 100 for weight in found.values()) and any(found.values()) else None
