"""What a person listened to, from their own exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from store.database.bulk import registered
from store.database.schema import first_row
from store.identity import match_key

if TYPE_CHECKING:
    import duckdb

_key = lru_cache(100_000)(match_key)


@dataclass(frozen=True, slots=True)
class Play:
    """One track that was listened to. Texts are cleaned and not empty."""

    played_at: datetime  # UTC, without a zone
    artist: str
    track: str
    album: str | None = None
    seconds: float | None = None


def add_plays(con: duckdb.DuckDBPyConnection, source: str, plays: Sequence[Play]) -> int:
    """Add the plays that are not there yet, from whatever source; how many those are.

    A play is its time to the second, its artist and its track: what one service passed on to another counts once.
    """
    import pyarrow as pa

    once = {(play.played_at.replace(microsecond=0), _key(play.artist, play.track)): play for play in reversed(plays)}
    if not once:
        return 0
    kept = list(once.values())
    table = pa.table(
        {
            "played_at": pa.array([at for at, _ in once], pa.timestamp("us")),
            "artist": [play.artist for play in kept],
            "album": pa.array([play.album for play in kept], pa.string()),
            "track": [play.track for play in kept],
            "seconds": pa.array([play.seconds for play in kept], pa.float64()),
            "match_key": pa.array([_key(p.artist, p.album) if p.album else None for p in kept], pa.string()),
            "play_key": [name for _, name in once],
        }
    )
    with registered(con, "incoming_plays", table):
        row = first_row(
            con,
            "INSERT INTO plays BY NAME SELECT i.*, ? AS source FROM incoming_plays i "
            "ANTI JOIN plays p ON p.played_at = i.played_at AND p.play_key = i.play_key",
            [source],
        )
    return int(row[0]) if row else 0
