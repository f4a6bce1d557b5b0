"""A query of a person's own, or a stranger's: it may read the library and nothing else.

A read-only ATTACH is no wall by itself: a query could DETACH the file and attach it again to write, COPY rows to any
place, or read any file of the machine. So only statements that read are run, by DuckDB's own word for what each is,
and on a connection whose access to files and settings is closed for good.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    return [pa.table({}), *read_only_answers(con, query)][-1]


def read_only_answers(
    con: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object] | None = None
) -> list[pa.Table]:
    """The answers of all its statements, as `read_only_query` has the last; `values`: of its parameters (`$name`)."""
    values = values or {}
    try:
        statements = _reading(con, query)
        asked = {name for statement in statements for name in statement.named_parameters}
        if unlike := sorted(asked ^ values.keys()):
            what = "the query asks for" if unlike[0] in asked else "the query has no parameter"
            raise LibraryError(f"{what} {clean(unlike[0], 60)}: give each of its parameters once, as -p name=value")
        for setting in _CLOSED:
            con.execute(setting)
        answers = []
        for statement in statements:
            own = {name: values[name] for name in statement.named_parameters}
            answer = con.sql(statement, params=own) if own else con.sql(statement)
            answers += [] if answer is None else [answer.to_arrow_table()]
        return answers
    except duckdb.Error as error:
        raise LibraryError(f"the query failed: {clean(str(error), 600)}") from error


def check_reading(query: str) -> None:
    """LibraryError for a query that is none, or would not only read; nothing is run."""
    try:
        with duckdb.connect(config={"enable_external_access": "false"}) as con:
            statements = _reading(con, query)
    except duckdb.Error as error:
        raise LibraryError(f"this is no query: {clean(str(error), 600)}") from error
    if not statements:
        raise LibraryError("there is no query")


def _reading(con: duckdb.DuckDBPyConnection, query: str) -> list[duckdb.Statement]:
    statements = con.extract_statements(query)
    for statement in statements:
        if (kind := statement.type.name) not in READING:
            raise LibraryError(
                f"`sleevewalk sql` only reads: {kind} is refused (SELECT, FROM, WITH, PIVOT, DESCRIBE, SUMMARIZE, "
                "SHOW and EXPLAIN are run; for all else open the file with duckdb)"
            )
    return statements
