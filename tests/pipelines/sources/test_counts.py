"""Counts: by name, renewed, compared within a kind; bad rows told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.report import SourceError
from pipelines.sources.counts import ingest_counts
from store.catalogue.albums import add_albums
from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.records import AlbumRecord

LONG = """artist,album,kind,count
Low,Things We Lost,rym_ratings,500
Spain,Blue Moods,rym_ratings,100
Codeine,Frigid Stars,rym_ratings,900
codeine,FRIGID STARS,chart_weeks,3
Nobody,Not There,rym_ratings,5
Low,,rym_ratings,5
Low,Things We Lost,,5
Low,Things We Lost,rym_ratings,many
Low,Things We Lost,rym_ratings,-1
Low,Things We Lost,rym_ratings,inf
"""


@pytest.fixture
def named(library: Library) -> Library:
    titles = (("Low", "Things We Lost"), ("Spain", "Blue Moods"), ("Codeine", "Frigid Stars"), ("Rex", "C"))
    with library.write() as con:
        add_albums(con, [AlbumRecord(artist, title, "lastfm", title, listeners=None) for artist, title in titles])
        add_albums(con, [AlbumRecord("Rex", "C", "lastfm", "C", listeners=70)])
    return library


def popularity(library: Library) -> dict[str, float]:
    snapshot = Snapshot.load(library)
    return dict(zip(snapshot.artists, snapshot.popularity.tolist(), strict=True))


def test_counts_make_albums_known_and_are_compared_within_their_kind(named: Library, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(LONG, encoding="utf-8")
    report = ingest_counts(named, file)
    assert (report.read, report.added, len(report.rejected)) == (10, 5, 5)
    assert popularity(named) == {
        "Codeine": 0.75,
        "Low": 0.5,
        "Rex": 0.5,
        "Spain": 0.0,
    }  # chart_weeks and Last.fm: alone
    with named.read() as con:
        kinds = con.execute("SELECT DISTINCT kind FROM album_counts ORDER BY kind").fetchall()
    assert [kind for (kind,) in kinds] == ["chart_weeks", "lastfm_listeners", "rym_ratings"]
    again = ingest_counts(named, file)
    assert (again.added, again.already_there) == (0, 5)


def test_an_album_that_comes_later_has_its_counts(named: Library, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(LONG, encoding="utf-8")
    ingest_counts(named, file)
    with named.write() as con:
        add_albums(con, [AlbumRecord("Nobody", "Not There", "table", "n")])
    assert popularity(named)["Nobody"] == 0.0


def test_a_column_for_each_kind(named: Library, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text("artist,album,Ratings,weeks\nLow,Things We Lost,500,\nSpain,Blue Moods,,8\nRex,C,x,2\n")
    report = ingest_counts(named, file, ["Ratings", "weeks"])
    assert (report.added, len(report.rejected)) == (3, 1)
    with pytest.raises(SourceError, match="weeks"):
        ingest_counts(named, file, ["weeks_on_chart"])
