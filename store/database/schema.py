"""The schema of `library.duckdb` and the numbered, forward-only steps that bring an older file up to it.

People query this file directly: tables, views and macros are public. A step that has been released is never
edited; a change is a new step. Every step runs in one transaction with its row in `schema_version`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.database.atomic import put_in_place, temporary_folder
from store.database.copying import (
    APART,
    HISTORY,
    INTERNAL,
    TABLES,
    all_tables,
    copy_rows,
    copy_schema,
    refuse_shadows,
    sql_text,
    things,
)
from store.database.steps.apart import set_apart
from store.database.steps.first import TABLES_1, TABLES_WALK_NAMES
from store.database.steps.ranking import PREPARED, RANKING
from store.database.steps.sound import TABLES_SOUND, WALK_NOTES
from store.database.steps.sources import COUNTS, MACROS_NAMES, TABLES_SOURCES, remember_sources
from store.database.steps.views import COMMENTS, LOOKS, MAP_CELLS, TABLES_COVER_MAP, VIEWS_1
from store.errors import LibraryError

if TYPE_CHECKING:
    import duckdb

# The newest storage format that the 1.4, 1.5 and 2.x command lines all read.
STORAGE_VERSION = "v1.4.0"
_MADE = re.compile(r"^CREATE (?:OR REPLACE )?(?:TABLE|VIEW|MACRO) (\w+)", re.MULTILINE)

# UTC without the icu extension, so that a plain command line binds it.
NOW_UTC = "make_timestamp(epoch_us(now()))"

# (what the step does, its SQL, what else it runs); the position + 1 is the schema's version.
Step = tuple[str, str] | tuple[str, str, Callable[["duckdb.DuckDBPyConnection"], None]]
MIGRATIONS: list[Step] = [
    ("tables", TABLES_1),
    ("views and macros", VIEWS_1),
    ("map of covers", TABLES_COVER_MAP),
    ("names of walks", TABLES_WALK_NAMES),
    ("sources of albums", TABLES_SOURCES + MACROS_NAMES, remember_sources),
    ("measured weights of similar_albums", "SELECT 1"),  # what it made, the next step makes anew
    ("one ranking, corrected for hubs", RANKING),
    ("a cell for each cover on the map", MAP_CELLS),
    ("files, plays and owned albums", TABLES_SOUND),
    ("the share of each signal in similar_to", "SELECT 1"),  # what it made, the next step makes anew
    ("counts, and popularity by them", COUNTS),
    ("what an eye would say of covers", LOOKS),
    ("notes and weights of walks", WALK_NOTES),
    ("ranking in SQL by what build prepares", PREPARED),
    ("macros that name the schema", "SELECT 1"),  # what it made, the next step makes anew
    ("measured weights of similar_to, and what an eye would say", "SELECT 1"),  # so too
    ("what sleevewalk keeps for itself, apart", f"CREATE SCHEMA IF NOT EXISTS {APART}", set_apart),
]
_SET_APART = 17
# What these steps made too, before later ones did.
_FORMERLY = {2: ("route", "similar_albums"), 7: ("album_called", "similar_to")}


def version_of(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """The attached library's schema version; 0 for an empty file. LibraryError for a foreign or newer one, and for one
    with views or macros in the place of our tables or DuckDB's functions, which could read other files or never end.
    """
    views = refuse_shadows(con, path)
    found = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    tables = set(con.execute(found).fetchall())
    if tables and ("main", HISTORY) not in tables:
        raise LibraryError(f"{path} is a DuckDB file but not a sleevewalk library; name another folder with --library")
    if not tables:
        return 0
    version = int(first_value(con, "SELECT max(version) FROM schema_version") or 0)
    if version > len(MIGRATIONS):
        newer = f"written by a newer sleevewalk (schema {version}, this one knows {len(MIGRATIONS)})"
        raise LibraryError(f"{path} was {newer}; upgrade sleevewalk")
    first = {*re.findall(r"CREATE TABLE (\w+)", TABLES_1)}
    needed = {
        (schema, name)
        for schema, name in our_names(version)
        if name in TABLES and (name in first or schema == APART or name in views)
    }
    if lacking := sorted(name if schema == "main" else f"{schema}.{name}" for schema, name in needed - tables):
        raise LibraryError(f"{path} is not as sleevewalk makes it: {', '.join(lacking)} is no table; use another copy")
    return version


def migrate(con: duckdb.DuckDBPyConnection, path: Path, backup_dir: Path | None) -> list[str]:
    """Bring the attached, writable library up to date, with a copy made first; return what was done."""
    version = version_of(con, path)
    pending = MIGRATIONS[version:]
    if not pending:
        return []
    refuse_taken_names(con, path, version)
    if version and backup_dir is not None:
        back_up(con, backup_dir / f"library-schema{version}.duckdb")
    con.execute("BEGIN")
    try:
        con.execute(
            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, step VARCHAR NOT NULL, "
            f"applied_at TIMESTAMP NOT NULL DEFAULT {NOW_UTC})"
        )
        for number, (name, sql, *more) in enumerate(pending, start=version + 1):
            con.execute(sql)
            for function in more:
                function(con)
            con.execute("INSERT INTO schema_version (version, step) VALUES (?, ?)", [number, name])
        con.execute(COMMENTS)
        con.execute("COMMIT")
    except BaseException:
        _try(con, "ROLLBACK")
        raise
    return [name for name, *_ in pending]


def our_names(version: int | None = None) -> frozenset[tuple[str, str]]:
    """(schema, name) of what a library of this version, or of today's, has of ours."""
    steps = MIGRATIONS[:version]
    formerly = (name for number, names in _FORMERLY.items() if number <= len(steps) for name in names)
    names = {HISTORY, *formerly, *_MADE.findall("".join(sql for _, sql, *_ in steps))}
    apart = INTERNAL if len(steps) >= _SET_APART else frozenset()
    return frozenset((APART if name in apart else "main", name) for name in names)


