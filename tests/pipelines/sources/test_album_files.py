"""Where an album's tracks are: filled by `ingest folder`, and followed when files move, go or come back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.sources.folder import ingest_folder
from pipelines.sources.music_files import disc_of
from store.catalogue.files import TrackFile, files_of
from store.catalogue.merging import album_parts, find_part, merge, split
from store.database.library import Library
from store.text import album_id
from tests.pipelines.support.music import FORMATS, write_track


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def tracks(library: Library, artist: str = "A", title: str = "B") -> list[TrackFile]:
    with library.read() as con:
        return files_of(con, [album_id(artist, title)]).get(album_id(artist, title), [])


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_tells_disc_track_title_and_length(library: Library, music: Path, suffix: str) -> None:
    path = write_track(music / f"x{suffix}", artist="A", album="B", title="Söng", disc="2", track="3")
    ingest_folder(library, music)
    (file,) = tracks(library)
    assert (file.path, file.title, file.disc, file.track) == (str(path), "Söng", 2, 3)
    assert file.seconds is None or file.seconds > 0


def test_tracks_come_in_the_order_of_discs_and_numbers(library: Library, music: Path) -> None:
    for disc, folder in ((1, "CD1"), (2, "CD2")):
        for number in (10, 2, 1):
            write_track(music / folder / f"{number}.mp3", artist="A", album=f"B (Disc {disc})", track=f"{number}/10")
    ingest_folder(library, music)
    assert [(file.disc, file.track) for file in tracks(library)] == [(1, 1), (1, 2), (1, 10), (2, 1), (2, 2), (2, 10)]


@pytest.mark.parametrize(
    ("name", "disc"),
    [("Set (Disc 2)", 2), ("CD 03", 3), ("Set, Disc II", 2), ("Set: disk four", 4), ("Discovery", None)],
)
def test_the_number_of_a_disc_in_a_name(name: str, disc: int | None) -> None:
    assert disc_of(name) == disc


def test_moved_gone_and_returned_files_are_noticed(library: Library, music: Path) -> None:
    for number in (1, 2, 3):
        write_track(music / "x" / f"{number}.mp3", artist="A", album="B", title=f"t{number}", track=str(number))
    ingest_folder(library, music)
    (music / "x" / "1.mp3").rename(music / "1.mp3")
    kept = (music / "x" / "2.mp3").read_bytes()
    (music / "x" / "2.mp3").unlink()
    report = ingest_folder(library, music)
    assert (report.files_moved, report.files_gone) == (1, 1)
    assert [Path(file.path).name for file in tracks(library)] == ["1.mp3", "3.mp3"]
    (music / "x" / "2.mp3").write_bytes(kept)
    ingest_folder(library, music)
    assert [file.title for file in tracks(library)] == ["t1", "t2", "t3"]
    again = ingest_folder(library, music)
    assert (again.files_read, again.files_moved, again.files_gone) == (0, 0, 0)


def test_files_elsewhere_and_folders_that_cannot_be_listed_are_not_gone(library: Library, music: Path) -> None:
    write_track(music / "one" / "1.mp3", artist="A", album="B")
    write_track(music / "two" / "1.mp3", artist="A", album="C")
    ingest_folder(library, music)
    assert ingest_folder(library, music / "two").files_gone == 0
    assert len(tracks(library)) == 1


def test_a_drive_that_is_away_empties_nothing(library: Library, music: Path) -> None:
    write_track(music / "one" / "1.mp3", artist="A", album="B")
    ingest_folder(library, music)
    music.rename(music.with_name("away"))
    music.mkdir()  # the mount point stays
    report = ingest_folder(library, music)
    assert (report.files_gone, report.failed, len(tracks(library))) == (0, 1, 1)
    assert str(report.rejected[0]).endswith("not there: is its drive connected? (1 track stay as they were)")
    (music / "notes.txt").write_text("the drive is there, its music was taken out")
    write_track(music / "two" / "1.mp3", artist="A", album="C")
    assert ingest_folder(library, music).files_gone == 1


def test_names_that_are_no_utf8_and_names_with_newlines_come_back_as_they_are(library: Library, music: Path) -> None:
    names = [b"caf\xe9.mp3", b"two\nlines.mp3", b"q\"uote'.mp3", "ümläut.mp3".encode()]
    for name in names:
        write_track(Path(os.fsdecode(os.fsencode(music) + b"/" + name)), artist="A", album="B")
    ingest_folder(library, music)
    assert sorted(os.fsencode(Path(file.path).name) for file in tracks(library)) == sorted(names)
    assert ingest_folder(library, music).files_read == 0
    Path(os.fsdecode(os.fsencode(music) + b"/" + names[0])).unlink()
    assert ingest_folder(library, music).files_gone == 1


def test_a_library_of_before_gets_its_files_at_the_next_run(library: Library, music: Path) -> None:
    write_track(music / "1.mp3", artist="A", album="B")
    ingest_folder(library, music)
    with library.write() as con:
        con.execute("DELETE FROM album_files")
    assert ingest_folder(library, music).files_read == 1
    assert len(tracks(library)) == 1


def test_files_follow_a_merge_and_a_split(library: Library, music: Path) -> None:
    write_track(music / "1.mp3", artist="A", album="B")
    write_track(music / "2.mp3", artist="A", album="C")
    ingest_folder(library, music)
    kept, gone = album_id("A", "B"), album_id("A", "C")
    with library.write() as con:
        merge(con, kept, gone)
    assert len(tracks(library)) == 2
    with library.write() as con:
        split(con, kept, find_part(album_parts(con, kept), "A / B", "A / C"))
    assert len(tracks(library)) == 1
