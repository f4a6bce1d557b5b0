"""The catalogue in memory: everything that a walk needs, copied in one short burst, the file closed again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from store.merged_ids import merged_ids
from store.personal import PersonalRecords, read_personal
from store.records import Album
from store.text import key

if TYPE_CHECKING:
    import duckdb

    from store.library import Library

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
       source = 'demo' AS fictional, artist_code
FROM albums JOIN snapshot_albums USING (album_id) ORDER BY row
"""
_TAGS = """
CREATE TEMP TABLE snapshot_tags AS
SELECT row, tag, weight FROM album_tags JOIN snapshot_albums USING (album_id)
UNION ALL
SELECT row, tag, weight FROM artist_tags
JOIN (FROM snapshot_albums ANTI JOIN album_tags USING (album_id)) USING (artist_key)
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
SELECT row, s.artist, s.title FROM album_sources s JOIN albums a USING (album_id) JOIN snapshot_albums USING (album_id)
WHERE s.artist <> a.artist OR s.title <> a.title ORDER BY row, s.artist, s.title
"""
_TEMPORARY = ("snapshot_albums", "snapshot_tags", "snapshot_tag_names")


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse matrix by rows (CSR): row r has `columns[start[r]:start[r + 1]]` with `values` beside them."""

    start: np.ndarray  # int64 [rows + 1]
    columns: np.ndarray  # int32 [entries]
    values: np.ndarray  # float32 [entries]

    def row(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """(columns, values) of one row, as views."""
        part = slice(self.start[number], self.start[number + 1])
        return self.columns[part], self.values[part]

    @classmethod
    def from_entries(cls, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, count: int) -> Sparse:
        """From entries in any order; within a row they keep the order given."""
        order = np.argsort(rows, kind="stable")
        start = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=count), out=start[1:])
        return cls(start, columns[order].astype(np.int32), values[order].astype(np.float32))


class Snapshot:
    """A library's catalogue as it was at one moment. Albums are rows 0 … len − 1, in the order of artist
    and title.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, personal: PersonalRecords) -> None:
        """Copies through an open burst; use `Snapshot.load`."""
        for statement in (_ROWS, _TAGS, _TAG_NAMES):
            con.execute(statement)
        columns = con.execute(_ALBUMS).fetchnumpy()
        names = con.execute("SELECT tag FROM snapshot_tag_names ORDER BY code").fetchall()
        tags = con.execute(_TAG_ENTRIES).fetchnumpy()
        similar = con.execute(_SIMILAR).fetchnumpy()
        spellings = con.execute(_SPELLINGS).fetchall()
        for table in _TEMPORARY:
            con.execute(f"DROP TABLE temp.{table}")
        self.personal = personal
        self.merged = merged_ids(con)  # album_ids of old → of the album that they are part of now
        self.album_ids: list[str] = columns["album_id"].tolist()
        self.artists: list[str] = columns["artist"].tolist()
        self.titles: list[str] = columns["title"].tolist()
        self.artist_keys: list[str] = columns["artist_key"].tolist()
        self.title_keys: list[str] = columns["title_key"].tolist()
        # (row, artist_key, title_key): what else albums are called by a source
        self.other_names = [
            (row, *keys)
            for row, artist, title in spellings
            if (keys := (key(artist), key(title))) != (self.artist_keys[row], self.title_keys[row])
        ]
        self.genres: list[str] = columns["genre"].tolist()  # '' = unknown
        self.covers: list[str] = columns["cover"].tolist()  # cover_sha256, '' = none
        self.fictional: np.ndarray = np.asarray(columns["fictional"], dtype=bool)
        self.years = _floats(columns["year"])  # float64 [n], nan = unknown
        self.listeners = _floats(columns["listeners"])
        self.artist_codes: np.ndarray = np.asarray(columns["artist_code"], dtype=np.int32)  # ascending
        self.tag_names: list[str] = [name for (name,) in names]
        count, artists = len(self), int(self.artist_codes[-1]) + 1 if len(self) else 0
        self.tags = _tf_idf(  # TF-IDF, rows of length 1, the album's strongest tags first
            Sparse.from_entries(tags["row"], tags["code"], tags["weight"], count), len(self.tag_names)
        )
        # Artists by code: those they are similar to, in either direction, with the higher match.
        self.similar = Sparse.from_entries(similar["a"], similar["b"], similar["match"], artists)

    @classmethod
    def load(cls, library: Library) -> Snapshot:
        """Copy the library's catalogue; its file is closed again when this returns."""
        with library.read() as con:
            return cls.copy(con, library)

    @classmethod
    def copy(cls, con: duckdb.DuckDBPyConnection, library: Library) -> Snapshot:
        """`load` within an open burst."""
        return cls(con, read_personal(con, library.path))

    def __len__(self) -> int:
        return len(self.album_ids)

    def album(self, row: int) -> Album:
        """The album of a row. IndexError beyond the last."""
        year, listeners = self.years[row], self.listeners[row]
        return Album(
            album_id=self.album_ids[row],
            artist=self.artists[row],
            title=self.titles[row],
            year=None if np.isnan(year) else int(year),
            genre=self.genres[row] or None,
            listeners=None if np.isnan(listeners) else int(listeners),
            cover_sha256=self.covers[row] or None,
            fictional=bool(self.fictional[row]),
            tags=tuple(self.tag_names[code] for code in self.tags.row(row)[0]),
        )

    def row(self, album_id: str) -> int | None:
        """The row of an album_id, also of one that was merged into another; None where there is no such album."""
        return self._row_of.get(self.merged.get(album_id, album_id))

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.album_ids)}

    @cached_property
    def postings(self) -> Sparse:
        """The tag matrix by tags: row t lists the albums that carry tag t, with their TF-IDF weights."""
        rows = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.tags.start))
        return Sparse.from_entries(self.tags.columns, rows, self.tags.values, len(self.tag_names))

    @cached_property
    def artist_starts(self) -> np.ndarray:
        """Albums of artist code c are rows `artist_starts[c]` to `artist_starts[c + 1]` − 1; int64 [artists
        + 1].
        """
        artists = int(self.artist_codes[-1]) + 1 if len(self) else 0
        return np.searchsorted(self.artist_codes, np.arange(artists + 1))


def _floats(column: np.ndarray) -> np.ndarray:
    """A nullable column as float64 with nan for NULL."""
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)


def _tf_idf(weights: Sparse, tag_count: int) -> Sparse:
    """Weights 0–100 by album and tag as TF-IDF of length 1 a row: w · (ln((1 + n) / (1 + df)) + 1),
    scikit-learn's idf.
    """
    count = len(weights.start) - 1
    frequency = np.bincount(weights.columns, minlength=tag_count)
    idf = np.log((1 + count) / (1 + frequency)) + 1
    values = weights.values * idf[weights.columns]
    rows = np.repeat(np.arange(count), np.diff(weights.start))
    length = np.sqrt(np.bincount(rows, values * values, minlength=count))
    values = values / np.where(length > 0, length, 1)[rows]
    return Sparse(weights.start, weights.columns, values.astype(np.float32))
