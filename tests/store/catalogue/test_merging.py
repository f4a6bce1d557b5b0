"""A person says that two albums are one, or that one is two: all comes along, is put back, and outlives ingests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store.catalogue.albums import add_albums
from store.catalogue.duplicates import duplicates
from store.catalogue.merging import MergeReport, album_parts, find_part, merge, split
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.errors import LibraryError, UnknownPart
from store.memory.snapshot import Snapshot
from store.neighbors.find import find, resolve
from store.personal.records import Personal
from store.records import AlbumRecord, CoverRecord
from store.text import album_id
from tests.store.support.records import GROUP, by, sha

ONE, OTHER = album_id("Low", "Trust"), album_id("Low", "Trust Us")
TABLES = ("albums", "album_tags", "bookmarks", "walks", "blends", "covers")


@pytest.fixture
def two(library: Library) -> Library:
    """Two albums that no rule takes for one, with all that a person has of them."""
    with library.write() as con:
        add_covers(con, [CoverRecord(sha(n), 500, 500, 1, 0) for n in (1, 2)])
        add_albums(
            con,
            [
                by(
                    "table",
                    "Low",
                    "Trust",
                    year=2003,
                    genre="slowcore",
                    tags=(("slow", 60), ("sad", 10)),
                    cover_sha256=sha(1),
                ),
                by(
                    "lastfm",
                    "Low",
                    "Trust Us",
                    year=2002,
                    listeners=9,
                    tags=(("slow", 90), ("us", 5)),
                    cover_sha256=sha(2),
                ),
                by("table", "Can", "Ege Bamyasi", tags=(("kraut", 90),)),
            ],
        )
    personal = Personal(library)
    personal.add_bookmark(ONE, "mine")
    personal.add_bookmark(OTHER, "theirs")
    for seq, album in enumerate((ONE, OTHER, ONE, album_id("Can", "Ege Bamyasi"))):
        personal.add_walk_step("w", seq, album, OTHER if seq == 3 else None)
    parents = [{"album_id": one, "artist": "Low", "title": "x"} for one in (OTHER, ONE, OTHER)]
    personal.add_blend("b", "/b.png", {"mode": "mean", "parts": parents})
    assert personal.flush()
    return library


def rows(library: Library, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    with library.read() as con:
        found = {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables}
    for blend in found.get("blends", []):
        found["blends"] = [(*blend[:2], json.loads(str(blend[2])), blend[3])]
    return found


def merged(library: Library, kept: str = ONE, gone: str = OTHER) -> MergeReport:
    with library.write() as con:
        return merge(con, kept, gone)


def taken_out(library: Library, album: str = ONE, part: str | None = None) -> MergeReport:
    with library.write() as con:
        return split(con, album, find_part(album_parts(con, album), "Low / Trust", part))


def test_a_merge_takes_all_along_and_a_split_puts_all_back(two: Library) -> None:
    before = rows(two, *TABLES, "album_sources")
    report = merged(two)
    assert (report.sources, report.tags, report.bookmarks, report.stops, report.parents) == (1, 3, 1, 1, 2)
    assert [(c.name, c.before, c.after, c.source) for c in report.fields] == [
        ("year", 2003, 2002, "lastfm"), ("listeners", None, 9, "lastfm")
    ]  # fmt: skip
    with two.read() as con:
        assert con.execute("SELECT title, year, genre, listeners, cover_sha256 FROM albums WHERE artist = 'Low'"
                           ).fetchall() == [("Trust", 2002, "slowcore", 9, sha(1))]  # fmt: skip
        assert con.execute("SELECT tag, weight FROM album_tags WHERE album_id = ? ORDER BY ALL", [ONE]).fetchall() == [
            ("sad", 10.0), ("slow", 90.0), ("us", 5.0)
        ]  # fmt: skip
        assert con.execute("SELECT album_id, note FROM bookmarks").fetchall() == [(ONE, "mine · theirs")]
        assert con.execute("SELECT DISTINCT album_id FROM walks WHERE seq < 3").fetchall() == [(ONE,)]
        assert con.execute("SELECT came_from FROM walks WHERE seq = 3").fetchall() == [(ONE,)]
        parents = json.loads(con.execute("SELECT recipe FROM blends").fetchall()[0][0])["parts"]
        assert [parent["album_id"] for parent in parents] == [ONE] * 3
        assert {row[0] for row in con.execute("SELECT cover_sha256 FROM covers").fetchall()} == {sha(1), sha(2)}
    report = taken_out(two)
    assert (report.sources, report.bookmarks, report.stops, report.parents) == (1, 1, 1, 2)
    assert rows(two, *TABLES, "album_sources") == before
    again = merged(two)
    assert (again.sources, again.stops) == (1, 1)
    taken_out(two)
    assert rows(two, *TABLES, "album_sources") == before


def test_the_old_name_and_the_old_id_still_lead_there(two: Library) -> None:
    merged(two)
    snapshot = Snapshot.load(two)
    for text in ("Low / Trust Us", OTHER, OTHER.upper(), "Low / Trust"):
        assert resolve(snapshot, text).album_id == ONE
    assert [album.album_id for album, _ in find(snapshot, "trust us low")][:1] == [ONE]


def test_an_app_that_still_runs_writes_to_the_album_that_is_kept(two: Library) -> None:
    merged(two)
    personal = Personal(two)
    personal.add_walk_step("w", 4, OTHER, OTHER)
    personal.remove_bookmark(OTHER)
    for _ in range(2):  # from the journal, then from the tables
        records = personal.read()
        assert [(step.album_id, step.came_from) for step in records.walks][4:] == [(ONE, ONE)]
        assert records.bookmarks == ()
        assert personal.flush()


@pytest.mark.parametrize("source", ["lastfm", "table", "folder", "musicbrainz"])
def test_a_decision_outlives_ingests_from_any_source(two: Library, source: str) -> None:
    news = [
        AlbumRecord(
            "Low", title, source, f"again {title}", mbid=GROUP if source == "musicbrainz" else None, listeners=50
        )
        for title in ("Trust Us", "TRUST US (Deluxe Edition)")
    ]

    def ingest() -> list[str]:
        with two.write() as con:
            add_albums(con, news)
            return [
                row[0] for row in con.execute("SELECT title FROM albums WHERE artist = 'Low' ORDER BY 1").fetchall()
            ]

    merged(two)
    assert ingest() == ["Trust"]
    taken_out(two, part="Low / Trust Us")
    assert ingest() == ["Trust", "Trust Us"]
    with two.read() as con:
        assert con.execute("SELECT listeners FROM albums WHERE title = 'Trust Us'").fetchall() == [(50,)]
        assert con.execute("SELECT listeners FROM albums WHERE title = 'Trust'").fetchall() == [(None,)]


def test_what_a_rule_had_joined_can_be_split_and_stays_so(library: Library) -> None:
    records = [
        by("table", "Weezer", "Weezer", year=1994, tags=(("rock", 90),)),
        by("lastfm", "Weezer", "Weezer (Deluxe Edition)", year=2004, tags=(("rock", 80), ("reissue", 9))),
        by("folder", "WEEZER", "Weezer", year=2001),
    ]
    for record in records:
        with library.write() as con:
            add_albums(con, [record])
    album = album_id("Weezer", "Weezer")
    before = rows(library, "albums", "album_tags")
    with library.write() as con:
        report = split(con, album, find_part(album_parts(con, album), "Weezer / Weezer", None))
    assert report.other_label == "Weezer / Weezer (Deluxe Edition)"
    with library.write() as con:
        taken = split(con, album, find_part(album_parts(con, album), "Weezer / Weezer", "folder"))
    with library.write() as con:
        add_albums(con, records)
        assert con.execute("SELECT title, year FROM albums ORDER BY year").fetchall() == [
            ("Weezer", 1994), ("Weezer", 2001), ("Weezer (Deluxe Edition)", 2004)
        ]  # fmt: skip
        assert con.execute("SELECT tag FROM album_tags WHERE album_id = ?", [album]).fetchall() == [("rock",)]
        assert duplicates(con) == [], "a person has decided"
    merged(library, album, report.other_id)
    merged(library, album, taken.other_id)
    assert rows(library, "albums", "album_tags") == before


def test_chains_of_merges_come_apart_in_order(two: Library) -> None:
    third = album_id("Can", "Ege Bamyasi")
    before = rows(two, *TABLES)
    merged(two, OTHER, third)
    merged(two, ONE, OTHER)
    assert resolve(Snapshot.load(two), third).album_id == ONE
    taken_out(two)
    taken_out(two, OTHER)
    assert rows(two, *TABLES) == before


def test_a_mark_that_changed_since_is_not_put_back(two: Library) -> None:
    merged(two)
    personal = Personal(two)
    personal.remove_bookmark(ONE)
    assert personal.flush()
    taken_out(two)
    assert rows(two, "bookmarks") == {"bookmarks": []}


def test_what_cannot_be_done_is_told(two: Library) -> None:
    with pytest.raises(LibraryError, match="Low / Trust is one album already"):
        merged(two, ONE, ONE)
    with pytest.raises(LibraryError, match="no album nobody"):
        merged(two, ONE, "nobody")
    with pytest.raises(UnknownPart, match="of one piece"):
        taken_out(two)
    merged(two)
    merged(two, ONE, album_id("Can", "Ege Bamyasi"))
    with pytest.raises(UnknownPart, match=r'several parts; name one of them: "Low / Trust Us" \(.*"Can / Ege'):
        taken_out(two)
    with pytest.raises(UnknownPart, match='has no part "x"'):
        taken_out(two, part="x\x1b[31m")


def test_duplicates_of_older_libraries_are_told(tmp_path: Path, two: Library) -> None:
    with two.write() as con:
        for number, title in enumerate(("Trust (Deluxe Edition)", "Trust [Remastered]")):
            con.execute(
                "INSERT INTO albums VALUES (?, 'The Low', ?, NULL, NULL, NULL, NULL, NULL, 'old', ?, NULL, "
                "TIMESTAMP '2020-01-01', 'the low', ?)",
                [album_id("The Low", title), title, str(number), title.lower()],
            )
        from store.database.steps.sources import remember_sources

        remember_sources(con)
        found = duplicates(con)
        assert sorted((one.kept, one.other) for one in found) == [
            ("Low / Trust", "The Low / Trust (Deluxe Edition)"), ("Low / Trust", "The Low / Trust [Remastered]")
        ]  # fmt: skip
        for one in found:
            merge(con, one.kept_id, one.other_id)
        assert duplicates(con) == []
