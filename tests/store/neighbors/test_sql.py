"""The SQL that `y` shows runs as shown."""

from __future__ import annotations

import pytest

from store.catalogue.albums import add_albums
from store.database.library import Library
from store.memory.album_arrays import read_arrays
from store.memory.arrays_file import tables_fingerprint
from store.memory.snapshot import Snapshot
from store.neighbors.filters import Filter
from store.neighbors.prepared import write_ranking
from store.neighbors.sql import neighbors_sql
from store.records import AlbumRecord, Weights


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (Weights(), ""),
        (Weights(0, 1, 0, 0.5, 0), ""),
        (Weights(), "genre:rock'n'roll year:1990s listeners:known is:other tag:dub o'brien"),
        (Weights(1, 0, 0, 0, 2), "listeners:unknown -heard:ever -is:bookmarked -#dark"),
    ],
)
def test_it_runs_as_shown_whatever_the_names(tmp_path: object, weights: Weights, words: str) -> None:
    library = Library.create(tmp_path / "library")  # type: ignore[operator]
    records = [
        AlbumRecord(
            f"O'Brien; DROP TABLE albums;-- {number // 2}",
            f'It\'s {number} "quoted" -- /* x',
            "table",
            str(number),
            year=1990 + number,
            genre="rock'n'roll",
            listeners=10**number,
            tags=(("dub", 100.0),),
        )
        for number in range(8)
    ]
    with library.write() as con:
        add_albums(con, records)
        write_ranking(con, read_arrays(con), tables_fingerprint(con))
    snapshot = Snapshot.load(library)
    album, chosen = snapshot.album(3), Filter.of(snapshot, words)
    with library.read() as con:
        rows = con.execute(neighbors_sql(album, 5, weights, chosen)).fetchall()
        names = [column[0] for column in con.description]
    assert {"score", "artist", "title", "album_id"} <= set(names)
    found = [dict(zip(names, row, strict=True)) for row in rows]
    assert 0 < len(found) <= 5
    assert album.album_id not in {row["album_id"] for row in found}
    if chosen.other_artists:
        assert album.artist not in {row["artist"] for row in found}
    if not chosen.is_set:
        assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
