"""Migrations, and the SQL that people use (in other DuckDBs: test_duckdb_versions)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from store.database import schema
from store.database.connection import attach
from store.database.copying import INTERNAL
from store.database.library import Library
from store.database.schema import MIGRATIONS, STORAGE_VERSION
from store.database.steps import first, views
from store.errors import LibraryError
from store.personal.records import Personal
from tests.store.support.own import ANSWERS as OWN_ANSWERS
from tests.store.support.own import OWN, own_answers
from tests.store.support.sql import ANSWERS, sql_answers

FIXTURES = Path(__file__).parent / "fixtures"


def test_sql_for_people(tiny: Library) -> None:
    assert sql_answers(tiny, "") == ANSWERS


def test_storage_stays_readable_for_older_tools(tiny: Library) -> None:
    with tiny.read() as con:
        row = con.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'library'"
        ).fetchall()
    assert STORAGE_VERSION in str(row)


NAMED = {  # what people see of a library's schema, by the system table that lists it: its names, and all else of it
    "duckdb_tables": "schema_name, table_name, sql, comment",
    "duckdb_columns": "schema_name, table_name, column_name, data_type, is_nullable, column_default, comment",
    "duckdb_views": "view_name, sql, comment",
    "duckdb_functions": "function_name, parameters, macro_definition, comment",
    "duckdb_constraints": "schema_name, table_name, constraint_text",
    "duckdb_indexes": "table_name, sql, comment",
}


def shape(library: Library) -> dict[str, list[tuple[object, ...]]]:
    """All of the schema, comments included."""
    with library.read() as con:
        return {
            listed: con.execute(
                f"SELECT {columns} FROM {listed}() WHERE database_name = 'library' "
                f"{'' if listed in ('duckdb_constraints', 'duckdb_indexes') else 'AND NOT internal'} ORDER BY ALL"
            ).fetchall()
            for listed, columns in NAMED.items()
        }


def test_everything_has_a_comment(tiny: Library) -> None:
    seen = shape(tiny)
    for listed in ("duckdb_tables", "duckdb_columns", "duckdb_views", "duckdb_functions", "duckdb_indexes"):
        assert [row for row in seen[listed] if not str(row[-1] or "").strip()] == []
    assert len(seen["duckdb_columns"]) > 100 and len(seen["duckdb_functions"]) >= 5


def test_no_table_has_two_keys(tiny: Library) -> None:
    """DuckDB 1.5 checkpoints the second of two after a crash as if it were empty, and later deletes fail."""
    with tiny.read() as con:
        keys = con.execute(
            "SELECT table_name FROM duckdb_constraints() WHERE database_name = 'library' "
            "AND constraint_type IN ('PRIMARY KEY', 'UNIQUE') UNION ALL "
            "SELECT table_name FROM duckdb_indexes() WHERE database_name = 'library'"
        ).fetchall()
    assert len(keys) == len(set(keys))


def old_library(folder: Path, fixture: str) -> Path:
    """A library as an older version left it."""
    path = folder / "library.duckdb"
    con = duckdb.connect()
    con.execute(f"ATTACH '{path}' AS library (STORAGE_VERSION '{STORAGE_VERSION}'); USE library")
    con.execute((FIXTURES / fixture).read_text())
    con.close()
    return path


RELEASED = sorted(int(path.stem.removeprefix("schema_v")) for path in FIXTURES.glob("schema_v*.sql"))


@pytest.mark.parametrize("version", RELEASED)
def test_a_library_of_an_earlier_version_is_migrated_and_backed_up(version: int, tmp_path: Path) -> None:
    old_library(tmp_path, f"schema_v{version}.sql")
    library = Library.open(tmp_path)
    with library.read() as con:
        assert con.execute("SELECT max(version) FROM schema_version").fetchall() == [(len(MIGRATIONS),)]
        assert con.execute("SELECT artist, title, tags FROM library").fetchall() == [("Ada", "First", ["dream pop"])]
        assert con.execute("SELECT note FROM bookmarks").fetchall() == [("kept",)]
        walks = con.execute("SELECT album_id FROM walks").fetchall()
    assert walks == ([] if version == 1 else [("a",)])
    assert shape(library) == shape(Library.create(tmp_path / "fresh")), "as if it had been made today"
    backup = library.backups_dir / f"library-schema{version}.duckdb"
    assert list(library.backups_dir.iterdir()) == [backup]
    with duckdb.connect(str(backup), read_only=True) as con:
        assert con.execute("SELECT max(version) FROM schema_version").fetchall() == [(version,)]
        assert con.execute("SELECT artist FROM albums").fetchall() == [("Ada",)]
    Library.open(tmp_path)
    assert len(list(library.backups_dir.iterdir())) == 1, "nothing to do the second time"


def test_each_step_since_the_last_release_takes_a_library_on_and_what_a_person_keeps_in_it(tmp_path: Path) -> None:
    path = old_library(tmp_path, f"schema_v{RELEASED[-1]}.sql")
    with attach(path, read_only=False) as con:
        con.execute(OWN)
    for version in range(RELEASED[-1] + 1, len(MIGRATIONS) + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", MIGRATIONS[:version])
            library = Library.open(tmp_path)
        backup = library.backups_dir / f"library-schema{version - 1}.duckdb"
        with duckdb.connect(str(backup), read_only=True) as con:
            assert own_answers(con) == OWN_ANSWERS
            assert con.execute("SELECT max(version) FROM schema_version").fetchall() == [(version - 1,)]
    with library.write() as con:
        assert own_answers(con) == OWN_ANSWERS
        # What refers to other things first: of a schema at once DuckDB logs the drops in any order.
        con.execute(
            'DROP SCHEMA "we ird" CASCADE; DROP VIEW mine.best; DROP TABLE mine.a_note; DROP TABLE mine.ratings'
        )
        con.execute("DROP SCHEMA mine CASCADE; DROP TABLE shelf; DROP MACRO half")
    assert shape(library) == shape(Library.create(tmp_path / "fresh")), "as if it had been made today"


def test_what_a_person_kept_in_the_first_version_comes_through(tmp_path: Path) -> None:
    with attach(old_library(tmp_path, "schema_v1.sql"), read_only=False) as con:
        con.execute(OWN)
    with Library.open(tmp_path).read() as con:
        assert own_answers(con) == OWN_ANSWERS


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("TABLE {} (x INT)", "plays"),
        ("TABLE {} (x INT)", "internal.derived"),
        ("VIEW {} AS SELECT 1 AS x", "album_POPULARITY"),
        ("MACRO {}(x) AS x", "Sleeves"),
    ],
)
def test_a_name_that_a_person_took_first_is_theirs(kind: str, name: str, tmp_path: Path) -> None:
    path = old_library(tmp_path, "schema_v6.sql")
    with attach(path, read_only=False) as con:
        con.execute(f"CREATE SCHEMA internal; CREATE {kind.format(name)}")
    with pytest.raises(LibraryError, match=f"of yours called {name}") as caught:
        Library.open(tmp_path)
    assert "\n" not in str(caught.value)
    with attach(path, read_only=False) as con:
        assert con.execute("SELECT max(version) FROM schema_version").fetchall() == [(6,)]
        con.execute(f"DROP {kind.split()[0]} {name}")
    Library.open(tmp_path)


def test_a_walk_of_an_old_library_can_be_named(tmp_path: Path) -> None:
    old_library(tmp_path, "schema_v1.sql")
    library = Library.open(tmp_path)
    Personal(library).name_walk("w", "Monday")
    assert Personal(library).flush()
    with library.read() as con:
        assert con.execute("SELECT name FROM walk_names").fetchall() == [("Monday",)]


def test_a_library_of_schema_4_remembers_where_its_albums_came_from(tmp_path: Path) -> None:
    path = old_library(tmp_path, "schema_v4.sql")
    library = Library.open(tmp_path)
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT source, artist, title, year, match_key FROM album_sources").fetchall() == [
            ("table", "Ada", "First", 1990, "ada / first")
        ]
        assert con.execute("SELECT name FROM walk_names").fetchall() == [("Sunday",)]
    (backup,) = library.backups_dir.iterdir()
    assert backup.name == "library-schema4.duckdb"


def test_the_fixtures_are_made_of_the_steps() -> None:
    """A released step is never edited: people's files were made by it."""
    steps = (first.TABLES_1, views.VIEWS_1, views.TABLES_COVER_MAP, first.TABLES_WALK_NAMES)
    for version in range(1, 5):
        fixture = (FIXTURES / f"schema_v{version}.sql").read_text()
        assert [step.strip() in fixture for step in steps] == [number <= version for number in range(1, 5)]


