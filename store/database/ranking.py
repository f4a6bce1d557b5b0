"""The steps of the schema that make SQL rank as the app does: corrected similarity of covers, every album scored, and
what each signal adds.
"""

from __future__ import annotations

RANKING = """
CREATE OR REPLACE TABLE cover_vectors (cover_sha256 VARCHAR NOT NULL, vector FLOAT[] NOT NULL, scale FLOAT NOT NULL);
COMMENT ON TABLE cover_vectors IS
    'What the index compares, one row a cover, written by build; empty for libraries whose index is not exact';
COMMENT ON COLUMN cover_vectors.cover_sha256 IS 'covers.cover_sha256';
COMMENT ON COLUMN cover_vectors.vector IS 'Of length 1; compare with list_cosine_similarity(a.vector, b.vector)';
COMMENT ON COLUMN cover_vectors.scale IS
    'Mean distance to the nearest covers; corrected similarity is 1 - (1 - cosine) / (a.scale * b.scale)';
COMMENT ON COLUMN neighbors.distance IS '1 - corrected similarity (see cover_vectors.scale); 0 for the same cover file';
COMMENT ON COLUMN cover_calibration.similarity IS 'Corrected similarity of two covers (see cover_vectors.scale)';
DELETE FROM derived WHERE name = 'neighbors';

DROP MACRO TABLE IF EXISTS route;
"""

