"""A library on disk, and the only door to `library.duckdb`: short bursts, so that nobody holds the file.

DuckDB's lock on a file is a POSIX record lock: it belongs to the process, and closing any handle of the
file drops it. So within one process all bursts on a file go one after the other through a gate, and nothing
here opens, copies or hashes the file by another route.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from store.database import schema
from store.database.atomic import put_new, temporary_folder
from store.database.connection import attach, checkpoint, transaction
from store.database.interrupt import ctrl_c
from store.database.replay import replay_journal
from store.database.schema import migrate, version_of
from store.errors import LibraryDamaged, LibraryError, LibraryLocked, LibraryMissing, LibraryReadOnly

RETRY_SECONDS = 2.0  # how long a burst waits for another process
GATE_SECONDS = 60.0  # how long a burst waits for another thread of this process
PRIVATE = 0o700  # of the folders of a library
LONG_LOG = 1 << 19  # bytes of the write-ahead log, which every open replays, until it is moved into the file
_HOLDER = re.compile(r"Conflicting lock is held in (.+? \(PID \d+\))")
_NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")
_NO_RIGHT = ("Permission denied", "Read-only file system", "Operation not permitted")
_BROKEN = ("Failed to commit", "Failed to rollback", "database has been invalidated", "Input/output error")
# What DuckDB says of a file whose bytes are not what it wrote.
_DAMAGE = re.compile(
    "Corrupt database file|not a valid DuckDB database file|Could not read enough bytes|Failed to load metadata pointer"
    "|No more data remaining|Failure while replaying WAL|Failed to deserialize"
)


@dataclass(slots=True)
class _Gate:
    """Lets one thread of this process at a time into one file."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: int | None = None
    connection: duckdb.DuckDBPyConnection | None = None


_gates: dict[Path, _Gate] = {}
_gates_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_gates.clear)  # a forked child holds none of its parent's bursts


