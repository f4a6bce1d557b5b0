"""A person's tags, lists and saved queries: they count where they have the right shape, and a wrong one is a line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from store.database.library import Library
from store.errors import LibraryError
from store.memory.arrays_file import tables_fingerprint
from store.memory.snapshot import Snapshot
from store.neighbors.filters import Filter, albums_sql
from store.neighbors.neighborhood import open_neighborhood
from store.personal.mine import save_query, saved_queries, write_list
from store.records import Weights
from store.text import album_id

BARE, COLD, BLUE = album_id("Di", "Bare"), album_id("Cy", "Cold"), album_id("Bo", "Blue")


@pytest.fixture
def copy_of_tiny(tiny: Library, tmp_path: Path) -> Library:
    """The eight albums, to change."""
    shutil.copytree(tiny.path, tmp_path / "copy")
    return Library(tmp_path / "copy")


def run(library: Library, sql: str) -> None:
    with library.write() as con:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS mine; {sql}")


def test_tags_of_ones_own_are_tags(copy_of_tiny: Library) -> None:
    before = Snapshot.load(copy_of_tiny)
    assert not before.own.problems and before.album(before.row(BARE) or 0).tags == ()
    with copy_of_tiny.read() as con:
        fingerprint = tables_fingerprint(con)
    run(
        copy_of_tiny,
        "CREATE TABLE mine.tags (album_id VARCHAR, tag VARCHAR, weight DOUBLE); "
        f"INSERT INTO mine.tags VALUES ('{BARE}', ' Rainy Sunday ', 40), ('{COLD}', 'rainy sunday', NULL), "
        f"('{COLD}', 'jazz', 7), ('{BARE}', 'loud', 1e9), ('nowhere', 'x', 1), ('{BARE}', NULL, 1), ('{BARE}', '', 1)",
    )
    near = open_neighborhood(copy_of_tiny)
    snapshot = near.snapshot
    assert snapshot.album(snapshot.row(BARE) or 0).tags == ("loud", "rainy sunday")
    assert set(snapshot.album(snapshot.row(COLD) or 0).tags) == {"jazz", "rainy sunday"}
    only_tags = Weights(0, 1, 0, 0, 0)
    assert next(iter(near.neighbors(BARE, 5, only_tags, None))).album.album_id == COLD
    (reason,) = near.reasons(BARE, COLD, only_tags)
    assert reason.shared_tags == ("rainy sunday",)
    passing = Filter.of(snapshot, "tag:rainy-sunday").rows(snapshot)
    assert passing is not None and passing.sum() == 2
    with copy_of_tiny.read() as con:
        assert tables_fingerprint(con) != fingerprint, "a copy of the arrays without them is old"


def test_lists_are_a_word_to_find_by(copy_of_tiny: Library) -> None:
    with copy_of_tiny.write() as con:
        write_list(con, "Rainy days", [COLD, BARE])
        write_list(con, "summer", [BLUE, COLD])
        write_list(con, "summer", [BLUE])
    snapshot = Snapshot.load(copy_of_tiny)
    assert snapshot.own.lists == {"Rainy days": (COLD, BARE), "summer": (BLUE,)}
    assert snapshot.own.of_album[BLUE] == ["summer"]
    name = snapshot.own.give([BARE, BLUE])
    assert name == "these-2" and snapshot.own.of_album[BARE] == ["Rainy days"], "it is on no list of the file"
    for words, ids in {
        "list:summer": {BLUE},
        'list:"rainy days"': {COLD, BARE},
        "list:rainy-days,SUMMER": {COLD, BARE, BLUE},
        "list:rainy-days tag:jazz": {COLD},
        f"list:{name}": {BARE, BLUE},
        f"list:{name},summer -list:summer": {BARE},
    }.items():
        chosen = Filter.of(snapshot, words)
        rows = chosen.rows(snapshot)
        assert rows is not None and {snapshot.album_ids[row] for row in rows.nonzero()[0]} == ids
        assert Filter.of(snapshot, chosen.text) == chosen
        with copy_of_tiny.read() as con:
            found = con.execute(albums_sql(chosen, 99)).fetchall()
        assert {row[-1] for row in found} == ids, "SQL says the same"
    with pytest.raises(LibraryError, match="no list here is like “winter”: Rainy days, summer, these-2"):
        Filter.of(snapshot, "list:winter")


WRONG = {
    "CREATE VIEW mine.tags AS SELECT album_id, content AS tag FROM read_text('/etc/passwd'), main.albums": "is a view",
    "CREATE TABLE mine.tags (album_id VARCHAR)": "tag has to be VARCHAR, and is missing",
    "CREATE TABLE mine.tags (album_id BIGINT, tag VARCHAR)": "album_id has to be VARCHAR, and is BIGINT",
    "CREATE TABLE mine.tags (album_id VARCHAR, tag VARCHAR, weight VARCHAR)": "weight has to be a number",
    "CREATE TABLE mine.lists (list VARCHAR[], album_id VARCHAR)": "list has to be VARCHAR",
    "CREATE VIEW mine.queries AS SELECT 'a' AS name, 'b' AS query": "is a view",
}


@pytest.mark.parametrize("sql", WRONG)
def test_a_wrong_shape_is_a_line_and_the_walk_goes_on(copy_of_tiny: Library, sql: str) -> None:
    run(copy_of_tiny, sql)
    snapshot = open_neighborhood(copy_of_tiny).snapshot
    (problem,) = snapshot.own.problems
    assert WRONG[sql] in problem and "\n" not in problem
    assert len(snapshot) == 8 and not snapshot.own.lists


def test_nothing_of_theirs_is_written_over(copy_of_tiny: Library) -> None:
    run(
        copy_of_tiny,
        "CREATE TABLE mine.queries (a INT); CREATE TABLE mine.lists (list VARCHAR, album_id VARCHAR, why VARCHAR); "
        f"INSERT INTO mine.lists VALUES ('kept', '{BARE}', 'because')",
    )
    with copy_of_tiny.write() as con:
        write_list(con, "new", [COLD])
        assert con.execute("FROM mine.lists").fetchall() == [("kept", BARE, "because"), ("new", COLD, None)]
        for refused in (lambda: save_query(con, "a", "SELECT 1"), lambda: saved_queries(con)):
            with pytest.raises(LibraryError, match=r"mine\.queries is not read: its column name"):
                refused()


def test_saved_queries_are_kept_by_name(copy_of_tiny: Library) -> None:
    with copy_of_tiny.write() as con:
        assert saved_queries(con) == {}
        for name, query in (("b", "SELECT 1"), ("a", "SELECT 2"), ("b", "SELECT 3")):
            save_query(con, name, query)
        assert saved_queries(con) == {"a": "SELECT 2", "b": "SELECT 3"}