SIMILAR = """
CREATE OR REPLACE MACRO album_called(name) AS (
    SELECT CASE
        WHEN count(*) = 0 OR max(s) < 0.93 THEN error(format('no album is called {}', coalesce(name, 'NULL')))
        WHEN count(*) > 1 AND min(s) > max(s) - 0.005
            THEN error(format('several albums are called {}', coalesce(name, 'NULL')))
        ELSE arg_max(album_id, s) END
    FROM (
        SELECT album_id, max(CASE
            WHEN album_id = name THEN 3
            WHEN artist_key || ' ' || title_key = plain(name) THEN 2
            ELSE jaro_winkler_similarity(artist_key || ' ' || title_key, plain(name)) END) AS s
        FROM album_names WHERE name IS NOT NULL GROUP BY album_id ORDER BY s DESC, album_id LIMIT 2
    ));
COMMENT ON MACRO album_called IS
    'The album_id of the album called so ("Artist / Title", small typos forgiven); an error for none or several';

CREATE OR REPLACE MACRO similar_to(
    id, n := 12, cover := 0.25, tags := 1.0, artists := 0.5, era := 0.1, popularity := 0.1)
AS TABLE
WITH centre AS MATERIALIZED (SELECT * FROM albums WHERE albums.album_id = id),
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
weighted AS MATERIALIZED (
    SELECT album_id, tag, weight * idf AS w FROM effective_tags JOIN frequency USING (tag) WHERE weight > 0
),
norms AS (SELECT album_id, sqrt(sum(w * w)) AS norm FROM weighted GROUP BY album_id),
mine AS MATERIALIZED (
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
own AS MATERIALIZED (SELECT vector, scale FROM cover_vectors JOIN centre USING (cover_sha256)),
similarities AS (
    SELECT v.cover_sha256,
           greatest(1 - (1 - list_inner_product(v.vector, own.vector)) / (own.scale * v.scale), -1)::FLOAT AS s
    FROM cover_vectors v CROSS JOIN own
),
knots AS (
    SELECT similarity, score, lead(similarity) OVER (ORDER BY similarity) AS next_similarity,
           lead(score) OVER (ORDER BY similarity) AS next_score
    FROM cover_calibration
),
cover_scores AS (
    SELECT c.cover_sha256, coalesce(k.score + (k.next_score - k.score) * (c.s - k.similarity)
                                    / (k.next_similarity - k.similarity), k.score) AS score
    FROM similarities c ASOF JOIN knots k ON c.s >= k.similarity
),
fame AS MATERIALIZED (SELECT album_id, album_popularity.popularity FROM album_popularity),
own_fame AS MATERIALIZED (SELECT fame.popularity FROM fame WHERE album_id = (SELECT album_id FROM centre)),
scored AS (
    SELECT a.album_id, a.artist, a.title, a.year, a.genre, a.artist_key, a.title_key, near.rank AS cover_rank,
           tag_scores.shared AS shared_tags,
           CASE WHEN cover > 0 THEN CASE WHEN a.cover_sha256 = centre.cover_sha256 THEN near.score
                ELSE coalesce(cover_scores.score, near.score) END END::DOUBLE AS c_score,
           CASE WHEN tags > 0 AND norms.norm > 0 AND EXISTS (FROM mine)
                THEN least(coalesce(tag_scores.score, 0), 1) END::DOUBLE AS t_score,
           CASE WHEN artists > 0 THEN links.match END::DOUBLE AS a_score,
           CASE WHEN era > 0 THEN exp(-abs(a.year - centre.year) / 8.0) END::DOUBLE AS e_score,
           CASE WHEN popularity > 0
                THEN 1 - abs(known_as.popularity - (FROM own_fame)) END::DOUBLE AS p_score,
           -- What the centre has data for; those that have less than half of it come last.
           0.5 * (CASE WHEN EXISTS (FROM own) THEN cover ELSE 0 END + CASE WHEN EXISTS (FROM mine) THEN tags ELSE 0 END
                  + CASE WHEN centre.year IS NOT NULL THEN era ELSE 0 END
                  + CASE WHEN (FROM own_fame) IS NOT NULL THEN popularity ELSE 0 END) AS half
    FROM albums a CROSS JOIN centre
    LEFT JOIN near ON near.album_id = a.album_id
    LEFT JOIN cover_scores ON cover_scores.cover_sha256 = a.cover_sha256
    LEFT JOIN tag_scores ON tag_scores.album_id = a.album_id
    LEFT JOIN norms ON norms.album_id = a.album_id
    LEFT JOIN links ON links.artist_key = a.artist_key
    LEFT JOIN fame known_as ON known_as.album_id = a.album_id
    WHERE a.album_id <> centre.album_id
),
parts AS (
    SELECT *, cover * coalesce(c_score, 0) AS c_part, tags * coalesce(t_score, 0) AS t_part,
           artists * coalesce(a_score, 0) AS a_part, era * coalesce(e_score, 0) AS e_part,
           popularity * coalesce(p_score, 0) AS p_part,
           CASE WHEN c_score IS NOT NULL THEN cover ELSE 0 END + CASE WHEN t_score IS NOT NULL THEN tags ELSE 0 END
           + CASE WHEN a_score IS NOT NULL THEN artists ELSE 0 END + CASE WHEN e_score IS NOT NULL THEN era ELSE 0 END
           + CASE WHEN p_score IS NOT NULL THEN popularity ELSE 0 END AS known
    FROM scored WHERE coalesce(c_score, t_score, a_score, e_score, p_score) IS NOT NULL
),
fused AS (
    SELECT *, (c_part + t_part + a_part + e_part + p_part) / known AS fused_score,
           -- Who is chosen: what is unknown of an album counts as middling, so that one perfect score does not lead.
           cover * coalesce(c_score, 0.5) + tags * coalesce(t_score, 0.1) + artists * coalesce(a_score, 0)
           + era * coalesce(e_score, 0.5) + popularity * coalesce(p_score, 0.5) AS place,
           known < half AS little_known,
           greatest(c_part, t_part, a_part, e_part, p_part) AS most
    FROM parts
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
SELECT round(fused_score, 3) AS score, chosen.artist, chosen.title, chosen.year, chosen.genre,
       CASE WHEN c_part = most AND c_score IS NOT NULL THEN 'cover'
            WHEN t_part = most AND t_score IS NOT NULL THEN 'tags'
            WHEN a_part = most AND a_score IS NOT NULL THEN 'artist'
            WHEN e_part = most AND e_score IS NOT NULL THEN 'era'
            ELSE 'popularity' END AS strongest,
       round(most / nullif(fused_score * known, 0), 3) AS share,
       {'cover': CASE WHEN c_score IS NOT NULL THEN round(c_part / nullif(fused_score * known, 0), 3) END,
        'tags': CASE WHEN t_score IS NOT NULL THEN round(t_part / nullif(fused_score * known, 0), 3) END,
        'artist': CASE WHEN a_score IS NOT NULL THEN round(a_part / nullif(fused_score * known, 0), 3) END,
        'era': CASE WHEN e_score IS NOT NULL THEN round(e_part / nullif(fused_score * known, 0), 3) END,
        'popularity': CASE WHEN p_score IS NOT NULL THEN round(p_part / nullif(fused_score * known, 0), 3) END
       } AS shares, cover_rank,
       round(c_score, 3) AS cover, round(t_score, 3) AS tags, shared_tags, round(a_score, 3) AS artist_match,
       round(e_score, 3) AS era, round(p_score, 3) AS popularity, chosen.album_id
FROM chosen ORDER BY little_known, round(fused_score, 6) DESC, artist_key, title_key;
COMMENT ON MACRO TABLE similar_to IS
    'The n neighbours of an album_id as the app ranks them, with every signal, its share, the strongest; two an artist';

CREATE OR REPLACE MACRO similar_albums(
    artist, title, n := 12, cover := 0.25, tags := 1.0, artists := 0.5, era := 0.1, popularity := 0.1)
AS TABLE
FROM similar_to(album_called(artist || ' / ' || title), n := n, cover := cover, tags := tags, artists := artists,
                era := era, popularity := popularity);
COMMENT ON MACRO TABLE similar_albums IS
    'similar_to by artist and title; an error where no album, or more than one, is called so';
"""
