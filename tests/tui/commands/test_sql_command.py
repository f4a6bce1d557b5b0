"""`sleevewalk sql`: it only reads, and gives its answers as tables, JSON, CSV and files."""

from __future__ import annotations

import json

import pytest


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
