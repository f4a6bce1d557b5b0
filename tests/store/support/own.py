"""What a person keeps in the library's file beside our tables: of every kind, in their schema and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

OWN = """
CREATE SCHEMA mine;
CREATE SCHEMA "we ird";
CREATE TYPE mine.mood AS ENUM ('sad', 'glad');
CREATE SEQUENCE mine.ids START 5;
CREATE TABLE mine.ratings (
    id BIGINT DEFAULT nextval('mine.ids') PRIMARY KEY, album_id VARCHAR, stars DECIMAL(3, 1) CHECK (stars <= 5),
    mood mine.mood, twice DECIMAL(3, 1) GENERATED ALWAYS AS (stars * 2), t STRUCT(a INT, b VARCHAR[]));
INSERT INTO mine.ratings (album_id, stars, mood, t) VALUES ('a', 5, 'sad', {a: 1, b: ['x']}), ('b', 3.5, NULL, NULL);
CREATE TABLE mine.a_note (rating BIGINT REFERENCES mine.ratings (id), note VARCHAR);
INSERT INTO mine.a_note VALUES (5, 'again');
CREATE INDEX notes ON mine.a_note (note);
CREATE TABLE mine.albums AS SELECT 'not an album of ours' AS x;
CREATE TABLE mine.latents AS SELECT 1 AS latent;
CREATE TABLE mine.schema_version AS SELECT 99 AS version;
CREATE TABLE main.shelf ("odd name" VARCHAR);
INSERT INTO main.shelf VALUES ('left');
COMMENT ON TABLE mine.ratings IS 'stars of mine';
CREATE MACRO mine.twice_of(x, y := 2) AS x * y;
CREATE MACRO main.half(x) AS x / 2;
CREATE MACRO mine.shelves() AS TABLE FROM main.shelf;
CREATE VIEW mine.best AS SELECT title, stars FROM main.albums JOIN mine.ratings USING (album_id);
CREATE VIEW "we ird"."a view" AS SELECT mine.twice_of(stars) AS s FROM mine.ratings;
CREATE TABLE mine.gone (x INT);
CREATE VIEW mine.broken AS FROM mine.gone;
CREATE VIEW mine.from_a_file AS SELECT 1 AS x;
DROP TABLE mine.gone;
"""
ANSWERS = {
    "SELECT id, album_id, stars, mood, twice, t FROM mine.ratings ORDER BY id": (
        "[(5, 'a', Decimal('5.0'), 'sad', Decimal('10.0'), {'a': 1, 'b': ['x']}), "
        "(6, 'b', Decimal('3.5'), None, Decimal('7.0'), None)]"
    ),
    "FROM mine.a_note": "[(5, 'again')]",
    "FROM mine.albums": "[('not an album of ours',)]",
    "FROM mine.schema_version": "[(99,)]",
    "FROM mine.shelves()": "[('left',)]",
    "SELECT mine.twice_of(3), main.half(3)": "[(6, 1.5)]",
    'SELECT s::VARCHAR FROM "we ird"."a view" ORDER BY s': "[('7.0',), ('10.0',)]",
    "SELECT count(*) FROM mine.best": "[(0,)]",
    "SELECT comment FROM duckdb_tables() WHERE table_name = 'ratings' AND database_name = current_database()": (
        "[('stars of mine',)]"
    ),
    "SELECT view_name FROM duckdb_views() WHERE schema_name = 'mine' AND database_name = current_database() "
    "ORDER BY ALL": "[('best',), ('broken',), ('from_a_file',)]",
    "SELECT type_name FROM duckdb_types() WHERE schema_name = 'mine' AND database_name = current_database()": (
        "[('mood',)]"
    ),
    "SELECT index_name FROM duckdb_indexes() WHERE schema_name = 'mine' AND database_name = current_database()": (
        "[('notes',)]"
    ),
}


def own_answers(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What the person's things answer."""
    return {query: str(con.execute(query).fetchall()) for query in ANSWERS}
