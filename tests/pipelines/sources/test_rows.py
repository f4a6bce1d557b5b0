"""Tables as people have them: odd quoting, marks and encodings, damaged rows among good ones."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from pipelines.report import SourceError
from pipelines.sources.rows import TOO_LONG, BadRow, Columns, Row, count_rows, read_rows

COLUMNS = Columns(needed={"artist": ("artist",), "title": ("album", "title")}, optional=("year",))


def read(file: Path) -> tuple[list[tuple[object, ...]], list[BadRow]]:
    """(artist, title) of the good rows, and the bad ones."""
    rows = list(read_rows(file, COLUMNS))
    good = [(row.values["artist"], row.values["title"]) for row in rows if isinstance(row, Row)]
    return good, [row for row in rows if isinstance(row, BadRow)]


def csv_file(tmp_path: Path, content: str | bytes, name: str = "t.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize(
    "content",
    [
        "artist,album\nBjörk,Post\n",
        "artist,album\r\nBjörk,Post\r\n",
        "artist,album\rBjörk,Post",
        "\ufeffartist,album\nBjörk,Post\n",
        "Album , ARTIST,more\nPost,Björk,\n",
        "artist;album\nBjörk;Post\n",
        "artist\talbum\nBjörk\tPost\n",
        "title,artist\nPost,Björk\n",
        "artist,album,artist\nBjörk,Post,other\n",
        '"artist","album"\n"Björk","Post"\n',
        "artist,album\n\nBjörk,Post,,\n\n",
        "artist,album\nBjörk,Post\n".encode("utf-16"),
    ],
)
def test_csv_as_people_write_it(tmp_path: Path, content: str | bytes) -> None:
    assert read(csv_file(tmp_path, content)) == ([("Björk", "Post")], [])


def test_quotes_commas_and_line_ends_inside_fields(tmp_path: Path) -> None:
    text = 'artist,album\n"Earth, Wind & Fire","I ""Am"""\n"A\nB","C"\n"Weird Al" Yankovic,Polka\nX,12" mixes\n'
    good, bad = read(csv_file(tmp_path, text))
    assert good == [
        ("Earth, Wind & Fire", 'I "Am"'),
        ("A\nB", "C"),
        ("Weird Al Yankovic", "Polka"),
        ("X", '12" mixes'),
    ]
    assert not bad


@pytest.mark.parametrize(
    "broken",
    ['"Heroes,David Bowie', 'A,"B', '"', '"A,B\n"C"D,E', "only one", "a,b,c", '"' + "x" * 200_000 + '",b'],
)
@pytest.mark.parametrize("behind", [1, 100])
def test_a_broken_row_costs_no_other(tmp_path: Path, broken: str, behind: int) -> None:
    rows = [(f"artist {n}", f"album {n}") for n in range(behind)]
    lines = "".join(f"{artist},{album}\n" for artist, album in rows)
    good, bad = read(csv_file(tmp_path, f"artist,album\nfirst,row\n{broken}\n{lines}"))
    assert good[0] == ("first", "row")
    assert good[-behind:] == rows
    assert bad[0].number == 3
    assert bad[0].reason
    assert len(good) + len(bad) == 1 + 1 + broken.count("\n") + behind


def test_an_unclosed_quote_does_not_swallow_rows_up_to_the_next_quote(tmp_path: Path) -> None:
    text = 'artist,album\n"Heroes,David Bowie\nA,B\n"C","D"\nE,F\n'
    good, bad = read(csv_file(tmp_path, text))
    assert good == [("A", "B"), ("C", "D"), ("E", "F")]
    assert [(row.number, row.text) for row in bad] == [(2, '"Heroes,David Bowie')]


def test_bytes_that_are_no_utf8_are_a_bad_row(tmp_path: Path) -> None:
    good, bad = read(csv_file(tmp_path, b"artist,album\nBj\xf6rk,Post\nA,B\n"))
    assert good == [("A", "B")]
    assert [(row.number, row.reason) for row in bad] == [(2, "not UTF-8 text: save the table as UTF-8")]


def test_a_missing_column_names_those_there(tmp_path: Path) -> None:
    for content in ("artist,name,year\nA,B,1990\n", ""):
        with pytest.raises(SourceError) as caught:
            read(csv_file(tmp_path, content))
        message = str(caught.value)
        assert "t.csv" in message
        assert ("name, year" in message) if content else ("no columns" in message)
        assert '"album" or "title"' in message or not content


def test_json_lines(tmp_path: Path) -> None:
    lines = (
        '{"Artist": "A", "album": "B"}\n\nnot json\n[1]\n'
        '{"artist": 7, "title": "x", "album": "C", "year": 3, "more": 4}\n' + "[" * 100_000 + "\n"
    )
    good, bad = read(csv_file(tmp_path, "\ufeff" + lines, "t.jsonl"))
    assert good == [("A", "B"), (7, "C")]
    assert [(row.number, row.reason) for row in bad] == [
        (3, "not JSON"),
        (4, "not a JSON object"),
        (6, "not JSON"),
    ]


def test_a_json_document_is_not_json_lines(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="one object on each line"):
        read(csv_file(tmp_path, '[\n {"artist": "A", "album": "B"}\n]\n', "t.json"))


def test_utf16_that_breaks_off_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="damaged text"):
        read(csv_file(tmp_path, "artist,album\nA,B\n".encode("utf-16")[:-1]))


def test_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"artist": ["A", None], "Album": ["B", "C"], "other": [1, 2]}), file)
    assert read(file) == ([("A", "B"), (None, "C")], [])
    assert count_rows(file) == 2


def test_a_time_that_no_calendar_has_costs_its_row_alone(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file, names = tmp_path / "t.parquet", [str(number) for number in range(2000)]
    times = pa.array([2**62 if number == 1500 else number for number in range(2000)], pa.timestamp("us"))
    pq.write_table(pa.table({"artist": names, "album": names, "year": times}), file)
    good, bad = read(file)
    assert len(good) == 1999 and good[-1] == ("1999", "1999")
    assert bad == [BadRow(1501, "a value that cannot be read", "")]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_line_without_end_costs_its_row_and_hardly_any_memory(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    rows = ("artist,album\nA,B\n", "\nC,D\n") if name == "t.csv" else ('{"artist": "A", "album": "B"}\n', "\n")
    file.write_text(rows[0])
    with file.open("r+b") as raw:
        raw.truncate(100_000_000)
        raw.seek(0, 2)
        raw.write(rows[1].encode())
    tracemalloc.start()
    good, bad = read(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert good[0] == ("A", "B") and good[1:] == ([("C", "D")] if name == "t.csv" else [])
    assert [row.reason for row in bad] == [TOO_LONG]
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.parquet", b"PAR1 not really", "not a Parquet file"),
        ("t.xlsx", b"PK", "what kind of table"),
        ("absent.csv", None, "No such file"),
        ("absent.parquet", None, "No such file"),
    ],
)
def test_what_is_no_table_says_so(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        read(file)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rows_are_counted_for_progress(tmp_path: Path) -> None:
    assert count_rows(csv_file(tmp_path, "artist,album\nA,B\nC,D\n")) == 2
    assert count_rows(tmp_path / "absent.csv") is None
