"""Bursts that are interrupted or kept waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from pipelines.progress import Progress
from pipelines.writing import patient_write
from store.catalogue.tables import add_similar_artists, counts
from store.database.interrupt import ctrl_c
from store.database.library import Library
from store.errors import LibraryLocked

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
        with pytest.raises(LibraryLocked), patient_write(library, progress, patience=0.2):
            pytest.fail("the library was not free")
        assert progress.note.startswith("waiting: ")
        holder.stdin.write("\n")
        holder.stdin.flush()
        with patient_write(library, progress):
            assert progress.note == ""
