"""What a person keeps in the library's file beside our tables, and taking all of it into another file.

Ours are the tables of TABLES, in schema `main` or `internal`, with the views and macros made of them. All else is the
person's: schema `mine`, other schemas, tables, views, macros, types and sequences of other names. It is copied by
DuckDB's own `COPY FROM DATABASE … (SCHEMA)`, which runs and binds none of it; the rows follow, so that a copy may leave
some out.
"""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple

from store.errors import LibraryError
from store.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

# Ours, but for `schema_version`, the schema's own history.
TABLES = frozenset(
    {
        *("albums", "album_decisions", "album_files", "album_sources", "album_tags", "artist_tags", "similar_artists"),
        *("covers", "cover_facts", "cover_map", "cover_layouts", "cover_vectors", "cover_calibration", "neighbors"),
        *("album_ranking", "album_tag_weights"),
        *("models", "latents", "derived", "ingest_items", "counts", "plays", "owned"),
        *("blends", "bookmarks", "walks", "walk_names", "personal_records"),
    }
)
# Of these, what sleevewalk keeps for itself: in a schema of their own, so that who lists tables sees what is for them.
APART = "internal"
INTERNAL = frozenset(
    {
        *("album_ranking", "album_tag_weights", "cover_calibration"),
        *("derived", "ingest_items", "personal_records"),
    }
)
HISTORY = "schema_version"  # in `main`: by it an earlier sleevewalk knows a newer library
# Ours too, none of them named as a function of DuckDB's.
MACROS = frozenset(
    {
        *("plain", "find_albums", "album_named", "album_called", "similar_to", "similar_albums", "route"),
        *("look_phrase", "look_hides", "look_of", "looks_alike", "sleeves", "find_sleeves"),
    }
)
_WORDS = """
SELECT string_agg(word, chr(10) ORDER BY word) FROM (
    SELECT sql AS word FROM duckdb_views() WHERE database_name = $base AND NOT internal
    UNION ALL SELECT concat_ws(' ', schema_name, function_name, parameters, macro_definition) FROM duckdb_functions()
    WHERE database_name = $base AND NOT internal
    UNION ALL SELECT concat_ws(' ', schema_name, type_name, logical_type, labels) FROM duckdb_types()
    WHERE database_name = $base AND NOT internal
    UNION ALL SELECT sql FROM duckdb_tables() WHERE database_name = $base
    UNION ALL SELECT concat_ws(' ', schema_name, sql) FROM duckdb_sequences() WHERE database_name = $base
    UNION ALL SELECT sql FROM duckdb_indexes() WHERE database_name = $base
    UNION ALL SELECT concat_ws(' ', schema_name, table_name, comment) FROM duckdb_tables()
    WHERE database_name = $base AND comment IS NOT NULL)
"""

_THINGS = """
SELECT kind, schema_name, name FROM (
    SELECT 'table' AS kind, database_name, schema_name, table_name AS name FROM duckdb_tables() WHERE NOT temporary
    UNION ALL SELECT 'view', database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal
    UNION ALL SELECT replace(function_type, 'table_macro', 'macro table'), database_name, schema_name, function_name
    FROM duckdb_functions() WHERE NOT internal
    UNION ALL SELECT 'type', database_name, schema_name, type_name FROM duckdb_types() WHERE NOT internal
    UNION ALL SELECT 'sequence', database_name, schema_name, sequence_name FROM duckdb_sequences()
    UNION ALL SELECT 'schema', database_name, schema_name, schema_name FROM duckdb_schemas() WHERE NOT internal)
WHERE database_name = ? ORDER BY ALL
"""
_OF = "WHERE database_name = ? AND schema_name = ? AND table_name = ?"


class Thing(NamedTuple):
    """What has a name in a file."""

    kind: str  # table, view, macro, macro table, type, sequence or schema
    schema: str
    name: str


