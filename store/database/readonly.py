"""A query of a person's own, or a stranger's: it may read the library and nothing else.

A read-only ATTACH is no wall by itself: a query could DETACH the file and attach it again to write, COPY rows to any
place, or read any file of the machine. So only statements that read are run, by DuckDB's own word for what each is,
and on a connection whose access to files and settings is closed for good.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from store.errors import LibraryError
from store.text import clean

# MULTI: what PIVOT is taken apart into. EXPLAIN ANALYZE runs its statement: what that could write is closed below.
READING = ("SELECT", "EXPLAIN", "MULTI")
_CLOSED = (
    "SET enable_external_access = false",
    "SET disabled_filesystems = 'LocalFileSystem'",  # the attached file, too, could be read by its name otherwise
    "SET lock_configuration = true",
)


def read_only_query(con: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """The answer of `query`, of its last statement where there are several; no columns where there is none.

    `con` has the library attached read-only and is good for nothing else afterwards: it reads no other file, and
    what does not fit into memory fails. LibraryError for a statement that is not for reading, and for a failure.
    """
    try:
        for statement in con.extract_statements(query):
            if (kind := statement.type.name) not in READING:
                raise LibraryError(
                    f"`sleevewalk sql` only reads: {kind} is refused (SELECT, FROM, WITH, PIVOT, DESCRIBE, SUMMARIZE, "
                    "SHOW and EXPLAIN are run; for all else open the file with duckdb)"
                )
        for setting in _CLOSED:
            con.execute(setting)
        answer = con.sql(query)
        return pa.table({}) if answer is None else answer.to_arrow_table()
    except duckdb.Error as error:
        raise LibraryError(f"the query failed: {clean(str(error), 600)}") from error
