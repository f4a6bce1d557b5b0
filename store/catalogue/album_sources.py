"""`album_sources`: which album a record names, what each source says of it, and the best of that as the album.

Every function takes the open connection of a write burst.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from store.database.bulk import registered
from store.identity import GROUP_SOURCES, match_key
from store.records import AlbumRecord
from store.text import album_id, clean, key

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BY = ": "  # in the name of a source, before who gave it the genre
Tags = dict[str, float]  # tag → weight 0–100


@dataclass(slots=True)
class Named:
    """A record with what its name comes to, and the album that it was found to be."""

    record: AlbumRecord
    name_id: str
    match_key: str
    album_id: str = ""
    tags: Tags | None = None  # None: this is the album's only source, and album_tags has them

    @classmethod
    def of(cls, record: AlbumRecord) -> Named:
        """The record (its text cleaned) with its keys."""
        return cls(record, album_id(record.artist, record.title), match_key(record.artist, record.title))

    @property
    def item(self) -> tuple[str, str, str]:
        """What names a row of `album_sources`."""
        return self.record.source, self.record.source_key, self.name_id


@dataclass(slots=True)
class KnownNames:
    """The names that albums go by, as far as a batch of records may mean them."""

    by_item: dict[tuple[str, str, str], str] = field(default_factory=dict)  # all of them: → album_id
    by_name: dict[str, list[str]] = field(default_factory=dict)
    by_match: dict[str, list[str]] = field(default_factory=dict)
    by_mbid: dict[str, list[str]] = field(default_factory=dict)
    spellings: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)  # album_id, source, mbid → match keys
    groups: dict[str, set[str]] = field(default_factory=dict)  # album_id → its release groups
    rows: dict[str, int] = field(default_factory=dict)  # album_id → rows in album_sources
    taken: set[str] = field(default_factory=set)  # album_ids that are in use, those merged away included
    apart: set[frozenset[str]] = field(default_factory=set)  # pairs that a person took apart

    def add(self, album: str, named: Named) -> None:
        """A source's name for an album."""
        record = named.record
        self.by_item[named.item] = album
        self.rows[album] = self.rows.get(album, 0) + 1
        self.taken.add(album)
        for index, name in ((self.by_name, named.name_id), (self.by_match, named.match_key)):
            _enlist(index, name, album)
        if record.mbid:
            _enlist(self.by_mbid, record.mbid, album)
            self.spellings.setdefault((album, record.source, record.mbid), set()).add(named.match_key)
            if record.source in GROUP_SOURCES:
                self.groups.setdefault(album, set()).add(record.mbid)

    def album_of(self, named: Named) -> str | None:
        """The album that a record names, by the first rule that finds one; None for a new one."""
        if named.item in self.by_item:
            return self.by_item[named.item]
        by_name = [album for album in self.by_name.get(named.name_id, ()) if not self._conflicts(album, named)]
        by_mbid = [album for album in self.by_mbid.get(named.record.mbid or "", ()) if self._trusts(album, named)]
        if by_mbid:
            both = [album for album in by_mbid if album in by_name]
            if not both and by_name and frozenset((by_name[0], by_mbid[0])) in self.apart:
                return by_name[0]
            return (both or by_mbid)[0]
        if by_name:
            return named.name_id if named.name_id in by_name else by_name[0]
        matching = (album for album in self.by_match.get(named.match_key, ()) if not self._conflicts(album, named))
        return next(matching, None)

    def new_id(self, named: Named) -> str:
        """A free album_id: that of the name, unless another album has it."""
        if named.name_id not in self.taken:
            return named.name_id
        text = "\0".join((named.name_id, named.record.mbid or "", *named.item[:2]))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _conflicts(self, album: str, named: Named) -> bool:
        """Whether both are known to be release groups, and different ones."""
        groups = self.groups.get(album)
        mbid = named.record.mbid
        return bool(groups and mbid and named.record.source in GROUP_SOURCES and mbid not in groups)

    def _trusts(self, album: str, named: Named) -> bool:
        """An identifier that one source gives to several names is no album's."""
        said = self.spellings.get((album, named.record.source, named.record.mbid or ""), set())
        return said <= {named.match_key} and not self._conflicts(album, named)


def _enlist(index: dict[str, list[str]], name: str, album: str) -> None:
    albums = index.setdefault(name, [])
    if album not in albums:
        albums.append(album)


