"""The catalogue in memory: everything that a walk needs, copied in one short burst, the file closed again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from store.database.merged_ids import merged_ids
from store.database.replay import PersonalRecords, read_personal
from store.memory.album_arrays import AlbumArrays, read_arrays
from store.memory.arrays_file import open_arrays
from store.memory.names import NameIndex
from store.memory.sparse import Sparse
from store.records import Album

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library


class Snapshot:
    """A library's catalogue as it was at one moment. Albums are rows 0 … len − 1, in the order of artist
    and title; the arrays are those of `store.memory.album_arrays.AlbumArrays`.
    """

    album_ids: Sequence[str]
    artists: Sequence[str]
    titles: Sequence[str]
    artist_keys: Sequence[str]
    title_keys: Sequence[str]
    covers: Sequence[str]
    genre_names: Sequence[str]
    genre_codes: np.ndarray
    fictional: np.ndarray
    years: np.ndarray
    listeners: np.ndarray
    artist_codes: np.ndarray
    tag_names: Sequence[str]
    tags: Sparse
    postings: Sparse
    similar: Sparse
    order: np.ndarray
    other_rows: np.ndarray
    other_artist_keys: Sequence[str]
    other_title_keys: Sequence[str]
    names: NameIndex | None

    def __init__(self, arrays: AlbumArrays, personal: PersonalRecords, merged: dict[str, str]) -> None:
        """Use `Snapshot.load`. `merged`: album_ids of old → of the album that they are part of now."""
        for part in fields(AlbumArrays):
            setattr(self, part.name, getattr(arrays, part.name))
        self.personal, self.merged = personal, merged

    @classmethod
    def load(cls, library: Library) -> Snapshot:
        """Copy the library's catalogue; its file is closed again when this returns."""
        with library.read() as con:
            return cls.copy(con, library)

    @classmethod
    def copy(cls, con: duckdb.DuckDBPyConnection, library: Library) -> Snapshot:
        """`load` within an open burst."""
        return cls.of(open_arrays(con, library.index_dir) or read_arrays(con), con, library)

    @classmethod
    def of(cls, arrays: AlbumArrays, con: duckdb.DuckDBPyConnection, library: Library) -> Snapshot:
        """These arrays, with what else a snapshot has."""
        return cls(arrays, read_personal(con, library.path), merged_ids(con))

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
            genre=self.genre_names[self.genre_codes[row]] or None,
            listeners=None if np.isnan(listeners) else int(listeners),
            cover_sha256=self.covers[row] or None,
            fictional=bool(self.fictional[row]),
            tags=tuple(self.tag_names[code] for code in self.tags.row(row)[0]),
        )

    def row(self, album_id: str) -> int | None:
        """The row of an album_id, also of one that was merged into another; None where there is no such album."""
        album_id = self.merged.get(album_id, album_id)
        place = bisect_left(self.order, album_id, key=self.album_ids.__getitem__)
        if place == len(self) or self.album_ids[row := int(self.order[place])] != album_id:
            return None
        return row

    @property
    def other_names(self) -> list[tuple[int, str, str]]:
        """(row, artist_key, title_key): what else albums are called by a source."""
        return list(zip(self.other_rows.tolist(), self.other_artist_keys, self.other_title_keys, strict=True))

    @cached_property
    def genres(self) -> list[str]:
        """The genre of every row, '' = unknown."""
        names = list(self.genre_names)
        return [names[code] for code in self.genre_codes.tolist()]

    def of_genre(self, genre: str) -> np.ndarray:
        """bool [n], which rows are of that genre."""
        code = self.genre_names.index(genre) if genre in self.genre_names else -1
        return self.genre_codes == code

    @cached_property
    def artist_starts(self) -> np.ndarray:
        """Albums of artist code c are rows `artist_starts[c]` to `artist_starts[c + 1]` − 1; int64 [artists
        + 1].
        """
        artists = int(self.artist_codes[-1]) + 1 if len(self) else 0
        return np.searchsorted(self.artist_codes, np.arange(artists + 1))
