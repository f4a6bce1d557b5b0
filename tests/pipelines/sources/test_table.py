"""A table becomes a library: every row accounted for, nothing twice, whatever interrupts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.report import SourceError
from pipelines.sources.table import ingest_table
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import counts
from store.database.library import Library
from tests.pipelines.support.pictures import photo, to_bytes
from tests.pipelines.support.table import album, contents, write_csv

ROOT = Path(__file__).parents[3]
REAL = ROOT.parent / "shared" / "data"


def test_rows_become_albums_with_tags_and_covers(library: Library, covers: Path, tmp_path: Path) -> None:
    mbid = "b84ee12a-09ef-421b-82de-0441a926375b"
    row = album(1, genre="Rock", listeners=12, playcount="3,400", mbid=mbid.upper())
    report = ingest_table(library, write_csv(tmp_path / "t.csv", [row, album(2)]), covers)
    assert (report.read, report.added, report.already_there, report.covers_stored) == (2, 2, 0, 2)
    assert not report.rejected
    assert not report.without_cover
    assert report.seconds > 0
    assert report.rate > 0
    with library.read() as con:
        stored = con.execute(
            "SELECT artist, title, year, genre, listeners, playcount, mbid, source, width, height "
            "FROM albums JOIN covers USING (cover_sha256) ORDER BY title"
        ).fetchall()
        tags = con.execute("SELECT tag, weight FROM album_tags ORDER BY album_id, weight DESC").fetchall()
        shas = con.execute("SELECT cover_sha256 FROM albums").fetchall()
    assert stored[0] == ("Artist 1", "Album 1", 1971, "rock", 12, 3400, mbid, "table", 200, 200)
    assert tags == [("rock", 100.0), ("indie", 90.0)] * 2
    for (sha,) in shas:
        assert CoverFiles(library.covers_dir).pixels(sha).shape == (128, 128, 3)


def test_every_row_is_accounted_for(library: Library, covers: Path, tmp_path: Path) -> None:
    (covers / "page.jpg").write_bytes(b"<!doctype html><html>moved</html>")
    rows = [
        album(1),
        album(2, artist=""),
        album(3, album=" "),
        album(1, artist="ARTIST 1", album="album  1!"),
        album(4, cover="absent.jpg"),
        album(5, cover="page.jpg"),
        album(6, cover=""),
        album(7, cover="https://example.org/7.jpg"),
        album(8, year="soon", listeners=-5),
    ]
    report = ingest_table(library, write_csv(tmp_path / "t.csv", rows), covers)
    assert report.read == len(rows) == report.added + report.already_there + len(report.rejected)
    assert report.added == 6
    assert [(item.key, item.label, item.reason, item.detail) for item in report.rejected] == [
        ("row 3", "Album 2", "no artist", ""),
        ("row 4", "Artist 3", "no album title", ""),
        ("row 5", "ARTIST 1 / album 1!", "same album as an earlier row", "row 2"),
    ]
    assert [(item.key, item.label, item.reason) for item in report.without_cover] == [
        ("row 6", "Artist 4 / Album 4", "no such file"),
        ("row 7", "Artist 5 / Album 5", "a web page, not a picture"),
        ("row 8", "Artist 6 / Album 6", "no cover in the row"),
        ("row 9", "Artist 0 / Album 7", "URL not fetched"),
    ]
    assert report.values_left_out == {"year that is no year": 1, "listeners that is no count": 1}
    assert report.rejected_by_reason == {
        "no artist": 1,
        "no album title": 1,
        "same album as an earlier row": 1,
    }
    parsed = json.loads(json.dumps(report.to_json()))
    assert parsed["added"] == 6
    assert parsed["without_cover"][0]["label"] == "Artist 4 / Album 4"
    assert "6 added" in report.summary()
    with library.read() as con:
        journal = con.execute("SELECT status, error FROM internal.ingest_items ORDER BY ALL").fetchall()
    assert ("url", "https://example.org/7.jpg") in journal
    assert ("rejected", "no artist") in journal


def test_a_second_run_adds_nothing_and_reads_no_cover(library: Library, covers: Path, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", [album(n) for n in range(10)] + [album(11, artist="")])
    ingest_table(library, table, covers)
    before = contents(library)
    for cover in covers.iterdir():
        cover.unlink()
    with library.write() as con:
        con.execute("UPDATE internal.ingest_items SET attempts = 99")
    again = ingest_table(library, table, covers)
    assert (again.added, again.already_there, again.covers_stored) == (0, 10, 0)
    assert not again.without_cover
    assert len(again.rejected) == 1
    assert contents(library) == before
    with library.read() as con:  # not one row was written anew
        assert con.execute("SELECT DISTINCT attempts FROM internal.ingest_items").fetchall() == [(99,)]


def test_a_renamed_moved_or_reordered_table_adds_nothing(library: Library, covers: Path, tmp_path: Path) -> None:
    rows = [album(n) for n in range(10)]
    ingest_table(library, write_csv(tmp_path / "t.csv", rows), covers)
    with library.read() as con:
        before = counts(con)["albums"]
    (tmp_path / "elsewhere").mkdir()
    moved = ingest_table(library, write_csv(tmp_path / "elsewhere" / "other.csv", rows[::-1]), covers)
    assert (moved.added, moved.already_there, moved.covers_stored) == (0, 10, 0)
    with library.read() as con:
        assert counts(con)["albums"] == before


def test_a_later_run_fills_in_the_cover(library: Library, covers: Path, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", [album(1), album(2, cover="late.jpg")])
    assert len(ingest_table(library, table, covers).without_cover) == 1
    (covers / "late.jpg").write_bytes(b"half a downlo")
    assert ingest_table(library, table, covers).without_cover[0].reason.startswith("not a JPEG")
    (covers / "late.jpg").write_bytes(to_bytes(photo(seed=9), "JPEG"))
    report = ingest_table(library, table, covers)
    assert (report.added, report.covers_stored, report.without_cover) == (0, 1, [])
    with library.read() as con:
        assert con.execute("SELECT count(cover_sha256) FROM albums").fetchone() == (2,)
        assert con.execute("SELECT count(*) FROM internal.ingest_items WHERE error IS NOT NULL").fetchone() == (0,)


def test_a_folder_of_covers_given_later_fills_them_in(library: Library, covers: Path, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", [album(1), album(2)])
    assert [item.reason for item in ingest_table(library, table).without_cover] == ["no folder of covers was given"] * 2
    assert ingest_table(library, table, covers).covers_stored == 2


def test_a_lost_cover_file_is_made_again(library: Library, covers: Path, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", [album(1), album(2)])
    ingest_table(library, table, covers)
    before = contents(library)
    next(library.covers_dir.rglob("*.webp")).unlink()
    assert ingest_table(library, table, covers).covers_stored == 1
    assert contents(library) == before


def test_an_edited_table_corrects_its_albums(library: Library, covers: Path, tmp_path: Path) -> None:
    ingest_table(library, write_csv(tmp_path / "t.csv", [album(1), album(2, artist="")]), covers)
    report = ingest_table(library, write_csv(tmp_path / "t.csv", [album(1, year=2001, genre="Pop"), album(2)]), covers)
    assert (report.added, report.already_there) == (1, 1)
    with library.read() as con:
        assert con.execute("SELECT year, genre FROM albums WHERE title = 'Album 1'").fetchall() == [(2001, "pop")]
        assert con.execute("SELECT count(*) FROM internal.ingest_items WHERE status = 'rejected'").fetchone() == (0,)


@pytest.mark.parametrize(
    "written",
    [
        "../secret.jpg",
        "/etc/hostname",
        "sub/../../secret.jpg",
        "link.jpg",
        "linked/secret.jpg",
        "\\..\\..",
        "a\0b",
        "x" * 5000,
    ],
)
def test_covers_outside_the_folder_are_refused(library: Library, covers: Path, tmp_path: Path, written: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(to_bytes(photo(), "JPEG"))
    (covers / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (covers / "linked").symlink_to(tmp_path)
    (covers / "sub").mkdir()
    rows = [album(1, cover=written), album(2)]
    lines = tmp_path / "t.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = ingest_table(library, lines, covers)
    assert (report.added, report.covers_stored) == (2, 1)
    reasons = {"path leads out of the folder of covers", "no such file", "file cannot be read"}
    assert report.without_cover[0].reason in reasons
    if "secret" in written or written in ("link.jpg", "/etc/hostname"):
        assert report.without_cover[0].reason == "path leads out of the folder of covers"


def test_a_link_that_stays_inside_the_folder_is_fine(library: Library, covers: Path, tmp_path: Path) -> None:
    (covers / "link.jpg").symlink_to(covers / "3.jpg")
    report = ingest_table(library, write_csv(tmp_path / "t.csv", [album(1, cover="link.jpg")]), covers)
    assert report.covers_stored == 1


def test_hostile_text_is_stored_clean(library: Library, covers: Path, tmp_path: Path) -> None:
    row = album(1, artist="\x1b[2J\x1b]0;owned\x07Evil\u202e", album="a\x00b\nc [bold]d[/]", tags="\x1b[31mred|ok")
    report = ingest_table(library, write_csv(tmp_path / "t.csv", [row]), covers)
    with library.read() as con:
        stored = con.execute("SELECT artist, title FROM albums").fetchall()
        tags = con.execute("SELECT tag FROM album_tags ORDER BY tag").fetchall()
    assert stored == [("Evil", "ab c [bold]d[/]")]
    assert tags == [("ok",), ("red",)]
    assert report.added == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_other_formats_give_the_same_library(library: Library, covers: Path, tmp_path: Path, suffix: str) -> None:
    rows = [album(n, listeners=n) for n in range(5)]
    ingest_table(library, write_csv(tmp_path / "t.csv", rows), covers)
    other = Library.create(tmp_path / "other")
    file = tmp_path / f"t{suffix}"
    if suffix == ".jsonl":
        file.write_text("".join(json.dumps({**row, "tags": ["rock", "indie"]}) + "\n" for row in rows))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), file)
    ingest_table(other, file, covers)
    one, two = contents(library), contents(other)
    for part in ("albums", "album_tags", "artist_tags", "covers", "files"):
        assert one[part] == two[part]


def test_what_cannot_be_read_at_all_says_so(library: Library, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder of covers"):
        ingest_table(library, write_csv(tmp_path / "t.csv", []), tmp_path / "absent")
    with pytest.raises(SourceError, match="No such file"):
        ingest_table(library, tmp_path / "absent.csv", tmp_path)
    assert ingest_table(library, write_csv(tmp_path / "t.csv", []), tmp_path).read == 0


@pytest.mark.skipif(not REAL.is_dir(), reason="the real covers are not here")
def test_real_albums(library: Library, tmp_path: Path) -> None:
    lines = (REAL / "albums.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    table = tmp_path / "albums.csv"
    table.write_text("".join(lines[:101]), encoding="utf-8")
    report = ingest_table(library, table, REAL)
    assert (report.read, report.added, report.covers_stored) == (100, 100, 100)
