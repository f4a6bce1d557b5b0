"""What the person played, by album: copied with the catalogue, for filters and for what is near it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.database.schema import first_row

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class AlbumPlays:
    """Plays of tracks of one album by year, at least one."""

    years: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.years.values())


def read_plays(con: duckdb.DuckDBPyConnection) -> dict[str, AlbumPlays]:
    """album_id → plays, of the albums that were played; through an open read burst."""
    if first_row(con, "SELECT 1 FROM plays LIMIT 1") is None:
        return {}
    years: dict[str, dict[int, int]] = {}
    for album, year, count in con.execute("SELECT album_id, year, plays FROM album_plays").fetchall():
        years.setdefault(album, {})[int(year)] = int(count)
    return {album: AlbumPlays(found) for album, found in years.items()}
