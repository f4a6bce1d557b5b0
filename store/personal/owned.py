"""What a person owns and rates, by the lists that they keep elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from store.database.bulk import registered
from store.text import clean, storable

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Owned:
    """One entry of a list."""

    rating: float | None  # stars, 0.5 to 5
    added_on: date | None
    note: str  # format, ownership or folder


def put_owned(con: duckdb.DuckDBPyConnection, source: str, entries: Mapping[str, tuple[str, Owned]]) -> None:
    """Store the entries of one list by their key, each with its album_id, in place of what was said of them before."""
    import pyarrow as pa

    if not entries:
        return
    owned = [entry for _, entry in entries.values()]
    table = pa.table(
        {
            "album_id": [album for album, _ in entries.values()],
            "source_key": [storable(item) for item in entries],
            "rating": pa.array([entry.rating for entry in owned], pa.float64()),
            "added_on": pa.array([entry.added_on for entry in owned], pa.date32()),
            "note": [clean(entry.note) for entry in owned],
        }
    )
    with registered(con, "incoming_owned", table):
        con.execute("INSERT OR REPLACE INTO owned BY NAME SELECT *, ? AS source FROM incoming_owned", [source])
