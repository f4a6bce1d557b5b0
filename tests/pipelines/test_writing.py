"""Bursts that are interrupted or kept waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from pipelines.progress import Progress
from pipelines.writing import patient_write, settle
from store.catalogue.tables import add_similar_artists, counts
from store.database.interrupt import ctrl_c
from store.database.library import Library
from store.database.replay import undone, waiting_records
from store.errors import LibraryError, LibraryLocked
from tests.store.support.held import held
from tui.commands.doctor import library_findings

# Long, in small steps of the one thread that looks for Ctrl-C between them.
ENDLESS = "SET threads = 1; SELECT sum(range) FROM range(1_000_000_000_000)"


def test_ctrl_c_inside_a_query_is_a_keyboard_interrupt_and_writes_nothing(library: Library) -> None:
    def interrupted_burst() -> None:
        with patient_write(library, Progress()) as con:
            add_similar_artists(con, [("A", "B", 0.5)], "table")
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            con.execute(ENDLESS)

    with pytest.raises(KeyboardInterrupt):
        interrupted_burst()
    with library.read() as con:
        assert counts(con)["similar_artists"] == 0


def test_errors_of_tidying_up_after_ctrl_c_do_not_hide_it(library: Library) -> None:
    def interrupted_burst() -> None:
        with patient_write(library, Progress()) as con:
            try:
                threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
                con.execute(ENDLESS)
            finally:
                con.execute("SELECT 1")  # the transaction is aborted: an error of its own

    with pytest.raises(KeyboardInterrupt):
        interrupted_burst()


def test_ctrl_c_while_a_query_reads_a_python_object(library: Library) -> None:
    class Interrupted:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), patient_write(library, Progress()) as con:
        con.register("incoming", Interrupted())
        con.execute("SELECT * FROM incoming")


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="something else"), ctrl_c():
        raise RuntimeError("something else")


def test_patience_has_an_end(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.database.library.RETRY_SECONDS", 0.1)
    script = f"import duckdb; con = duckdb.connect({str(library.db_path)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        progress = Progress()
        with pytest.raises(LibraryLocked), patient_write(library, progress, patience=2.0):
            pytest.fail("the library was not free")
        assert progress.note.startswith("waiting: ")
        holder.stdin.write("\n")
        holder.stdin.flush()
        with patient_write(library, progress):
            assert progress.note == ""


def take_back(library: Library, change: Callable[[], object]) -> None:
    """What a session of DuckDB 2.0 does that read the header before the change and locked the file after it."""
    held = {path: path.read_bytes() for path in library.path.glob("library.duckdb*")}
    change()
    for path in library.path.glob("library.duckdb*"):
        path.unlink()
    for path, content in held.items():
        path.write_bytes(content)


def add(library: Library, name: str) -> None:
    with patient_write(library, Progress()) as con:
        add_similar_artists(con, [(name, "B", 0.5)], "table")


def test_a_burst_that_was_undone_ends_the_run(library: Library) -> None:
    add(library, "A")
    take_back(library, lambda: add(library, "C"))
    with pytest.raises(LibraryError, match="undid what was stored a moment ago"):
        add(library, "D")
    add(library, "D")  # another run goes on
    settle(library, "t.csv")
    with library.read() as con:
        assert not undone(con, library.path)


def test_a_run_that_was_undone_later_is_told_until_it_was_done_again(library: Library) -> None:
    def run(name: str) -> None:
        add(library, name)
        settle(library, "t.csv")

    run("A")
    take_back(library, lambda: run("C"))
    with library.read() as con:
        assert [line.what for line in undone(con, library.path)] == ["t.csv"]
    told = [finding for finding in library_findings(library.path) if finding.name == "undone"]
    assert len(told) == 1 and "the ingest of t.csv" in told[0].text
    with library.read() as con:
        assert not waiting_records(con, library.path)
    run("C")
    with library.read() as con:
        assert not undone(con, library.path)


def test_a_run_that_was_undone_at_its_end_says_so(library: Library) -> None:
    take_back(library, lambda: add(library, "A"))
    with pytest.raises(LibraryError, match="run it again"):
        settle(library, "t.csv")


def test_a_session_that_is_open_at_the_end_of_a_run_does_not_fail_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.database.library.RETRY_SECONDS", 0.1)
    add(library, "A")
    with held(library, "write"):
        settle(library, "t.csv")
    with library.read() as con:
        assert not undone(con, library.path)
