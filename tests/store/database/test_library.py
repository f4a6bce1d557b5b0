"""Nobody holds the file: bursts, locks of other processes, threads, damaged and foreign files."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

import store.database.library as library_module
from store.database.copying import all_tables
from store.database.library import Library
from store.errors import LibraryDamaged, LibraryError, LibraryLocked, LibraryMissing
from tests.store.support.held import held


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "RETRY_SECONDS", 0.2)


def test_create_is_idempotent_and_opens(tmp_path: Path) -> None:
    first = Library.create(tmp_path / "lib")
    with first.write() as con:
        con.execute("INSERT INTO bookmarks VALUES ('a', '', now()::TIMESTAMP)")
    again = Library.create(tmp_path / "lib")
    with again.read() as con:
        assert con.execute("SELECT count(*) FROM bookmarks").fetchall() == [(1,)]
        assert con.execute("SELECT current_database()").fetchall() == [("library",)]
    assert Library.open(tmp_path / "lib").db_path == first.db_path
    assert not list((tmp_path / "lib").glob(".library-*")), "nothing is left beside it"


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissing, match="no library in"):
        Library.open(tmp_path / "nowhere")
    with pytest.raises(LibraryMissing), Library(tmp_path / "nowhere").read():
        pass
    assert not (tmp_path / "nowhere").exists(), "looking makes nothing"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "library.duckdb").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(LibraryError, match=r"library\.duckdb"):
        Library.open(tmp_path)


def test_a_foreign_database(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "library.duckdb")) as con:
        con.execute("CREATE TABLE mine (x INT)")
    with pytest.raises(LibraryError, match="not a sleevewalk library"):
        Library.open(tmp_path)


def test_reads_cannot_write_and_errors_roll_back(library: Library) -> None:
    with pytest.raises(duckdb.Error), library.read() as con:
        con.execute("DELETE FROM albums")
    with pytest.raises(ZeroDivisionError), library.write() as con:
        con.execute("INSERT INTO bookmarks VALUES ('a', '', now()::TIMESTAMP)")
        raise ZeroDivisionError
    with library.read() as con:
        assert con.execute("SELECT * FROM bookmarks").fetchall() == []


@pytest.mark.usefixtures("impatient")
def test_a_writer_elsewhere_locks_us_out_and_is_named(library: Library) -> None:
    with held(library, "write") as process:
        for burst in (library.read, library.write):
            with pytest.raises(LibraryLocked, match=rf"PID {process.pid}\b") as locked, burst():
                pass
            assert "\n" not in str(locked.value)
            assert str(library.db_path) in str(locked.value)
    with library.write() as con:
        con.execute("DELETE FROM bookmarks")


HOLD_BYTES = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("burst", ["read", "write"])
def test_a_file_is_locked_before_anything_of_it_is_believed(library: Library, burst: str) -> None:
    """Who looks at a file's header first and locks it then works from a header that another has replaced since."""
    library.db_path.write_bytes(b"SQLite format 3\0" + bytes(20_000))  # a look would tell this kind of file
    command = [sys.executable, "-c", HOLD_BYTES, str(library.db_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LibraryLocked), getattr(library, burst)():
            pass
        process.kill()


@pytest.mark.parametrize("keep", [0, 9_000, 100_000])
def test_a_truncated_file_is_told_as_damaged(library: Library, keep: int) -> None:
    library.db_path.write_bytes(library.db_path.read_bytes()[:keep])
    for burst in (library.read, library.write):
        with pytest.raises(LibraryDamaged, match=r"library\.duckdb is damaged.*doctor --repair") as damaged, burst():
            pass
        assert "\n" not in str(damaged.value)


def test_damage_that_a_query_meets_is_told(copy: Library) -> None:
    content = bytearray(copy.db_path.read_bytes())
    for at in range(12_288 + 262_144, len(content), 4_096):
        content[at + 100] ^= 0xFF
    copy.db_path.write_bytes(content)
    with pytest.raises(LibraryDamaged, match="is damaged"), copy.read() as con:
        for table in all_tables(con, "library"):
            con.execute(f"SELECT bit_xor(hash(t)) FROM {table} t").fetchall()


@pytest.mark.usefixtures("impatient")
def test_a_reader_elsewhere_lets_us_read(library: Library) -> None:
    with held(library, "read"):
        with library.read() as con:
            assert con.execute("SELECT count(*) FROM albums").fetchall() == [(0,)]
        with pytest.raises(LibraryLocked), library.write():
            pass


def test_a_burst_waits_for_a_short_one_elsewhere(library: Library) -> None:
    with held(library, "write") as process:
        threading.Timer(0.3, process.kill).start()
        with library.write() as con:
            con.execute("SELECT 1").fetchall()


def test_other_programs_get_in_between_bursts(library: Library) -> None:
    insert = "INSERT INTO bookmarks VALUES ('x', '', now()::TIMESTAMP)"
    script = f'import duckdb, sys; duckdb.connect(sys.argv[1]).execute("{insert}")'
    with library.read():
        pass
    subprocess.run([sys.executable, "-c", script, str(library.db_path)], check=True)
    with library.read() as con:
        assert con.execute("SELECT album_id FROM bookmarks").fetchall() == [("x",)]


def test_threads_of_one_process_take_turns(library: Library) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                with Library(library.path).write() as con:
                    con.execute("INSERT INTO bookmarks VALUES (?, '', now()::TIMESTAMP)", [f"{number}-{turn}"])
                with library.read() as con:
                    con.execute("SELECT count(*) FROM bookmarks").fetchall()
        except BaseException as error:  # noqa: BLE001  (told to the test's own thread)
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with library.read() as con:
        assert con.execute("SELECT count(*) FROM bookmarks").fetchall() == [(20,)]


def test_bursts_within_bursts(library: Library) -> None:
    with library.write() as con:
        con.execute("INSERT INTO bookmarks VALUES ('a', '', now()::TIMESTAMP)")
        with library.read() as inner:
            assert inner.execute("SELECT count(*) FROM bookmarks").fetchall() == [(1,)]
    with pytest.raises(RuntimeError, match="inside an open burst"), library.read(), library.write():
        pass
    with library.read():
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match=re.escape(str(tmp_path / "file"))):
        Library.create(tmp_path / "file" / "lib")


def test_paths_with_quotes(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "it's; DROP TABLE albums --")
    with library.read() as con:
        assert con.execute("SELECT count(*) FROM albums").fetchall() == [(0,)]


@pytest.mark.parametrize("burst", ["read", "write"])
def test_ctrl_c_inside_a_query_is_a_keyboard_interrupt_in_every_burst(library: Library, burst: str) -> None:
    def interrupted() -> None:
        with getattr(library, burst)() as con:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            con.execute("SET threads = 1; SELECT sum(range) FROM range(1_000_000_000_000)")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with library.write() as con:
        con.execute("INSERT INTO bookmarks VALUES ('a', '', now()::TIMESTAMP)")
