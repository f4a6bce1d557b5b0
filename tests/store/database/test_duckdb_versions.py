"""The library opens, and docs/sql.md runs as written, in the DuckDBs that people have: 1.4, 1.5 and 2."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from store.database.library import Library
from store.personal.records import Personal
from tests.store.support.sql import ANSWERS, TOUR, sql_answers

VERSIONS = ("1.4.5", "1.5.6", "2.0.1")
# Plain DuckDB, read-only, nothing loaded from anywhere: every query's columns and rows.
RUN = """
import duckdb, json, sys
off = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
con = duckdb.connect(sys.argv[1], read_only=True, config=off)
told = [duckdb.__version__]
for query in json.load(sys.stdin):
    result = con.execute(query)
    told.append([[column[0] for column in result.description], result.fetchall()])
print(json.dumps(told, default=str))
"""
# A person's own session that writes.
WRITE = """
import duckdb, sys
con = duckdb.connect()
con.execute(f"ATTACH '{sys.argv[1]}' AS library (TYPE duckdb); USE library")
con.execute("INSERT INTO bookmarks VALUES (?, 'by hand', now()::TIMESTAMP)", [duckdb.__version__])
con.execute("UPDATE albums SET year = 1901 WHERE title = 'Album 1'")
con.close()
"""


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> tuple[str, str]:
    """(version, folder to import it from; '' for the one that runs here). Fetched once, kept in pytest's cache."""
    wanted = request.param
    if duckdb.__version__ == wanted:
        return wanted, ""
    folder = Path(request.config.cache.mkdir("duckdb")) / wanted
    if not folder.exists():
        beside = folder.with_name(f".{wanted}.{os.getpid()}")
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--retries",
            "1",
        ]
        fetched = subprocess.run(
            [*command, "--timeout", "20", "--target", str(beside), f"duckdb=={wanted}"], capture_output=True, text=True
        )
        if fetched.returncode:
            shutil.rmtree(beside, ignore_errors=True)
            pytest.skip(f"pip cannot fetch duckdb {wanted}: {fetched.stderr.strip().splitlines()[-1:]}")
        with suppress(OSError):  # another worker of pytest-xdist was first
            beside.replace(folder)
    return wanted, str(folder)


ELSE = "shoegaze"  # of which the tests' library has none


def run(script: str, folder: str, library: Library, stdin: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", script, str(library.db_path)]
    done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def answers(grown: Library) -> list[object]:
    """What the queries give here."""
    return json.loads(run(RUN, "", grown, json.dumps(TOUR)))[1:]


def rounded(value: object) -> object:
    """Sums of floats differ in their last digits between versions."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 2) if isinstance(value, float) else value


def test_the_queries_of_the_tour_run_as_written(
    version: tuple[str, str], grown: Library, answers: list[object]
) -> None:
    found, *told = json.loads(run(RUN, version[1], grown, json.dumps(TOUR)))
    assert found == version[0]
    assert all(rows for query, (_, rows) in zip(TOUR, told, strict=True) if ELSE not in query)
    assert rounded(told) == rounded(answers)


def test_views_and_macros_answer_the_same(version: tuple[str, str], tiny: Library) -> None:
    assert sql_answers(tiny, version[1]) == ANSWERS


def test_what_it_writes_is_read_here_and_what_waits_in_the_log_is_read_there(
    version: tuple[str, str], copy: Library
) -> None:
    Personal(copy).add_bookmark("ours")
    assert Personal(copy).flush()
    assert copy.db_path.with_name("library.duckdb.wal").exists()
    run(WRITE, version[1], copy)
    with copy.write() as con:
        marks = {row[0] for row in con.execute("SELECT album_id FROM bookmarks").fetchall()}
        assert {"ours", version[0]} < marks
        assert con.execute("SELECT title FROM albums WHERE year = 1901").fetchall() == [("Album 1",)]
        con.execute("DELETE FROM bookmarks WHERE album_id = ?", [version[0]])
