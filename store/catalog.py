"""Rows into and out of the catalogue. Every function takes the open connection of a `Library.read()` or
`.write()` burst.

Batches go through Arrow in a few statements: DuckDB inserts 100,000 rows that way in the time of 100 single
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from store.bulk import registered
from store.latents import (
    add_latents,
    add_model,
    forget_latents,
    latent_dimension,
    load_latents,
    missing_latents,
)
from store.records import AddResult, AlbumRecord, CoverRecord
from store.schema import NOW_UTC, first_row
from store.text import album_id, clean, key, storable

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = [
    "TABLES", "add_albums", "add_covers", "add_latents", "add_model", "add_similar_artists", "counts",
    "forget_latents", "item_statuses", "latent_dimension", "load_latents", "missing_latents", "record_items",
]  # fmt: skip

TABLES = (
    "albums", "album_tags", "artist_tags", "similar_artists", "covers", "models", "latents", "neighbors",
    "blends", "bookmarks", "walks", "walk_names", "ingest_items",
)  # fmt: skip
_LARGEST = 2**62  # of listeners and playcount; beyond it is not a count


def add_albums(con: duckdb.DuckDBPyConnection, albums: Sequence[AlbumRecord]) -> AddResult:
    """Add what is new, complete what is there; adding the same batch again changes nothing.

    An album that is there already keeps its values and gets the ones it lacked; its own source (same
    `source` and `source_key`) may also change them. Others that name the same album are told in
    `duplicates`; records that cannot be stored are told in `refused`.
    """
    result = AddResult()
    batch: dict[str, AlbumRecord] = {}
    for record in albums:
        record = _cleaned(record)
        why_not = _why_not(record)
        if why_not:
            result.refused.append((record.source_key, why_not))
            continue
        name = album_id(record.artist, record.title)
        first = batch.setdefault(name, record)
        if first is not record:
            if (first.source, first.source_key) != (record.source, record.source_key):
                result.duplicates.append((record.source_key, f"{first.artist} / {first.title}"))
            batch[name] = _completed(first, record)
    if not batch:
        return result
    with registered(con, "incoming_albums", _album_table(batch)):
        known = con.execute(
            "SELECT i.album_id, i.source_key, a.artist || ' / ' || a.title, "
            "i.source = a.source AND i.source_key = a.source_key "
            "FROM incoming_albums i JOIN albums a USING (album_id)"
        ).fetchall()
        result.duplicates += [(source_key, label) for _, source_key, label, own in known if not own]
        known_ids = {row[0] for row in known}
        result.added += [name for name in batch if name not in known_ids]
        if known:
            con.execute(_complete_known_sql())
        con.execute(
            "INSERT INTO albums BY NAME SELECT i.* FROM incoming_albums i ANTI JOIN albums a ON a.album_id = i.album_id"
        )
    _add_tags(con, batch)
    return result


def _complete_known_sql() -> str:
    """UPDATE that prefers what is stored, unless the record comes from the album's own source."""
    own = "albums.source = i.source AND albums.source_key = i.source_key"
    columns = ("year", "genre", "listeners", "playcount", "mbid", "cover_sha256")
    sets = ", ".join(
        f"{c} = CASE WHEN {own} THEN coalesce(i.{c}, albums.{c}) ELSE coalesce(albums.{c}, i.{c}) END" for c in columns
    )
    changed = " OR ".join(
        f"(i.{c} IS NOT NULL AND (albums.{c} IS NULL OR ({own} AND albums.{c} <> i.{c})))" for c in columns
    )
    return f"UPDATE albums SET {sets} FROM incoming_albums i WHERE albums.album_id = i.album_id AND ({changed})"


def _cleaned(record: AlbumRecord) -> AlbumRecord:
    return replace(
        record,
        artist=clean(record.artist),
        title=clean(record.title),
        genre=clean(record.genre) or None if record.genre else None,
        source_key=storable(record.source_key),
        mbid=clean(record.mbid, 100) or None if record.mbid else None,
    )


def _why_not(record: AlbumRecord) -> str:
    """Why the record cannot be stored, or ''."""
    if not record.artist:
        return "it has no artist"
    if not record.title:
        return "it has no title"
    if record.year is not None and not 0 < record.year < 10_000:
        return f"its year is {record.year}"
    for name in ("listeners", "playcount"):
        value = getattr(record, name)
        if value is not None and not 0 <= value < _LARGEST:
            return f"its {name} is {value}"
    return ""


