"""A person's own music becomes a library: every format, odd collections, nothing read twice."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from pipelines.images import decode_cover
from pipelines.report import SourceError
from pipelines.sources.folder import ingest_folder
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from tests.pipelines.support.music import FORMATS, silence, write_track
from tests.pipelines.support.pictures import photo, to_bytes


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def albums(library: Library) -> list[tuple[object, ...]]:
    with library.read() as con:
        return con.execute("SELECT artist, title, year, genre FROM albums ORDER BY ALL").fetchall()


def cover_of(library: Library, title: str) -> object:
    with library.read() as con:
        return con.execute("SELECT cover_sha256 FROM albums WHERE title = ?", [title]).fetchall()[0][0]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_its_tags_and_its_art(library: Library, music: Path, suffix: str) -> None:
    art = to_bytes(photo(200, 200, seed=3))
    write_track(
        music / f"a{suffix}", art, artist="Björk", album_artist="Björk", album="Post", year="1995-06-13", genre="Pop",
        release_group="3F48BB7C-0d35-3c7b-9dd9-7d0d4d6b8a5e",
    )  # fmt: skip
    report = ingest_folder(library, music)
    assert (report.files, report.added, report.covers_stored, report.rejected) == (1, 1, 1, [])
    assert albums(library) == [("Björk", "Post", 1995, "pop")]
    with library.read() as con:
        assert con.execute("SELECT tag, weight FROM album_tags").fetchall() == [("pop", 100.0)]
        assert con.execute("SELECT mbid FROM albums").fetchall() == [("3f48bb7c-0d35-3c7b-9dd9-7d0d4d6b8a5e",)]
    sha = str(cover_of(library, "Post"))
    assert (CoverFiles(library.covers_dir).pixels(sha) == decode_cover(art).pixels).all()


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_without_tags_and_a_damaged_one_are_listed(library: Library, music: Path, suffix: str) -> None:
    (music / f"bare{suffix}").write_bytes(silence(suffix))
    (music / f"broken{suffix}").write_bytes(silence(suffix)[:6])
    (music / f"text{suffix}").write_text("no music at all")
    report = ingest_folder(library, music)
    assert report.read == 3 == len(report.rejected)
    assert {Path(item.key).stem: item.reason for item in report.rejected}["bare"] == "no album in its tags"
    again = ingest_folder(library, music)
    assert again.rejected == report.rejected
    assert again.files_read == 0


def test_fuzzed_files_stop_nothing(library: Library, music: Path) -> None:
    chance = random.Random(5)
    for number in range(200):
        path = write_track(
            music / f"{number}{FORMATS[number % 8]}", to_bytes(photo(20, 20)), artist="A", album=f"B {number}"
        )
        data = bytearray(path.read_bytes())
        for _ in range(8):
            data[chance.randrange(min(len(data), 300))] = chance.randrange(256)
        path.write_bytes(data[: chance.randrange(len(data))] if number % 3 else data)
    report = ingest_folder(library, music)
    assert report.files == 200
    assert report.read == report.added + report.already_there + len(report.rejected)


def test_compilations_discs_and_guests(library: Library, music: Path) -> None:
    for number, artist in enumerate(["One", "Two", "Three"]):
        write_track(music / "marked" / f"{number}.mp3", artist=artist, album="Marked", compilation="1")
        write_track(music / "mixed" / f"{number}.flac", artist=artist, album="Mixed")
        write_track(music / "guests" / f"{number}.ogg", artist=f"Host feat. {artist}", album="Guests")
    write_track(music / "one" / "1.mp3", artist="Dance With The Dead", album="Into The Abyss")
    for disc in (1, 2):
        write_track(music / "set" / f"CD{disc}" / "1.mp3", artist="Long", album=f"Set (Disc {disc})")
    (music / "set" / "cover.jpg").write_bytes(to_bytes(photo(), "JPEG"))
    write_track(music / "flat" / "1.mp3", artist="Queen", album="Greatest Hits")
    write_track(music / "flat" / "2.mp3", artist="ABBA", album="Greatest Hits")
    write_track(music / "flat" / "3.mp3", artist="ABBA", album="Arrival")
    report = ingest_folder(library, music)
    assert [row[:2] for row in albums(library)] == [
        ("ABBA", "Arrival"),
        ("ABBA", "Greatest Hits"),
        ("Dance With The Dead", "Into The Abyss"),
        ("Host", "Guests"),
        ("Long", "Set"),
        ("Queen", "Greatest Hits"),
        ("Various Artists", "Marked"),
        ("Various Artists", "Mixed"),
    ]
    assert report.covers_stored == 1
    assert cover_of(library, "Set")
    assert len(report.without_cover) == 7


def test_cover_files_stand_in_for_embedded_art(library: Library, music: Path) -> None:
    front, back, embedded = (to_bytes(photo(seed=seed)) for seed in range(3))
    for name in ("file", "embedded", "broken"):
        (music / name).mkdir()
        (music / name / "back.png").write_bytes(back)
        (music / name / "Folder.PNG").write_bytes(front)
    write_track(music / "file" / "1.mp3", artist="A", album="file")
    write_track(music / "embedded" / "1.mp3", embedded, artist="A", album="embedded")
    write_track(music / "broken" / "1.mp3", b"no picture", artist="A", album="broken")
    ingest_folder(library, music)
    pixels = CoverFiles(library.covers_dir).pixels
    assert (pixels(str(cover_of(library, "file"))) == decode_cover(front).pixels).all()
    assert (pixels(str(cover_of(library, "embedded"))) == decode_cover(embedded).pixels).all()
    assert cover_of(library, "broken") == cover_of(library, "file")


def test_a_second_run_touches_nothing_and_a_changed_file_is_noticed(library: Library, music: Path) -> None:
    for number in range(30):
        write_track(
            music / f"{number % 6}" / f"{number}.mp3", artist="A", album=f"B {number % 6}", year="1990", genre="Rock"
        )
    first = ingest_folder(library, music)
    assert (first.files, first.files_read, first.added) == (30, 30, 6)
    with library.write() as con:
        con.execute("UPDATE internal.ingest_items SET attempts = 99")
    before = library.db_path.stat().st_mtime_ns
    again = ingest_folder(library, music)
    assert (again.files, again.files_read, again.added) == (30, 0, 0)
    assert library.db_path.stat().st_mtime_ns == before
    for number in (2, 8, 14, 20, 26):
        write_track(music / "2" / f"{number}.mp3", artist="A", album="B 2", year="1991", genre="Rock")
    (music / "3" / "cover.png").write_bytes(to_bytes(photo()))
    changed = ingest_folder(library, music)
    assert (changed.files_read, changed.added, changed.covers_stored) == (10, 0, 1)
    assert ("A", "B 2", 1991, "rock") in albums(library)
    assert cover_of(library, "B 3")
    with library.read() as con:
        untouched = con.execute("SELECT count(*) FROM internal.ingest_items WHERE attempts = 99").fetchall()
    assert untouched == [(20,)]


def test_odd_names_links_and_pipes(library: Library, music: Path) -> None:
    odd = music / os.fsdecode(b"caf\xe9 \x1b[31m")
    write_track(odd / "1.mp3", artist="A", album="Odd")
    write_track(music / "x" / "1.mp3", artist="A\x1b[2J", album="Clean\u202e")
    (music / "circle").symlink_to(music)
    (music / "gone.mp3").symlink_to(music / "absent.mp3")
    os.mkfifo(music / "pipe.mp3")
    report = ingest_folder(library, music)
    assert [row[:2] for row in albums(library)] == [("A", "Clean"), ("A", "Odd")]
    assert report.files == 2
    assert ingest_folder(library, music).files_read == 0


def test_a_folder_that_is_not_there(library: Library, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder of music"):
        ingest_folder(library, tmp_path / "absent")
