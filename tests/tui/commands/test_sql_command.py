"""`sleevewalk sql`: it only reads, and gives its answers as tables, JSON, CSV and files."""

from __future__ import annotations

import io
import json

import click
import pytest

from store.database.library import Library
from tui.commands.explore import read_ids
from tui.opening import app_of


def test_sql_prints_tables_json_and_csv(run):
    query = "SELECT artist, count(*) AS albums FROM albums GROUP BY ALL ORDER BY artist LIMIT 2"
    assert json.loads(run("sql", query, "--json")[1]) == [
        {"artist": "AC/DC", "albums": 3},
        {"artist": "Björk", "albums": 3},
    ]
    assert run("sql", query, "--csv")[1].splitlines()[0] == "artist,albums"
    status, out, _ = run("sql", query)
    assert status == 0 and "AC/DC" in out and "\x1b" not in out


def test_sql_writes_csv_json_and_parquet_files_by_format_or_ending(run, tmp_path):
    import pyarrow.parquet as pq

    query = "SELECT artist, count(*) AS albums, list(year ORDER BY year) AS years FROM albums GROUP BY ALL ORDER BY 1"
    told = json.loads(run("sql", query, "--format", "json")[1])
    for name, form in (("a.csv", ()), ("a.json", ()), ("a.parquet", ()), ("b.txt", ("--format", "csv"))):
        status, out, _ = run("sql", query, "-o", str(tmp_path / name), *form)
        assert status == 0 and out == ""
    assert json.loads((tmp_path / "a.json").read_text()) == told
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == told
    plain = run("sql", query, "--csv")[1].splitlines()
    assert (tmp_path / "a.csv").read_text().splitlines() == (tmp_path / "b.txt").read_text().splitlines() == plain
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json", "a.parquet", "b.txt"]


def test_sql_never_writes_over_the_library_and_names_a_folder_it_cannot_write(run, folder, tmp_path):
    assert run("sql", "FROM albums", "-o", str(folder / "library.duckdb"), "--format", "csv")[0] == 2
    status, _, err = run("sql", "FROM albums", "-o", str(tmp_path / "none" / "a.csv"))
    assert status == 1 and "none/a.csv" in err and len(err.splitlines()) == 1
    assert run("sql", "FROM albums", "--json", "--csv")[0] == 2


def test_sql_with_no_query_names_the_file_and_shows_the_schema(run, folder):
    status, out, _ = run("sql")
    assert status == 0 and str(folder / "library.duckdb") in out and "album_tags" in out


@pytest.mark.parametrize("query", ["DELETE FROM albums", "DROP TABLE albums", "SELEC 1", "SELECT * FROM nowhere"])
def test_sql_is_read_only_and_says_what_is_wrong(run, query):
    status, _, err = run("sql", query)
    assert status == 1 and err.startswith(("sleevewalk: the query failed", "sleevewalk: `sleevewalk sql` only reads"))
    assert err.count("\n") == 1
    assert json.loads(run("sql", "SELECT count(*) AS n FROM albums", "--json")[1]) == [{"n": 24}]


def test_parameters_are_values_and_never_sql(run):
    query = "SELECT title FROM albums WHERE year = $year AND artist = $who"
    assert run("sql", query, "--csv", "-p", "year=1971", "-p", "who=Sigur Rós")[1].splitlines() == [
        "title",
        "Ágætis byrjun",
    ]
    told = json.loads(
        run("sql", "SELECT $a AS a, $b AS b, $c AS c", "--json", *param("a=1", "b='1'", "c=1'; DROP x"))[1]
    )
    assert told == [{"a": 1, "b": "1", "c": "1'; DROP x"}]
    for params, said in (
        (("year=1",), "asks for who"),
        (("year=1", "who=x", "z=1"), "no parameter z"),
        (("year",), "name=value"),
    ):
        status, _, err = run("sql", query, *param(*params))
        assert status in (1, 2) and said in err


def param(*params: str) -> list[str]:
    return [part for one in params for part in ("-p", one)]


