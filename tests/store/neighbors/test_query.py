"""The query language: what each word means, the same in SQL, and what is said of one that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.catalogue.albums import add_albums
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.errors import UnknownWord
from store.memory.snapshot import Snapshot
from store.neighbors.filters import Filter, albums_sql
from store.neighbors.query import FIELDS, parse, possible
from store.neighbors.search import search
from store.records import AlbumRecord, CoverRecord
from tests.store.neighbors.test_search import DARK, RED

ALBUMS = (  # artist, title, year, genre, listeners, tags, facts of its cover
    ("Low", "Trust", 2002, "indie", 5000, ("slowcore", "dream pop"), DARK),
    ("Low", "Hey What", 2021, "electronic", 900, ("slowcore",), RED),
    ("Low Roar", "O", 2014, None, None, ("post-rock",), RED),
    ("Slowdive", "Souvlaki", 1993, "shoegaze", 40_000, ("shoegaze", "dream pop"), DARK),
    ("Ride", "Nowhere", 1990, "shoegaze", 30_000, ("shoegaze",), None),
    ("Slayer", "Reign in Blood", 1986, "metal", 90_000, ("thrash metal", "metal"), RED),
    ("Björk", "Début: 2001", None, "electronic", 70_000, (), DARK),
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library.create(Path(tmp_path_factory.mktemp("query")) / "library")
    with library.write() as con:
        for number, (artist, title, year, genre, listeners, tags, facts) in enumerate(ALBUMS):
            sha = f"{number:064x}" if facts else None
            if sha:
                add_covers(con, [CoverRecord(sha, 9, 9, 9, 0, None, facts)])
            record = AlbumRecord(artist, title, "table", str(number), year, genre, listeners, cover_sha256=sha)
            record = AlbumRecord(
                artist, title, "table", str(number), year, genre, listeners, cover_sha256=sha,
                tags=tuple((tag, 50.0) for tag in tags), artist_tags=(("icelandic", 90.0),) if not tags else (),
            )  # fmt: skip
            add_albums(con, [record])
        con.execute("INSERT INTO bookmarks SELECT album_id, '', now()::TIMESTAMP FROM albums WHERE title = 'Nowhere'")
    return library


@pytest.fixture(scope="module")
def snapshot(library: Library) -> Snapshot:
    return Snapshot.load(library)


MEANT = {
    "tag:shoegaze": {"Souvlaki", "Nowhere"},
    'tag:"dream pop"': {"Trust", "Souvlaki"},
    "tag:dream-pop tag:shoegaze": {"Souvlaki"},
    "tag:post-rock,metal": {"O", "Reign in Blood"},
    "tag:slow": {"Trust", "Hey What"},
    "tag:icelandic": {"Début: 2001"},
    "-tag:shoegaze year:1986-": {"Trust", "Hey What", "O", "Reign in Blood"},
    "genre:metal,indie": {"Reign in Blood", "Trust"},
    "GENRE:elec": {"Hey What", "Début: 2001"},
    "artist:low": {"Trust", "Hey What"},
    "artist:lo": {"Trust", "Hey What", "O"},
    "artist:bjork": {"Début: 2001"},
    "title:reign": {"Reign in Blood"},
    "title:blood": {"Reign in Blood"},
    "year:1990": {"Nowhere"},
    "year:1990-93": {"Nowhere", "Souvlaki"},
    "year:1990-1993": {"Nowhere", "Souvlaki"},
    "year:90s": {"Nowhere", "Souvlaki"},
    "year:2010s": {"O"},
    "year:-1989,2020-": {"Reign in Blood", "Hey What"},
    "-year:1980-": {"Début: 2001"},
    "listeners:40k-": {"Souvlaki", "Reign in Blood", "Début: 2001"},
    "listeners:-1k": {"Hey What"},
    "listeners:5000": {"Trust"},
    "listeners:known": {"Reign in Blood", "Début: 2001"},
    "listeners:unknown": {"Hey What", "Trust"},
    "#dark": {"Trust", "Souvlaki", "Début: 2001"},
    "sleeve:red genre:metal": {"Reign in Blood"},
    "-#dark": {"Hey What", "O", "Nowhere", "Reign in Blood"},
    "is:bookmarked": {"Nowhere"},
    "-is:bookmarked tag:shoegaze": {"Souvlaki"},
    "heard:never": {title for _, title, *_ in ALBUMS},
    "heard:ever": set(),
    "low": {"Trust", "Hey What", "O"},
    "low hey": {"Hey What"},
    "red": {"Hey What", "O", "Reign in Blood"},
    "début: 2001": {"Début: 2001"},
    "shoegaze:": {"Souvlaki", "Nowhere"},
    "shoegaze 1990-93": {"Souvlaki", "Nowhere"},
    "dream pop dark": {"Trust", "Souvlaki"},
    "dark unknown": {"Trust"},
    "1993 nothing at all": set(),
}


@pytest.mark.parametrize("text", MEANT)
def test_each_word_and_the_same_in_sql(library: Library, snapshot: Snapshot, text: str) -> None:
    chosen = Filter.of(snapshot, text)
    rows = chosen.rows(snapshot)
    assert rows is not None
    assert {snapshot.titles[row] for row in np.flatnonzero(rows)} == MEANT[text]
    with library.read() as con:
        found = con.execute(albums_sql(chosen, 100)).fetchall()
    assert {row[1] for row in found} == MEANT[text] and len(found) == len(MEANT[text])
    again = Filter.of(snapshot, chosen.text)  # what is shown is what can be typed
    assert np.array_equal(again.rows(snapshot), rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yaer:1990", "no field is called “yaer”: year?"),
        ("decade:1990s", "year?"),
        ("tags:metal", "tag?"),
        ("band:low", "artist?"),
        ("year:soon", "no year here is like “soon”: year:1991, 1990-95"),
        ("year:-95", "no year"),
        ("listeners:many", "listeners:known, unknown, 10k-"),
        ("tag:shoegze", "no tag here is like “shoegze”: shoegaze"),
        ("genre:metl", "metal"),
        ("artist:slowdiv3", "Slowdive"),
        ("sleeve:loud", "dark"),
        ("heard:often", "never, ever or 2019"),
        ("is:mine", "is:bookmarked"),
        ("genre:", "genre: electronic, shoegaze, indie, metal"),
        ("\x1b[31m:x yaer:1", "year?"),
    ],
)
def test_a_word_that_cannot_be_meant_says_what_can(snapshot: Snapshot, text: str, said: str) -> None:
    with pytest.raises(UnknownWord) as error:
        Filter.of(snapshot, text)
    assert said in str(error.value) and "\n" not in str(error.value) and "\x1b" not in str(error.value)
    found = search(snapshot, f"low {text}")
    assert said in found.problem + found.said and [album.artist for album in found.albums][:1] == ["Low"]


def test_names_with_colons_and_signs_are_names(snapshot: Snapshot) -> None:
    for text in ("2001: a space", "re:stacks", "-ish", "#1 record", 'the "b" side', ":", '"', "-", "a:b:c"):
        query = parse(snapshot, text)
        assert not query.terms and not query.problem and query.name == text.replace('"', "").strip()


def test_what_is_not_known_is_said(tiny: Library) -> None:
    snapshot = Snapshot.load(tiny)
    if np.isnan(snapshot.popularity).all():
        with pytest.raises(UnknownWord, match="how many people listen is not known"):
            Filter.of(snapshot, "listeners:known")
    assert all(possible(snapshot, field) for field in FIELDS)


@given(st.text(max_size=40) | st.lists(st.sampled_from([*MEANT, *(f"{field}:" for field in FIELDS)])).map(" ".join))
@settings(max_examples=150)
def test_any_text_is_answered(snapshot: Snapshot, text: str) -> None:
    found = search(snapshot, text, 5)
    assert len(found.hits) <= 5 and "\n" not in found.said + found.problem
    for term in parse(snapshot, text).every:
        assert term.rows(snapshot).dtype == bool


@pytest.mark.parametrize(
    ("text", "titles", "said"),
    [
        ("shoegaze 1990", ["Nowhere"], "nothing is called “shoegaze 1990”; 1 album: tag:shoegaze year:1990"),
        (
            "shoegaze 1991",
            [],
            "nothing is called “shoegaze 1991”; nothing is year:1991 among the 2 that are tag:shoegaze",
        ),
        ("slowdive 1990s", ["Souvlaki"], "nothing is called “slowdive 1990s”; 1 called “slowdive” among year:1990s"),
        ("low", ["Trust", "Hey What", "O"], "3 called “low”"),
        ("dream pop", ["Souvlaki", "Trust"], 'nothing is called “dream pop”; 2 albums: tag:"dream pop"'),
    ],
)
def test_words_without_a_field_are_read_where_nothing_is_called_so(
    snapshot: Snapshot, text: str, titles: list[str], said: str
) -> None:
    found = search(snapshot, text)
    assert sorted(album.title for album in found.albums) == sorted(titles) and found.said == said
