"""What plays and what was played: the files of albums, what a person owns and rates, and what was listened to.

`plays` names no album by its id: the view `played` finds it by name, so that albums which come, merge or split later
have their plays at once.
"""

from __future__ import annotations

PLAYED = """
SELECT p.played_at, p.artist, p.album, p.track, p.seconds, p.source, coalesce(n.album_id, t.album_id) AS album_id
FROM plays p
LEFT JOIN (SELECT match_key, min(album_id) AS album_id FROM album_sources GROUP BY match_key) n
    ON n.match_key = p.match_key
LEFT JOIN (SELECT play_key, min(album_id) AS album_id FROM album_files GROUP BY play_key) t
    ON p.match_key IS NULL AND t.play_key = p.play_key"""

TABLES_SOUND = f"""
CREATE TABLE album_files (
    album_id VARCHAR NOT NULL, path VARCHAR NOT NULL, disc INTEGER, track INTEGER, title VARCHAR NOT NULL,
    seconds DOUBLE, mbid VARCHAR, source VARCHAR NOT NULL, source_key VARCHAR NOT NULL, play_key VARCHAR NOT NULL,
    path_bytes BLOB);
COMMENT ON TABLE album_files IS 'The music files of an album, one row a track; play them ORDER BY disc, track, path';
COMMENT ON COLUMN album_files.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_files.path IS 'Absolute path as it was when last ingested';
COMMENT ON COLUMN album_files.disc IS 'Number of the disc, NULL where unknown';
COMMENT ON COLUMN album_files.track IS 'Number of the track on its disc, NULL where unknown';
COMMENT ON COLUMN album_files.title IS 'Title of the track, the file''s name where it has none';
COMMENT ON COLUMN album_files.seconds IS 'Length, NULL where unknown';
COMMENT ON COLUMN album_files.mbid IS 'MusicBrainz identifier of the recording, NULL where unknown';
COMMENT ON COLUMN album_files.source IS 'What found the file: folder, beets';
COMMENT ON COLUMN album_files.source_key IS 'album_sources.source_key: what names the album in that source';
COMMENT ON COLUMN album_files.play_key IS 'Artist and title of the track, normalised as in plays.play_key';
COMMENT ON COLUMN album_files.path_bytes IS 'The path as the file system has it, where it is no UTF-8; else NULL';

CREATE TABLE plays (
    played_at TIMESTAMP NOT NULL, artist VARCHAR NOT NULL, album VARCHAR, track VARCHAR NOT NULL, seconds DOUBLE,
    source VARCHAR NOT NULL, match_key VARCHAR, play_key VARCHAR NOT NULL, PRIMARY KEY (played_at, play_key));
COMMENT ON TABLE plays IS 'What the person listened to, from their own exports; one row a track';
COMMENT ON COLUMN plays.played_at IS 'When, UTC';
COMMENT ON COLUMN plays.artist IS 'Artist as the export writes it';
COMMENT ON COLUMN plays.album IS 'Album as the export writes it, NULL where it has none';
COMMENT ON COLUMN plays.track IS 'Track as the export writes it';
COMMENT ON COLUMN plays.seconds IS 'How long it was listened to, NULL where unknown';
COMMENT ON COLUMN plays.source IS 'The export: spotify, listenbrainz, lastfm';
COMMENT ON COLUMN plays.match_key IS 'Artist and album as in album_sources.match_key; NULL without an album';
COMMENT ON COLUMN plays.play_key IS 'Artist and track, normalised';

CREATE TABLE owned (
    album_id VARCHAR NOT NULL, source VARCHAR NOT NULL, source_key VARCHAR NOT NULL, rating DOUBLE, added_on DATE,
    note VARCHAR NOT NULL, PRIMARY KEY (source, source_key));
COMMENT ON TABLE owned IS 'Albums of the person''s own lists (Discogs, Rate Your Music), one row an entry';
COMMENT ON COLUMN owned.album_id IS 'albums.album_id';
COMMENT ON COLUMN owned.source IS 'The list: discogs, rateyourmusic';
COMMENT ON COLUMN owned.source_key IS 'What names the entry there';
COMMENT ON COLUMN owned.rating IS 'Stars, 0.5 to 5; NULL where not rated';
COMMENT ON COLUMN owned.added_on IS 'Day that it was put on the list, NULL where unknown';
COMMENT ON COLUMN owned.note IS 'Format, ownership or folder, as the list writes it';

CREATE VIEW played AS{PLAYED};
COMMENT ON VIEW played IS 'plays, each with the album of this library that it was of';
COMMENT ON COLUMN played.played_at IS 'When, UTC';
COMMENT ON COLUMN played.artist IS 'Artist as the export writes it';
COMMENT ON COLUMN played.album IS 'Album as the export writes it, NULL where it has none';
COMMENT ON COLUMN played.track IS 'Track as the export writes it';
COMMENT ON COLUMN played.seconds IS 'How long it was listened to, NULL where unknown';
COMMENT ON COLUMN played.source IS 'The export: spotify, listenbrainz, lastfm';
COMMENT ON COLUMN played.album_id IS 'albums.album_id by the album''s name, else by a file of that track; else NULL';

CREATE VIEW album_plays AS
SELECT album_id, year(played_at) AS year, count(*) AS plays, max(played_at) AS last_played
FROM played WHERE album_id IS NOT NULL AND (seconds IS NULL OR seconds >= 30) GROUP BY ALL;
COMMENT ON VIEW album_plays IS 'Plays of each album in each year; less than 30 seconds of a track is no play';
COMMENT ON COLUMN album_plays.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_plays.year IS 'Year of the plays, UTC';
COMMENT ON COLUMN album_plays.plays IS 'Tracks of it that were played in that year';
COMMENT ON COLUMN album_plays.last_played IS 'The last of them, UTC';
"""

WALK_NOTES = """
ALTER TABLE walk_names ADD COLUMN note VARCHAR DEFAULT '';
ALTER TABLE walk_names ADD COLUMN weights VARCHAR;
COMMENT ON COLUMN walk_names.note IS 'What the person wrote, may be empty';
COMMENT ON COLUMN walk_names.weights IS 'What counted on it, as JSON: {"cover": 1.0, …}; NULL where not known';
"""
