"""The tables of what sources say of albums and what people decided, and filling them from an older schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.database.bulk import registered
from store.identity import match_key
from store.text import album_id

if TYPE_CHECKING:
    import duckdb

TABLES_SOURCES = """
CREATE TABLE album_sources (
    album_id VARCHAR NOT NULL, source VARCHAR NOT NULL, source_key VARCHAR NOT NULL, artist VARCHAR NOT NULL,
    title VARCHAR NOT NULL, year INTEGER, genre VARCHAR, listeners BIGINT, playcount BIGINT, mbid VARCHAR,
    cover_sha256 VARCHAR, tags STRUCT(tag VARCHAR, weight FLOAT)[], name_id VARCHAR NOT NULL,
    match_key VARCHAR NOT NULL, added_at TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())));
COMMENT ON TABLE album_sources IS
    'What each source says of an album in its own words; albums holds the best of it, as docs/identity.md tells';
COMMENT ON COLUMN album_sources.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_sources.source IS 'What says it: table, folder, lastfm, musicbrainz, demo';
COMMENT ON COLUMN album_sources.source_key IS 'What names the album in that source';
COMMENT ON COLUMN album_sources.artist IS 'Artist as this source writes it, without control characters';
COMMENT ON COLUMN album_sources.title IS 'Title as this source writes it, without control characters';
COMMENT ON COLUMN album_sources.year IS 'Year of release by this source';
COMMENT ON COLUMN album_sources.genre IS 'Genre by this source';
COMMENT ON COLUMN album_sources.listeners IS 'People who listened to it by this source';
COMMENT ON COLUMN album_sources.playcount IS 'Plays by this source';
COMMENT ON COLUMN album_sources.mbid IS 'MusicBrainz identifier by this source';
COMMENT ON COLUMN album_sources.cover_sha256 IS 'The cover that came with this source: covers.cover_sha256';
COMMENT ON COLUMN album_sources.tags IS 'Tags by this source; NULL for an only source, whose tags are in album_tags';
COMMENT ON COLUMN album_sources.name_id IS '16 hex digits of sha256 of the normalised artist + NUL + title';
COMMENT ON COLUMN album_sources.match_key IS
    'The name without "The", guests and notes of an edition; equal ones are one album unless told otherwise';
COMMENT ON COLUMN album_sources.added_at IS 'When it was first said, UTC';

CREATE TABLE album_decisions (
    album_id VARCHAR NOT NULL, other_id VARCHAR NOT NULL, same BOOLEAN NOT NULL, moved JSON,
    decided_at TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())));
COMMENT ON TABLE album_decisions IS 'What people said of two albums; stronger than every rule';
COMMENT ON COLUMN album_decisions.album_id IS 'The album that was merged into the other, or taken out of it';
COMMENT ON COLUMN album_decisions.other_id IS 'The album that it was merged into or taken out of';
COMMENT ON COLUMN album_decisions.same IS 'true: merged, one album; false: two albums, whatever their names';
COMMENT ON COLUMN album_decisions.moved IS 'What a merge took along, so that a split puts it back';
COMMENT ON COLUMN album_decisions.decided_at IS 'When, UTC';
"""

MACROS_NAMES = """
CREATE VIEW album_names AS
SELECT album_id, artist_key, title_key FROM albums
UNION
SELECT album_id, plain(s.artist), plain(s.title) FROM album_sources s JOIN albums a USING (album_id)
WHERE s.artist <> a.artist OR s.title <> a.title;
COMMENT ON VIEW album_names IS 'Every name that an album goes by: its own, and what other sources call it';
COMMENT ON COLUMN album_names.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_names.artist_key IS 'An artist''s name as a source writes it, normalised';
COMMENT ON COLUMN album_names.title_key IS 'The title beside it, normalised';

CREATE OR REPLACE MACRO find_albums(q, n := 20) AS TABLE
SELECT round(score, 3) AS score, artist, title, year, genre, album_id
FROM (
    SELECT album_id, max(greatest(
        jaro_winkler_similarity(artist_key || ' ' || title_key, plain(q)),
        jaro_winkler_similarity(title_key, plain(q)),
        jaro_winkler_similarity(artist_key, plain(q)) - 0.01,
        CASE WHEN contains(artist_key || ' ' || title_key, plain(q)) THEN 0.95 ELSE 0 END)) AS score
    FROM album_names GROUP BY album_id
) JOIN albums USING (album_id)
ORDER BY score DESC, artist_key, title_key LIMIT n;
COMMENT ON MACRO TABLE find_albums IS
    'The n albums of which a name comes closest to q; typos are forgiven';

