"""A person's own tables, views, macros, types and sequences go wherever the library goes, and are never touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.library import export_library, import_library
from pipelines.report import SourceError
from store.database.copying import our_tables, own_tables, things
from store.database.library import Library
from store.database.schema import back_up, our_names
from store.errors import LibraryError
from store.memory.snapshot import Snapshot
from store.repair.repair import find_problems
from store.repair.rescue import copy_is_current, keep_copy, plan_rescue, read_all, rescue
from tests.store.support.own import ANSWERS, OWN, own_answers


@pytest.fixture
def owned(copy: Library) -> Library:
    """A built library with things of the person's own."""
    with copy.write() as con:
        con.execute(OWN)
    return copy


@pytest.fixture(scope="module")
def exported(grown: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of such a library. Shared: only to be read."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(grown.path, folder / "library")
    library = Library(folder / "library")
    with library.write() as con:
        con.execute(OWN)
    export_library(library, folder / "export")
    return folder / "export"


@pytest.fixture
def export(exported: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return shutil.copytree(exported, tmp_path / "export")


def answers(library: Library) -> dict[str, str]:
    with library.read() as con:
        return own_answers(con)


def test_ours_and_theirs_are_told_apart(owned: Library, library: Library) -> None:
    with library.read() as con:
        ours = our_tables(con)
        assert {(table.schema, table.name) for table in ours} < our_names() and not own_tables(con)
        assert [table.name for table in ours] == sorted(
            name
            for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            if name != "schema_version"
        )
    with owned.read() as con:
        assert our_tables(con) == ours
        labels = [table.label for table in own_tables(con)]
        assert labels.index("mine.ratings") < labels.index("mine.a_note")
        assert set(labels) == {
            *("mine.ratings", "mine.a_note", "mine.albums", "mine.latents", "mine.schema_version", "shelf")
        }


def test_a_copy_and_a_backup_hold_them(owned: Library, tmp_path: Path) -> None:
    assert answers(owned) == ANSWERS
    with owned.exclusive() as con:
        keep_copy(owned, con)
        back_up(con, tmp_path / "backup.duckdb")
    for path in (owned.backups_dir / "latest.duckdb", tmp_path / "backup.duckdb"):
        with duckdb.connect(str(path), read_only=True) as con:
            assert own_answers(con) == ANSWERS
            assert con.execute("SELECT count(*) FROM albums").fetchall() == [(60,)]


CHANGES = (
    "UPDATE mine.a_note SET note = 'never'",
    "CREATE OR REPLACE VIEW mine.best AS FROM mine.ratings",
    "CREATE OR REPLACE MACRO mine.twice_of(x) AS x",
    "DROP TABLE main.shelf",
    "CREATE TYPE mine.other AS ENUM ('a')",
    "COMMENT ON TABLE mine.ratings IS 'other'",
)


def test_a_change_of_theirs_makes_the_copy_old(owned: Library) -> None:
    with owned.exclusive() as con:
        keep_copy(owned, con)
        for change in CHANGES:
            assert copy_is_current(owned, con)
            con.execute(f"BEGIN; {change}")
            assert not copy_is_current(owned, con), change
            con.execute("ROLLBACK")


def test_repair_puts_them_back(owned: Library) -> None:
    with owned.exclusive() as con:
        keep_copy(owned, con)
    content = bytearray(owned.db_path.read_bytes())
    content[12_288:20_000] = bytes(byte ^ 0xFF for byte in content[12_288:20_000])
    owned.db_path.write_bytes(content)
    rescue(owned, plan_rescue(owned))
    read_all(owned)
    assert answers(owned) == ANSWERS
    assert not find_problems(owned, check_hashes=True)


def test_an_export_takes_them_along(exported: Path, tmp_path: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["format"] == 2 and manifest["own"]["mine.ratings"] == 2
    with duckdb.connect(str(exported / "own.duckdb"), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'album_tags'").fetchall() == [(0,)]
        assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(6,)]
    report = import_library(exported, tmp_path / "new")
    assert report.own == manifest["own"] and "6 of your own" in report.summary()
    assert answers(Library.open(tmp_path / "new")) == ANSWERS


def test_views_alone_are_something(copy: Library, tmp_path: Path) -> None:
    with copy.write() as con:
        con.execute("CREATE VIEW decades AS SELECT year // 10 * 10 AS decade FROM albums")
    export_library(copy, tmp_path / "export")
    import_library(tmp_path / "export", tmp_path / "new")
    with Library.open(tmp_path / "new").read() as con:
        assert con.execute("SELECT count(*) FROM decades").fetchall() == [(60,)]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("CREATE TABLE plays (x INT)", "a table of yours called plays"),
        ("DROP TABLE mine.albums", "damaged"),
        ("CREATE VIEW covers AS SELECT 1", "a view of yours called covers"),
    ],
)
def test_an_export_that_someone_changed_is_refused(export: Path, tmp_path: Path, sql: str, told: str) -> None:
    with duckdb.connect(str(export / "own.duckdb")) as con:
        con.execute(sql)
    with pytest.raises((SourceError, LibraryError), match=told) as caught:
        import_library(export, tmp_path / "new")
    assert "\n" not in str(caught.value) and not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_a_damaged_file_of_theirs_is_refused(export: Path, tmp_path: Path, content: bytes | None) -> None:
    path = export / "own.duckdb"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(SourceError, match=r"own\.duckdb") as caught:
        import_library(export, tmp_path / "new")
    assert "\n" not in str(caught.value) and not (tmp_path / "new").exists()


def test_what_shares_a_name_with_ours_changes_nothing(owned: Library) -> None:
    assert len(Snapshot.load(owned)) == 60
    with owned.write() as con:
        con.execute("CREATE SCHEMA library; CREATE TABLE library.library.albums (x INT)")
    with owned.exclusive() as con:
        keep_copy(owned, con)
    assert answers(Library.open(owned.path)) == ANSWERS


def test_our_macros_mean_our_tables_wherever_they_are_called(owned: Library) -> None:
    first, second = "Joy Division / Unknown Pleasures", "The Smiths / The Queen Is Dead"
    asked = (
        f"FROM main.find_albums('{second}', 3)",
        f"SELECT main.album_named('{first}'), main.album_called('{second}')",
        f"FROM main.similar_to(main.album_called('{first}'))",
        "FROM main.similar_albums('Joy Division', 'Unknown Pleasures', 5)",
        f"SELECT main.sleeves(main.album_called('{first}'), main.album_called('{second}'))",
        "FROM main.find_sleeves('grey', 5)",
        "SELECT main.look_of(['dark', 'red'])",
    )
    with owned.write() as con:
        ours = {one.name for one in things(con, "library") if one.schema == "main" and one.kind in ("table", "view")}
        for name in ours & {name for _, name in our_names()} - {"albums", "latents", "schema_version"}:
            con.execute(f"CREATE TABLE mine.{name} (nothing INT)")
    with owned.read() as con:
        here = [con.execute(query).fetchall() for query in asked]
        con.execute("USE library.mine")
        assert [con.execute(query).fetchall() for query in asked] == here and all(here)


FAMILY = """
CREATE SCHEMA mine;
CREATE TABLE internal.notes AS SELECT 'mine' AS note;
CREATE TABLE mine.family (id INT, of_year INT, parent INT, parent_year INT, PRIMARY KEY (id, of_year),
    FOREIGN KEY (parent, parent_year) REFERENCES mine.family (id, of_year));
"""


def test_a_table_that_refers_to_itself_and_one_beside_ours_go_along(copy: Library, tmp_path: Path) -> None:
    rows = [(1, 0, None, None), (2, 0, 1, 0), (3, 0, 2, 0), (4, 0, None, 7), (5, 0, 3, 0)]
    with copy.write() as con:
        con.execute(FAMILY)
    for row in rows:
        with copy.write() as con:
            con.execute("INSERT INTO mine.family VALUES (?, ?, ?, ?)", list(row))
    with copy.exclusive() as con:
        keep_copy(copy, con)
    export_library(copy, tmp_path / "export")
    import_library(tmp_path / "export", tmp_path / "new")
    for path in (copy.backups_dir / "latest.duckdb", tmp_path / "new" / "library.duckdb"):
        with duckdb.connect(str(path), read_only=True) as con:
            assert con.execute("FROM mine.family ORDER BY id").fetchall() == rows
            assert con.execute("FROM internal.notes").fetchall() == [("mine",)]
