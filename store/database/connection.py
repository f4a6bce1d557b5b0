"""One connection to `library.duckdb`: attached, its transactions, its checkpoints.

DuckDB 2.0.0 and 2.0.1 read a file's header to see what kind of file it is, and lock it only then. A writer that
checkpoints in between is undone, and the file may be damaged: the new holder works from the old header. So the kind
of file is named (`TYPE duckdb`), and the header is read under the lock. A person's own session in such a version
still reads first. For its sake a burst appends to the write-ahead log, which every DuckDB replays, and leaves the
file's header alone; where the log has grown long, it is moved into the file, and the lock is kept longer than a
session needs between its read and its lock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from store.database.schema import STORAGE_VERSION, sql_text

SETTLE_SECONDS = 0.025  # how long the lock is kept after a checkpoint


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit at the end, roll back on any error."""
    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # the first error is the one to tell; an invalidated transaction cannot roll back
            con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def attach(db_path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A fresh connection with the file attached as `library`; it checkpoints when told to. duckdb.Error."""
    con = duckdb.connect(
        ":memory:",
        config={"autoinstall_known_extensions": "false", "temp_directory": str(db_path.parent / ".spill")},
    )
    options = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    try:
        con.execute("PRAGMA disable_checkpoint_on_shutdown")
        con.execute("SET wal_autocheckpoint = '1TB'")
        con.execute(f"ATTACH {sql_text(str(db_path))} AS library (TYPE duckdb, {options})")
        con.execute("USE library")
    except BaseException:
        con.close()
        raise
    return con


def checkpoint(con: duckdb.DuckDBPyConnection) -> None:
    """Move the write-ahead log into the file, and keep the lock a moment (see the top of this file)."""
    with suppress(duckdb.Error):  # all of it is committed, and stays in the log until a checkpoint succeeds
        con.execute("CHECKPOINT")
    time.sleep(SETTLE_SECONDS)
