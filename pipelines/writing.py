"""Writing in bursts beside other users of the library, with patience."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import duckdb

from pipelines.progress import Progress
from store.database.library import Library
from store.errors import LibraryLocked

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
        yield connection