def known_names(con: duckdb.DuckDBPyConnection, batch: Sequence[Named]) -> KnownNames:
    """All names of all albums that one of the records may mean."""
    import pyarrow as pa

    text = pa.string()
    asked = pa.table(
        {
            "name_id": pa.array([named.name_id for named in batch], text),
            "match_key": pa.array([named.match_key for named in batch], text),
            "mbid": pa.array([named.record.mbid for named in batch], text),
        }
    )
    names = KnownNames()
    with registered(con, "asked_names", asked):
        rows = con.execute(
            """WITH meant AS (
                SELECT album_id FROM album_sources SEMI JOIN asked_names USING (name_id)
                UNION SELECT album_id FROM album_sources SEMI JOIN asked_names USING (match_key)
                UNION SELECT album_id FROM album_sources SEMI JOIN asked_names USING (mbid)
            )
            SELECT album_id, source, source_key, artist, title, mbid, name_id, match_key
            FROM album_sources SEMI JOIN meant USING (album_id) ORDER BY added_at, rowid"""
        ).fetchall()
        taken = con.execute("SELECT album_id FROM albums SEMI JOIN asked_names ON name_id = album_id").fetchall()
    for album, source, source_key, artist, title, mbid, name_id, match in rows:
        names.add(album, Named(AlbumRecord(artist, title, source, source_key, mbid=mbid), name_id, match))
    names.taken.update(row[0] for row in taken)
    for first, second, same in con.execute("SELECT album_id, other_id, same FROM album_decisions").fetchall():
        if same:
            names.taken.add(first)
        else:
            names.apart.add(frozenset((first, second)))
    return names


def upsert_sources(con: duckdb.DuckDBPyConnection, batch: Iterable[Named]) -> None:
    """Write what the sources say now, as new rows or news in old ones; what they no longer say stays."""
    fields = ("year", "genre", "listeners", "playcount", "mbid", "cover_sha256")
    sets = ", ".join(f"{field} = coalesce(i.{field}, s.{field})" for field in (*fields, "tags"))
    news = " OR ".join(
        f"(i.{field} IS NOT NULL AND i.{field} IS DISTINCT FROM s.{field})" for field in (*fields, "tags")
    )
    same = "s.source = i.source AND s.source_key = i.source_key AND s.name_id = i.name_id"
    with registered(con, "incoming_sources", _table(list(batch))):
        con.execute(f"UPDATE album_sources s SET {sets} FROM incoming_sources i WHERE {same} AND ({news})")
        con.execute(
            f"INSERT INTO album_sources BY NAME SELECT i.* FROM incoming_sources i ANTI JOIN album_sources s ON {same}"
        )


def add_genre_sources(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, AlbumRecord, str]]) -> None:
    """Note (album_id, record, who gave the record's genre) where a source has genres from others: as a source of its
    own, `table: WHO`, that says the genre and nothing else. Who gave it before is no longer said.
    """
    if not rows:
        return
    said = []
    for album, record, who in rows:
        source = f"{record.source}{BY}{clean(who, 100)}"
        only = AlbumRecord(record.artist, record.title, source, record.source_key, genre=record.genre)
        said.append(replace(Named.of(only), album_id=album, tags={}))
    con.execute(
        """DELETE FROM album_sources USING (
            SELECT unnest($1::VARCHAR[]) AS start, unnest($2::VARCHAR[]) AS source, unnest($3::VARCHAR[]) AS source_key
        ) AS said
        WHERE album_sources.source_key = said.source_key AND starts_with(album_sources.source, said.start)
        AND album_sources.source <> said.source""",
        [
            [record.source + BY for _, record, _ in rows],
            [named.record.source for named in said],
            [named.record.source_key for named in said],
        ],
    )
    upsert_sources(con, said)


def tell_tags_apart(con: duckdb.DuckDBPyConnection, albums: Sequence[str]) -> None:
    """Note the tags of albums that have one source with that source, before another joins it."""
    con.execute(
        """UPDATE album_sources SET tags = coalesce(
            (SELECT list(struct_pack(tag := t.tag, weight := t.weight) ORDER BY t.tag) FROM album_tags t
             WHERE t.album_id = album_sources.album_id), [])
        WHERE tags IS NULL AND album_id IN (SELECT unnest(?::VARCHAR[]))""",
        [list(albums)],
    )


