"""Views and macros of `library.duckdb`, and tables of what covers look like, for the plain `duckdb` command line without extensions."""

from __future__ import annotations

import re

from store.database.copying import APART, INTERNAL
from store.database.steps.ranking import SIMILAR
from store.database.steps.sources import MACROS_NAMES

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

TABLES_COVER_MAP = """
CREATE TABLE cover_map (cover_sha256 VARCHAR NOT NULL, x FLOAT NOT NULL, y FLOAT NOT NULL);
COMMENT ON TABLE cover_map IS 'Every cover as a point: alike sleeves lie close; derived, rewritten by sleevewalk build';
COMMENT ON COLUMN cover_map.cover_sha256 IS 'covers.cover_sha256';
COMMENT ON COLUMN cover_map.x IS 'Along the axis on which the cover_vectors differ most (first principal component)';
COMMENT ON COLUMN cover_map.y IS 'Along the second';
"""

MAP_CELLS = """
CREATE OR REPLACE TABLE cover_map (
    cover_sha256 VARCHAR NOT NULL, x INTEGER, y INTEGER, axis_1 FLOAT NOT NULL, axis_2 FLOAT NOT NULL);
COMMENT ON TABLE cover_map IS 'Where the map shows each cover; derived, rewritten by sleevewalk build';
COMMENT ON COLUMN cover_map.cover_sha256 IS 'covers.cover_sha256';
COMMENT ON COLUMN cover_map.x IS 'Column of its cell: alike sleeves lie close, no two in one cell; NULL above 100,000 covers';
COMMENT ON COLUMN cover_map.y IS 'Row of its cell, upwards';
COMMENT ON COLUMN cover_map.axis_1 IS 'Along the axis on which the cover_vectors differ most (first principal component)';
COMMENT ON COLUMN cover_map.axis_2 IS 'Along the second';
CREATE TABLE cover_layouts (layout VARCHAR NOT NULL, kept FLOAT, laid_out INTEGER NOT NULL, model_id VARCHAR NOT NULL);
COMMENT ON TABLE cover_layouts IS 'How faithful the map is; derived, rewritten by sleevewalk build';
COMMENT ON COLUMN cover_layouts.layout IS 'neighbours: cover_map.x and y; axes: axis_1 and axis_2';
COMMENT ON COLUMN cover_layouts.kept IS 'Share of the ten nearest covers that are among the ten nearest on the map';
COMMENT ON COLUMN cover_layouts.laid_out IS 'Covers that the cells were made for; later ones were placed among them';
COMMENT ON COLUMN cover_layouts.model_id IS 'models.model_id of the vectors that they were made from';
DELETE FROM derived WHERE name = 'cover_map';
"""

