"""Views and macros of `library.duckdb`, for the plain `duckdb` command line without extensions."""

from __future__ import annotations

VIEWS_1 = """
CREATE VIEW library AS
SELECT a.artist, a.title, a.year, a.genre, a.listeners, a.playcount, t.tags,
       format('#{:06x}', c.mean_color) AS mean_color,
       'covers/' || a.cover_sha256[:2] || '/' || a.cover_sha256 || '.webp' AS cover,
       a.source, a.added_at, a.album_id
FROM albums a
LEFT JOIN (
    SELECT album_id, list(tag ORDER BY weight DESC, tag) AS tags FROM album_tags GROUP BY album_id
) t USING (album_id)
LEFT JOIN covers c USING (cover_sha256);
COMMENT ON VIEW library IS 'One readable row an album, tags as a list, strongest first';

CREATE VIEW genre_summary AS
SELECT a.genre, count(*) AS albums, count(DISTINCT a.artist_key) AS artists, min(a.year) AS first_year,
       max(a.year) AS last_year, count(a.cover_sha256) AS with_cover, any_value(t.top_tags) AS top_tags
FROM albums a
LEFT JOIN (
    SELECT genre, list(tag ORDER BY n DESC, tag)[:5] AS top_tags
    FROM (SELECT genre, tag, count(*) AS n FROM albums JOIN album_tags USING (album_id) GROUP BY ALL)
    GROUP BY genre
) t ON t.genre IS NOT DISTINCT FROM a.genre
GROUP BY a.genre ORDER BY albums DESC;
COMMENT ON VIEW genre_summary IS
    'One row a genre: how many albums and artists, which years, its commonest tags';

CREATE MACRO plain(text) AS trim(regexp_replace(lower(strip_accents(text)), '[^\\p{L}\\p{N}]+', ' ', 'g'));
COMMENT ON MACRO plain IS 'Lower case, no accents, no punctuation: comparable with artist_key and title_key';

CREATE MACRO find_albums(q, n := 20) AS TABLE
SELECT round(score, 3) AS score, artist, title, year, genre, album_id
FROM (
    SELECT *, greatest(
        jaro_winkler_similarity(artist_key || ' ' || title_key, plain(q)),
        jaro_winkler_similarity(title_key, plain(q)),
        jaro_winkler_similarity(artist_key, plain(q)) - 0.01,
        CASE WHEN contains(artist_key || ' ' || title_key, plain(q)) THEN 0.95 ELSE 0 END) AS score
    FROM albums
)
ORDER BY score DESC, artist_key, title_key LIMIT n;
COMMENT ON MACRO TABLE find_albums IS
    'The n albums whose artist and title come closest to q; typos are forgiven';

CREATE MACRO album_named(name) AS (
    SELECT album_id FROM albums
    ORDER BY album_id = name DESC,
             greatest(jaro_winkler_similarity(artist_key || ' ' || title_key, plain(name)),
                      jaro_winkler_similarity(title_key, plain(name)) - 0.02) DESC,
             artist_key, title_key
    LIMIT 1);
COMMENT ON MACRO album_named IS
    'The album_id of the album closest to a name ("Artist / Title") or an album_id';
"""
