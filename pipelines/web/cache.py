"""Answers of web services kept on disk, so that a run after an interruption asks for nothing twice.

JSON in SQLite, nothing pickled; the oldest go when the file would grow beyond its size. A damaged file is begun anew.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

KEEP_SECONDS = 7 * 86400.0
MOST_BYTES = 100_000_000  # of stored text, compressed
MOST_TEXT = 50_000_000  # bytes of one answer: what says it unpacks to more was not put here by us

T = TypeVar("T")


class AnswerCache:
    """Text by name. Safe between threads and processes; a kill at any moment leaves it whole."""

    def __init__(self, file: Path, most_bytes: int = MOST_BYTES, keep_seconds: float = KEEP_SECONDS) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file, self._most_bytes, self._keep = file, most_bytes, keep_seconds
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def get(self, name: str) -> bytes | None:
        """The text kept under the name, unless it is too old."""

        def read(db: sqlite3.Connection) -> bytes | None:
            row = db.execute(
                "SELECT body FROM answers WHERE name = ? AND at > ?", (name, time.time() - self._keep)
            ).fetchone()
            return _unpacked(row[0]) if row else None

        return self._with(read)

    def put(self, name: str, text: bytes) -> None:
        """Keep the text under the name."""
        body = zlib.compress(text, 1)

        def write(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", (name, time.time(), len(body), body))
            total = db.execute("SELECT coalesce(sum(size), 0) FROM answers").fetchone()[0]
            if total > self._most_bytes:
                db.execute(
                    "DELETE FROM answers WHERE name IN (SELECT name FROM (SELECT name, sum(size) OVER "
                    "(ORDER BY at DESC, name) AS newer FROM answers) WHERE newer > ?)",
                    (self._most_bytes * 3 // 4,),
                )

        self._with(write)

    def forget(self, name: str) -> None:
        """Drop what is kept under the name."""
        self._with(lambda db: db.execute("DELETE FROM answers WHERE name = ?", (name,)))

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _with(self, act: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `act` gives; None where the file is of no use: keeping answers spares asking, and is no more."""
        with self._lock:
            for _ in range(2):
                try:
                    self._db = self._db or self._open()
                    return act(self._db)
                except (sqlite3.OperationalError, OSError):  # a full disk, another process's lock, another owner's file
                    return None
                except sqlite3.DatabaseError:
                    if self._db is not None:
                        self._db.close()
                        self._db = None
                    for end in ("", "-wal", "-shm"):
                        with suppress(OSError):
                            self._file.with_name(self._file.name + end).unlink()
            return None

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(self._file, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("CREATE TABLE IF NOT EXISTS answers (name TEXT PRIMARY KEY, at REAL, size INTEGER, body BLOB)")
        except sqlite3.Error:
            db.close()
            raise
        return db


def _unpacked(body: object) -> bytes | None:
    """None for what is no text of ours."""
    if not isinstance(body, bytes):
        return None
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(body, MOST_TEXT)
    except zlib.error:
        return None
    return text if unpacker.eof else None
