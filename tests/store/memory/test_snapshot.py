"""The catalogue in memory equals the catalogue on disk, and leaves the file alone."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from store.catalogue.albums import add_albums
from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.personal.records import Personal
from store.records import Album, AlbumRecord
from store.text import album_id
from tests.store.support.records import ALBUMS, sha


def test_every_album_comes_back(tiny: Library) -> None:
    snapshot = Snapshot.load(tiny)
    assert len(snapshot) == 8
    for record in ALBUMS:
        row = snapshot.row(album_id(record.artist, record.title))
        assert row is not None
        album = snapshot.album(row)
        tags = tuple(tag for tag, _ in sorted(record.tags or record.artist_tags, key=lambda pair: -pair[1]))
        assert album == Album(
            album_id(record.artist, record.title), record.artist, record.title, record.year, None,
            record.listeners, record.cover_sha256, False, tags,
        )  # fmt: skip
    assert snapshot.row("no such id") is None
    assert snapshot.titles == ["First", "Second", "Third", "Blue", "Cold", "Bare", "Year Only", "Echo"]
    with pytest.raises(IndexError):
        snapshot.album(8)


def test_tags_are_tf_idf_of_length_one(tiny: Library) -> None:
    snapshot = Snapshot.load(tiny)
    # Of 8 albums dream pop is on 3, shoegaze on 3 (one through its artist), noise and jazz on 1.
    idf = {tag: math.log(9 / (1 + n)) + 1 for tag, n in {"dream pop": 3, "shoegaze": 3, "noise": 1, "jazz": 1}.items()}
    columns, values = snapshot.tags.row(1)
    raw = {"dream pop": 100 * idf["dream pop"], "noise": 50 * idf["noise"]}
    length = math.hypot(*raw.values())
    assert {snapshot.tag_names[c]: v for c, v in zip(columns, values, strict=True)} == pytest.approx(
        {tag: value / length for tag, value in raw.items()}
    )
    assert len(snapshot.tags.row(5)[0]) == 0, "an album without tags has none"
    rows, weights = snapshot.postings.row(snapshot.tag_names.index("shoegaze"))
    assert rows.tolist() == [0, 3, 7]
    assert weights[1] == weights[2] == 1


def test_similar_artists_in_both_directions_with_the_higher_match(tiny: Library) -> None:
    snapshot = Snapshot.load(tiny)
    ada, bo, cy = (snapshot.artist_codes[row] for row in (0, 3, 4))
    columns, match = snapshot.similar.row(ada)
    assert dict(zip(columns.tolist(), match.tolist(), strict=True)) == pytest.approx({bo: 0.6, cy: 0.1})
    assert snapshot.similar.row(bo)[0].tolist() == [ada]


def test_an_empty_library(library: Library) -> None:
    snapshot = Snapshot.load(library)
    assert len(snapshot) == 0 and snapshot.tag_names == []
    assert snapshot.personal.bookmarks == ()
    assert snapshot.postings.start.tolist() == [0]


def test_unknown_values_and_demo_albums(library: Library) -> None:
    with library.write() as con:
        add_albums(con, [AlbumRecord("Made", "Up", "demo", "1", cover_sha256=sha(1), genre="pop")])
    snapshot = Snapshot.load(library)
    assert np.isnan(snapshot.years[0]) and np.isnan(snapshot.listeners[0])
    album = snapshot.album(0)
    assert album.fictional and album.genre == "pop" and album.year is None and album.tags == ()


def test_the_file_is_free_while_a_snapshot_lives(library: Library) -> None:
    snapshot = Snapshot.load(library)
    script = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('CHECKPOINT')"
    subprocess.run([sys.executable, "-c", script, str(library.db_path)], check=True)
    assert len(snapshot) == 0


def test_personal_records_come_along(library: Library) -> None:
    Personal(library).add_bookmark("x", "note")
    (mark,) = Snapshot.load(library).personal.bookmarks
    assert (mark.album_id, mark.note) == ("x", "note")
