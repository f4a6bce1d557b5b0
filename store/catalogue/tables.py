"""The small tables of the catalogue: covers, similar artists, items of an ingest; and how many rows each table has.

Every function takes the open connection of a `Library.read()` or `.write()` burst.

Batches go through Arrow in a few statements: DuckDB inserts 100,000 rows that way in the time of 100 single
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from store.catalogue.facts import add_facts
from store.database.bulk import registered
from store.database.schema import NOW_UTC, first_value
from store.identity import match_key
from store.records import CoverRecord
from store.text import clean, key, storable

if TYPE_CHECKING:
    import duckdb

TABLES = (
    "albums", "album_sources", "album_tags", "artist_tags", "similar_artists", "covers", "cover_facts", "models",
    "latents", "neighbors", "blends", "bookmarks", "walks", "walk_names", "album_decisions",
    "album_files", "plays", "owned", "counts",
)  # fmt: skip


def add_covers(con: duckdb.DuckDBPyConnection, covers: Sequence[CoverRecord]) -> None:
    """Add the covers that are not there yet, and the facts that came with them."""
    import pyarrow as pa

    rows = list({cover.cover_sha256: cover for cover in covers}.values())
    if not rows:
        return
    table = pa.table(
        {
            "cover_sha256": [r.cover_sha256 for r in rows],
            "width": [r.width for r in rows],
            "height": [r.height for r in rows],
            "bytes": [r.bytes for r in rows],
            "mean_color": [r.mean_color for r in rows],
            "source_url": pa.array([clean(r.source_url) if r.source_url else None for r in rows], pa.string()),
        }
    )
    with registered(con, "incoming_covers", table):
        con.execute(
            "INSERT INTO covers BY NAME SELECT i.* FROM incoming_covers i "
            "ANTI JOIN covers c ON c.cover_sha256 = i.cover_sha256"
        )
    add_facts(con, {cover.cover_sha256: cover.facts for cover in rows if cover.facts is not None})


def add_counts(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str, str, float]]) -> int:
    """Add (kind, artist, title, count) rows, text clean; return how many are new. A known one takes the new count."""
    import pyarrow as pa

    named = {(kind, match_key(artist, title)): (value, artist, title) for kind, artist, title, value in rows}
    if not named:
        return 0
    kinds, keys = zip(*named, strict=True)
    values, artists, titles = zip(*named.values(), strict=True)
    table = pa.table({"kind": kinds, "match_key": keys, "value": values, "artist": artists, "title": titles})
    before = first_value(con, "SELECT count(*) FROM counts")
    with registered(con, "incoming_counts", table):
        con.execute("INSERT OR REPLACE INTO counts BY NAME FROM incoming_counts")
    return int(first_value(con, "SELECT count(*) FROM counts") - before)


def add_similar_artists(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str, float]], source: str) -> int:
    """Add (artist, similar, match 0–1) rows; return how many are new. A known pair takes the new match."""
    import pyarrow as pa

    pairs: dict[tuple[str, str], tuple[str, str, float]] = {}
    for artist, similar, match in rows:
        artist, similar = clean(artist), clean(similar)
        if artist and similar and match == match and key(artist) != key(similar):
            pairs[key(artist), key(similar)] = (artist, similar, min(max(float(match), 0.0), 1.0))
    if not pairs:
        return 0
    artists, similars, matches = zip(*pairs.values(), strict=True)
    artist_keys, similar_keys = zip(*pairs, strict=True)
    table = pa.table(
        {
            "artist": artists,
            "similar": similars,
            "match": pa.array(matches, pa.float32()),
            "source": pa.array([source] * len(pairs), pa.string()),
            "artist_key": artist_keys,
            "similar_key": similar_keys,
        }
    )
    same = "s.artist_key = i.artist_key AND s.similar_key = i.similar_key AND s.source = i.source"
    with registered(con, "incoming_similar", table):
        con.execute(
            f"UPDATE similar_artists s SET match = i.match FROM incoming_similar i WHERE {same} AND s.match <> i.match"
        )
        added = first_value(
            con,
            "INSERT INTO similar_artists BY NAME SELECT i.* FROM incoming_similar i "
            f"ANTI JOIN similar_artists s ON {same}",
        )
    return int(added)


def item_statuses(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """What became of every item of a source: key to status. Keys as stored, see `text.storable`."""
    return dict(con.execute("SELECT key, status FROM internal.ingest_items WHERE source = ?", [source]).fetchall())


def record_items(con: duckdb.DuckDBPyConnection, source: str, rows: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Record (key, stage, status, error or None) of items, which counts as an attempt. One with an error is due again
    after two minutes, then four, eight … up to a day.
    """
    import pyarrow as pa

    items = {storable(name): (stage, status, error) for name, stage, status, error in rows}
    if not items:
        return
    stages, statuses, errors = zip(*items.values(), strict=True)
    table = pa.table(
        {
            "key": list(items),
            "stage": stages,
            "status": statuses,
            "error": pa.array([clean(e) if e else None for e in errors], pa.string()),
        }
    )
    pause = "to_seconds(least(60 * 2 ** least({attempts}, 11), 86400)::BIGINT)"
    with registered(con, "incoming_items", table):
        con.execute(
            f"""INSERT INTO internal.ingest_items (source, key, stage, status, attempts, next_try, error)
            SELECT ?, key, stage, status, 1,
                CASE WHEN error IS NOT NULL THEN {NOW_UTC} + {pause.format(attempts=1)} END, error
            FROM incoming_items
            ON CONFLICT (source, key) DO UPDATE SET stage = excluded.stage, status = excluded.status,
                attempts = ingest_items.attempts + 1, error = excluded.error,
                next_try = CASE WHEN excluded.error IS NOT NULL
                    THEN {NOW_UTC} + {pause.format(attempts="ingest_items.attempts + 1")} END""",
            [source],
        )


def counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows in every table that people know."""
    sql = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES)
    return dict(con.execute(sql).fetchall())
