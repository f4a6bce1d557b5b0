"""Values of a row, as an album has them."""

from __future__ import annotations

import datetime

import pytest

from pipelines.report import LeftOut
from pipelines.sources.album_rows import AlbumRow, parse_rows
from pipelines.sources.rows import BadRow, Row


def parse(**values: object) -> AlbumRow:
    (row,) = parse_rows([Row(2, {"artist": "A", "title": "B", **values})], "table")
    assert isinstance(row, AlbumRow)
    return row


@pytest.mark.parametrize(
    "year",
    ["1997", " 1997 ", 1997, 1997.0, "1997.0", "1997-05-21", "1997-05-21T00:00", datetime.date(1997, 5, 21)],
)
def test_years(year: object) -> None:
    row = parse(year=year)
    assert row.album.year == 1997
    assert not row.values_left_out


@pytest.mark.parametrize("year", ["97", "19x7", "0", "3000", "1997.5", -1, "Infinity", True, [1997]])
def test_a_year_that_is_none_is_left_out_and_told(year: object) -> None:
    row = parse(year=year)
    assert row.album.year is None
    assert row.values_left_out == ("year that is no year",)


@pytest.mark.parametrize("empty", ["", "  ", None, float("nan")])
def test_nothing_is_nothing(empty: object) -> None:
    row = parse(year=empty, genre=empty, listeners=empty, playcount=empty, mbid=empty, tags=empty, cover=empty)
    assert row.album == parse().album
    assert not row.values_left_out


@pytest.mark.parametrize(("value", "count"), [("1,234", 1234), ("12.0", 12), (0, 0), (5.0, 5), (str(10**15), 10**15)])
def test_counts(value: object, count: int) -> None:
    assert parse(listeners=value, playcount=value).album.listeners == count


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "1e400", str(10**30), "nan", "9" * 5000])
def test_what_is_no_count_is_left_out_and_told(value: str) -> None:
    row = parse(listeners=value)
    assert row.album.listeners is None
    assert row.values_left_out == ("listeners that is no count",)


def test_tags_without_weights_fall_in_their_order() -> None:
    tags = parse(tags="Shoegaze| dream pop ||shoegaze|re:1").album.tags
    assert tags == (("shoegaze", 100.0), ("dream pop", 90.0), ("re:1", 72.9))


@pytest.mark.parametrize(
    "written",
    [
        "rock:80|Indie:100",
        ["rock:80", "indie:100"],
        {"rock": 80, "indie": 100},
        {"indie": 100.0, "rock": 80.0},
    ],
)
def test_weighted_tags(written: object) -> None:
    assert parse(tags=written, artist_tags=written).album.tags == (("indie", 100.0), ("rock", 80.0))
    assert parse(artist_tags=written).album.artist_tags == (("indie", 100.0), ("rock", 80.0))


def test_odd_tags_are_left_out_and_told() -> None:
    row = parse(tags={"a": 500, "b": "much", "": 3, "c": 5})
    assert row.album.tags == (("c", 5.0),)
    assert len(row.values_left_out) == 3
    many = parse(tags="|".join(f"t{n}" for n in range(1000)))
    assert len(many.album.tags) == 100
    assert many.values_left_out == ("tags beyond the first 100",)


def test_rows_that_are_no_albums_say_why() -> None:
    rows = [
        Row(2, {"artist": " ", "title": "T"}),
        Row(3, {"artist": "A", "title": "\x1b[31m\x00"}),
        Row(4, {}),
        Row(5, {"artist": ["A"], "title": {"x": 1}}),
        BadRow(6, "not JSON", "\x1b]0;owned\x07oops"),
    ]
    assert parse_rows(rows, "table") == [
        LeftOut("row 2", "T", "no artist"),
        LeftOut("row 3", "A", "no album title"),
        LeftOut("row 4", "", "neither artist nor album title"),
        LeftOut("row 5", "", "neither artist nor album title"),
        LeftOut("row 6", "oops", "not JSON"),
    ]


def test_text_is_clean_and_numbers_may_be_titles() -> None:
    (row,) = parse_rows([Row(2, {"artist": "\x1b[31mAdele\u202e", "title": 21.0})], "table")
    assert isinstance(row, AlbumRow)
    assert (row.album.artist, row.album.title) == ("Adele", "21")
