"""Similar artists: good rows stored once, bad rows told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.report import SourceError
from pipelines.sources.similar_artists import ingest_similar_artists
from store.database.library import Library

TABLE = """artist,similar,match
Björk,Portishead,0.5
Björk,Portishead,0.4
bjork,PORTISHEAD,0.3
Portishead,Björk,1
Low,,0.5
Low,LOW,0.5
Low,Codeine,1.5
Low,Codeine,nan
Low,Codeine,
Low,Codeine,much
"Low,Codeine,0.5
!!!,???,0.25
\x1b[31mSpain\x1b[0m,Low,0.75
"""


def stored(library: Library) -> list[tuple[str, str, float]]:
    with library.read() as con:
        return con.execute('SELECT artist, "similar", match FROM similar_artists ORDER BY ALL').fetchall()


def test_rows_are_stored_or_told(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "similar.csv"
    file.write_text(TABLE, encoding="utf-8")
    report = ingest_similar_artists(library, file)
    assert stored(library) == [
        ("!!!", "???", 0.25),
        ("Björk", "Portishead", 0.5),
        ("Portishead", "Björk", 1.0),
        ("Spain", "Low", 0.75),
    ]
    assert (report.read, report.added, report.already_there) == (13, 4, 0)
    assert [(item.key, item.reason) for item in report.rejected] == [
        ("row 3", "same pair as an earlier row"),
        ("row 4", "same pair as an earlier row"),
        ("row 6", "one of the two artists is missing"),
        ("row 7", "an artist beside itself"),
        ("row 8", "match that is not 0–1"),
        ("row 9", "match that is not 0–1"),
        ("row 10", "match that is not 0–1"),
        ("row 11", "match that is not 0–1"),
        ("row 12", "a quote that is not closed, or a field that is too long"),
    ]
    again = ingest_similar_artists(library, file)
    assert (again.added, again.already_there) == (0, 4)
    assert len(stored(library)) == 4


def test_a_missing_column_is_named(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "similar.csv"
    file.write_text("artist,similar\nA,B\n")
    with pytest.raises(SourceError, match='no column "match"; the file has: artist, similar'):
        ingest_similar_artists(library, file)
