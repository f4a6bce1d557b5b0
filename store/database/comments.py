"""Comments on what the steps of the schema left without: columns of views, and of the schema's own history.

Run after every migration, since a step that makes a view anew makes it without them.
"""

from __future__ import annotations

COMMENTS = """
COMMENT ON TABLE schema_version IS 'Which steps brought this file to its schema';
COMMENT ON COLUMN schema_version.version IS 'Number of the step; the highest is the schema of this file';
COMMENT ON COLUMN schema_version.step IS 'What the step made';
COMMENT ON COLUMN schema_version.applied_at IS 'When, UTC';

COMMENT ON COLUMN library.artist IS 'Artist as the source writes it';
COMMENT ON COLUMN library.title IS 'Title as the source writes it';
COMMENT ON COLUMN library.year IS 'Year of release, NULL where unknown';
COMMENT ON COLUMN library.genre IS 'One broad genre, NULL where unknown';
COMMENT ON COLUMN library.listeners IS 'People who listened to it, NULL where unknown';
COMMENT ON COLUMN library.playcount IS 'Plays, NULL where unknown';
COMMENT ON COLUMN library.tags IS 'Tags of the album itself, strongest first; NULL where it has none';
COMMENT ON COLUMN library.mean_color IS 'Mean colour of the cover as #rrggbb, NULL without a cover';
COMMENT ON COLUMN library.cover IS 'File of the cover within the library''s folder, NULL without one';
COMMENT ON COLUMN library.source IS 'What brought it: table, folder, lastfm, musicbrainz, demo';
COMMENT ON COLUMN library.added_at IS 'When it was added, UTC';
COMMENT ON COLUMN library.album_id IS 'albums.album_id';

COMMENT ON COLUMN genre_summary.genre IS 'albums.genre, NULL for those without';
COMMENT ON COLUMN genre_summary.albums IS 'How many albums';
COMMENT ON COLUMN genre_summary.artists IS 'By how many artists';
COMMENT ON COLUMN genre_summary.first_year IS 'Year of the oldest';
COMMENT ON COLUMN genre_summary.last_year IS 'Year of the newest';
COMMENT ON COLUMN genre_summary.with_cover IS 'How many of them have a cover';
COMMENT ON COLUMN genre_summary.top_tags IS 'The five tags that most of its albums carry';

COMMENT ON COLUMN album_names.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_names.artist_key IS 'Artist in lower case without accents and punctuation';
COMMENT ON COLUMN album_names.title_key IS 'Title in lower case without accents and punctuation';
"""
