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

PREPARED = """
CREATE TEMP TABLE vectors_before AS FROM cover_vectors;
CREATE OR REPLACE TABLE cover_vectors (
    cover_sha256 VARCHAR NOT NULL, vector FLOAT[] NOT NULL, scale FLOAT NOT NULL, number INTEGER NOT NULL
);
INSERT INTO cover_vectors SELECT *, row_number() OVER () - 1 FROM vectors_before;
DROP TABLE vectors_before;
COMMENT ON TABLE cover_vectors IS
    'What the index compares, one row a cover, written by build; empty for libraries whose index is not exact';
COMMENT ON COLUMN cover_vectors.cover_sha256 IS 'covers.cover_sha256';
COMMENT ON COLUMN cover_vectors.vector IS 'Of length 1; compare with list_cosine_similarity(a.vector, b.vector)';
COMMENT ON COLUMN cover_vectors.scale IS
    'Mean distance to the nearest covers; corrected similarity is 1 - (1 - cosine) / (a.scale * b.scale)';
COMMENT ON COLUMN cover_vectors.number IS 'What album_ranking.cover names it by; another one after each build';

CREATE TABLE album_ranking (
    number INTEGER NOT NULL, album_id VARCHAR NOT NULL, artist_key VARCHAR NOT NULL, artist INTEGER NOT NULL,
    cover INTEGER, year SMALLINT, popularity DOUBLE, tagged BOOLEAN NOT NULL
);
COMMENT ON TABLE album_ranking IS 'What similar_to needs of each album, written by build as the app ranks them';
COMMENT ON COLUMN album_ranking.number IS 'By artist and title, from 0';
COMMENT ON COLUMN album_ranking.album_id IS 'albums.album_id';
COMMENT ON COLUMN album_ranking.artist_key IS 'albums.artist_key';
COMMENT ON COLUMN album_ranking.artist IS 'One number an artist_key';
COMMENT ON COLUMN album_ranking.cover IS 'cover_vectors.number; NULL: it has no cover there';
COMMENT ON COLUMN album_ranking.year IS 'albums.year';
COMMENT ON COLUMN album_ranking.popularity IS 'album_popularity.popularity';
COMMENT ON COLUMN album_ranking.tagged IS 'Whether it is in album_tag_weights';

CREATE TABLE album_tag_weights (tag VARCHAR NOT NULL, album INTEGER NOT NULL, weight FLOAT NOT NULL);
COMMENT ON TABLE album_tag_weights IS
    'Tags as similar_to weighs them, written by build; how alike two albums are is the sum of their products';
COMMENT ON COLUMN album_tag_weights.tag IS 'Of the album, or of its artist where the album has none';
COMMENT ON COLUMN album_tag_weights.album IS 'album_ranking.number';
COMMENT ON COLUMN album_tag_weights.weight IS 'Its weight times how rare it is; of length 1 an album';
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
    id, n := 12, cover := 0.25, tags := 1.0, artists := 1.0, era := 0.1, popularity := 0.1)
AS TABLE
WITH centre AS MATERIALIZED (
    SELECT CASE WHEN r.number IS NULL THEN error('not ranked yet: run sleevewalk build') ELSE r.number END AS number,
           a.artist_key, r.cover, r.year, r.popularity, r.tagged, v.vector, v.scale, a.cover_sha256,
           (SELECT any_value(words) FROM cover_facts WHERE cover_facts.cover_sha256 = a.cover_sha256) AS words,
           -- What it has data for; albums that have less than half of it come last.
           0.5 * (CASE WHEN v.vector IS NOT NULL THEN cover ELSE 0 END + CASE WHEN r.tagged THEN tags ELSE 0 END
                  + CASE WHEN r.year IS NOT NULL THEN era ELSE 0 END
                  + CASE WHEN r.popularity IS NOT NULL THEN popularity ELSE 0 END) AS half
    FROM albums a LEFT JOIN album_ranking r USING (album_id) LEFT JOIN cover_vectors v ON v.number = r.cover
    WHERE a.album_id = id
),
own_tags AS MATERIALIZED (
    SELECT tag, weight FROM album_tag_weights WHERE album = (SELECT number FROM centre)
),
tag_scores AS (
    SELECT theirs.album, sum(theirs.weight::DOUBLE * own_tags.weight) AS score
    FROM own_tags JOIN album_tag_weights theirs USING (tag) GROUP BY theirs.album
),
links AS (
    SELECT artist_key, max(match) AS match
    FROM (SELECT s.similar_key AS artist_key, match FROM similar_artists s JOIN centre USING (artist_key)
          UNION ALL
          SELECT s.artist_key, match FROM similar_artists s JOIN centre ON s.similar_key = centre.artist_key
          UNION ALL
          SELECT artist_key, 1.0 FROM centre)
    GROUP BY artist_key
),
-- Where the index is not exact, all that is known of covers.
near AS (
    SELECT r.number, n.score FROM neighbors n JOIN album_ranking r ON r.album_id = n.neighbor_id
    WHERE n.album_id = id AND NOT EXISTS (FROM cover_vectors)
),
similarities AS (
    SELECT v.number,
           greatest(1 - (1 - array_inner_product(v.vector, centre.vector)) / (centre.scale * v.scale), -1)::FLOAT AS s
    FROM cover_vectors v CROSS JOIN centre WHERE centre.vector IS NOT NULL
),
knots AS (
    SELECT similarity, score, lead(similarity) OVER (ORDER BY similarity) AS next_similarity,
           lead(score) OVER (ORDER BY similarity) AS next_score
    FROM cover_calibration
),
cover_scores AS (
    SELECT c.number, coalesce(k.score + (k.next_score - k.score) * (c.s - k.similarity)
                                    / (k.next_similarity - k.similarity), k.score) AS score
    FROM similarities c ASOF JOIN knots k ON c.s >= k.similarity
),
scored AS (
    SELECT r.number, r.album_id, r.artist, centre.half,
           CASE WHEN cover > 0 THEN CASE WHEN r.cover = centre.cover THEN 1
                ELSE coalesce(cover_scores.score, near.score) END END::DOUBLE AS c_score,
           CASE WHEN tags > 0 AND centre.tagged AND r.tagged
                THEN least(coalesce(tag_scores.score, 0), 1) END::DOUBLE AS t_score,
           CASE WHEN artists > 0 THEN links.match END::DOUBLE AS a_score,
           CASE WHEN era > 0 THEN exp(-abs(r.year - centre.year) / 8.0) END::DOUBLE AS e_score,
           CASE WHEN popularity > 0 THEN 1 - abs(r.popularity - centre.popularity) END::DOUBLE AS p_score
    FROM album_ranking r CROSS JOIN centre
    LEFT JOIN near ON near.number = r.number
    LEFT JOIN cover_scores ON cover_scores.number = r.cover
    LEFT JOIN tag_scores ON tag_scores.album = r.number
    LEFT JOIN links ON links.artist_key = r.artist_key
    WHERE r.album_id <> id
),
placed AS MATERIALIZED (
    SELECT *, CASE WHEN c_score IS NOT NULL THEN cover ELSE 0 END + CASE WHEN t_score IS NOT NULL THEN tags ELSE 0 END
           + CASE WHEN a_score IS NOT NULL THEN artists ELSE 0 END + CASE WHEN e_score IS NOT NULL THEN era ELSE 0 END
           + CASE WHEN p_score IS NOT NULL THEN popularity ELSE 0 END AS known,
           known < half AS little_known,
           -- Who is chosen: what is unknown of an album counts as middling, so that one perfect score does not lead.
           round(cover * coalesce(c_score, 0.5) + tags * coalesce(t_score, 0.1) + artists * coalesce(a_score, 0)
                 + era * coalesce(e_score, 0.5) + popularity * coalesce(p_score, 0.5), 6)
           - CASE WHEN little_known THEN 1 + cover + tags + artists + era + popularity ELSE 0 END AS place
    FROM scored WHERE coalesce(c_score, t_score, a_score, e_score, p_score) IS NOT NULL
),
-- No album below the best of the nth artist is chosen: so few are numbered by their artists, which takes long.
edge AS (
    SELECT CASE WHEN count(*) < n THEN -1e300 ELSE min(place) END AS place
    FROM (SELECT max(place) AS place FROM placed GROUP BY artist ORDER BY max(place) DESC LIMIT n)
),
capped AS (
    SELECT *, row_number() OVER (PARTITION BY artist ORDER BY place DESC, number) AS of_artist
    FROM placed WHERE place >= (SELECT place FROM edge)
),
parts AS (
    SELECT *, cover * coalesce(c_score, 0) AS c_part, tags * coalesce(t_score, 0) AS t_part,
           artists * coalesce(a_score, 0) AS a_part, era * coalesce(e_score, 0) AS e_part,
           popularity * coalesce(p_score, 0) AS p_part, c_part + t_part + a_part + e_part + p_part AS total,
           greatest(c_part, t_part, a_part, e_part, p_part) AS most
    FROM (FROM capped WHERE of_artist <= 2 ORDER BY place DESC, number LIMIT n)
),
shared AS (
    SELECT theirs.album, list(tag ORDER BY theirs.weight * own_tags.weight DESC, tag)[:3] AS tags
    FROM own_tags JOIN album_tag_weights theirs USING (tag) WHERE theirs.album IN (SELECT number FROM parts)
    GROUP BY theirs.album
),
ranks AS (SELECT neighbor_id AS album_id, rank FROM neighbors WHERE neighbors.album_id = id)
SELECT round(total / known, 3) AS score, albums.artist, albums.title, albums.year, albums.genre,
       CASE WHEN c_part = most AND c_score IS NOT NULL THEN 'cover'
            WHEN t_part = most AND t_score IS NOT NULL THEN 'tags'
            WHEN a_part = most AND a_score IS NOT NULL THEN 'artist'
            WHEN e_part = most AND e_score IS NOT NULL THEN 'era'
            ELSE 'popularity' END AS strongest,
       round(most / nullif(total, 0), 3) AS share,
       {'cover': CASE WHEN c_score IS NOT NULL THEN round(c_part / nullif(total, 0), 3) END,
        'tags': CASE WHEN t_score IS NOT NULL THEN round(t_part / nullif(total, 0), 3) END,
        'artist': CASE WHEN a_score IS NOT NULL THEN round(a_part / nullif(total, 0), 3) END,
        'era': CASE WHEN e_score IS NOT NULL THEN round(e_part / nullif(total, 0), 3) END,
        'popularity': CASE WHEN p_score IS NOT NULL THEN round(p_part / nullif(total, 0), 3) END
       } AS shares, ranks.rank AS cover_rank,
       round(c_score, 3) AS cover,
       CASE WHEN c_score IS NOT NULL THEN looks_alike(centre.words, facts.words) END AS looks,
       round(t_score, 3) AS tags, shared.tags AS shared_tags,
       round(a_score, 3) AS artist_match, round(e_score, 3) AS era, round(p_score, 3) AS popularity, parts.album_id
FROM parts CROSS JOIN centre JOIN albums USING (album_id) LEFT JOIN ranks USING (album_id)
LEFT JOIN shared ON shared.album = parts.number
LEFT JOIN cover_facts facts
    ON facts.cover_sha256 = albums.cover_sha256 AND facts.cover_sha256 IS DISTINCT FROM centre.cover_sha256
ORDER BY little_known, round(total / known, 6) DESC, parts.number;
COMMENT ON MACRO TABLE similar_to IS
    'The n neighbours of an album_id as the app ranks them: signals, shares, the strongest, what an eye would say';

CREATE OR REPLACE MACRO similar_albums(
    artist, title, n := 12, cover := 0.25, tags := 1.0, artists := 1.0, era := 0.1, popularity := 0.1)
AS TABLE
FROM similar_to(album_called(artist || ' / ' || title), n := n, cover := cover, tags := tags, artists := artists,
                era := era, popularity := popularity);
COMMENT ON MACRO TABLE similar_albums IS
    'similar_to by artist and title; an error where no album, or more than one, is called so';
"""
