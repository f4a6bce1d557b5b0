"""Albums into the catalogue: each record to the album that it names, the best of all sources as the album."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from store.catalogue.album_sources import (
    Named,
    best_of,
    gather_tags,
    known_names,
    stored_tags,
    tell_tags_apart,
    upsert_sources,
)
from store.database.bulk import registered
from store.database.steps.sources import remember_sources
from store.identity import has_notes
from store.records import AddResult, AlbumRecord
from store.text import clean, key, storable

if TYPE_CHECKING:
    import duckdb

_LARGEST = 2**62  # of listeners and playcount; beyond it is not a count
_FIELDS = ("year", "genre", "listeners", "playcount", "mbid", "cover_sha256", "tags", "artist_tags")


def add_albums(con: duckdb.DuckDBPyConnection, albums: Sequence[AlbumRecord]) -> AddResult:
    """Add what is new, complete what is there; adding the same batch again changes nothing.

    Which album a record names is told by docs/identity.md. What each source says is kept in `album_sources`, where
    only that source may change it, and the album is the best of it. Records that name an album of another source
    are told in `duplicates`; those that cannot be stored in `refused`.
    """
    result = AddResult()
    batch: list[Named] = []
    for record in albums:
        record = _cleaned(record)
        why_not = _why_not(record)
        if why_not:
            result.refused.append((record.source_key, why_not))
        else:
            batch.append(Named.of(record))
    if not batch:
        return result
    remember_sources(con, [named.name_id for named in batch])
    names = known_names(con, batch)
    there = set(names.rows)
    said: dict[tuple[str, str, str], Named] = {}
    for named in batch:
        album = names.album_of(named)
        if album is None:
            album = names.new_id(named)
            result.added.append(album)
        named.album_id = result.ids[named.record.source_key] = album
        if named.item not in names.by_item:
            names.add(album, named)
        first = said.setdefault(named.item, named)
        if first is not named:
            first.record = _completed(first.record, named.record)
    touched = list(dict.fromkeys(named.album_id for named in said.values()))
    _tell_duplicates(con, batch, there, result)
    several = [album for album in touched if names.rows[album] > 1]
    if several:
        tell_tags_apart(con, [album for album in several if album in there])
        noted = stored_tags(con, several)
        for named in said.values():
            if names.rows[named.album_id] > 1:
                named.tags = {**noted.get(named.item, {}), **_tags(named.record.tags)}
    upsert_sources(con, said.values())
    if several:
        _name_plainly(con, [named for named in said.values() if named.album_id in there])
    best_of(con, touched)
    if several:
        gather_tags(con, several)
    _add_tags(con, {named.album_id: named.record for named in said.values() if names.rows[named.album_id] == 1})
    _add_artist_tags(con, said.values())
    return result


def _tell_duplicates(
    con: duckdb.DuckDBPyConnection,
    batch: Sequence[Named],
    there: set[str],
    result: AddResult,
) -> None:
    """Records of the batch that name an album which another item brought, here or before."""
    rows = con.execute(
        "SELECT album_id, artist || ' / ' || title, source, source_key FROM albums "
        "WHERE album_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(there & set(result.ids.values()))],
    ).fetchall()
    labels = {album: (label, (source, item)) for album, label, source, item in rows}
    for named in batch:
        record = named.record
        label, first = labels.setdefault(
            named.album_id, (f"{record.artist} / {record.title}", (record.source, record.source_key))
        )
        if first != (record.source, record.source_key):
            result.duplicates.append((record.source_key, label))


def _name_plainly(con: duckdb.DuckDBPyConnection, news: Sequence[Named]) -> None:
    """Name albums after a source that gives them no "(Deluxe Edition)", unless a person had a say in them."""
    plain = {n.album_id: n for n in news if not has_notes(n.record.artist, n.record.title)}
    rows = con.execute(
        "SELECT album_id, artist, title FROM albums WHERE album_id IN (SELECT unnest(?::VARCHAR[])) "
        "AND album_id NOT IN (SELECT album_id FROM album_decisions UNION SELECT other_id FROM album_decisions)",
        [list(plain)],
    ).fetchall()
    for album, artist, title in rows:
        record = plain[album].record
        if has_notes(artist, title):
            con.execute(
                "UPDATE albums SET artist = ?, title = ?, source = ?, source_key = ?, artist_key = ?, title_key = ? "
                "WHERE album_id = ?",
                [record.artist, record.title, record.source, record.source_key, key(record.artist),
                 key(record.title), album],
            )  # fmt: skip


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
    for field in ("listeners", "playcount"):
        value = getattr(record, field)
        if value is not None and not 0 <= value < _LARGEST:
            return f"its {field} is {value}"
    return ""


def _completed(first: AlbumRecord, second: AlbumRecord) -> AlbumRecord:
    """`first` with what it lacks taken from `second`."""
    lacking = {n: getattr(second, n) for n in _FIELDS if getattr(first, n) in (None, ())}
    return replace(first, **lacking)


def _add_tags(con: duckdb.DuckDBPyConnection, batch: dict[str, AlbumRecord]) -> None:
    album_tags = {(name, tag): weight for name, record in batch.items() for tag, weight in _tags(record.tags).items()}
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


def _add_artist_tags(con: duckdb.DuckDBPyConnection, batch: Iterable[Named]) -> None:
    artist_tags: dict[tuple[str, str], tuple[str, float]] = {}
    for named in batch:
        for tag, weight in _tags(named.record.artist_tags).items():
            artist_tags.setdefault((key(named.record.artist), tag), (named.record.artist, weight))
    import pyarrow as pa

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
