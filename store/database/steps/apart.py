"""The step that moves what sleevewalk keeps for itself into a schema of its own, and gives tables keys and vectors one
type, that of `store.database.vectors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.database.copying import INTERNAL, Table, make_anew, our_table, sql_text
from store.database.keys import KEYS, UNIQUE
from store.database.steps.views import MACROS

if TYPE_CHECKING:
    import duckdb

SEARCHED = 256  # numbers of a vector in `cover_vectors` until the first build: those of the model that comes with us
_COMMENTS = """
COMMENT ON COLUMN cover_vectors.vector IS
    'Of length 1, a fixed-size FLOAT array; compare with array_cosine_similarity(a.vector, b.vector)';
COMMENT ON COLUMN cover_vectors.number IS 'What internal.album_ranking.cover names it by; another one after each build';
COMMENT ON COLUMN internal.album_tag_weights.album IS 'internal.album_ranking.number';
COMMENT ON COLUMN internal.album_ranking.tagged IS 'Whether it is in internal.album_tag_weights';
"""


def set_apart(con: duckdb.DuckDBPyConnection) -> None:
    """Move the tables, give keys to those of KEYS, and say what is unique in others."""
    for name in sorted(INTERNAL | KEYS.keys()):
        _move(con, name)
    _make_arrays(con)
    for name, columns in UNIQUE.items():
        table = our_table(name)
        ((comment,),) = con.execute(
            "SELECT comment FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?",
            [table.database, table.schema, table.name],
        ).fetchall()
        con.execute(f"COMMENT ON TABLE {table} IS {sql_text(f'{comment}; unique by {columns}')}")
    con.execute(_COMMENTS)
    con.execute(MACROS)  # DuckDB looks up what they name as it makes them


def _move(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """A table to where it belongs, with its key; a row that is there twice stays once."""
    before, table, key = Table("main", name), our_table(name), KEYS.get(name)
    con.execute(f"CREATE TEMP TABLE before AS FROM {before}")
    end, once = (f", PRIMARY KEY ({key}));", f"DISTINCT ON ({key})") if key else (");", "")
    make_anew(con, before, ");", end, target=table)
    con.execute(f"INSERT INTO {table} SELECT {once} * FROM temp.before")
    con.execute("DROP TABLE temp.before")
    if table != before:
        con.execute(f"DROP TABLE {before}")


def _make_arrays(con: duckdb.DuckDBPyConnection) -> None:
    """`cover_vectors` as arrays. Where they are not of one length, the next build makes them."""
    table = our_table("cover_vectors")
    lengths = [length for (length,) in con.execute(f"SELECT DISTINCT len(vector) FROM {table}").fetchall()]
    one = len(lengths) == 1 and lengths[0] > 0
    con.execute(f"CREATE TEMP TABLE before AS FROM {table}")
    make_anew(con, table, "FLOAT[]", f"FLOAT[{lengths[0] if one else SEARCHED}]")
    if one:
        con.execute(f"INSERT INTO {table} FROM temp.before")
    elif lengths:
        con.execute(f"DELETE FROM {our_table('derived')} WHERE name = 'neighbors'")
    con.execute("DROP TABLE temp.before")