# What an eye would say of covers: their facts, and in SQL the sentences of `store.looks`; a test compares both.
LOOKS = """
CREATE TABLE cover_facts (
    cover_sha256 VARCHAR NOT NULL, palette STRUCT(color VARCHAR, share FLOAT, rgb INTEGER)[] NOT NULL,
    lightness FLOAT NOT NULL, saturation FLOAT NOT NULL, colored FLOAT NOT NULL, contrast FLOAT NOT NULL,
    texture FLOAT NOT NULL, symmetry FLOAT NOT NULL, centred FLOAT NOT NULL, border FLOAT NOT NULL,
    lettering FLOAT, lettering_at VARCHAR, words VARCHAR[] NOT NULL, version INTEGER NOT NULL);
COMMENT ON TABLE cover_facts IS
    'What an eye would say of a cover; made when it is ingested, for older libraries by build; derived';
COMMENT ON COLUMN cover_facts.cover_sha256 IS 'covers.cover_sha256';
COMMENT ON COLUMN cover_facts.palette IS
    'At most three colours, the largest first: its name, its share of the area (0-1), its mean (0xRRGGBB)';
COMMENT ON COLUMN cover_facts.lightness IS 'Mean OKLab lightness, 0 black to 1 white';
COMMENT ON COLUMN cover_facts.saturation IS 'Mean OKLab chroma, 0 grey to about 0.3';
COMMENT ON COLUMN cover_facts.colored IS 'Share of the area that is clearly of a colour, 0-1';
COMMENT ON COLUMN cover_facts.contrast IS 'Root mean square of the OKLab distance to the mean colour, 0-0.5';
COMMENT ON COLUMN cover_facts.texture IS 'Share of the area with edges, 0-1';
COMMENT ON COLUMN cover_facts.symmetry IS 'Correlation of left and right, each row about its own mean, -1 to 1';
COMMENT ON COLUMN cover_facts.centred IS 'How surely one thing stands in the middle of an even ground, 0-1';
COMMENT ON COLUMN cover_facts.border IS 'Width of an even frame all around, as a share of the side; 0 for none';
COMMENT ON COLUMN cover_facts.lettering IS 'Share of the area that lettering takes, 0-1; NULL: not looked for';
COMMENT ON COLUMN cover_facts.lettering_at IS 'top, middle or bottom; NULL where there is none, or it is all over';
COMMENT ON COLUMN cover_facts.words IS
    'The facts in words, those that tell more first: list_contains(words, ''dark''); find_sleeves(''dark, red'')';
COMMENT ON COLUMN cover_facts.version IS 'Of the rules that they were made by; build makes those of older ones anew';

CREATE MACRO look_phrase(word) AS CASE
    WHEN word IN ('black', 'grey', 'white', 'red', 'orange', 'brown', 'beige', 'yellow', 'olive', 'green', 'teal',
                  'blue', 'purple', 'pink') THEN 'much ' || word
    WHEN ends_with(word, ' field') THEN (CASE WHEN starts_with(word, 'o') THEN 'an ' ELSE 'a ' END) || word
    WHEN word = 'centred' THEN 'one thing in the middle'
    WHEN word = 'framed' THEN 'a frame'
    WHEN word = 'symmetric' THEN 'the same left and right'
    WHEN word = 'plain' THEN 'hardly any texture'
    WHEN word = 'busy' THEN 'busy all over'
    WHEN word = 'faint' THEN 'little contrast'
    WHEN word = 'stark' THEN 'strong contrast'
    WHEN word IN ('vivid', 'muted') THEN word || ' colours'
    WHEN word = 'type at the middle' THEN 'type in the middle'
    ELSE word END;
COMMENT ON MACRO look_phrase IS 'A word of cover_facts.words as it is said in a sentence';

CREATE MACRO look_hides(word) AS CASE
    WHEN starts_with(word, 'mostly ') OR ends_with(word, ' field') THEN list_filter([
        CASE WHEN ends_with(word, ' field') THEN 'plain' ELSE '' END,
        CASE WHEN ends_with(word, ' field') THEN split_part(regexp_extract(word, '\\w+ field$'), ' ', 1) || ' field'
             ELSE '' END,
        'mostly ' || regexp_replace(word, '^mostly | field$', '', 'g'),
        'mostly ' || regexp_extract(word, '(\\w+)( field)?$', 1),
        regexp_extract(word, '(\\w+)( field)?$', 1),
        CASE WHEN regexp_matches(word, '^(mostly )?(dark|black) ?') THEN 'dark'
             WHEN regexp_matches(word, '^(mostly )?(pale|white) ?') THEN 'light' ELSE '' END
    ], lambda weaker_word: weaker_word <> word)
    WHEN word = 'large type' OR starts_with(word, 'type ') THEN ['type']
    WHEN word = 'black and white' THEN ['black', 'grey', 'white']
    WHEN word = 'dark' THEN ['black']
    WHEN word = 'light' THEN ['white']
    ELSE [] END;
COMMENT ON MACRO look_hides IS 'The words that say less than this one, and are not said beside it';

CREATE MACRO look_of(words) AS list_transform(
    list_filter(words, lambda this_word: NOT list_contains(
        flatten(list_transform(words, lambda that_word: look_hides(that_word))), this_word)),
    lambda this_word: look_phrase(this_word));
COMMENT ON MACRO look_of IS 'What is said of a cover by its words: a list, what tells more first';

CREATE MACRO looks_alike(one, other) AS CASE
    WHEN len(one) = 0 OR len(other) = 0 THEN NULL
    WHEN list_has_any(one, other)
        THEN 'both: ' || array_to_string(
            look_of(list_filter(one, lambda this_word: list_contains(other, this_word)))[:3], ', ')
    ELSE 'one: ' || array_to_string(look_of(one)[:2], ', ')
         || '; the other: ' || array_to_string(look_of(other)[:2], ', ') END;
COMMENT ON MACRO looks_alike IS
    'One sentence on two covers by their words: what both have, or how they differ; NULL where one is not known';

CREATE VIEW album_looks AS
SELECT album_id AS look_id, words AS look_words FROM albums JOIN cover_facts USING (cover_sha256);
COMMENT ON VIEW album_looks IS 'cover_facts.words by album';
COMMENT ON COLUMN album_looks.look_id IS 'albums.album_id';
COMMENT ON COLUMN album_looks.look_words IS 'cover_facts.words of its sleeve';

CREATE MACRO sleeves(one, other) AS (
    SELECT looks_alike(first_look, second_look) FROM (
        SELECT (SELECT any_value(look_words) FROM album_looks WHERE look_id = one) AS first_look,
               (SELECT any_value(look_words) FROM album_looks WHERE look_id = other) AS second_look));
COMMENT ON MACRO sleeves IS
    'One sentence on the sleeves of two album_ids, as the app says it: sleeves(album_called(''…''), album_id)';

CREATE MACRO find_sleeves(asked, n := 20) AS TABLE
SELECT artist, title, year, genre, array_to_string(look_of(words)[:2], ', ') AS looks, words, album_id
FROM albums JOIN cover_facts USING (cover_sha256) LEFT JOIN album_popularity USING (album_id)
WHERE list_has_all(words, list_transform(string_split(asked, ','), lambda this_word: lower(trim(this_word))))
ORDER BY popularity DESC NULLS LAST, artist_key, title_key LIMIT n;
COMMENT ON MACRO TABLE find_sleeves IS
    'Albums whose sleeves have all of some words, the best known first: find_sleeves(''dark, red'')';
"""

