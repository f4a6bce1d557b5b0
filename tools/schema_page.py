"""`docs/schema.md` from the comments of the database itself: `python tools/schema_page.py` writes it anew."""

from __future__ import annotations

import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from store.database.copying import APART
from store.database.library import Library

if TYPE_CHECKING:
    import duckdb

PAGE = Path(__file__).resolve().parents[1] / "docs" / "schema.md"
# In the comment of a column that leads to another table.
_POINTS = re.compile(r"(?:^|^Joins |: )(\w+)\.(\w+(?:id|key|sha256))\b")
_HERE = "database_name = 'library' AND NOT internal"
_NAME = "replace(concat_ws('.', schema_name, table_name), 'main.', '')"
_TABLES = f"SELECT {_NAME}, comment FROM duckdb_tables() WHERE {_HERE} AND schema_name = '{{}}' ORDER BY 1"
HEAD = """# The schema

Every table, view and macro of `library.duckdb`, as the file itself tells it: this page is made of its comments by
`tools/schema_page.py`, and a test keeps it current. [sql.md](sql.md) shows what can be asked of it; the schema `mine`,
which is yours, is told there too.

A line leads from a table to one whose rows name it, by that column. (key) marks the columns of a key. Tables that
`build` or an ingest writes in great numbers have none and say what is unique: a key would cost up to twenty times the
time, so `doctor` looks instead. Vectors are arrays of a fixed size in every table, `FLOAT[n]`: they go into
`array_cosine_similarity` as they are, and Arrow has them as one block of numbers. How many numbers one has is the
model's, and the first build of a library sets it.

What sleevewalk keeps for itself is in the schema `internal`: `SHOW TABLES` leaves it out, and it may change from one
version to the next. `schema_version` stays beside your tables, since an older sleevewalk looks for it there.

"""


def page() -> str:
    """The page of a library made now."""
    with tempfile.TemporaryDirectory() as folder, Library.create(Path(folder)).read() as con:
        columns = con.execute(
            f"SELECT {_NAME}, column_name, data_type, comment FROM duckdb_columns() WHERE {_HERE} "
            "ORDER BY 1, column_index"
        ).fetchall()
        tables = dict(con.execute(_TABLES.format("main")).fetchall())
        apart = dict(con.execute(_TABLES.format(APART)).fetchall())
        views = dict(con.execute(f"SELECT view_name, comment FROM duckdb_views() WHERE {_HERE} ORDER BY 1").fetchall())
        macros = con.execute(
            f"SELECT function_name, parameters, comment FROM duckdb_functions() WHERE {_HERE} ORDER BY 1"
        ).fetchall()
        keys = _keys(con)
    of_table = defaultdict(list)
    for table, *column in columns:
        of_table[table].append(column)
    parts = [HEAD, _diagram(of_table, tables)]
    for title, named in (("Tables", tables), ("Views", views), ("What sleevewalk keeps for itself", apart)):
        parts.append(f"\n## {title}\n")
        for name, comment in named.items():
            parts.append(f"\n### `{name}`\n\n{comment}.\n\n| column | type | is |\n| --- | --- | --- |\n")
            for column, kind, is_ in of_table[name]:
                mark = " (key)" if (name, column) in keys else ""
                parts.append(f"| `{column}`{mark} | `{kind}` | {_cell(is_)} |\n")
    parts.append("\n## Macros\n\n| macro | is |\n| --- | --- |\n")
    parts += [f"| `{name}({', '.join(given)})` | {_cell(comment)} |\n" for name, given, comment in macros]
    return "".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _keys(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    found = con.execute(
        f"SELECT {_NAME}, unnest(constraint_column_names) FROM duckdb_constraints() "
        "WHERE database_name = 'library' AND constraint_type = 'PRIMARY KEY'"
    ).fetchall()
    return set(found)


def _diagram(of_table: dict[str, list[list[str]]], tables: dict[str, str]) -> str:
    """Mermaid's, of the tables that name another's rows: `albums ||--o{ album_tags : album_id`."""
    known = {(table, column) for table, columns in of_table.items() for column, *_ in columns}
    lines = defaultdict(list)
    for table in tables:
        for column, _, comment in of_table[table]:
            found = _POINTS.search(comment)
            if found and found[1] in tables and found.groups() in known and found[1] != table:
                lines[found[1], table].append(column)
    rows = [f"    {one} ||--o{{ {other} : {'-'.join(by)}\n" for (one, other), by in sorted(lines.items())]
    return "".join(["```mermaid\nerDiagram\n", *rows, "```\n"])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
