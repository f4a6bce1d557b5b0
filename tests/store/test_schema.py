"""Migrations, and the SQL that people use: in this DuckDB and in the command line of the older ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from store import schema
from store.errors import LibraryError
from store.library import Library
from store.personal import Personal
from store.schema import MIGRATIONS, STORAGE_VERSION

FIXTURES = Path(__file__).parent / "fixtures"
# A folder with an older duckdb (pip install --target DIR duckdb==1.4.4): where it is named, the SQL is
# checked in that one too.
OLDER = os.environ.get("SLEEVEWALK_OLDER_DUCKDB", "")

# Run by a plain duckdb, read-only and without anything of ours; prints one line a query.
QUERIES = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True, config={"autoinstall_known_extensions": "false"})
for query in [
    "SELECT artist, title, tags FROM library WHERE title = 'First'",
    "SELECT artist, title FROM find_albums('ada frist', 1)",
    "SELECT count(*) FROM find_albums('a')",
    "SELECT title, cover_rank, shared_tags FROM similar_albums('ada', 'first', 3)",
    "SELECT genre, albums, artists FROM genre_summary",
    "SELECT step, title FROM route('Ada / First', 'Cy / Cold')",
    "SELECT count(*) FROM route('Ada / First', 'Di / Bare')",
    "SELECT round(array_cosine_similarity(a.latent, b.latent), 2) FROM latents a, latents b "
    "WHERE a.cover_sha256 LIKE '%0' AND b.cover_sha256 LIKE '%3'",
    "SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL",
]:
    print(con.execute(query).fetchall())
"""
ANSWERS = """\
[('Ada', 'First', ['dream pop', 'shoegaze'])]
[('Ada', 'First')]
[(8,)]
[('Second', 1, ['dream pop']), ('Third', 2, ['dream pop']), ('Blue', 3, ['shoegaze'])]
[(None, 8, 5)]
[(0, 'First'), (1, 'Second'), (2, 'Third'), (3, 'Blue'), (4, 'Cold')]
[(0,)]
[(0.5,)]
[(0,)]
"""


def sql_answers(tiny: Library, folder: str) -> str:
    environment = {**os.environ, "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", QUERIES, str(tiny.db_path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_sql_for_people(tiny: Library) -> None:
    assert sql_answers(tiny, "") == ANSWERS


if OLDER:

    def test_sql_for_people_in_an_older_duckdb(tiny: Library) -> None:
        version = "import duckdb; print(duckdb.__version__)"
        run = subprocess.run(
            [sys.executable, "-c", version],
            env={**os.environ, "PYTHONPATH": OLDER},
            capture_output=True,
            text=True,
        )
        assert run.stdout.startswith("1."), f"not an older duckdb: {run.stdout} {run.stderr}"
        assert sql_answers(tiny, OLDER) == ANSWERS


def test_storage_stays_readable_for_older_tools(tiny: Library) -> None:
    with tiny.read() as con:
        row = con.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'library'"
        ).fetchall()
    assert STORAGE_VERSION in str(row)


def test_everything_has_a_comment(tiny: Library) -> None:
    with tiny.read() as con:
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'library' AND comment IS NULL"
        ).fetchall()
        columns = con.execute(
            "SELECT table_name, column_name "
            "FROM duckdb_columns() JOIN duckdb_tables() USING (database_name, table_name) "
            "WHERE database_name = 'library' AND duckdb_columns.comment IS NULL "
            "AND table_name <> 'schema_version'"
        ).fetchall()
        views = con.execute(
            "SELECT view_name FROM duckdb_views() WHERE database_name = 'library' AND NOT internal AND comment IS NULL"
        ).fetchall()
        macros = con.execute(
            "SELECT function_name FROM duckdb_functions() WHERE database_name = 'library' AND comment IS NULL"
        ).fetchall()
    assert tables == columns == views == macros == []


def old_library(folder: Path, fixture: str) -> Path:
    """A library as an older version left it."""
    path = folder / "library.duckdb"
    con = duckdb.connect()
    con.execute(f"ATTACH '{path}' AS library (STORAGE_VERSION '{STORAGE_VERSION}'); USE library")
    con.execute((FIXTURES / fixture).read_text())
    con.close()
    return path


def test_a_library_of_schema_1_is_migrated_and_backed_up(tmp_path: Path) -> None:
    old_library(tmp_path, "schema_v1.sql")
    library = Library.open(tmp_path)
    with library.read() as con:
        assert con.execute("SELECT max(version) FROM schema_version").fetchall() == [(len(MIGRATIONS),)]
        assert con.execute("SELECT artist, title, tags FROM library").fetchall() == [("Ada", "First", ["dream pop"])]
        assert con.execute("SELECT note FROM bookmarks").fetchall() == [("kept",)]
    (backup,) = library.backups_dir.iterdir()
    with duckdb.connect(str(backup), read_only=True) as con:
        assert con.execute("SELECT max(version) FROM schema_version").fetchall() == [(1,)]
        assert con.execute("SELECT artist FROM albums").fetchall() == [("Ada",)]
    Library.open(tmp_path)
    assert len(list(library.backups_dir.iterdir())) == 1, "nothing to do the second time"


def test_a_library_of_schema_3_keeps_its_walks_and_takes_names(tmp_path: Path) -> None:
    path = old_library(tmp_path, "schema_v3.sql")
    library = Library.open(tmp_path)
    Personal(library).name_walk("w", "Sunday")
    assert Personal(library).flush()
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT name, album_id FROM walks JOIN walk_names USING (walk_id)").fetchall() == [
            ("Sunday", "a")
        ]
    (backup,) = library.backups_dir.iterdir()
    assert backup.name == "library-schema3.duckdb"


def test_the_fixture_is_the_first_step(tmp_path: Path) -> None:
    """A released step is never edited: people's files were made by it."""
    fixture = (FIXTURES / "schema_v1.sql").read_text()
    assert schema.TABLES_1.strip() in fixture
    later = (FIXTURES / "schema_v3.sql").read_text()
    assert all(step.strip() in later for step in (schema.TABLES_1, schema.VIEWS_1, schema.TABLES_COVER_MAP))


def test_a_failed_migration_leaves_the_library_as_it_was(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*MIGRATIONS, ("first", "CREATE TABLE half (x INT)"), ("second", "SELECT no_such_thing")]
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    with pytest.raises(duckdb.Error):
        Library.open(library.path)
    monkeypatch.undo()
    with Library.open(library.path).read() as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'").fetchall() == [(0,)]


def test_steps_run_once_in_order_and_may_be_functions(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("INSERT INTO extra VALUES (1)")

    monkeypatch.setattr(schema, "MIGRATIONS", [*MIGRATIONS, ("make", "CREATE TABLE extra (x INT)"), ("fill", fill)])
    for _ in range(2):
        with Library.open(library.path).read() as con:
            assert con.execute("SELECT * FROM extra").fetchall() == [(1,)]
            done = con.execute("SELECT step FROM schema_version ORDER BY version DESC LIMIT 2").fetchall()
            assert done == [("fill",), ("make",)]


def test_a_newer_library_is_refused(library: Library) -> None:
    with library.write() as con:
        con.execute("INSERT INTO schema_version (version, step) VALUES (99, 'from the future')")
    with pytest.raises(LibraryError, match=r"newer sleevewalk \(schema 99.*upgrade"):
        Library.open(library.path)
