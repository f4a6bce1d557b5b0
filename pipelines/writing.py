"""Writing in bursts beside other users of the library, with patience."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import duckdb

from pipelines.progress import Progress
from store.errors import LibraryLocked
from store.library import Library

PATIENCE = 120.0  # seconds; a person who looks something up in the file should not end a long ingest


@contextmanager
def ctrl_c() -> Iterator[None]:
    """Ctrl-C inside a query is KeyboardInterrupt here as it is elsewhere; DuckDB makes other errors of it."""
    try:
        yield
    except (RuntimeError, duckdb.Error) as error:
        if _is_interrupt(error):
            raise KeyboardInterrupt from error
        raise


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether the error is an interrupted query or reading of an Arrow table, or came after one."""
    while error is not None:
        text = str(error).rstrip(": ")
        if text == "Query interrupted" or text.endswith("KeyboardInterrupt"):
            return True
        if isinstance(error, duckdb.InterruptException):
            return True
        error = error.__context__
    return False


@contextmanager
def patient_write(
    library: Library, progress: Progress, patience: float = PATIENCE
) -> Iterator[duckdb.DuckDBPyConnection]:
    """`library.write()` that waits up to `patience` seconds for another holder of the file, and says so.

    Raises LibraryLocked when the patience is at its end: nothing of this burst is written then.
    """
    deadline = time.monotonic() + patience
    with ctrl_c(), ExitStack() as burst:
        while True:
            try:
                connection = burst.enter_context(library.write())
                break
            except LibraryLocked as error:
                if time.monotonic() >= deadline:
                    raise
                progress.advance(0, f"waiting: {error}")
                time.sleep(0.5)
        if progress.note.startswith("waiting: "):
            progress.advance(0, "")
        yield connection
