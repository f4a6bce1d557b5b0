"""Lists of what a person owns: Discogs' and Rate Your Music's, as they export them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.report import SourceError
from pipelines.sources.personal.collection import ingest_collection
from store.database.library import Library

DISCOGS = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added,"
    "Collection Media Condition,Collection Sleeve Condition,Collection Notes\n"
    'HVN 1,Doves (2),"Lost, Souls",Heavenly,"2xLP, Album",4,2000,12345,Uncategorized,2019-05-06 07:08:09,Mint (M),,\n'
    "X,Beatles*,Help!,Parlophone,LP,,0,777,Wantlist,,,,\n"
    "X,,No Artist,Label,LP,,1999,778,All,,,,\n"
)
RYM = (
    "RYM Album, First Name,Last Name,First Name localized, Last Name localized,Title,Release_Date,Rating,Ownership,"
    "Purchase Date,Media Type,Review\n"
    '"123","Nick","Drake","","","Pink Moon","1972","10","o","","LP",""\n'
    '"124","","Sigur R&oacute;s","","","( )","2002","0","n","","","<script>"\n'
)


def rows(library: Library) -> list[tuple[object, ...]]:
    with library.read() as con:
        return con.execute(
            "SELECT artist, title, year, o.source, o.rating, o.added_on, o.note FROM owned o "
            "JOIN albums USING (album_id) ORDER BY artist"
        ).fetchall()


def test_a_collection_of_discogs(library: Library, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(DISCOGS)
    report = ingest_collection(library, tmp_path / "c.csv")
    assert (report.read, report.added, [item.reason for item in report.rejected]) == (
        3,
        2,
        ["it has no artist or no title"],
    )
    assert rows(library) == [
        ("Beatles", "Help!", None, "discogs", None, None, "LP, Wantlist"),
        ("Doves", "Lost, Souls", 2000, "discogs", 4.0, date(2019, 5, 6), "2xLP, Album, Uncategorized"),
    ]
    again = ingest_collection(library, tmp_path / "c.csv")
    assert (again.added, again.already_there) == (0, 2)
    (tmp_path / "c.csv").write_text(DISCOGS.replace(",4,2000", ",5,2000"))
    ingest_collection(library, tmp_path / "c.csv")
    assert rows(library)[1][4] == 5.0


def test_ratings_of_rate_your_music(library: Library, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("\ufeff" + RYM)
    ingest_collection(library, tmp_path / "r.csv")
    assert rows(library) == [
        ("Nick Drake", "Pink Moon", 1972, "rateyourmusic", 5.0, None, "owned, LP"),
        ("Sigur Rós", "( )", 2002, "rateyourmusic", None, None, ""),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "neither a collection"),
        (b"a,b\n1,2\n", "neither a collection"),
        (DISCOGS.encode("utf-16"), "no text"),
        (b"x" * 3_000_000, "longer than"),
        (DISCOGS.splitlines(True)[0].encode() + b'"' + b"y," * 200_000, "field larger|longer than|EOF"),
    ],
)
def test_what_is_no_list_is_refused_in_a_line(library: Library, tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "c.csv").write_bytes(data)
    with pytest.raises(SourceError, match=said) as error:
        ingest_collection(library, tmp_path / "c.csv")
    assert "\n" not in str(error.value) and len(str(error.value)) < 400


def test_a_list_that_breaks_off_keeps_what_came_before(library: Library, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(DISCOGS.encode() + b"X,\0")
    with pytest.raises(SourceError, match=r"line 5 is no text .*; what came before that is kept$"):
        ingest_collection(library, tmp_path / "c.csv")
    assert [row[0] for row in rows(library)] == ["Beatles", "Doves"]


def test_rows_that_lack_cells_or_have_too_many_stop_nothing(library: Library, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(DISCOGS + "X,Low\nX,Low,Trust,L,LP,5,2002,9\n" + "," * 29 + "X\n")
    report = ingest_collection(library, tmp_path / "c.csv")
    assert [str(item) for item in report.rejected[1:]] == [
        "line 5: Low: it has no number", "line 7: it has no number",
    ]  # fmt: skip
    assert rows(library)[-1] == ("Low", "Trust", 2002, "discogs", 5.0, None, "LP")


def test_a_list_in_the_encoding_of_windows_keeps_its_names(library: Library, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(DISCOGS.replace("Doves", "Björk").encode("cp1252"))
    ingest_collection(library, tmp_path / "c.csv")
    assert rows(library)[1][0] == "Björk"