def best_of(con: duckdb.DuckDBPyConnection, albums: Sequence[str]) -> None:
    """Bring `albums` (new rows too) to the best of what their sources say; equal rows are not touched.

    The first source, or the one that names the album, comes first; but the year is MusicBrainz's (the first
    release), else the earliest; listeners and plays are the most; the identifier is a release group's where there is
    one; a cover smaller than 128 pixels gives way to a larger.
    """
    groups = ", ".join(f"'{source}'" for source in GROUP_SOURCES)
    columns = ("year", "genre", "listeners", "playcount", "mbid", "cover_sha256")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE best_albums AS
        WITH said AS (
            SELECT s.*, row_number() OVER (PARTITION BY s.album_id ORDER BY
                (a.artist = s.artist AND a.title = s.title AND a.source = s.source AND a.source_key = s.source_key)
                    IS NOT TRUE, s.added_at, s.rowid) AS place, least(c.width, c.height) < 128 IS TRUE AS small
            FROM album_sources s LEFT JOIN albums a USING (album_id) LEFT JOIN covers c
                ON c.cover_sha256 = s.cover_sha256
            WHERE s.album_id IN (SELECT unnest(?::VARCHAR[]))
        )
        SELECT album_id, arg_min(artist, place) AS artist, arg_min(title, place) AS title,
            arg_min(source, place) AS source, arg_min(source_key, place) AS source_key,
            coalesce(min(year) FILTER (source = 'musicbrainz'), min(year)) AS year,
            arg_min(genre, place) FILTER (genre IS NOT NULL) AS genre,
            max(listeners) AS listeners, max(playcount) AS playcount,
            coalesce(arg_min(mbid, place) FILTER (mbid IS NOT NULL AND source IN ({groups})),
                     arg_min(mbid, place) FILTER (mbid IS NOT NULL)) AS mbid,
            arg_min(cover_sha256, place + CASE WHEN small THEN 1000000 ELSE 0 END)
                FILTER (cover_sha256 IS NOT NULL) AS cover_sha256,
            min(added_at) AS added_at
        FROM said GROUP BY album_id""",
        [list(albums)],
    )
    sets = ", ".join(f"{column} = b.{column}" for column in columns)
    changed = " OR ".join(f"a.{column} IS DISTINCT FROM b.{column}" for column in columns)
    con.execute(f"UPDATE albums a SET {sets} FROM temp.best_albums b WHERE a.album_id = b.album_id AND ({changed})")
    fresh = con.execute(
        "SELECT album_id, artist, title FROM temp.best_albums ANTI JOIN albums USING (album_id)"
    ).fetchall()
    if fresh:
        import pyarrow as pa

        order = {album: place for place, album in enumerate(albums)}
        table = pa.table(
            {
                "album_id": [row[0] for row in fresh],
                "artist_key": [key(row[1]) for row in fresh],
                "title_key": [key(row[2]) for row in fresh],
                "place": [order[row[0]] for row in fresh],
            }
        )
        with registered(con, "fresh_albums", table):
            con.execute(
                "INSERT INTO albums BY NAME SELECT b.*, f.artist_key, f.title_key "
                "FROM fresh_albums f JOIN temp.best_albums b USING (album_id) ORDER BY f.place"
            )
    con.execute("DROP TABLE temp.best_albums")


def gather_tags(con: duckdb.DuckDBPyConnection, albums: Sequence[str]) -> None:
    """Bring `album_tags` of albums with several sources to what these say: of a tag the strongest."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE wanted_tags AS
        SELECT album_id, tag.tag AS tag, max(tag.weight)::FLOAT AS weight
        FROM (SELECT album_id, unnest(tags) AS tag FROM album_sources WHERE album_id IN (SELECT unnest(?::VARCHAR[])))
        GROUP BY ALL""",
        [list(albums)],
    )
    con.execute(
        """DELETE FROM album_tags t WHERE album_id IN (SELECT unnest(?::VARCHAR[])) AND NOT EXISTS (
            FROM temp.wanted_tags w WHERE w.album_id = t.album_id AND w.tag = t.tag AND w.weight = t.weight)""",
        [list(albums)],
    )
    con.execute(
        "INSERT INTO album_tags BY NAME SELECT w.* FROM temp.wanted_tags w ANTI JOIN album_tags t "
        "ON t.album_id = w.album_id AND t.tag = w.tag ORDER BY w.album_id, w.weight DESC, w.tag"
    )
    con.execute("DROP TABLE temp.wanted_tags")


def stored_tags(con: duckdb.DuckDBPyConnection, albums: Sequence[str]) -> dict[tuple[str, str, str], Tags]:
    """The tags noted with sources of these albums, by item."""
    rows = con.execute(
        "SELECT source, source_key, name_id, tags FROM album_sources "
        "WHERE tags IS NOT NULL AND album_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(albums)],
    ).fetchall()
    return {(source, item, name_id): {t["tag"]: t["weight"] for t in tags} for source, item, name_id, tags in rows}


def _table(batch: Sequence[Named]) -> pa.Table:
    import pyarrow as pa

    tags = pa.list_(pa.struct([("tag", pa.string()), ("weight", pa.float32())]))
    of_source = {
        name: pa.array([getattr(named.record, name) for named in batch], kind)
        for kind, names in (
            (pa.string(), ("source", "source_key", "artist", "title", "genre", "mbid", "cover_sha256")),
            (pa.int32(), ("year",)),
            (pa.int64(), ("listeners", "playcount")),
        )
        for name in names
    }
    names = {name: pa.array([getattr(named, name) for named in batch]) for name in ("album_id", "name_id", "match_key")}
    return pa.table({**of_source, **names, "tags": pa.array([_listed(named.tags) for named in batch], tags)})


def _listed(tags: Tags | None) -> list[dict[str, object]] | None:
    return None if tags is None else [{"tag": tag, "weight": weight} for tag, weight in sorted(tags.items())]
