"""Views and macros of `library.duckdb`: pleasant SQL in the plain `duckdb` command line, read-only, no
extension.
"""

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

CREATE MACRO similar_albums(artist, title, n := 12) AS TABLE
WITH centre AS (SELECT * FROM albums WHERE album_id = album_named(artist || ' / ' || title)),
effective_tags AS (
    SELECT album_id, tag, weight FROM album_tags
    UNION ALL
    SELECT a.album_id, t.tag, t.weight FROM albums a JOIN artist_tags t USING (artist_key)
    WHERE a.album_id NOT IN (SELECT album_id FROM album_tags)
),
frequency AS (
    SELECT tag, ln((1 + (SELECT count(*) FROM albums)) / (1 + count(*))) + 1 AS idf
    FROM effective_tags GROUP BY tag
),
weighted AS (
    SELECT album_id, tag, weight * idf AS w FROM effective_tags JOIN frequency USING (tag) WHERE weight > 0
),
norms AS (SELECT album_id, sqrt(sum(w * w)) AS norm FROM weighted GROUP BY album_id),
mine AS (
    SELECT weighted.tag, weighted.w / norms.norm AS w FROM weighted JOIN norms USING (album_id)
    WHERE album_id = (SELECT album_id FROM centre)
),
tag_scores AS (
    SELECT theirs.album_id, sum(theirs.w * mine.w) / any_value(norms.norm) AS score,
           list(theirs.tag ORDER BY theirs.w * mine.w DESC, theirs.tag)[:3] AS shared
    FROM mine JOIN weighted theirs USING (tag) JOIN norms ON norms.album_id = theirs.album_id
    GROUP BY theirs.album_id
),
both_ways AS (
    SELECT artist_key AS from_key, similar_key AS to_key, match FROM similar_artists
    UNION ALL
    SELECT similar_key, artist_key, match FROM similar_artists
    UNION ALL
    SELECT artist_key, artist_key, 1.0 FROM centre
),
links AS (
    SELECT to_key AS artist_key, max(match) AS match FROM both_ways
    WHERE from_key = (SELECT artist_key FROM centre) GROUP BY to_key
),
near AS (
    SELECT neighbor_id AS album_id, rank, score FROM neighbors
    WHERE neighbors.album_id = (SELECT album_id FROM centre)
),
candidates AS (
    SELECT album_id FROM near
    UNION
    (SELECT album_id FROM tag_scores ORDER BY score DESC, album_id LIMIT 400)
    UNION
    SELECT album_id FROM albums JOIN links USING (artist_key)
    UNION
    (SELECT albums.album_id FROM albums CROSS JOIN centre
     ORDER BY abs(albums.year - centre.year) NULLS LAST, albums.artist_key, albums.title_key LIMIT 400)
),
own_vector AS (SELECT vector FROM cover_vectors JOIN centre USING (cover_sha256)),
cosines AS (
    SELECT a.album_id, list_cosine_similarity(v.vector, own_vector.vector)::FLOAT AS cosine
    FROM candidates JOIN albums a USING (album_id) JOIN cover_vectors v USING (cover_sha256) CROSS JOIN own_vector
),
knots AS (
    SELECT similarity, score, lead(similarity) OVER (ORDER BY similarity) AS next_similarity,
           lead(score) OVER (ORDER BY similarity) AS next_score
    FROM cover_calibration
),
cover_scores AS (
    SELECT c.album_id, coalesce(k.score + (k.next_score - k.score) * (c.cosine - k.similarity)
                                / (k.next_similarity - k.similarity), k.score) AS score
    FROM cosines c ASOF JOIN knots k ON c.cosine >= k.similarity
),
scored AS (
    SELECT a.album_id, a.artist, a.title, a.year, a.genre, a.artist_key, a.title_key, near.rank AS cover_rank,
           coalesce(near.score, cover_scores.score) AS cover,
           CASE WHEN norms.norm > 0 AND EXISTS (FROM mine) THEN coalesce(tag_scores.score, 0) END AS tags,
           tag_scores.shared AS shared_tags, links.match AS artist_match,
           exp(-abs(a.year - centre.year) / 8.0) AS era,
           exp(-abs(log10(1 + a.listeners) - log10(1 + centre.listeners))) AS popularity
    FROM candidates JOIN albums a USING (album_id) CROSS JOIN centre
    LEFT JOIN near USING (album_id)
    LEFT JOIN cover_scores USING (album_id)
    LEFT JOIN tag_scores USING (album_id)
    LEFT JOIN norms USING (album_id)
    LEFT JOIN links ON links.artist_key = a.artist_key
    WHERE a.album_id <> centre.album_id
),
fused AS (
    SELECT *,
        (coalesce(cover, 0) + coalesce(tags, 0) + 0.5 * coalesce(artist_match, 0) + 0.25 * coalesce(era, 0)
         + 0.1 * coalesce(popularity, 0))
        / ((cover IS NOT NULL)::INT + (tags IS NOT NULL)::INT + 0.5 * (artist_match IS NOT NULL)::INT
           + 0.25 * (era IS NOT NULL)::INT + 0.1 * (popularity IS NOT NULL)::INT) AS score,
        -- Who is chosen: what is unknown of an album counts as middling, so that one perfect score does not lead.
        coalesce(cover, median(cover) OVER (), 0) + coalesce(tags, median(tags) OVER (), 0)
        + 0.5 * coalesce(artist_match, 0) + 0.25 * coalesce(era, median(era) OVER (), 0)
        + 0.1 * coalesce(popularity, median(popularity) OVER (), 0) AS place,
        -- And those with data for less than half of the weight come last.
        (cover IS NOT NULL)::INT + (tags IS NOT NULL)::INT + 0.5 * (artist_match IS NOT NULL)::INT
        + 0.25 * (era IS NOT NULL)::INT + 0.1 * (popularity IS NOT NULL)::INT
        < 0.5 * ((count(cover) OVER () > 0)::INT + (count(tags) OVER () > 0)::INT
                 + 0.25 * (count(era) OVER () > 0)::INT + 0.1 * (count(popularity) OVER () > 0)::INT) AS little_known
    FROM scored WHERE coalesce(cover, tags, artist_match, era, popularity) IS NOT NULL
),
capped AS (
    SELECT *, row_number() OVER (
        PARTITION BY artist_key ORDER BY little_known, round(place, 6) DESC, title_key) AS of_artist
    FROM fused
),
chosen AS (
    FROM capped WHERE of_artist <= 2
    ORDER BY little_known, round(place, 6) DESC, artist_key, title_key LIMIT n
)
SELECT round(chosen.score, 3) AS score, chosen.artist, chosen.title, year, genre, cover_rank,
       round(cover::DOUBLE, 3) AS cover, round(tags::DOUBLE, 3) AS tags, shared_tags,
       round(artist_match::DOUBLE, 3) AS artist_match, round(era::DOUBLE, 3) AS era,
       round(popularity::DOUBLE, 3) AS popularity, album_id