class Library:
    """The folder of one library. Making the object touches nothing; `create` and `open` do."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path).expanduser().resolve()
        self.db_path = self.path / "library.duckdb"
        self.covers_dir = self.path / "covers"
        self.index_dir = self.path / "index"
        self.blends_dir = self.path / "blends"
        self.backups_dir = self.path / "backups"

    @classmethod
    def create(cls, path: Path) -> Library:
        """The library in folder `path`, made where there is none. LibraryError where it cannot be written."""
        library = cls(path)
        try:
            library.path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (library.path, library.covers_dir, library.index_dir, library.blends_dir):
                folder.mkdir(PRIVATE, exist_ok=True)  # what a person listens to is nobody else's business
            fresh = not library.db_path.exists() and library._create_file()
        except OSError as error:
            raise LibraryError(f"cannot create a library in {library.path}: {error.strerror or error}") from error
        if not fresh:
            library._bring_up_to_date()
        return library

    @classmethod
    def open(cls, path: Path) -> Library:
        """The library in folder `path`; an older one is migrated first. LibraryMissing where there is none."""
        library = cls(path)
        if not library.db_path.is_file():
            raise LibraryMissing(
                f"no library in {library.path}; make one with `sleevewalk demo` or `sleevewalk ingest`"
            )
        library._bring_up_to_date()
        return library

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A short read-only burst: a connection with this library as the current database. Waits up to 2 s for another
        process, then LibraryLocked. Inside a burst of the same thread it is that burst.
        """
        gate = self._gate()
        if gate.thread == threading.get_ident() and gate.connection is not None:
            yield gate.connection
            return
        with self._burst(gate, read_only=True) as con:
            yield con

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A short read-write burst, one transaction: committed at the end, rolled back on any error.

        Waits up to 2 s for another process, then LibraryLocked. Personal records that wait in the journal are
        stored first. Not to be opened inside another burst.
        """
        with self.exclusive() as con, transaction(con):
            yield con

    @contextmanager
    def exclusive(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """`write` without the transaction, for work that attaches another file."""
        gate = self._gate()
        if gate.thread == threading.get_ident():
            raise RuntimeError("a write burst inside an open burst of the same thread; close that one first")
        with self._burst(gate, read_only=False) as con:
            replay_journal(self.path, con)
            yield con

    def _gate(self) -> _Gate:
        with _gates_lock:
            return _gates.setdefault(self.db_path, _Gate())

    @contextmanager
    def _burst(self, gate: _Gate, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        if not gate.lock.acquire(timeout=GATE_SECONDS):
            raise LibraryLocked(
                f"{self.db_path} has been in use by this program for {GATE_SECONDS:.0f} s; try again later"
            )
        try:
            con = self._connect(read_only)
            gate.thread, gate.connection = threading.get_ident(), con
            try:
                with ctrl_c():
                    yield con
                if not read_only and self._log_bytes() > LONG_LOG:
                    checkpoint(con)
            except duckdb.Error as error:
                explained = self._as_library_error(error)
                if explained is not None:
                    raise explained from error
                raise
            finally:
                gate.thread = gate.connection = None
                con.close()
        finally:
            gate.lock.release()

    def _connect(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        if not self.db_path.is_file():  # ATTACH would make an empty one
            raise LibraryMissing(f"no library in {self.path}; make one with `sleevewalk demo` or `sleevewalk ingest`")
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                with ctrl_c():
                    return attach(self.db_path, read_only)
            except duckdb.Error as error:
                holder = _HOLDER.search(str(error))
                if holder is None and "Could not set lock" not in str(error):
                    raise self._as_library_error(error) or LibraryError(
                        f"cannot open {self.db_path}: {_first_line(error)}"
                    ) from error
                if time.monotonic() >= deadline:
                    who = holder.group(1) if holder else "another program"
                    raise LibraryLocked(f"{self.db_path} is in use by {who}; close it there and try again") from error
                time.sleep(0.05)

    def _as_library_error(self, error: duckdb.Error) -> LibraryError | None:
        """The error of a full disk, a read-only or a damaged file in a line for people, None for any other."""
        text = str(error)
        if any(words in text for words in _NO_ROOM):
            return LibraryError(f"cannot write {self.db_path}: the disk is full; free some and run it again")
        if any(words in text for words in _NO_RIGHT) and os.access(self.db_path, os.R_OK):
            return LibraryReadOnly(
                f"cannot write {self.db_path}: it or its folder may only be read; give yourself the right to write, "
                "or copy the library elsewhere"
            )
        if _DAMAGE.search(text):
            return LibraryDamaged(
                f"{self.db_path} is damaged ({_first_line(error)}); `sleevewalk doctor --repair` says what can be saved"
            )
        if isinstance(error, duckdb.OutOfMemoryException):
            return LibraryError(f"there is not enough memory for {self.db_path}: close other programs and try again")
        if isinstance(error, duckdb.IOException | duckdb.FatalException) or any(words in text for words in _BROKEN):
            return LibraryError(f"cannot read or write {self.db_path}: {_first_line(error)}")
        return None

    def _log_bytes(self) -> int:
        """The size of the write-ahead log, which is made as private as the file that it belongs to."""
        log = self.db_path.with_name(f"{self.db_path.name}.wal")
        try:
            mode, found = self.db_path.stat().st_mode & 0o777, log.stat()
            if found.st_mode & 0o777 != mode:
                log.chmod(mode)
            return found.st_size
        except OSError:
            return 0

    def _create_file(self) -> bool:
        # A killed process leaves no half library. Of two processes that create at once one wins: False for the other.
        with temporary_folder(self.path) as folder:
            fresh = folder / self.db_path.name
            con = attach(fresh, read_only=False)
            try:
                migrate(con, fresh, backup_dir=None)
                con.execute("CHECKPOINT")
            finally:
                con.close()
            fresh.chmod(0o600)
            return put_new(fresh, self.db_path)

    def _bring_up_to_date(self) -> None:
        with self.read() as con:
            version = version_of(con, self.db_path)
        if version < len(schema.MIGRATIONS):
            with self._burst(self._gate(), read_only=False) as con:
                migrate(con, self.db_path, self.backups_dir)
                checkpoint(con)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
