"""Ctrl-C inside a query, as Python knows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def ctrl_c() -> Iterator[None]:
    """Ctrl-C inside a query is KeyboardInterrupt here as it is elsewhere; DuckDB makes other errors of it."""
    try:
        yield
    except (RuntimeError, duckdb.Error) as error:
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        raise


def is_interrupt(error: BaseException | None) -> bool:
    """Whether the error is an interrupted query or reading of an Arrow table, or came after one."""
    while error is not None:
        text = str(error).rstrip(": ")
        if text == "Query interrupted" or text.endswith("KeyboardInterrupt"):
            return True
        if isinstance(error, duckdb.InterruptException):
            return True
        error = error.__context__
    return False
