"""What tells the rows of a table apart.

Tables that are written in great numbers have no key, which costs too much: to write 100,000 rows anew takes 2.2 times
the processor time in `cover_vectors`, 9 times in `album_sources`, 20 times in `album_ranking`, and up to twice the
file. Their comments say what is unique, and `doctor` looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.database.copying import our_table

if TYPE_CHECKING:
    import duckdb

# Keys beside those that tables were first made with. One a table: DuckDB 1.5 loses a second one after a crash.
KEYS = {
    "cover_calibration": "similarity",
    "cover_layouts": "layout",
}
UNIQUE = {
    "album_decisions": "album_id, other_id",
    "album_ranking": "album_id",
    "album_sources": "source, source_key, name_id",
    "album_tag_weights": "tag, album",
    "album_tags": "album_id, tag",
    "artist_tags": "artist_key, tag",
    "cover_facts": "cover_sha256",
    "cover_map": "cover_sha256",
    "cover_vectors": "cover_sha256",
    "latents": "cover_sha256, model_id",
    "neighbors": "album_id, neighbor_id",
    "similar_artists": "artist_key, similar_key, source",
}


def rows_twice(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many rows there are too many, by table; of tables without such a row nothing."""
    found = {}
    for name, columns in UNIQUE.items():
        of_one = f"SELECT count(*) - 1 AS more FROM {our_table(name)} GROUP BY {columns} HAVING count(*) > 1"
        ((more,),) = con.execute(f"SELECT coalesce(sum(more), 0)::BIGINT FROM ({of_one})").fetchall()
        found[name] = int(more)
    return {name: more for name, more in found.items() if more}


def keep_once(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Of rows of a table that are there more than once keep the first."""
    table = our_table(name)
    con.execute(f"DELETE FROM {table} WHERE rowid NOT IN (SELECT min(rowid) FROM {table} GROUP BY {UNIQUE[name]})")