FROM chosen ORDER BY little_known, round(chosen.score, 6) DESC, artist_key, title_key;
COMMENT ON MACRO TABLE similar_albums IS
    'The n neighbours of an album by the default weights, with every signal; at most two an artist';

CREATE MACRO route(from_album, to_album) AS TABLE
WITH RECURSIVE widest(album_id, weakest, steps, path) USING KEY (album_id) AS (
    SELECT album_named(from_album), 1.0::FLOAT, 0, [album_named(from_album)]
    UNION
    (SELECT e.neighbor_id, least(f.weakest, e.score) AS weakest, f.steps + 1 AS steps,
            list_append(f.path, e.neighbor_id)
     FROM widest f JOIN neighbors e ON e.album_id = f.album_id
     LEFT JOIN recurring.widest known ON known.album_id = e.neighbor_id
     WHERE known.album_id IS NULL OR least(f.weakest, e.score) > known.weakest
        OR (least(f.weakest, e.score) = known.weakest AND f.steps + 1 < known.steps)
     QUALIFY row_number() OVER (
        PARTITION BY e.neighbor_id ORDER BY least(f.weakest, e.score) DESC, f.steps, f.album_id) = 1)
),
found AS (SELECT path, unnest(path) AS album_id, generate_subscripts(path, 1) AS step
          FROM widest WHERE album_id = album_named(to_album))
SELECT found.step - 1 AS step, a.artist, a.title, round(e.score::DOUBLE, 3) AS score, e.rank AS cover_rank,
       a.album_id
FROM found JOIN albums a ON a.album_id = found.album_id
LEFT JOIN neighbors e ON e.album_id = found.path[found.step - 1] AND e.neighbor_id = found.album_id
ORDER BY step;
COMMENT ON MACRO TABLE route IS
    'The strongest way from one album to another over look-alike covers; no rows where there is none';
"""

_SIMILAR = VIEWS_1[VIEWS_1.index("CREATE MACRO similar_albums") : VIEWS_1.index("CREATE MACRO route")]


def similar_albums_by(cover: float, era: float) -> str:
    """`similar_albums` with other weights of cover and era, in place of the one that is there (whose are 1 and 0.25)."""
    weighted = _SIMILAR.replace("CREATE MACRO", "CREATE OR REPLACE MACRO")
    for column, before, after in (("cover", "", f"{cover:g} * "), ("era", "0.25 * ", f"{era:g} * ")):
        known, any_known = f"({column} IS NOT NULL)::INT", f"(count({column}) OVER () > 0)::INT"
        for term in (f"coalesce({column}, 0)", f"coalesce({column}, median({column})", known, any_known):
            weighted = weighted.replace(before + term, after + term)
    return weighted
