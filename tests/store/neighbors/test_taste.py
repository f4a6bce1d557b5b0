"""What a person plays: as a filter, as facts, and as where a walk may start."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from store.catalogue.album_page import album_page
from store.catalogue.albums import add_albums
from store.database.library import Library
from store.errors import LibraryError
from store.memory.album_arrays import read_arrays
from store.memory.arrays_file import tables_fingerprint
from store.memory.snapshot import Snapshot
from store.neighbors.filters import Filter, years_played
from store.neighbors.neighborhood import Neighborhood
from store.neighbors.prepared import write_ranking
from store.neighbors.sql import neighbors_sql
from store.neighbors.taste import near_plays
from store.personal.owned import Owned, put_owned
from store.personal.plays import Play, add_plays
from store.records import AlbumRecord, Weights
from store.text import album_id

START = datetime(2019, 5, 1)


def played(artist: str, album: str, count: int, year: int = 2019) -> list[Play]:
    first = START.replace(year=year)
    return [Play(first + timedelta(minutes=4 * n), artist, f"song {n % 9}", album, 200.0) for n in range(count)]


@pytest.fixture
def library(library: Library) -> Library:
    """Dub and folk albums; three dub ones and one folk one were played."""
    tags = {"dub": (("dub", 100.0), ("bass", 50.0)), "folk": (("folk", 100.0), ("guitar", 60.0))}
    records = [
        AlbumRecord(f"{kind} {n // 2}", f"{kind} album {n}", "x", f"{kind}{n}", year=1990 + n, tags=tags[kind])
        for kind in tags for n in range(8)
    ]  # fmt: skip
    with library.write() as con:
        add_albums(con, records)
        plays = [*played("dub 0", "dub album 0", 90), *played("dub 0", "dub album 1", 30, 2020)]
        plays += [*played("dub 1", "dub album 2", 20), *played("folk 0", "folk album 0", 2, 2021)]
        plays += [Play(START, "dub 2", "skipped", "dub album 4", 5.0), *played("Elsewhere", "Not here", 50)]
        add_plays(con, "spotify", plays)
        write_ranking(con, read_arrays(con), tables_fingerprint(con))
    return library


def test_plays_are_a_filter(library: Library) -> None:
    snapshot = Snapshot.load(library)
    assert years_played(snapshot) == [2021, 2020, 2019]
    for played_when, titles in (
        ("ever", {"dub album 0", "dub album 1", "dub album 2", "folk album 0"}),
        (2019, {"dub album 0", "dub album 2"}),
        (2018, set()),
    ):
        allowed = Filter.of(snapshot, f"heard:{played_when}").allowed(snapshot, 0)
        assert allowed is not None
        assert {snapshot.titles[row] for row in allowed.nonzero()[0]} == titles
    never = Filter.of(snapshot, "heard:never").allowed(snapshot, 0)
    assert never is not None and never.sum() == 12
    some = Filter.of(snapshot, "heard:never,2019").allowed(snapshot, 0)
    assert some is not None and some.sum() == 14


@pytest.mark.parametrize("value", ["never", "ever", 2019])
def test_sql_says_the_same(library: Library, value: str | int) -> None:
    snapshot = Snapshot.load(library)
    chosen = Filter.of(snapshot, f"heard:{value}")
    album = snapshot.album(0)
    neighborhood = Neighborhood(snapshot, None)
    found = neighborhood.neighbors(album.album_id, 20, allowed=chosen.allowed(snapshot, 0))
    with library.read() as con:
        rows = con.execute(neighbors_sql(album, 20, chosen=chosen)).fetchall()
    assert {row[-1] for row in rows} == {neighbor.album.album_id for neighbor in found}


def test_what_is_near_what_is_played_and_was_never_heard(library: Library) -> None:
    found = near_plays(Neighborhood(Snapshot.load(library), None), 6)
    assert len(found) == 6 and [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(one.album.title.startswith("dub album") for one in found[:4])
    heard = {"dub album 0", "dub album 1", "dub album 2", "folk album 0"}
    assert not heard & {one.album.title for one in found}
    first = found[0]
    assert first.played.title in heard and first.reasons
    assert first.because == f"you played {first.played.label} {first.plays} times"
    artists = [one.album.artist for one in found]
    assert max(artists.count(artist) for artist in artists) <= 2


def test_without_plays_one_line_says_what_brings_them(library: Library) -> None:
    with library.write() as con:
        con.execute("DELETE FROM plays")
    with pytest.raises(LibraryError, match="ingest listens"):
        near_plays(Neighborhood(Snapshot.load(library), None))


def test_the_page_of_an_album_has_plays_and_lists(library: Library) -> None:
    with library.write() as con:
        put_owned(con, "discogs", {"1": (album_id("dub 0", "dub album 0"), Owned(4.5, None, "LP"))})
    snapshot = Snapshot.load(library)
    row = snapshot.row(album_id("dub 0", "dub album 0"))
    assert row is not None
    with library.read() as con:
        page = album_page(con, snapshot.album(row))
    facts = dict(page.facts)
    assert facts["played"] == "90 tracks in 2019" and facts["owned"] == "discogs, 4.5 of 5 stars, LP"


def test_plays_are_a_weight_with_a_reason_and_sql_ranks_alike(library: Library) -> None:
    snapshot = Snapshot.load(library)
    neighborhood = Neighborhood(snapshot, None)
    centre = snapshot.album(0)
    before = neighborhood.neighbors(centre.album_id, 15)
    assert all(reason.signal != "plays" for neighbor in before for reason in neighbor.reasons)
    weights = Weights(0, 0.1, 0, 0, 0, 2)
    found = neighborhood.neighbors(centre.album_id, 15, weights)
    assert [neighbor.album.artist for neighbor in found[:3]] == ["dub 0", "dub 1", "dub 1"]
    (reason,) = [reason for reason in found[1].reasons if reason.signal == "plays"]
    assert reason.text == "you played this artist 20 times" and 0 < reason.score < 1
    with library.read() as con:
        rows = con.execute(neighbors_sql(centre, 20, weights)).fetchall()
    scores = {row[-1]: row[0] for row in rows}
    for neighbor in found:
        assert scores[neighbor.album.album_id] == pytest.approx(neighbor.score, abs=0.001)
