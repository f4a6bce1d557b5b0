"""What ranking in SQL reads in place of computing it at each question: tags as they are weighed, popularity, covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from store.database.bulk import registered
from store.database.schema import derived_from, note_derived
from store.memory.arrays_file import tables_fingerprint

if TYPE_CHECKING:
    import duckdb

    from store.memory.album_arrays import AlbumArrays

NAME = "album_ranking"  # in the table `derived`


def ranking_is_current(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether `album_ranking` and `album_tag_weights` are of the tables as they are."""
    return derived_from(con, NAME) == _fingerprint(con, tables_fingerprint(con))


def write_ranking(con: duckdb.DuckDBPyConnection, arrays: AlbumArrays, tables: str) -> None:
    """Rewrite both in an open burst, by the albums as the app has them, which `tables` is the fingerprint of."""
    import pyarrow as pa

    count = len(arrays.album_ids)
    tagged = np.diff(arrays.tags.start) > 0
    albums = pa.table({
        "number": np.arange(count, dtype=np.int32), "album_id": pa.array(list(arrays.album_ids), pa.string()),
        "artist": arrays.artist_codes,
        "popularity": pa.array(arrays.popularity, from_pandas=True), "tagged": tagged,
    })  # fmt: skip
    names = pa.DictionaryArray.from_arrays(
        np.repeat(np.arange(len(arrays.tag_names), dtype=np.int32), np.diff(arrays.postings.start)),
        pa.array(list(arrays.tag_names), pa.string()),
    )
    weights = pa.table({"tag": names, "album": arrays.postings.columns, "weight": arrays.postings.values})
    for table in ("internal.album_ranking", "internal.album_tag_weights"):
        con.execute(f"DELETE FROM {table}")
    with registered(con, "ranked_albums", albums), registered(con, "tag_weights", weights):
        con.execute("""
            INSERT INTO internal.album_ranking
            SELECT r.number, album_id, artist_key, r.artist, v.number, year, popularity, tagged
            FROM ranked_albums r JOIN albums USING (album_id) LEFT JOIN cover_vectors v USING (cover_sha256)
            ORDER BY r.number""")
        con.execute(
            "INSERT INTO internal.album_tag_weights SELECT tag, album, weight FROM tag_weights WHERE weight > 0"
        )
    note_derived(con, NAME, _fingerprint(con, tables))


def _fingerprint(con: duckdb.DuckDBPyConnection, tables: str) -> str:
    """Of the tables that the albums are made of, and of the covers' numbers."""
    return f"{tables} {derived_from(con, 'neighbors')}"
