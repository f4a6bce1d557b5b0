"""Writing in bursts beside other users of the library, with patience.

A session of DuckDB 2.0 that a person opened may undo what was committed just before (see `store.database.connection`).
So each burst leaves the id of a record, and the next one looks whether it is there still; that of the last burst of a
run goes into the journal, where each later opening can tell.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
from msgspec import structs

from pipelines.progress import Progress
from store.database.journal import StoredLine, append
from store.database.library import Library
from store.database.replay import forget, is_known, remember, undone
from store.errors import LibraryError, LibraryLocked
from store.text import clean

UNDONE = "a session of another program undid {what} ({path}): run it again, and what is missing comes"
_last: dict[Path, StoredLine] = {}  # of each library that this process writes to, what the last burst left
PATIENCE = 120.0  # seconds; a person who looks something up in the file should not end a long ingest


@contextmanager
def patient_write(
    library: Library, progress: Progress, patience: float = PATIENCE, *, exclusive: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """`library.write()`, or `exclusive()`, that waits for another holder and says so, then raises LibraryLocked."""
    deadline = time.monotonic() + patience
    with ExitStack() as burst:
        while True:
            try:
                connection = burst.enter_context(library.exclusive() if exclusive else library.write())
                break
            except LibraryLocked as error:
                if time.monotonic() >= deadline:
                    raise
                progress.advance(0, f"waiting: {error}")
                time.sleep(0.5)
        if progress.note.startswith("waiting: "):
            progress.advance(0, "")
        if exclusive:
            yield connection
            return
        before, line = _last.pop(library.path, None), StoredLine(what="")
        if before and not is_known(connection, before):
            raise LibraryError(UNDONE.format(what="what was stored a moment ago", path=library.path))
        yield connection
        if before:
            forget(connection, before)
        remember(connection, [line])
    _last[library.path] = line


def settle(library: Library, what: str) -> None:
    """The end of a run, before it tells what it stored: look whether that is there, and have later openings look too.
    `what` names the run: one of the same name clears what was said of an earlier. LibraryError where it was undone.
    """
    line = _last.pop(library.path, None)
    if line is None:
        return
    what = clean(what, 200)
    append(library.path, structs.replace(line, what=what))
    try:
        with library.read() as con:
            lost = [one for one in undone(con, library.path) if one.what == what]
    except LibraryLocked:
        return  # somebody works in it: a later opening looks
    if any(one.id == line.id for one in lost):
        raise LibraryError(UNDONE.format(what="what was stored a moment ago", path=library.path))
    if lost:
        with library.write() as con:
            remember(con, lost)
