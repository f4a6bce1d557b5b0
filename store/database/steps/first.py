"""The tables of the first schema, and the names of walks."""

from __future__ import annotations

TABLES_1 = """
CREATE TABLE albums (
    album_id VARCHAR PRIMARY KEY, artist VARCHAR NOT NULL, title VARCHAR NOT NULL, year INTEGER,
    genre VARCHAR, listeners BIGINT, playcount BIGINT, mbid VARCHAR, source VARCHAR NOT NULL,
    source_key VARCHAR NOT NULL, cover_sha256 VARCHAR, added_at TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())),
    artist_key VARCHAR NOT NULL, title_key VARCHAR NOT NULL);
COMMENT ON TABLE albums IS 'One row an album; an album is its normalised artist and title';
COMMENT ON COLUMN albums.album_id IS 'Stable key: 16 hex digits of sha256(artist_key + NUL + title_key)';
COMMENT ON COLUMN albums.artist IS 'Artist as the source writes it, without control characters';
COMMENT ON COLUMN albums.title IS 'Title as the source writes it, without control characters';
COMMENT ON COLUMN albums.year IS 'Year of release, NULL where unknown';
COMMENT ON COLUMN albums.genre IS 'One broad genre, NULL where unknown';
COMMENT ON COLUMN albums.listeners IS 'People who listened to it, by the source, NULL where unknown';
COMMENT ON COLUMN albums.playcount IS 'Plays counted by the source, NULL where unknown';
COMMENT ON COLUMN albums.mbid IS 'MusicBrainz identifier';
COMMENT ON COLUMN albums.source IS 'What brought it: table, folder, lastfm, musicbrainz, demo';
COMMENT ON COLUMN albums.source_key IS 'What names it in that source';
COMMENT ON COLUMN albums.cover_sha256 IS 'Its cover: covers.cover_sha256 and covers/ab/<sha256>.webp';
COMMENT ON COLUMN albums.added_at IS 'When it was added, UTC';
COMMENT ON COLUMN albums.artist_key IS
    'Artist in lower case without accents and punctuation; joins artist_tags and similar_artists';
COMMENT ON COLUMN albums.title_key IS 'Title in lower case without accents and punctuation';

CREATE TABLE album_tags (album_id VARCHAR NOT NULL, tag VARCHAR NOT NULL, weight FLOAT NOT NULL);
COMMENT ON TABLE album_tags IS 'What people call an album; one row an album and tag';
COMMENT ON COLUMN album_tags.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_tags.tag IS 'Tag in lower case';
COMMENT ON COLUMN album_tags.weight IS '0 to 100, 100 for the strongest';

CREATE TABLE artist_tags (
    artist VARCHAR NOT NULL, tag VARCHAR NOT NULL, weight FLOAT NOT NULL, artist_key VARCHAR NOT NULL);
COMMENT ON TABLE artist_tags IS
    'What people call an artist; stands in for an album that has no tags of its own';
COMMENT ON COLUMN artist_tags.artist IS 'Artist as the source writes it';
COMMENT ON COLUMN artist_tags.tag IS 'Tag in lower case';
COMMENT ON COLUMN artist_tags.weight IS '0 to 100, 100 for the strongest';
COMMENT ON COLUMN artist_tags.artist_key IS 'Joins albums.artist_key';

CREATE TABLE similar_artists (
    artist VARCHAR NOT NULL, "similar" VARCHAR NOT NULL, match FLOAT NOT NULL, source VARCHAR NOT NULL,
    artist_key VARCHAR NOT NULL, similar_key VARCHAR NOT NULL);
COMMENT ON TABLE similar_artists IS 'Artists that share listeners; read it in both directions';
COMMENT ON COLUMN similar_artists.artist IS 'Artist as the source writes it';
COMMENT ON COLUMN similar_artists."similar" IS 'The artist it is similar to (a reserved word: quote it)';
COMMENT ON COLUMN similar_artists.match IS '0 to 1';
COMMENT ON COLUMN similar_artists.source IS 'What says so';
COMMENT ON COLUMN similar_artists.artist_key IS 'Joins albums.artist_key';
COMMENT ON COLUMN similar_artists.similar_key IS 'Joins albums.artist_key';

CREATE TABLE covers (
    cover_sha256 VARCHAR PRIMARY KEY, width INTEGER NOT NULL, height INTEGER NOT NULL, bytes BIGINT NOT NULL,
    mean_color INTEGER NOT NULL, source_url VARCHAR);
COMMENT ON TABLE covers IS 'One row a cover file in covers/';
COMMENT ON COLUMN covers.cover_sha256 IS
    'SHA-256 of the stored WebP, hex; the file is covers/<first two digits>/<sha256>.webp';
COMMENT ON COLUMN covers.width IS 'Width of the source image, pixels';
COMMENT ON COLUMN covers.height IS 'Height of the source image, pixels';
COMMENT ON COLUMN covers.bytes IS 'Size of the stored WebP';
COMMENT ON COLUMN covers.mean_color IS 'Mean colour as 0xRRGGBB';
COMMENT ON COLUMN covers.source_url IS 'Where the image came from, NULL for a local file';

CREATE TABLE models (
    model_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, latent_dim INTEGER NOT NULL,
    resolution INTEGER NOT NULL, trained_at VARCHAR, metrics JSON,
    added_at TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())));
COMMENT ON TABLE models IS 'Models that made latents in this library';
COMMENT ON COLUMN models.model_id IS 'Hash of the weights';
COMMENT ON COLUMN models.name IS 'Name for people';
COMMENT ON COLUMN models.latent_dim IS 'Numbers in one latent';
COMMENT ON COLUMN models.resolution IS 'Side of the images it reads, pixels';
COMMENT ON COLUMN models.trained_at IS 'When it was trained, as the weights say';
COMMENT ON COLUMN models.metrics IS 'Measured quality, as the weights say';
COMMENT ON COLUMN models.added_at IS 'When this library first used it, UTC';

CREATE TABLE latents (
    cover_sha256 VARCHAR NOT NULL, model_id VARCHAR NOT NULL, latent FLOAT[512] NOT NULL);
COMMENT ON TABLE latents IS
    'What a model sees in a cover; compare with array_cosine_similarity(a.latent, b.latent)';
COMMENT ON COLUMN latents.cover_sha256 IS 'covers.cover_sha256';
COMMENT ON COLUMN latents.model_id IS 'models.model_id; only latents of one model compare';
COMMENT ON COLUMN latents.latent IS 'The encoder''s mean, a fixed-size FLOAT array';

CREATE TABLE neighbors (
    album_id VARCHAR NOT NULL, neighbor_id VARCHAR NOT NULL, rank INTEGER NOT NULL, distance FLOAT NOT NULL,
    score FLOAT NOT NULL);
COMMENT ON TABLE neighbors IS
    'Each album''s 32 nearest covers, as albums; derived, rewritten by sleevewalk build';
COMMENT ON COLUMN neighbors.album_id IS 'albums.album_id';
COMMENT ON COLUMN neighbors.neighbor_id IS 'albums.album_id of the neighbour';
COMMENT ON COLUMN neighbors.rank IS
    '1 for the nearest other cover; albums with the same cover file share a rank';
COMMENT ON COLUMN neighbors.distance IS '1 - cosine similarity of the cover_vectors; 0 for the same cover file';
COMMENT ON COLUMN neighbors.score IS 'The similarity calibrated to 0-1, as the app shows it';

CREATE TABLE cover_calibration (similarity FLOAT NOT NULL, score FLOAT NOT NULL, model_id VARCHAR NOT NULL);
COMMENT ON TABLE cover_calibration IS
    'Knots that turn a similarity of covers into a score; derived';
COMMENT ON COLUMN cover_calibration.similarity IS 'Cosine similarity of two cover_vectors';
COMMENT ON COLUMN cover_calibration.score IS
    'Half the share of random pairs, half the share of near pairs, that are less alike';
COMMENT ON COLUMN cover_calibration.model_id IS 'models.model_id';

CREATE TABLE cover_vectors (cover_sha256 VARCHAR NOT NULL, vector FLOAT[] NOT NULL);
COMMENT ON TABLE cover_vectors IS
    'What the cover index compares, made from the latents; empty from 100,000 covers on; derived';
COMMENT ON COLUMN cover_vectors.cover_sha256 IS 'covers.cover_sha256';
COMMENT ON COLUMN cover_vectors.vector IS 'Of length 1; compare with list_cosine_similarity(a.vector, b.vector)';

CREATE TABLE derived (name VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL, built_at TIMESTAMP NOT NULL);
COMMENT ON TABLE derived IS 'What each derived table was built from, so that a stale one is noticed';
COMMENT ON COLUMN derived.name IS 'Name of the derived table';
COMMENT ON COLUMN derived.fingerprint IS 'Of what it was built from';
COMMENT ON COLUMN derived.built_at IS 'When it was built, UTC';

CREATE TABLE bookmarks (album_id VARCHAR PRIMARY KEY, note VARCHAR NOT NULL, added_at TIMESTAMP NOT NULL);
COMMENT ON TABLE bookmarks IS 'Albums that the person marked';
COMMENT ON COLUMN bookmarks.album_id IS 'albums.album_id';
COMMENT ON COLUMN bookmarks.note IS 'What the person wrote, may be empty';
COMMENT ON COLUMN bookmarks.added_at IS 'When, UTC';

CREATE TABLE blends (
    blend_id VARCHAR PRIMARY KEY, path VARCHAR NOT NULL, recipe JSON NOT NULL, made_at TIMESTAMP NOT NULL);
COMMENT ON TABLE blends IS 'Blends that were written to disk';
COMMENT ON COLUMN blends.blend_id IS 'Its own key';
COMMENT ON COLUMN blends.path IS 'The file as it was named when written';
COMMENT ON COLUMN blends.recipe IS 'Albums, weights, mode, model and size that make the same pixels again';
COMMENT ON COLUMN blends.made_at IS 'When, UTC';

CREATE TABLE walks (
    walk_id VARCHAR NOT NULL, seq INTEGER NOT NULL, album_id VARCHAR NOT NULL, came_from VARCHAR,
    walked_at TIMESTAMP NOT NULL,
    PRIMARY KEY (walk_id, seq));
COMMENT ON TABLE walks IS 'Walks through the library, one row an album arrived at';
COMMENT ON COLUMN walks.walk_id IS 'One walk';
COMMENT ON COLUMN walks.seq IS 'Order within the walk';
COMMENT ON COLUMN walks.album_id IS 'albums.album_id arrived at';
COMMENT ON COLUMN walks.came_from IS 'albums.album_id before it, NULL at the start';
COMMENT ON COLUMN walks.walked_at IS 'When, UTC';

CREATE TABLE personal_records (
    record_id VARCHAR PRIMARY KEY, applied_at TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())));
COMMENT ON TABLE personal_records IS 'Journal records already applied, so that none is applied twice';
COMMENT ON COLUMN personal_records.record_id IS 'The id of the journal''s record';
COMMENT ON COLUMN personal_records.applied_at IS 'When it was applied, UTC';

CREATE TABLE ingest_items (
    source VARCHAR NOT NULL, key VARCHAR NOT NULL, stage VARCHAR NOT NULL, status VARCHAR NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 1, next_try TIMESTAMP, error VARCHAR, PRIMARY KEY (source, key));
COMMENT ON TABLE ingest_items IS 'What became of every item of a source; what makes ingest resumable';
COMMENT ON COLUMN ingest_items.source IS 'albums.source';
COMMENT ON COLUMN ingest_items.key IS 'What names the item in that source';
COMMENT ON COLUMN ingest_items.stage IS 'How far it came';
COMMENT ON COLUMN ingest_items.status IS 'What became of it there';
COMMENT ON COLUMN ingest_items.attempts IS 'How often it was tried';
COMMENT ON COLUMN ingest_items.next_try IS 'Not to be tried before, UTC; NULL where there was no error';
COMMENT ON COLUMN ingest_items.error IS 'Why it failed, NULL where it did not';
"""

TABLES_WALK_NAMES = """
CREATE TABLE walk_names (walk_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, named_at TIMESTAMP NOT NULL);
COMMENT ON TABLE walk_names IS 'Names that the person gave to walks';
COMMENT ON COLUMN walk_names.walk_id IS 'walks.walk_id';
COMMENT ON COLUMN walk_names.name IS 'The name; several walks may have the same';
COMMENT ON COLUMN walk_names.named_at IS 'When, UTC';
"""
