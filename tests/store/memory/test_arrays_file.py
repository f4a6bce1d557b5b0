"""The file of album arrays gives what the tables give, and is not believed where it does not."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from store.database.library import Library
from store.memory.album_arrays import AlbumArrays, read_arrays
from store.memory.arrays_file import NAME, note_arrays, open_arrays, tables_fingerprint, write_arrays
from store.memory.names import index_names
from store.memory.snapshot import Snapshot
from store.memory.sparse import Sparse
from store.neighbors.find import find
from store.neighbors.neighborhood import open_neighborhood
from tests.store.support.library import fill
from tests.store.support.records import ALBUMS, circle


@pytest.fixture
def filed(library: Library) -> Library:
    fill(library, ALBUMS, circle(5))
    with library.read() as con:
        fingerprint, arrays = tables_fingerprint(con), read_arrays(con)
    digest = write_arrays(arrays, library.index_dir)
    with library.write() as con:
        note_arrays(con, fingerprint, digest)
    return library


def test_the_file_gives_what_the_tables_give(filed: Library) -> None:
    with filed.read() as con:
        tables, file = read_arrays(con), open_arrays(con, filed.index_dir)
    assert file is not None
    names = index_names(tables.artist_keys, tables.title_keys)
    assert file.names is not None and list(file.names.words) == list(names.words)
    for name in ("start", "holders", "by_artist", "by_title", "lengths"):
        assert np.array_equal(getattr(file.names, name), getattr(names, name)), name
    for part in fields(AlbumArrays):
        one, other = getattr(tables, part.name), getattr(file, part.name)
        if part.name == "names":
            continue
        if isinstance(one, Sparse):
            for name in ("start", "columns", "values"):
                assert np.array_equal(getattr(one, name), getattr(other, name)), f"{part.name}.{name}"
        elif isinstance(one, np.ndarray):
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), part.name
            assert one.dtype == other.dtype, part.name
        else:
            assert list(one) == list(other), part.name
            assert [other[place] for place in range(len(other))] == list(one) and other[1:3] == list(one)[1:3]


def test_a_walk_from_the_file_is_the_walk_from_the_tables(filed: Library) -> None:
    from_file = open_neighborhood(filed)
    (filed.index_dir / NAME).unlink()
    from_tables = open_neighborhood(filed)
    for album_id in from_tables.snapshot.album_ids:
        assert from_file.neighbors(album_id, 4) == from_tables.neighbors(album_id, 4)
        assert from_file.snapshot.row(album_id) == from_tables.snapshot.row(album_id) is not None
    assert from_file.snapshot.row("unknown") is None and from_file.snapshot.row("") is None
    assert from_file.snapshot.row("zzz") is None
    assert find(from_file.snapshot, ALBUMS[0].title) == find(from_tables.snapshot, ALBUMS[0].title)


@pytest.mark.parametrize("harm", ["cut", "bit", "other tables", "gone"])
def test_a_file_that_does_not_agree_is_not_used(filed: Library, harm: str) -> None:
    path = filed.index_dir / NAME
    data = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(data[:-100])
    elif harm == "bit":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif harm == "gone":
        path.unlink()
    else:
        with filed.write() as con:
            con.execute("UPDATE album_tags SET weight = weight / 2 WHERE tag = (SELECT min(tag) FROM album_tags)")
    with filed.read() as con:
        assert open_arrays(con, filed.index_dir) is None
    assert len(Snapshot.load(filed)) == len(ALBUMS)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE albums SET title = title || '!' WHERE album_id = (SELECT min(album_id) FROM albums)",
        "UPDATE albums SET year = 1901 WHERE album_id = (SELECT min(album_id) FROM albums)",
        "UPDATE albums SET cover_sha256 = NULL WHERE cover_sha256 = (SELECT min(cover_sha256) FROM albums)",
        "INSERT INTO similar_artists VALUES ('A', 'B', 0.5, 's', 'a', 'b')",
        "INSERT INTO artist_tags VALUES ('A', 'odd', 5, 'a')",
        "DELETE FROM album_tags WHERE tag = (SELECT max(tag) FROM album_tags)",
    ],
)
def test_every_change_of_the_tables_changes_the_fingerprint(filed: Library, change: str) -> None:
    with filed.write() as con:
        before = tables_fingerprint(con)
        con.execute(change)
        assert tables_fingerprint(con) != before


def test_a_bookmark_does_not(filed: Library) -> None:
    with filed.write() as con:
        before = tables_fingerprint(con)
        con.execute("INSERT INTO bookmarks SELECT album_id, '', now()::TIMESTAMP FROM albums LIMIT 1")
        assert tables_fingerprint(con) == before