def test_a_failed_migration_leaves_the_library_as_it_was(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*MIGRATIONS, ("first", "CREATE TABLE half (x INT)"), ("second", "SELECT no_such_thing")]
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    with pytest.raises(duckdb.Error):
        Library.open(library.path)
    monkeypatch.undo()
    with Library.open(library.path).read() as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'").fetchall() == [(0,)]


def test_steps_run_once_in_order_and_may_call_functions(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("INSERT INTO extra VALUES (1)")

    monkeypatch.setattr(
        schema, "MIGRATIONS", [*MIGRATIONS, ("make", "CREATE TABLE extra (x INT)", fill), ("more", "SELECT 1")]
    )
    for _ in range(2):
        with Library.open(library.path).read() as con:
            assert con.execute("SELECT * FROM extra").fetchall() == [(1,)]
            done = con.execute("SELECT step FROM schema_version ORDER BY version DESC LIMIT 2").fetchall()
            assert done == [("more",), ("make",)]


def test_a_newer_library_is_refused(library: Library) -> None:
    with library.write() as con:
        con.execute("INSERT INTO schema_version (version, step) VALUES (99, 'from the future')")
    with pytest.raises(LibraryError, match=r"newer sleevewalk \(schema 99.*upgrade"):
        Library.open(library.path)


NEW_YEAR = datetime(2025, 1, 1)
KEPT_APART = {  # in the library of schema 15
    "album_ranking": [(0, "0123456789abcdef", "ada", 0, 0, 1990, 0.5, True)],
    "album_tag_weights": [("dream pop", 0, 1.0)],
    "cover_calibration": [(-1.0, 0.0, "m"), (1.0, 1.0, "m")],
    "derived": [("album_ranking", "y", NEW_YEAR), ("neighbors", "x", NEW_YEAR)],
    "ingest_items": [("table", "1", "cover", "failed", 3, datetime(2025, 1, 2), "no answer")],
    "personal_records": [("r1", NEW_YEAR)],
}


def test_what_sleevewalk_keeps_for_itself_is_apart(tmp_path: Path) -> None:
    old_library(tmp_path, "schema_v15.sql")
    with Library.open(tmp_path).read() as con:
        assert not INTERNAL & {name for (name,) in con.execute("SHOW TABLES").fetchall()}
        for table, rows in KEPT_APART.items():
            assert con.execute(f"FROM internal.{table} ORDER BY ALL").fetchall() == rows
    assert KEPT_APART.keys() == INTERNAL


@pytest.mark.parametrize(
    ("vectors", "kind", "rows", "stale"),
    [
        ("", "FLOAT[256]", 0, False),
        ("[1, 0, 0], [0, 1, 0]", "FLOAT[3]", 2, False),
        ("[1, 0, 0], [0, 1]", "FLOAT[256]", 0, True),
    ],
)
def test_vectors_become_arrays(vectors: str, kind: str, rows: int, stale: bool, tmp_path: Path) -> None:
    path = old_library(tmp_path, "schema_v15.sql")
    with attach(path, read_only=False) as con:
        con.execute(
            f"INSERT INTO cover_vectors SELECT 'c' || i, v, 0.5, i FROM "
            f"(SELECT unnest([{vectors}]::FLOAT[][]) AS v, generate_subscripts([{vectors}]::FLOAT[][], 1) AS i)"
        )
    with Library.open(tmp_path).read() as con:
        assert con.execute("SELECT count(*) FROM cover_vectors").fetchall() == [(rows,)]
        assert con.execute("DESCRIBE SELECT vector FROM cover_vectors").fetchall()[0][1] == kind
        noted = con.execute("SELECT count(*) FROM internal.derived WHERE name = 'neighbors'").fetchall()
        assert noted == [(int(not stale),)]


def test_a_library_that_lacks_what_is_apart_is_refused(library: Library) -> None:
    with library.write() as con:
        con.execute("DROP TABLE internal.derived; CREATE VIEW internal.derived AS FROM range(1000000000000)")
    with pytest.raises(LibraryError, match=r"internal\.derived is no table"):
        Library.open(library.path)
