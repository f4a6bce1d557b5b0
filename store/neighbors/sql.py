"""The query behind a view, as text that runs in the plain `duckdb` command line."""

from __future__ import annotations

from store.database.schema import sql_text
from store.neighbors.filters import NO_FILTER, Filter
from store.records import DEFAULT_WEIGHTS, Album, Weights
from store.text import clean

_COLUMNS = {
    "cover": "cover",
    "tags": "tags",
    "artist": "artist_match",
    "era": "era",
    "popularity": "popularity",
    "plays": "plays",
}
_PLAYS = """LEFT JOIN (
    WITH played AS (SELECT artist_key, sum(plays) AS n FROM album_plays JOIN albums USING (album_id) GROUP BY ALL)
    SELECT album_id, ln(1 + coalesce(n, 0)) / ln(1 + (SELECT max(n) FROM played)) AS plays
    FROM albums LEFT JOIN played USING (artist_key)
) USING (album_id)"""
_ALL = 1_000_000  # more than there are candidates


def neighbors_sql(album: Album, count: int, weights: Weights = DEFAULT_WEIGHTS, chosen: Filter = NO_FILTER) -> str:
    """The `count` neighbours of an album as SQL: the library's own macro, or its candidates ranked by other weights and
    filters, which it says.
    """
    named = f"{sql_text(clean(album.artist))}, {sql_text(clean(album.title))}"
    if weights == DEFAULT_WEIGHTS and not chosen.is_set:
        return f"FROM similar_albums({named}, n := {count});"
    counted = [
        (column, getattr(weights, signal)) for signal, column in _COLUMNS.items() if getattr(weights, signal) > 0
    ]
    total = " + ".join(f"{weight:g} * coalesce({column}, 0)" for column, weight in counted)
    known = " + ".join(f"{weight:g} * ({column} IS NOT NULL)::INT" for column, weight in counted)
    shown = ", ".join(column for column, _ in counted)
    rows = [
        "-- the candidates of the default weights, at most two an artist, ranked by what counts now",
        f"SELECT round(({total})",
        f"             / ({known}), 3) AS score,",
        f"       artist, title, year, genre, {shown}, album_id",
        f"FROM similar_albums({named}, n := {_ALL})",
        *([_PLAYS] if weights.plays > 0 else []),
    ]
    known_at_all = " OR ".join(f"{column} IS NOT NULL" for column, _ in counted)
    conditions = [f"({known_at_all})", *_of_albums(chosen.sql(album))]
    rows.append("WHERE " + "\n  AND ".join(conditions))
    rows.append(f"ORDER BY score DESC, artist, title LIMIT {count};")
    return "\n".join(rows)


def _of_albums(conditions: list[str]) -> list[str]:
    """Conditions on `albums` for a list that has the album_ids alone."""
    return [f"album_id IN (SELECT album_id FROM albums WHERE {condition})" for condition in conditions]
