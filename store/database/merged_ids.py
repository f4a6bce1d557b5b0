"""album_ids of albums that were merged into others: people, files and running programs still hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def merged_ids(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """album_ids that were merged away, each with the album that it is part of now."""
    into = dict(con.execute("SELECT album_id, other_id FROM album_decisions WHERE same").fetchall())
    return {gone: _end(into, gone) for gone in into}


def _end(into: dict[str, str], album: str) -> str:
    met = {album}
    while album in into and into[album] not in met:
        album = into[album]
        met.add(album)
    return album
