"""A copy of what a build cannot make again, and a damaged library put back from it.

`backups/latest.duckdb` holds every table but the derived ones: what sources brought and what the person did. `build`
renews it when they changed. `backups/journal.jsonl` holds the personal records that were stored since.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from store.catalogue.decisions import apply_decisions
from store.database import journal
from store.database.atomic import atomic_file, put_in_place, temporary_folder
from store.database.connection import attach, checkpoint
from store.database.copying import (
    all_tables,
    copy_rows,
    copy_schema,
    definitions,
    digest,
    our_tables,
    own_tables,
)
from store.database.library import Library
from store.database.schema import (
    MIGRATIONS,
    STORAGE_VERSION,
    derived_from,
    first_value,
    note_derived,
    sql_text,
    version_of,
)
from store.errors import LibraryDamaged, LibraryError, LibraryMissing

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LATEST = "latest.duckdb"
_COPY = "sleevewalk_copy"  # what it is attached as: no schema of a person's is called so
DERIVED = frozenset(
    {"album_ranking", "album_tag_weights", "cover_calibration", "cover_layouts", "cover_map", "cover_vectors"}
    | {"derived", "latents", "neighbors"}
)
# Those that change all day, each change kept in the journal besides.
PERSONAL = frozenset({"blends", "bookmarks", "personal_records", "walk_names", "walks"})


def read_all(library: Library) -> None:
    """Read every row of every table. LibraryDamaged where that cannot be done."""
    with library.read() as con:
        for table in all_tables(con, "library"):
            digest(con, table)


def copy_is_current(library: Library, con: DuckDBPyConnection) -> bool:
    """Whether the copy holds what sources brought, as it is today."""
    return derived_from(con, "copy") == _state(con) and (library.backups_dir / LATEST).is_file()


def keep_copy(library: Library, con: DuckDBPyConnection) -> int:
    """Renew the copy, read back before it replaces the last one, in `library.exclusive()`; its albums. LibraryError."""
    target = library.backups_dir / LATEST
    derived = {table for table in our_tables(con) if table.name in DERIVED}
    kept = [table for table in all_tables(con, "library") if table not in derived]
    try:
        target.parent.mkdir(0o700, exist_ok=True)
        with temporary_folder(target.parent) as folder:
            copy = folder / LATEST
            with _attached(con, copy, f"TYPE duckdb, STORAGE_VERSION '{STORAGE_VERSION}'"):
                copy_schema(con, "library", _COPY)
                copy_rows(con, kept, _COPY)
                con.execute(f"CHECKPOINT {_COPY}")
            with _attached(con, copy, "TYPE duckdb, READ_ONLY"):
                for table in kept:
                    if digest(con, table._replace(database=_COPY)) != digest(con, table):
                        raise LibraryError(f"the copy {target} does not read as it was written: table {table.label}")
            put_in_place(copy, target)
    except OSError as error:
        raise LibraryError(f"cannot write {target}: {error.strerror or error}") from error
    note_derived(con, "copy", _state(con))
    checkpoint(con)
    (library.path / journal.ARCHIVE).unlink(missing_ok=True)  # the copy has these; what waits still has its journal
    return int(first_value(con, "SELECT count(*) FROM albums"))


@dataclass(frozen=True, slots=True)
class Rescue:
    """How a damaged library can be put back: from the copy at `source`, or empty where that is None."""

    source: Path | None
    text: str  # for people: what would be done


def plan_rescue(library: Library) -> Rescue:
    """The newest copy that can be read, and what putting it back means. Nothing is changed."""
    for path in sorted(library.backups_dir.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            con = attach(path, read_only=True)
        except duckdb.Error:
            continue  # it is damaged too, or somebody works in it
        try:
            version_of(con, path)
            albums = first_value(con, "SELECT count(*) FROM albums")
        except (duckdb.Error, LibraryError):
            continue
        finally:
            con.close()
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return Rescue(
            path,
            f"would put back the copy of {made:%Y-%m-%d %H:%M} UTC ({albums:,} albums) and the personal records since; "
            "what was ingested later comes again from its source",
        )
    return Rescue(
        None, "there is no copy of it: would start an empty library with the personal records of the journals"
    )


def rescue(library: Library, plan: Rescue) -> str:
    """Put the library back, or take a damaged write-ahead log off it; what was done, for people. The damaged file is
    kept under another name. LibraryError where a file cannot be moved or written.
    """
    try:
        number = 1 + sum(1 for _ in library.path.glob("library-damaged-*.duckdb*"))
        logs = sorted(library.path.glob("library.duckdb.wal*"))
        for log in logs:
            log.rename(library.path / f"library-damaged-{number}{log.name.removeprefix('library')}")
        if logs and _reads(library):
            done = f"set the damaged write-ahead log aside as library-damaged-{number}.duckdb.wal"
        else:
            damaged = library.path / f"library-damaged-{number}.duckdb"
            library.db_path.rename(damaged)
            if plan.source is not None:
                with atomic_file(library.db_path) as path:
                    shutil.copyfile(plan.source, path)
                done = f"put back {plan.source.name}; the damaged file is {damaged.name}"
            else:
                done = f"started an empty library; the damaged file is {damaged.name}"
        journal.unarchive(library.path)
    except OSError as error:
        raise LibraryError(f"cannot put {library.db_path} back: {error.strerror or error}") from error
    with Library.create(library.path).exclusive() as con:  # the journals are applied
        apply_decisions(con, library.path)
    return done


def _reads(library: Library) -> bool:
    try:
        read_all(library)
    except (LibraryDamaged, LibraryMissing):
        return False
    return True


@contextmanager
def _attached(con: DuckDBPyConnection, path: Path, options: str) -> Iterator[None]:
    con.execute(f"ATTACH {sql_text(str(path))} AS {_COPY} ({options})")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # the first error is the one to tell
            con.execute(f"DETACH {_COPY}")
        raise
    con.execute(f"DETACH {_COPY}")


def _state(con: DuckDBPyConnection) -> str:
    tables = [*(table for table in our_tables(con) if table.name not in DERIVED | PERSONAL), *own_tables(con)]
    defined = hashlib.sha256(definitions(con).encode()).hexdigest()
    return " ".join([str(len(MIGRATIONS)), defined, *(f"{one.label}:{digest(con, one)[1]:x}" for one in tables)])
