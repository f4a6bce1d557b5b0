"""The catalogue as arrays: what a walk needs of the tables, in the order and shape that it is used in.

Read from the tables, or for a large library from the copy that `build` left (see `store.memory.arrays_file`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from store.looks import WORDS
from store.memory.names import NameIndex
from store.memory.sparse import Sparse
from store.personal.mine import readable_tags
from store.text import key

if TYPE_CHECKING:
    import duckdb

# Rows are numbered in the order of names, so that ties between albums fall alphabetically.
_ROWS = """
CREATE TEMP TABLE snapshot_albums AS
SELECT (row_number() OVER (ORDER BY artist_key, title_key, album_id) - 1)::INTEGER AS row,
       (dense_rank() OVER (ORDER BY artist_key) - 1)::INTEGER AS artist_code, album_id, artist_key
FROM albums
"""
_ALBUMS = """
SELECT album_id, artist, title, albums.artist_key, title_key, coalesce(genre, '') AS genre,
       coalesce(cover_sha256, '') AS cover, year::DOUBLE AS year, listeners::DOUBLE AS listeners,
       popularity,
       source = 'demo' AS fictional, artist_code
FROM albums JOIN snapshot_albums USING (album_id) LEFT JOIN album_popularity USING (album_id) ORDER BY row
"""
_TAGS = """
SELECT row, tag, weight FROM album_tags JOIN snapshot_albums USING (album_id)
UNION ALL
SELECT row, tag, weight FROM artist_tags
JOIN (FROM snapshot_albums ANTI JOIN album_tags USING (album_id)) USING (artist_key)
"""
# The person's own tags beside them; what both say, as strongly as the stronger says it.
_OWN_TAGS = """
SELECT row, tag, max(weight) AS weight
FROM (FROM ({tags}) UNION ALL SELECT row, tag, weight FROM ({own}) JOIN snapshot_albums USING (album_id)) GROUP BY ALL
"""
_TAG_NAMES = """
CREATE TEMP TABLE snapshot_tag_names AS
SELECT tag, (row_number() OVER (ORDER BY tag) - 1)::INTEGER AS code
FROM (SELECT DISTINCT tag FROM snapshot_tags)
"""
_TAG_ENTRIES = """
SELECT row, code, weight FROM snapshot_tags JOIN snapshot_tag_names USING (tag)
ORDER BY row, weight DESC, code
"""
_SIMILAR = """
WITH codes AS (SELECT DISTINCT artist_key, artist_code AS code FROM snapshot_albums),
pairs AS (
    SELECT x.code AS a, y.code AS b, match FROM similar_artists
    JOIN codes x ON x.artist_key = similar_artists.artist_key JOIN codes y ON y.artist_key = similar_key
    WHERE x.code <> y.code
)
SELECT a, b, max(match) AS match FROM (FROM pairs UNION ALL SELECT b, a, match FROM pairs)
GROUP BY a, b ORDER BY a, b
"""
_SPELLINGS = """
SELECT row, s.artist, s.title, a.artist_key, a.title_key FROM album_sources s JOIN albums a USING (album_id)
JOIN snapshot_albums USING (album_id)
WHERE s.artist <> a.artist OR s.title <> a.title ORDER BY row, s.artist, s.title
"""
_LOOKS = """
WITH bits AS (SELECT unnest($words) AS word, generate_subscripts($words, 1) - 1 AS place)
SELECT row, place FROM (
    SELECT row, unnest(words) AS word
    FROM cover_facts JOIN albums USING (cover_sha256) JOIN snapshot_albums USING (album_id)
) JOIN bits USING (word)
"""
_TEMPORARY = ("snapshot_albums", "snapshot_tags", "snapshot_tag_names")


@dataclass(frozen=True, eq=False, repr=False)
class AlbumArrays:
    """Albums are rows 0 … n − 1, in the order of artist and title."""

    album_ids: Sequence[str]
    artists: Sequence[str]
    titles: Sequence[str]
    artist_keys: Sequence[str]
    title_keys: Sequence[str]
    covers: Sequence[str]  # cover_sha256, '' = none
    genre_names: Sequence[str]  # '' = unknown
    genre_codes: np.ndarray  # int32 [n], places in genre_names
    fictional: np.ndarray  # bool [n]
    years: np.ndarray  # float64 [n], nan = unknown
    listeners: np.ndarray  # float64 [n], nan = unknown
    popularity: np.ndarray  # float64 [n], 0–1: the share of counted albums that are less known; nan = not counted
    artist_codes: np.ndarray  # int32 [n], ascending
    tag_names: Sequence[str]
    tags: Sparse  # by albums: TF-IDF, rows of length 1, the album's strongest tags first
    postings: Sparse  # the same by tags: row t lists the albums that carry tag t
    similar: Sparse  # artists by code: those they are similar to, in either direction, with the higher match
    order: np.ndarray  # int32 [n], rows in the order of their album_id
    looks: np.ndarray  # uint64 [n, 2], words of the cover as bits (`store.looks`), the lower 64 first; 0 = none known
    other_rows: np.ndarray  # int32 [m], albums that a source calls otherwise
    other_artist_keys: Sequence[str]  # [m], what it calls them
    other_title_keys: Sequence[str]
    names: NameIndex | None = None  # of own names, then these; None: `neighbors.find` makes it


def read_arrays(con: duckdb.DuckDBPyConnection) -> AlbumArrays:
    """From the tables, through an open burst."""
    con.execute(_ROWS)
    own, _ = readable_tags(con)
    tags = _OWN_TAGS.format(tags=_TAGS, own=own) if own else _TAGS
    for statement in (f"CREATE TEMP TABLE snapshot_tags AS {tags}", _TAG_NAMES):
        con.execute(statement)
    columns = con.execute(_ALBUMS).fetchnumpy()
    tag_names = [name for (name,) in con.execute("SELECT tag FROM snapshot_tag_names ORDER BY code").fetchall()]
    entries = con.execute(_TAG_ENTRIES).fetchnumpy()
    similar = con.execute(_SIMILAR).fetchnumpy()
    order = con.execute("SELECT row FROM snapshot_albums ORDER BY album_id").fetchnumpy()["row"]
    others = [
        (row, key(artist), key(title))
        for row, artist, title, artist_key, title_key in con.execute(_SPELLINGS).fetchall()
        if (key(artist), key(title)) != (artist_key, title_key)
    ]
    looks = _masks(con.execute(_LOOKS, {"words": list(WORDS)}).fetchnumpy(), len(columns["artist_code"]))
    for table in _TEMPORARY:
        con.execute(f"DROP TABLE temp.{table}")
    artist_codes = np.asarray(columns["artist_code"], dtype=np.int32)
    count, artists = len(artist_codes), int(artist_codes[-1]) + 1 if len(artist_codes) else 0
    genre_names, genre_codes = np.unique(columns["genre"].astype(str), return_inverse=True)
    weighed = _tf_idf(Sparse.from_entries(entries["row"], entries["code"], entries["weight"], count), len(tag_names))
    rows = np.repeat(np.arange(count, dtype=np.int32), np.diff(weighed.start))
    return AlbumArrays(
        album_ids=columns["album_id"].tolist(),
        artists=columns["artist"].tolist(),
        titles=columns["title"].tolist(),
        artist_keys=columns["artist_key"].tolist(),
        title_keys=columns["title_key"].tolist(),
        covers=columns["cover"].tolist(),
        genre_names=genre_names.tolist(),
        genre_codes=genre_codes.astype(np.int32),
        fictional=np.asarray(columns["fictional"], dtype=bool),
        years=_floats(columns["year"]),
        listeners=_floats(columns["listeners"]),
        popularity=_floats(columns["popularity"]),
        artist_codes=artist_codes,
        tag_names=tag_names,
        tags=weighed,
        postings=Sparse.from_entries(weighed.columns, rows, weighed.values, len(tag_names)),
        similar=Sparse.from_entries(similar["a"], similar["b"], similar["match"], artists),
        order=np.asarray(order, dtype=np.int32),
        looks=looks,
        other_rows=np.array([row for row, _, _ in others], np.int32),
        other_artist_keys=[artist for _, artist, _ in others],
        other_title_keys=[title for _, _, title in others],
    )


def _masks(found: dict[str, np.ndarray], count: int) -> np.ndarray:
    """uint64 [count, 2] of rows and places of words in WORDS."""
    masks = np.zeros((count, 2), np.uint64)
    place = found["place"].astype(np.uint64)
    np.bitwise_or.at(masks, (found["row"], (place // 64).astype(np.int64)), np.uint64(1) << place % np.uint64(64))
    return masks


def _floats(column: np.ndarray) -> np.ndarray:
    """A nullable column as float64 with nan for NULL."""
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)


def _tf_idf(weights: Sparse, tag_count: int) -> Sparse:
    """Weights 0–100 as TF-IDF, rows of length 1: w · (ln((1 + n) / (1 + df)) + 1), as in scikit-learn."""
    count = len(weights.start) - 1
    frequency = np.bincount(weights.columns, minlength=tag_count)
    idf = np.log((1 + count) / (1 + frequency)) + 1
    values = weights.values * idf[weights.columns]
    rows = np.repeat(np.arange(count), np.diff(weights.start))
    length = np.sqrt(np.bincount(rows, values * values, minlength=count))
    values = values / np.where(length > 0, length, 1)[rows]
    return Sparse(weights.start, weights.columns, values.astype(np.float32))
