"""What is taken of a table or a library, and what is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.evidence.sample import EvidenceError, chosen_genres, from_library, from_table
from pipelines.report import SourceError
from pipelines.sources.table import ingest_table
from store.database.library import Library
from tests.pipelines.support.labelled import make_table
from tests.store.support.library import grow


def test_a_second_opinion_is_joined_by_artist_and_album(table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("artist,album,genre\nROCK 1,album 6,Rock\nrock 1,Album 9,jazz\nnobody,nothing,pop\n")
    sample = from_table(table, None, second=other)
    agreed = [cover.label for cover, same in zip(sample.covers, sample.agreed, strict=True) if same]
    assert agreed == ["rock 1 / Album 6"]
    assert {cover.second for cover in sample.covers} == {"", "rock", "jazz"}
    assert not from_table(table, None).agreed.any()


def test_covers_without_an_artist_are_an_origin_of_their_own(table: Path, tmp_path: Path) -> None:
    rows = "artist,genre,genre_source,cover\nSomebody,rock,here,{0}/1.png\n,rock,here,{0}/2.png\n,rock,,{0}/3.png\n"
    rows += "Somebody,,here,{0}/4.png\n"
    file = tmp_path / "some.csv"
    file.write_text(rows.format("covers"))
    sample = from_table(file, table.parent)
    assert sample.origins.tolist() == ["here", "here, no artist", ""] and sample.left_out == {"no genre": 1}


def test_a_library_knows_what_brought_a_genre(tmp_path: Path) -> None:
    library = grow(tmp_path / "library")
    sample = from_library(library)
    assert {cover.origin for cover in sample.covers if cover.genre} == {"table"} and not sample.agreed.any()


def test_a_library_keeps_who_gave_a_table_its_genres(table: Path, tmp_path: Path) -> None:
    def rows(what: str) -> list[tuple[object, ...]]:
        with library.read() as con:
            return con.execute(f"SELECT {what} ORDER BY ALL").fetchall()

    library = Library.create(tmp_path / "library")
    ingest_table(library, table, table.parent)
    sample = from_library(library)
    assert {cover.origin for cover in sample.covers} == {"one", "two"} and not sample.agreed.any()
    albums, tags, said = rows("* FROM albums"), rows("album_id, tag FROM album_tags"), rows("* FROM album_sources")
    assert len(albums) == 91 and len(said) == 90 + 91 and rows("DISTINCT source FROM albums") == [("table",)]

    ingest_table(library, table, table.parent)
    assert rows("* FROM album_sources") == said
    with library.write() as con:  # whose own name has a colon
        con.execute(
            "INSERT INTO album_sources SELECT * REPLACE ('jazz: of old' AS source) FROM album_sources "
            "WHERE source = 'table: two' LIMIT 1"
        )
    other = tmp_path / "other.csv"
    other.write_text(table.read_text(encoding="utf-8").replace(",two,", ",third,"), encoding="utf-8")
    report = ingest_table(library, other, table.parent)
    assert {cover.origin for cover in from_library(library).covers} >= {"one", "third"}
    assert rows("DISTINCT source FROM album_sources") == [
        (x,) for x in ("jazz: of old", "table", "table: one", "table: third")
    ]
    assert (report.added, len(rows("* FROM album_sources"))) == (0, len(said) + 1)
    assert rows("* FROM albums") == albums and rows("album_id, tag FROM album_tags") == tags


@pytest.mark.parametrize(
    ("genres", "said"),
    [
        (("rock",), "two genres or more"),
        ((" ", "Rock"), "two genres or more"),
        (("rock", "polka"), "no cover here has the genre 'polka'; here are: rock"),
    ],
)
def test_genres_that_cannot_be_told_apart_are_one_line(table: Path, genres: tuple[str, ...], said: str) -> None:
    with pytest.raises(EvidenceError, match=re.escape(said)) as caught:
        chosen_genres(genres, from_table(table, None), 10)
    assert "\n" not in str(caught.value)


def test_too_few_albums_and_no_covers_at_all_are_one_line(tmp_path: Path) -> None:
    file = make_table(tmp_path, each=9)
    with pytest.raises(EvidenceError, match=r"too few albums of 'rock': 9 albums by \d artists, and 10 folds need 20"):
        chosen_genres(("rock", "pop"), from_table(file, None), 10)
    for cover in (tmp_path / "covers").iterdir():
        cover.write_bytes(b"nothing")
    with pytest.raises(EvidenceError, match="not one cover could be read"):
        from_table(file, None)
    with pytest.raises(SourceError, match="no such folder of covers"):
        from_table(file, tmp_path / "nowhere")
    (tmp_path / "odd.csv").write_text("artist,album\na,b\n")
    with pytest.raises(SourceError, match='no column "cover"'):
        from_table(tmp_path / "odd.csv", None)


def test_of_very_many_covers_some_are_drawn(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.evidence.sample.MOST", 20)
    first, second = from_table(table, None), from_table(table, None)
    assert len(first) in (19, 20) and first.covers == second.covers
    assert first.left_out["beyond 20 drawn by lot"] == 71