def _completed(first: AlbumRecord, second: AlbumRecord) -> AlbumRecord:
    """`first` with what it lacks taken from `second`."""
    names = ("year", "genre", "listeners", "playcount", "mbid", "cover_sha256", "tags", "artist_tags")
    lacking = {n: getattr(second, n) for n in names if getattr(first, n) in (None, ())}
    return replace(first, **lacking)


def _album_table(batch: dict[str, AlbumRecord]) -> pa.Table:
    import pyarrow as pa

    rows = list(batch.values())
    text, count = pa.string(), pa.int64()
    return pa.table(
        {
            "album_id": pa.array(list(batch), text),
            "artist": pa.array([r.artist for r in rows], text),
            "title": pa.array([r.title for r in rows], text),
            "year": pa.array([r.year for r in rows], pa.int32()),
            "genre": pa.array([r.genre for r in rows], text),
            "listeners": pa.array([r.listeners for r in rows], count),
            "playcount": pa.array([r.playcount for r in rows], count),
            "mbid": pa.array([r.mbid for r in rows], text),
            "source": pa.array([r.source for r in rows], text),
            "source_key": pa.array([r.source_key for r in rows], text),
            "cover_sha256": pa.array([r.cover_sha256 for r in rows], text),
            "artist_key": pa.array([key(r.artist) for r in rows], text),
            "title_key": pa.array([key(r.title) for r in rows], text),
        }
    )


def _add_tags(con: duckdb.DuckDBPyConnection, batch: dict[str, AlbumRecord]) -> None:
    album_tags = {(name, tag): weight for name, record in batch.items() for tag, weight in _tags(record.tags).items()}
    artist_tags: dict[tuple[str, str], tuple[str, float]] = {}
    for record in batch.values():
        for tag, weight in _tags(record.artist_tags).items():
            artist_tags.setdefault((key(record.artist), tag), (record.artist, weight))
    import pyarrow as pa

    if album_tags:
        names, tags = zip(*album_tags, strict=True)
        table = pa.table({"album_id": names, "tag": tags, "weight": pa.array(list(album_tags.values()), pa.float32())})
        with registered(con, "incoming_tags", table):
            con.execute(
                "UPDATE album_tags SET weight = i.weight FROM incoming_tags i "
                "WHERE album_tags.album_id = i.album_id AND album_tags.tag = i.tag "
                "AND album_tags.weight <> i.weight"
            )
            con.execute(
                "INSERT INTO album_tags BY NAME SELECT i.* FROM incoming_tags i "
                "ANTI JOIN album_tags t ON t.album_id = i.album_id AND t.tag = i.tag"
            )
    if artist_tags:
        keys, tags = zip(*artist_tags, strict=True)
        artists, weights = zip(*artist_tags.values(), strict=True)
        table = pa.table(
            {"artist": artists, "tag": tags, "weight": pa.array(weights, pa.float32()), "artist_key": keys}
        )
        with registered(con, "incoming_tags", table):
            con.execute(
                "INSERT INTO artist_tags BY NAME SELECT i.* FROM incoming_tags i "
                "ANTI JOIN artist_tags t ON t.artist_key = i.artist_key AND t.tag = i.tag"
            )


def _tags(tags: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Tags in lower case with weights in 0–100; of a tag given twice the stronger."""
    weights: dict[str, float] = {}
    for tag, weight in tags:
        tag = clean(tag, 100).lower()
        if tag and weight == weight:
            weights[tag] = max(weights.get(tag, 0.0), min(max(float(weight), 0.0), 100.0))
    return weights


def add_covers(con: duckdb.DuckDBPyConnection, covers: Sequence[CoverRecord]) -> None:
    """Add the covers that are not there yet."""
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


def add_similar_artists(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str, float]], source: str) -> int:
    """Add (artist, similar, match 0–1) rows; return how many are new. A known pair of the source takes the
    new match.
    """
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
        row = first_row(
            con,
            "INSERT INTO similar_artists BY NAME SELECT i.* FROM incoming_similar i "
            f"ANTI JOIN similar_artists s ON {same}",
        )
    return int(row[0]) if row else 0


def item_statuses(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """What became of every item of a source: key to status. Keys as stored, see `text.storable`."""
    return dict(con.execute("SELECT key, status FROM ingest_items WHERE source = ?", [source]).fetchall())


def record_items(con: duckdb.DuckDBPyConnection, source: str, rows: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Record (key, stage, status, error or None) of items; each time an item is recorded counts as an
    attempt.

    One with an error is not due again for two minutes, then four, eight … up to a day.
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
            f"""INSERT INTO ingest_items (source, key, stage, status, attempts, next_try, error)
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