class Table(NamedTuple):
    """A table in a file; `str()` is how SQL names it."""

    schema: str
    name: str
    database: str = "library"

    def __str__(self) -> str:
        return ".".join(map(quoted, (self.database, self.schema, self.name)))

    @property
    def label(self) -> str:
        """For people: `mine.ratings`; those in `main` by their names alone."""
        return self.name if self.schema == "main" else f"{self.schema}.{self.name}"


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def sql_text(text: str) -> str:
    """`text` as an SQL literal, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def our_table(name: str) -> Table:
    """A table of TABLES, where it is in a library of today's schema."""
    return Table(APART if name in INTERNAL else "main", name)


_OURS = frozenset({Table("main", HISTORY), *map(our_table, TABLES)})


def our_tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """Our tables in the library but its schema's own history, by name."""
    found = [table for table in _tables(con, "library") if table in _OURS and table.name != HISTORY]
    return sorted(found, key=lambda table: table.name)


def own_tables(con: duckdb.DuckDBPyConnection, database: str = "library") -> list[Table]:
    """The person's tables, those that others refer to by a foreign key first."""
    found = {table for table in _tables(con, database) if table._replace(database="library") not in _OURS}
    links = con.execute(
        "SELECT schema_name, table_name, referenced_table FROM duckdb_constraints() "
        "WHERE database_name = ? AND referenced_table IS NOT NULL",
        [database],
    ).fetchall()
    before: dict[Table, set[Table]] = {table: set() for table in sorted(found)}
    for schema, name, referenced in links:
        one, other = Table(schema, name, database), Table(schema, referenced, database)
        if one in before and other in before and one != other:
            before[one].add(other)
    return list(TopologicalSorter(before).static_order())


def all_tables(con: duckdb.DuckDBPyConnection, database: str) -> list[Table]:
    """Every table of an attached file, those that others refer to first."""
    own = own_tables(con, database)
    return [*sorted(set(_tables(con, database)) - set(own)), *own]


def things(con: duckdb.DuckDBPyConnection, database: str) -> list[Thing]:
    """Everything in an attached file."""
    return [Thing(*row) for row in con.execute(_THINGS, [database]).fetchall()]


