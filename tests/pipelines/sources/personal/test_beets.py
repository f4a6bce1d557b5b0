"""A beets library: as beets 2.14 writes it (tried against the real one), and what is none."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.report import SourceError
from pipelines.sources.personal.beets import ingest_beets
from store.catalogue.files import files_of, paths_of
from store.database.library import Library
from store.text import album_id
from tests.pipelines.support.music import write_track
from tests.pipelines.support.pictures import photo, to_bytes

MBID = "3f48bb7c-0d35-3c7b-9dd9-7d0d4d6b8a5e"


@pytest.fixture
def beets(tmp_path: Path) -> Path:
    """A library of two albums below `music`: one with a picture beside it, one with a picture in its track."""
    music, database = tmp_path / "music", tmp_path / "beets" / "library.db"
    database.parent.mkdir()
    (database.parent / "config.yaml").write_text(f"plugins: []\ndirectory: {music}\nimport:\n  directory: no\n")
    paths = [
        write_track(music / "one" / "2.flac"), write_track(music / "one" / "1.flac"),
        write_track(music / "back\\slash" / "1.mp3", to_bytes(photo(seed=2))),
    ]  # fmt: skip
    (music / "one" / "art.png").write_bytes(to_bytes(photo(seed=1)))
    with closing(sqlite3.connect(database)) as con, con:
        con.execute(
            "CREATE TABLE albums (id INTEGER PRIMARY KEY, albumartist TEXT, album TEXT, year INTEGER, "
            "original_year INTEGER, genres TEXT, mb_releasegroupid TEXT, artpath BLOB)"
        )
        con.execute(
            "CREATE TABLE items (id INTEGER PRIMARY KEY, album_id INTEGER, path BLOB, artist TEXT, title TEXT, "
            "disc INTEGER, track INTEGER, length REAL, mb_trackid TEXT)"
        )
        con.execute("INSERT INTO albums VALUES (1, 'A', 'One', 2001, 1999, 'Pop\\␀Indie', '', ?)", [b"one/art.png"])
        con.execute("INSERT INTO albums VALUES (2, 'A', 'Two (Disc 1)', 0, 0, '', 'nonsense', NULL)")
        con.execute("INSERT INTO albums VALUES (3, '', 'Nobody', 0, 0, NULL, NULL, NULL)")
        for number, (album, path) in enumerate(zip((1, 1, 2), paths, strict=True)):
            name = str(path.relative_to(music)).replace("\\", "/").encode()  # as beets 2.14 does
            row = [album, name, "A", f"t{number}", 0, 2 - number, 61.5, None]
            con.execute("INSERT INTO items VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return database


def test_albums_tracks_and_covers_arrive_and_a_second_run_adds_nothing(library: Library, beets: Path) -> None:
    report = ingest_beets(library, beets)
    assert (report.read, report.added, report.covers_stored, len(report.rejected)) == (3, 2, 2, 1)
    with library.read() as con:
        rows = con.execute("SELECT title, year, genre, mbid FROM albums ORDER BY title").fetchall()
        files = files_of(con, [album_id("A", "One"), album_id("A", "Two")])
    assert rows == [("One", 1999, "pop", None), ("Two", None, None, None)]
    assert [(Path(f.path).name, f.title, f.track, f.seconds) for f in files[album_id("A", "One")]] == [
        ("1.flac", "t1", 1, 61.5),
        ("2.flac", "t0", 2, 61.5),
    ]
    assert Path(files[album_id("A", "Two")][0].path).parent.name == "back\\slash"
    again = ingest_beets(library, beets)
    assert (again.added, again.covers_stored, again.already_there) == (0, 0, 2)


def test_tracks_that_beets_lost_leave_the_table(library: Library, beets: Path) -> None:
    ingest_beets(library, beets)
    with closing(sqlite3.connect(beets)) as con, con:
        con.execute("DELETE FROM items WHERE title = 't1'")
    ingest_beets(library, beets)
    with library.read() as con:
        assert [f.title for f in files_of(con, [album_id("A", "One")])[album_id("A", "One")]] == ["t0"]


def test_editions_and_discs_of_one_name_keep_all_their_tracks(library: Library, beets: Path) -> None:
    other = write_track(beets.parents[1] / "music" / "other" / "1.flac")
    with closing(sqlite3.connect(beets)) as con, con:
        con.execute("INSERT INTO albums VALUES (7, 'a', 'ONE (Disc 2)', 0, 0, 'Dub', ?, NULL)", [MBID])
        con.execute("INSERT INTO items VALUES (NULL, 7, ?, 'A', 't9', 2, 1, 5, NULL)", [os.fsencode(other)])
    for _ in range(2):
        report = ingest_beets(library, beets)
        with library.read() as con:
            files = files_of(con, [album_id("A", "One")])[album_id("A", "One")]
            row = con.execute("SELECT title, year, genre, mbid FROM albums WHERE title = 'One'").fetchone()
        assert [file.title for file in files] == ["t1", "t0", "t9"] and row == ("One", 1999, "pop", MBID)
    assert (report.read, report.added, report.already_there) == (3, 0, 2)


def test_a_drive_that_is_away_empties_nothing(library: Library, beets: Path) -> None:
    ingest_beets(library, beets)
    music = beets.parents[1] / "music"
    for mount_point in (True, False):
        music.rename(music.with_name("away"))
        if mount_point:
            music.mkdir()
        for _ in range(2):
            report = ingest_beets(library, beets)
            (told,) = [item for item in report.rejected if "drive" in item.reason]
            assert (told.key, told.detail, report.failed) == (str(music), "3 tracks stay as they were", 1)
            with library.read() as con:
                assert len(paths_of(con, "beets")) == 3
        if mount_point:
            music.rmdir()
        music.with_name("away").rename(music)
    (music / "one" / "1.flac").unlink()  # taken out, though beets still lists it
    report = ingest_beets(library, beets)
    with library.read() as con:
        assert len(paths_of(con, "beets")) == 2 and report.values_left_out.total() == 1 and not report.failed


def test_paths_that_are_not_there_are_told(library: Library, beets: Path, tmp_path: Path) -> None:
    report = ingest_beets(library, beets, tmp_path / "elsewhere")
    assert report.added == 2 and report.values_left_out.total() == 3
    assert "--music" in next(iter(report.values_left_out))


def test_what_is_no_library_of_beets_is_refused_in_a_line(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(tmp_path / "other.db")) as con, con:
        con.execute("CREATE TABLE albums (id)")
    for content in (b"", b"no database" * 100, (tmp_path / "other.db").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(SourceError, match="no library of beets") as error:
            ingest_beets(library, path)
        assert "\n" not in str(error.value)


def test_rows_of_odd_types_stop_nothing(library: Library, beets: Path) -> None:
    with closing(sqlite3.connect(beets)) as con, con:
        con.execute("UPDATE albums SET year = 'x', original_year = 1e300, genres = 5, artpath = 7 WHERE id = 1")
        con.execute("UPDATE items SET path = NULL, disc = 'z', length = 'long' WHERE album_id = 1 AND track = 1")
        con.execute("INSERT INTO albums VALUES (9, X'ff', 5.5, NULL, NULL, NULL, NULL, NULL)")
    assert ingest_beets(library, beets).added == 2