def test_a_file_or_standard_input_of_several_statements(run, tmp_path, monkeypatch):
    text = "SELECT 1 AS a; SELECT 2 AS b, 3 AS c;\n"
    (tmp_path / "two.sql").write_text(text)
    answers = ["a\n1\n\nb,c\n2,3\n"]
    assert [run("sql", "-f", str(tmp_path / "two.sql"), "--csv")[1].replace("\r", "")] == answers
    for arguments in (("-",), ("-f", "-")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert [run("sql", *arguments, "--csv")[1].replace("\r", "")] == answers
    assert json.loads(run("sql", text, "--json")[1]) == [[{"a": 1}], [{"b": 2, "c": 3}]]
    (tmp_path / "odd.sql").write_bytes(b"SELECT '\xff'")
    for name, said in (("odd.sql", "no text in UTF-8"), ("none.sql", "cannot read"), ("", "cannot read")):
        status, _, err = run("sql", "-f", str(tmp_path / name))
        assert status == 1 and said in err and err.count("\n") == 1
    assert run("sql", "SELECT 1; DELETE FROM albums")[0] == 1
    assert run("sql", "SELECT 1", "-f", str(tmp_path / "two.sql"))[0] == 2


def test_queries_are_saved_run_listed_and_removed(run):
    query = "SELECT year, count(*) AS albums FROM albums WHERE genre = $genre GROUP BY ALL ORDER BY ALL LIMIT 1"
    assert run("sql", "--save", "worst year", query)[0] == 0
    for number in range(9):
        assert run("sql", f"SELECT {number} AS n", "--save", f"query-{number}")[0] == 0
    assert len(json.loads(run("sql", "--saved", "--json")[1])) == 10
    assert json.loads(run("sql", "--run", "worst year", "-p", "genre=rock", "--json")[1]) == [
        {"year": 1971, "albums": 1}
    ]
    for number in range(9):
        assert json.loads(run("sql", "--run", f"query-{number}", "--json")[1]) == [{"n": number}]
    assert run("sql", "--remove", "query-3")[0] == 0
    status, _, err = run("sql", "--run", "query-3")
    assert status == 2 and "worst year" in err and "query-4" in err
    for bad in (
        ("--save", "x", "DELETE FROM albums"),
        ("--save", "x", "SELEC 1"),
        ("--save", "x"),
        ("--save", "../x", "SELECT 1"),
    ):
        assert run("sql", *bad)[0] in (1, 2)
    assert len(json.loads(run("sql", "--saved", "--json")[1])) == 9


def test_the_albums_of_an_answer_are_a_set(run, folder, tmp_path, monkeypatch):
    query = "SELECT album_id FROM albums WHERE artist = 'Low' ORDER BY title"
    ids = run("sql", query, "--ids")[1].split()
    assert len(ids) == 3
    assert run("sql", query, "--ids", "-o", str(tmp_path / "ids.txt"))[0] == 0
    library = Library.open(folder)
    (tmp_path / "more.txt").write_text("\n".join([ids[2], "nowhere", ids[0], ids[2], ""]))
    assert read_ids(library, tmp_path / "more.txt") == (ids[2], ids[0])
    assert read_ids(library, tmp_path / "ids.txt") == tuple(ids)
    (tmp_path / "none.txt").write_bytes(b"\xff\x00")
    with pytest.raises(click.UsageError, match="none of 1 lines"):
        read_ids(library, tmp_path / "none.txt")
    for bad, said in (
        ("SELECT title FROM albums", "no column album_id"),
        ("SELECT 1; DROP TABLE albums", "only reads"),
    ):
        status, out, err = run("sql", bad, "--ids")
        assert status == 1 and out == "" and said in err
    assert run("sql", query, "--list", "low")[0] == 0
    found = json.loads(run("find", "list:low", "--json")[1])
    assert sorted(one["album"]["album_id"] for one in found) == sorted(ids)


def test_the_app_walks_among_the_albums_that_it_is_given(run, folder):
    ids = run("sql", "SELECT album_id FROM albums WHERE year < 1980 ORDER BY year", "--ids")[1].split()
    app, notebook = app_of(Library.open(folder), ids[0], these=ids)
    session = app.setup.session
    assert session is not None and session.filter.text == f"list:these-{len(ids)}" and len(ids) == 10
    session.set_count(8)
    for _ in range(5):
        assert session.random() and session.here.album_id in ids
        assert {one.album.album_id for one in session.ring.slots if one} <= set(ids)
    app.setup.decoder.close()
    notebook.close()