def refuse_taken_names(con: duckdb.DuckDBPyConnection, path: Path, version: int, database: str = "library") -> None:
    """LibraryError where the person has something of a name that a step after `version` needs: it is never replaced."""
    needed = our_names() - our_names(version)
    for kind, schema, name in things(con, database):
        if (schema, name.lower()) in needed:
            called = name if schema == "main" else f"{schema}.{name}"
            raise LibraryError(
                f"{path} has a {kind} of yours called {called}, which is now a name of sleevewalk's: open the file "
                f"with duckdb, make it again in schema mine, drop the {kind} {called}, and run this again"
            )


def back_up(con: duckdb.DuckDBPyConnection, target: Path) -> Path:
    """Copy the attached library to `target`, numbered where that exists, through DuckDB, which has the lock."""
    target.parent.mkdir(0o700, parents=True, exist_ok=True)
    stem, number = target.stem, 1
    while target.exists():
        number += 1
        target = target.with_name(f"{stem}-{number}.duckdb")
    with temporary_folder(target.parent) as folder:
        copy = folder / target.name
        con.execute(
            f"ATTACH {sql_text(str(copy))} AS sleevewalk_backup (TYPE duckdb, STORAGE_VERSION '{STORAGE_VERSION}')"
        )
        try:
            source = str(first_value(con, "SELECT current_database()"))
            copy_schema(con, source, "sleevewalk_backup")
            copy_rows(con, all_tables(con, source), "sleevewalk_backup")
            con.execute("CHECKPOINT sleevewalk_backup")
        except BaseException:
            _try(con, "DETACH sleevewalk_backup")
            raise
        con.execute("DETACH sleevewalk_backup")
        put_in_place(copy, target)
    return target


def _try(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Tidy up after an error, which is the one to tell."""
    import duckdb

    with suppress(duckdb.Error):
        con.execute(sql)


def first_row(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any] | None = None) -> tuple[Any, ...] | None:
    """A statement's first row. Not `fetchone`, which leaves a result open and so blocks `register`."""
    rows = con.execute(sql, values).fetchall()
    return rows[0] if rows else None


def first_value(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any] | None = None) -> Any:
    """The first column of that row; None where there is no row."""
    row = first_row(con, sql, values)
    return None if row is None else row[0]


def derived_from(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """The fingerprint of what a derived thing was made from; '' where it was not made."""
    return first_value(con, "SELECT fingerprint FROM internal.derived WHERE name = ?", [name]) or ""


def note_derived(con: duckdb.DuckDBPyConnection, name: str, fingerprint: str) -> None:
    """Note that a derived thing was made now, from what has this fingerprint."""
    con.execute(f"INSERT OR REPLACE INTO internal.derived VALUES (?, ?, {NOW_UTC})", [name, fingerprint])