def refuse_shadows(con: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """LibraryError where a macro has the name of a function of DuckDB's: it would answer in its place, in all that we
    ask. Else the names of the views in schema `main`.
    """
    # In full, so that none of them answers here.
    here = "database_name = system.main.current_database() AND schema_name = 'main' AND NOT internal"
    views = con.execute(f"SELECT view_name FROM system.main.duckdb_views() WHERE {here}").fetchall()
    macros = con.execute(f"SELECT function_name FROM system.main.duckdb_functions() WHERE {here}").fetchall()
    if others := {name.lower() for (name,) in macros} - MACROS:
        known = con.execute("SELECT function_name FROM system.main.duckdb_functions() WHERE internal").fetchall()
        if shadows := sorted(others & {name for (name,) in known}):
            raise LibraryError(
                f"{path} has a macro called {clean(shadows[0], 60)}, as a function of DuckDB's is: if it is yours, "
                "make it again in schema mine and drop this one with duckdb, else use another copy of the library"
            )
    return {name for (name,) in views}


def copy_schema(con: duckdb.DuckDBPyConnection, source: str, target: str) -> None:
    """All schemas, tables, views, macros, types and sequences of one attached file into another; no rows."""
    con.execute(f"COPY FROM DATABASE {quoted(source)} TO {quoted(target)} (SCHEMA)")


def copy_rows(con: duckdb.DuckDBPyConnection, tables: Iterable[Table], target: str) -> None:
    """The rows of these tables into those of the same names in the attached file `target`."""
    for table in tables:
        columns = ", ".join(map(quoted, stored_columns(con, table)))
        there = table._replace(database=target)
        insert = f"INSERT INTO {there} ({columns}) SELECT {columns} FROM {table}"
        if links := _links_to_itself(con, table):
            _insert_by_rounds(con, insert, table, [_is_there(*link, there) for link in links])
        else:
            con.execute(insert)


def _links_to_itself(con: duckdb.DuckDBPyConnection, table: Table) -> list[tuple[list[str], list[str]]]:
    """(columns, the columns of the same table that they refer to) of its foreign keys."""
    return con.execute(
        f"SELECT constraint_column_names, referenced_column_names FROM duckdb_constraints() {_OF} "
        "AND referenced_table = table_name",
        _names(table),
    ).fetchall()


def _is_there(columns: list[str], referenced: list[str], there: Table) -> str:
    """Whether what a row refers to is in a table; also where it refers to nothing."""
    nothing = " OR ".join(f"{quoted(name)} IS NULL" for name in columns)
    ours, theirs = (", ".join(map(quoted, names)) for names in (columns, referenced))
    return f"({nothing} OR ({ours}) IN (SELECT ({theirs}) FROM {there}))"


def _insert_by_rounds(con: duckdb.DuckDBPyConnection, insert: str, table: Table, ready: list[str]) -> None:
    """Rows of a table that refers to itself, each after those that it refers to: in one insert DuckDB refuses them."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE waiting AS SELECT rowid AS place FROM {table}")
    among = "rowid IN (FROM temp.waiting)"
    while True:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE ready AS SELECT rowid FROM {table} WHERE {' AND '.join((among, *ready))}"
        )
        ((count,),) = con.execute(f"{insert} WHERE rowid IN (FROM temp.ready)").fetchall()
        con.execute("DELETE FROM temp.waiting WHERE place IN (FROM temp.ready); DROP TABLE temp.ready")
        if not count:
            break
    con.execute(f"{insert} WHERE {among}")  # what refers to itself, or in a circle: DuckDB says what it cannot take
    con.execute("DROP TABLE temp.waiting")


def make_anew(
    con: duckdb.DuckDBPyConnection, table: Table, old: str = "", new: str = "", target: Table | None = None
) -> None:
    """Make a table anew as it is defined, comments too, without rows, and with `new` in place of `old`; or another
    `target` like it.

    Made and not altered: an ALTER casts rows deleted since the last checkpoint too, and one with an expression in the
    write-ahead log is more than DuckDB 1.4 can replay.
    """
    target = target or table
    ((sql, comment),) = con.execute(f"SELECT sql, comment FROM duckdb_tables() {_OF}", _names(table)).fetchall()
    columns = con.execute(f"SELECT column_name, comment FROM duckdb_columns() {_OF}", _names(table)).fetchall()
    definition = sql[sql.index("(") :].replace(old, new, 1)
    con.execute(f"CREATE OR REPLACE TABLE {target} {definition}")
    con.execute(f"COMMENT ON TABLE {target} IS {sql_text(comment or '')}")
    for name, text in columns:
        con.execute(f"COMMENT ON COLUMN {target}.{quoted(name)} IS {sql_text(text or '')}")


def digest(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, int]:
    """(rows, hash of all that is stored in them), whatever the order of the rows."""
    columns = ", ".join(map(quoted, stored_columns(con, table)))
    ((rows, found),) = con.execute(f"SELECT count(*), bit_xor(hash({columns})) FROM {table}").fetchall()
    return int(rows), int(found or 0)


def stored_columns(con: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """The columns of a table but those that are computed (GENERATED ALWAYS AS), which take no rows."""
    ((sql,),) = con.execute(f"SELECT sql FROM duckdb_tables() {_OF}", _names(table)).fetchall()
    columns = con.execute(
        f"SELECT column_name, data_type, column_default FROM duckdb_columns() {_OF} ORDER BY column_index",
        _names(table),
    ).fetchall()
    return [
        name
        for name, kind, default in columns
        if default is None or not any(f"{word} {kind} GENERATED ALWAYS AS(" in sql for word in (name, quoted(name)))
    ]


def definitions(con: duckdb.DuckDBPyConnection) -> str:
    """How everything in the library is defined, for a fingerprint."""
    ((found,),) = con.execute(_WORDS, {"base": "library"}).fetchall()
    return found or ""


def _names(table: Table) -> list[str]:
    return [table.database, table.schema, table.name]


def _tables(con: duckdb.DuckDBPyConnection, database: str) -> list[Table]:
    rows = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? AND NOT temporary", [database]
    ).fetchall()
    return [Table(schema, name, database) for schema, name in rows]