CREATE OR REPLACE MACRO album_named(name) AS (
    SELECT album_id FROM album_names
    ORDER BY album_id = name DESC,
             greatest(jaro_winkler_similarity(artist_key || ' ' || title_key, plain(name)),
                      jaro_winkler_similarity(title_key, plain(name)) - 0.02) DESC,
             artist_key, title_key, album_id
    LIMIT 1);
COMMENT ON MACRO album_named IS
    'The album_id of the album with the closest name ("Artist / Title") or album_id';
"""

COUNTS = """
CREATE TABLE counts (
    kind VARCHAR NOT NULL, match_key VARCHAR NOT NULL, value DOUBLE NOT NULL, artist VARCHAR NOT NULL,
    title VARCHAR NOT NULL, PRIMARY KEY (kind, match_key));
COMMENT ON TABLE counts IS 'How known albums are by some count, whether they are in this library or not';
COMMENT ON COLUMN counts.kind IS 'What was counted: rym_ratings, chart_weeks …';
COMMENT ON COLUMN counts.match_key IS 'The album''s name as in album_sources.match_key';
COMMENT ON COLUMN counts.value IS 'The count; more is better known';
COMMENT ON COLUMN counts.artist IS 'Artist as the file writes it';
COMMENT ON COLUMN counts.title IS 'Title as the file writes it';

CREATE VIEW album_counts AS
SELECT n.album_id, c.kind, c.value, 'counts' AS source FROM counts c
JOIN (SELECT match_key, min(album_id) AS album_id FROM album_sources GROUP BY match_key) n USING (match_key)
UNION ALL
SELECT album_id, source || '_listeners', listeners, source FROM album_sources WHERE listeners IS NOT NULL
UNION ALL
SELECT album_id, source || '_plays', playcount, source FROM album_sources WHERE playcount IS NOT NULL;
COMMENT ON VIEW album_counts IS 'Every count of an album of this library: ingested ones, and what each source says';
COMMENT ON COLUMN album_counts.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_counts.kind IS 'What was counted: lastfm_listeners, rym_ratings, chart_weeks …';
COMMENT ON COLUMN album_counts.value IS 'The count';
COMMENT ON COLUMN album_counts.source IS 'albums.source; counts for what `ingest counts` brought';

CREATE VIEW album_popularity AS
SELECT album_id, avg(place) AS popularity
FROM (
    SELECT album_id, CASE WHEN count(*) OVER of_kind = 1 THEN 0.5
        ELSE (rank() OVER (PARTITION BY kind ORDER BY value) - 1 + (count(*) OVER equal - 1) / 2.0)
             / (count(*) OVER of_kind - 1) END AS place
    FROM (SELECT album_id, kind, max(value) AS value FROM album_counts GROUP BY album_id, kind)
    WINDOW of_kind AS (PARTITION BY kind), equal AS (PARTITION BY kind, value)
)
GROUP BY album_id;
COMMENT ON VIEW album_popularity IS
    'How well known an album is among those of this library; kinds of counts cannot be converted into each other';
COMMENT ON COLUMN album_popularity.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_popularity.popularity IS
    '0 to 1: the mean, over the kinds that count it, of the share of counted albums that are less known';
"""

_WITHOUT_SOURCE = "FROM albums ANTI JOIN album_sources USING (album_id)"


def remember_sources(con: duckdb.DuckDBPyConnection, only: list[str] | None = None) -> None:
    """Give albums without a row in `album_sources` the one that they came with; `only`: of these album_ids."""
    import pyarrow as pa

    some = "" if only is None else " WHERE album_id IN (SELECT unnest(?::VARCHAR[]))"
    names = con.execute(f"SELECT album_id, artist, title {_WITHOUT_SOURCE}{some}", [only] if some else None).fetchall()
    if not names:
        return
    ids, artists, titles = zip(*names, strict=True)
    table = pa.table(
        {
            "album_id": ids,
            "name_id": [album_id(*name) for name in zip(artists, titles, strict=True)],
            "match_key": [match_key(*name) for name in zip(artists, titles, strict=True)],
        }
    )
    with registered(con, "named_albums", table):
        con.execute(
            "INSERT INTO album_sources BY NAME SELECT album_id, source, source_key, artist, title, year, genre, "
            "listeners, playcount, mbid, cover_sha256, name_id, match_key, added_at "
            "FROM albums JOIN named_albums USING (album_id)"
        )
