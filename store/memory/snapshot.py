"""The catalogue in memory: everything that a walk needs, copied in one short burst, the file closed again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from store.database.merged_ids import merged_ids
from store.database.replay import PersonalRecords, read_personal
from store.looks import mask_of
from store.memory.album_arrays import AlbumArrays, read_arrays
from store.memory.arrays_file import open_arrays
from store.memory.plays import AlbumPlays, read_plays
from store.memory.texts import as_array
from store.personal.mine import Own, read_own
from store.records import Album

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library


@dataclass(frozen=True, eq=False, repr=False)
class Snapshot(AlbumArrays):
    """A library's catalogue as it was at one moment, with the personal records of then."""

    personal: PersonalRecords = field(default_factory=PersonalRecords)
    plays: Mapping[str, AlbumPlays] = field(default_factory=dict)  # by album_id, of the albums that were played
    own: Own = field(default_factory=Own)  # the person's lists, and what is wrong in schema mine
    merged: Mapping[str, str] = field(default_factory=dict)  # album_ids of old → of the album they are part of now

    @classmethod
    def load(cls, library: Library) -> Snapshot:
        """Copy the library's catalogue; its file is closed again when this returns."""
        with library.read() as con:
            return cls.of(open_arrays(con, library.index_dir) or read_arrays(con), con, library)

    @classmethod
    def of(cls, arrays: AlbumArrays, con: duckdb.DuckDBPyConnection, library: Library) -> Snapshot:
        """These arrays, with what else a snapshot has."""
        columns = {part.name: getattr(arrays, part.name) for part in fields(AlbumArrays)}
        return cls(
            **columns,
            personal=read_personal(con, library.path),
            plays=read_plays(con),
            own=read_own(con),
            merged=merged_ids(con),
        )

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

    def added(self, con: duckdb.DuckDBPyConnection) -> np.ndarray:
        """datetime64[s] [n], when each row was added, UTC; NaT where it is gone. Through an open read burst."""
        import pyarrow.compute as pc

        columns = con.sql("SELECT album_id, added_at FROM albums").to_arrow_table()
        places = pc.index_in(as_array(self.album_ids), value_set=as_array(columns["album_id"].to_pylist()))
        return np.asarray(columns["added_at"].combine_chunks().take(places).to_numpy(False), "datetime64[s]")

    @property
    def other_names(self) -> list[tuple[int, str, str]]:
        """(row, artist_key, title_key): what else albums are called by a source."""
        return list(zip(self.other_rows.tolist(), self.other_artist_keys, self.other_title_keys, strict=True))

    @cached_property
    def genres(self) -> list[str]:
        """The genre of every row, '' = unknown."""
        names = list(self.genre_names)
        return [names[code] for code in self.genre_codes.tolist()]

    def played(self, year: int | None = None) -> np.ndarray:
        """bool [n], which rows were played at all, or in a year."""
        played = np.zeros(len(self), bool)
        for album_id, plays in self.plays.items():
            if (year is None or year in plays.years) and (row := self.row(album_id)) is not None:
                played[row] = True
        return played

    def of_genre(self, genre: str) -> np.ndarray:
        """bool [n], which rows are of that genre."""
        code = self.genre_names.index(genre) if genre in self.genre_names else -1
        return self.genre_codes == code

    def look(self, row: int) -> int:
        """The words of a row's cover as a mask for `store.looks`; 0 where they are not known."""
        low, high = self.looks[row].tolist()
        return int(low | high << 64)

    def looking(self, words: Iterable[str]) -> np.ndarray:
        """bool [n], which rows have a cover with all of these words."""
        mask = mask_of(words)
        asked = np.array([mask & (1 << 64) - 1, mask >> 64], np.uint64)
        return ((self.looks & asked) == asked).all(axis=1)

    @cached_property
    def artist_starts(self) -> np.ndarray:
        """int64 [artists + 1]: the albums of artist code c are rows `artist_starts[c]` to before `[c + 1]`."""
        artists = int(self.artist_codes[-1]) + 1 if len(self) else 0
        return np.searchsorted(self.artist_codes, np.arange(artists + 1))
