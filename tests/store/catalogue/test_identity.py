"""Which names are one album: the examples of docs/identity.md as written, and records of several sources."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.catalogue.albums import add_albums
from store.catalogue.duplicates import duplicates
from store.catalogue.tables import TABLES, add_covers
from store.database.library import Library
from store.identity import match_key
from store.memory.snapshot import Snapshot
from store.records import AlbumRecord, CoverRecord
from store.text import album_id
from tests.store.support.records import GROUP, GROUP_2, RELEASE, by, sha

DOCS = Path(__file__).parents[3] / "docs" / "identity.md"
REAL = Path(__file__).parents[4] / "shared" / "data"
EXAMPLES = [
    (one, other, answer == "yes")
    for one, other, answer in re.findall(r"^\| (.+? / .+?) \| (.+? / .+?) \| (yes|no) \|$", DOCS.read_text(), re.M)
]


def key_of(name: str) -> str:
    artist, title = name.split(" / ", 1)
    return match_key(artist, title)


def add(library: Library, *records: AlbumRecord) -> list[tuple[str, str]]:
    """One batch each, as sources come; the albums afterwards."""
    for record in records:
        with library.write() as con:
            add_albums(con, [record])
    with library.read() as con:
        return con.execute("SELECT artist, title FROM albums ORDER BY added_at, rowid").fetchall()


@pytest.mark.parametrize(("one", "other", "same"), EXAMPLES)
def test_the_examples_of_the_page(one: str, other: str, same: bool) -> None:
    assert (key_of(one) == key_of(other)) == same


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 28 and {same for *_, same in EXAMPLES} == {True, False}


@given(st.text(max_size=30).filter(str.strip), st.text(max_size=30).filter(str.strip))
def test_a_key_is_never_empty_and_does_not_change_under_itself(artist: str, title: str) -> None:
    found = match_key(artist, title)
    first, _, second = found.partition(" / ")
    assert found == match_key(artist, title)
    if artist.isprintable() and title.isprintable():
        assert first and second


def test_sources_meet_in_one_album_in_any_order(library: Library, tmp_path: Path) -> None:
    records = [
        by("table", "Low", "Long Division (Deluxe Edition)", year=2005, genre="rock", tags=(("slow", 50),)),
        by(
            "lastfm",
            "low",
            "Long Division",
            listeners=30_000,
            playcount=7,
            mbid=RELEASE,
            tags=(("slow", 90), ("sad", 5)),
        ),
        by("musicbrainz", "Low", "Long Division", year=1995, mbid=GROUP, tags=(("slowcore", 100),)),
        by("folder", "LOW", "Long Division", year=1999, genre="slowcore", cover_sha256=sha(3)),
    ]
    seen = []
    for place, order in enumerate((records, records[::-1], records[2:] + records[:2])):
        one = Library.create(tmp_path / str(place))
        assert len(add(one, *order)) == 1
        with one.read() as con:
            seen.append(con.execute("SELECT year, listeners, playcount, mbid, cover_sha256 FROM albums").fetchall())
            assert con.execute("SELECT tag, weight FROM album_tags ORDER BY ALL").fetchall() == [
                ("sad", 5.0), ("slow", 90.0), ("slowcore", 100.0)
            ]  # fmt: skip
            assert con.execute("SELECT title FROM albums").fetchall() == [("Long Division",)], "the plain name"
            assert con.execute("SELECT count(*) FROM album_sources").fetchall() == [(4,)]
    assert seen == [[(1995, 30_000, 7, GROUP, sha(3))]] * 3


def test_adding_all_again_touches_nothing(library: Library) -> None:
    records = [
        by("table", "Low", "Trust (Deluxe)", year=2002, tags=(("slow", 50),)),
        by("lastfm", "Low", "Trust", year=2003, listeners=5, tags=(("slow", 90),)),
        by("lastfm", "Can", "Tago Mago", tags=(("kraut", 90),)),
    ]
    add(library, *records)

    def all_rows() -> dict[str, object]:
        with library.read() as con:
            return {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES}

    before = all_rows()
    add(library, *records, *records[::-1])
    assert all_rows() == before


def test_a_musicbrainz_id_joins_names_that_differ_and_keeps_release_groups_apart(library: Library) -> None:
    found = add(
        library,
        by("musicbrainz", "中森明菜", "少女A", mbid=GROUP),
        by("folder", "Akina Nakamori", "Shōjo A", mbid=GROUP),
        by("musicbrainz", "Weezer", "Weezer", mbid=GROUP_2, year=1994),
        AlbumRecord("Weezer", "Weezer", "musicbrainz", RELEASE, mbid=RELEASE, year=2001),
        by("lastfm", "Weezer", "Weezer", mbid="40000000-0000-0000-0000-000000000000"),
    )
    assert found == [("中森明菜", "少女A"), ("Weezer", "Weezer"), ("Weezer", "Weezer")]
    with library.read() as con:
        years = con.execute("SELECT year, count(*) FROM albums JOIN album_sources USING (album_id, year) GROUP BY ALL")
        assert sorted(years.fetchall()) == [(1994, 1), (2001, 1)]
        assert duplicates(con) == [], "they are known to be two"


def test_an_id_that_a_source_gives_to_many_names_joins_none(library: Library) -> None:
    names = ["First", "Second", "Third"]
    assert len(add(library, *(by("table", "Ada", title, mbid=GROUP) for title in names))) == 3


def test_names_of_the_same_batch_meet(library: Library) -> None:
    with library.write() as con:
        result = add_albums(
            con, [by("table", "The Can", "Future Days", year=1973), by("lastfm", "Can", "Future Days", listeners=9)]
        )
        assert con.execute("SELECT artist, year, listeners FROM albums").fetchall() == [("The Can", 1973, 9)]
    assert len(result.added) == 1 and result.duplicates == [("Can|Future Days", "The Can / Future Days")]
    assert set(result.ids.values()) == set(result.added)


def test_a_small_picture_gives_way_to_a_larger(library: Library) -> None:
    with library.write() as con:
        add_covers(con, [CoverRecord(sha(1), 64, 64, 1, 0), CoverRecord(sha(2), 600, 600, 1, 0)])
    add(library, by("table", "Low", "Trust", cover_sha256=sha(1)), by("folder", "Low", "Trust", cover_sha256=sha(2)))
    with library.read() as con:
        assert con.execute("SELECT cover_sha256 FROM albums").fetchall() == [(sha(2),)]


def test_albums_are_found_by_every_spelling(library: Library) -> None:
    from store.neighbors.find import find, resolve

    add(
        library,
        by("musicbrainz", "中森明菜", "少女A", mbid=GROUP),
        by("lastfm", "Akina Nakamori", "Shōjo A", mbid=GROUP),
        by("table", "Anri", "Timely!!"),
    )
    snapshot = Snapshot.load(library)
    assert find(snapshot, "akina shojo")[0][0].title == "少女A"
    assert resolve(snapshot, "Akina Nakamori / Shojo A").title == "少女A"
    assert [album.title for album, _ in find(snapshot, "少女A")].count("少女A") == 1
    with duckdb.connect(str(library.db_path), read_only=True) as con:
        assert con.execute("SELECT title FROM find_albums('akina nakamori shojo a', 1)").fetchall() == [("少女A",)]
        assert con.execute("SELECT album_named('Akina Nakamori / Shojo A')").fetchall() == [
            (album_id("中森明菜", "少女A"),)
        ]


def test_an_album_that_was_put_in_by_hand_is_met_too(library: Library) -> None:
    with duckdb.connect(str(library.db_path)) as con:
        con.execute(
            "INSERT INTO albums VALUES (?, 'Low', 'Trust', 2002, NULL, NULL, NULL, NULL, 'hand', '1', NULL, "
            "TIMESTAMP '2025-01-01', 'low', 'trust')",
            [album_id("Low", "Trust")],
        )
    assert add(library, by("lastfm", "Low", "Trust", listeners=5)) == [("Low", "Trust")]
    with library.read() as con:
        assert con.execute("SELECT year, listeners, source FROM albums").fetchall() == [(2002, 5, "hand")]
        assert con.execute("SELECT source FROM album_sources ORDER BY ALL").fetchall() == [("hand",), ("lastfm",)]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real albums are not here")
def test_the_real_albums_are_all_different() -> None:
    with (REAL / "albums.csv").open(newline="") as file:
        names = [(row["artist"], row["album"]) for row in csv.DictReader(file)]
    assert len({match_key(*name) for name in names}) == len({album_id(*name) for name in names}) == len(names)