_NAMES = (
    *("albums", "album_tags", "artist_tags", "similar_artists", "neighbors", "cover_vectors", "cover_calibration"),
    *("cover_facts", "album_names", "album_popularity", "album_looks", "album_ranking", "album_tag_weights"),
)
_MACRO = re.compile(r"^CREATE (?:OR REPLACE )?MACRO (\w+)(\(.*?;\nCOMMENT ON MACRO .*?;)$", re.DOTALL | re.MULTILINE)


def named_with_schema(sql: str) -> str:
    """The macros that these statements make, each made anew with the schema of all that it names. DuckDB looks names in
    a macro up where it is called: called from another schema, it would find that one's tables, or none.
    """
    found = dict(_MACRO.findall(sql))
    calls = re.compile(rf"(?<![\w.])({'|'.join(found)})\(")
    tables = re.compile(rf"\b(FROM|JOIN) ({'|'.join(_NAMES)})\b(?![.(])")

    def named(table: re.Match[str]) -> str:
        return f"{table[1]} {APART if table[2] in INTERNAL else 'main'}.{table[2]}"

    made = []
    for name, rest in found.items():
        body, comment = rest.split("\nCOMMENT ON MACRO ", 1)
        body = tables.sub(named, calls.sub(r"main.\1(", body))
        made.append(f"CREATE OR REPLACE MACRO {name}{body}\nCOMMENT ON MACRO {comment}\n")
    return "\n".join(made)


MACROS = named_with_schema("\n".join((VIEWS_1, MACROS_NAMES, SIMILAR, LOOKS)))

# Columns of views, and of the schema's own history, that the steps left without. Run after every migration, since a step
# that makes a view anew makes it without them.
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
