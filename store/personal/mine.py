"""Tables in schema `mine` that sleevewalk knows: the person's tags, lists of albums and saved queries.

The schema is theirs, so whatever is in it is checked here before it is read: the right columns, or a line that says
what is wrong, and the table counts as empty. Only tables are read: a view could read other files or never end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from store.errors import LibraryError
from store.text import clean

if TYPE_CHECKING:
    import duckdb

_TEXT = ("VARCHAR",)
_NUMBER = (
    *("FLOAT", "DOUBLE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("HUGEINT", "UHUGEINT", "DECIMAL"),
)
_NEEDED: Mapping[str, tuple[str, ...]] = {  # columns of text; a table may have any others
    "tags": ("album_id", "tag"),
    "lists": ("list", "album_id"),
    "queries": ("name", "query"),
}
_NUMBERS = {"tags": "weight", "lists": "place", "queries": ""}  # a column of numbers that it may have
_MADE = {
    "lists": """
CREATE TABLE IF NOT EXISTS mine.lists (list VARCHAR NOT NULL, album_id VARCHAR NOT NULL, place INTEGER);
COMMENT ON TABLE mine.lists IS 'Lists of albums, one row an album on a list';
COMMENT ON COLUMN mine.lists.list IS 'Name of the list';
COMMENT ON COLUMN mine.lists.album_id IS 'albums.album_id';
COMMENT ON COLUMN mine.lists.place IS 'Order in the list';
""",
    "queries": """
CREATE TABLE IF NOT EXISTS mine.queries (name VARCHAR PRIMARY KEY, query VARCHAR NOT NULL);
COMMENT ON TABLE mine.queries IS 'Queries that `sleevewalk sql --save` keeps';
COMMENT ON COLUMN mine.queries.name IS 'What `sleevewalk sql --run` calls it';
COMMENT ON COLUMN mine.queries.query IS 'One or more statements that read, with parameters as $name';
""",
}
_LONGEST = 200  # characters of a tag or a name


@dataclass(frozen=True)
class Own:
    """What `mine.lists` holds, and what is wrong with tables there, a line each."""

    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)  # album_ids by name, in the order of the list
    problems: tuple[str, ...] = ()
    given: set[str] = field(default_factory=set)  # names of lists that are in no file

    def give(self, ids: Iterable[str]) -> str:
        """Have these albums as a list for as long as the program runs; its name."""
        albums = tuple(ids)
        name = f"these-{len(albums)}"
        self.lists[name] = albums
        self.given.add(name)
        return name

    @cached_property
    def of_album(self) -> dict[str, list[str]]:
        """The lists in the file that an album is on, by its album_id."""
        found: dict[str, list[str]] = {}
        for name, ids in ((name, ids) for name, ids in self.lists.items() if name not in self.given):
            for one in ids:
                found.setdefault(one, []).append(name)
        return found


def problem_of(con: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """What is wrong with `mine.<name>`, '' where it can be read; None where there is no such thing."""
    of = "WHERE database_name = 'library' AND schema_name = 'mine'"
    if con.execute(f"SELECT 1 FROM duckdb_views() {of} AND view_name = ?", [name]).fetchall():
        return f"mine.{name} is a view and is not read: make it a table (CREATE TABLE mine.{name} AS …)"
    columns = dict(
        con.execute(
            f"SELECT column_name, split_part(data_type, '(', 1) FROM duckdb_columns() {of} AND table_name = ?", [name]
        ).fetchall()
    )
    if not columns:
        return None
    for column in _NEEDED[name]:
        if columns.get(column) not in _TEXT:
            found = f"is {columns[column]}" if column in columns else "is missing"
            return f"mine.{name} is not read: its column {column} has to be VARCHAR, and {clean(found, 60)}"
    number = _NUMBERS[name]
    if number in columns and columns[number] not in _NUMBER:
        return f"mine.{name} is not read: its column {number} has to be a number, and is {clean(columns[number], 60)}"
    return ""


def readable_tags(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """(SQL of the person's tags as album_id, tag, weight 0–100; '' where there are none. What is wrong with them)."""
    problem = problem_of(con, "tags")
    if problem != "":
        return "", problem or ""
    weight = "greatest(0, least(100, coalesce(weight, 100)))" if _has(con, "tags", "weight") else "100"
    sql = (
        f"SELECT album_id, trim(lower(tag)) AS tag, max({weight})::FLOAT AS weight FROM library.mine.tags "
        f"WHERE album_id IS NOT NULL AND length(trim(tag)) BETWEEN 1 AND {_LONGEST} "
        "AND NOT regexp_matches(tag, '[[:cntrl:]]') GROUP BY ALL"
    )
    return sql, ""


def read_own(con: duckdb.DuckDBPyConnection) -> Own:
    """The lists of an open library, and what is wrong in schema `mine`."""
    problems = [readable_tags(con)[1], problem_of(con, "queries") or ""]
    rows: list[tuple[Any, ...]] = []
    if (problem := problem_of(con, "lists")) == "":
        order = "place NULLS LAST, rowid" if _has(con, "lists", "place") else "rowid"
        rows = con.execute(
            f"SELECT list, list(album_id ORDER BY {order}) FROM library.mine.lists "
            f"WHERE album_id IS NOT NULL AND length(trim(list)) BETWEEN 1 AND {_LONGEST} GROUP BY list ORDER BY list"
        ).fetchall()
    lists: dict[str, tuple[str, ...]] = {}
    for name, ids in rows:
        called = clean(name, _LONGEST)
        lists[called] = tuple(dict.fromkeys((*lists.get(called, ()), *ids)))
    return Own(lists, tuple(filter(None, [*problems, problem])))


def write_list(con: duckdb.DuckDBPyConnection, name: str, ids: Iterable[str]) -> None:
    """Make the list of that name these albums, in this order, in place of those it had. LibraryError."""
    _make(con, "lists")
    con.execute("DELETE FROM library.mine.lists WHERE list = ?", [name])
    place = ", place" if _has(con, "lists", "place") else ""
    con.execute(
        f"INSERT INTO library.mine.lists (list, album_id{place}) SELECT $1, album_id{place} FROM "
        "(SELECT unnest($2::VARCHAR[]) AS album_id, generate_subscripts($2::VARCHAR[], 1) AS place)",
        [name, list(ids)],
    )


def saved_queries(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The saved queries by name. LibraryError where `mine.queries` cannot be read."""
    problem = problem_of(con, "queries")
    if problem:
        raise LibraryError(problem)
    if problem is None:
        return {}
    return dict(con.execute("SELECT name, query FROM library.mine.queries ORDER BY name").fetchall())


def save_query(con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Keep a query, in place of one of the same name. LibraryError."""
    _make(con, "queries")
    forget_query(con, name)
    con.execute("INSERT INTO library.mine.queries (name, query) VALUES (?, ?)", [name, query])


def forget_query(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Take a saved query away."""
    con.execute("DELETE FROM library.mine.queries WHERE name = ?", [name])


def _make(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """The table, where there is none yet; LibraryError where there is something else by its name."""
    problem = problem_of(con, name)
    if problem:
        raise LibraryError(problem)
    if problem is None:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS library.mine; {_MADE[name]}")


def _has(con: duckdb.DuckDBPyConnection, name: str, column: str) -> bool:
    found = con.execute(
        "SELECT 1 FROM duckdb_columns() WHERE database_name = 'library' AND schema_name = 'mine' "
        "AND table_name = ? AND column_name = ?",
        [name, column],
    ).fetchall()
    return bool(found)
