"""Answers of web services kept on disk, so that a run after an interruption asks for nothing twice.

Plain text in SQLite, nothing pickled; the oldest go when the file would grow beyond its size.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from pathlib import Path

KEEP_SECONDS = 7 * 86400.0
MOST_BYTES = 100_000_000  # of stored text, compressed


class AnswerCache:
    """Text by name. Safe between threads and processes; a kill at any moment leaves it whole."""

    def __init__(self, file: Path, most_bytes: int = MOST_BYTES, keep_seconds: float = KEEP_SECONDS) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._most_bytes, self._keep = most_bytes, keep_seconds
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS answers (name TEXT PRIMARY KEY, at REAL, size INTEGER, body BLOB)")

    def get(self, name: str) -> str | None:
        """The text kept under the name, unless it is too old."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM answers WHERE name = ? AND at > ?", (name, time.time() - self._keep)
            ).fetchone()
        return zlib.decompress(row[0]).decode() if row else None

    def put(self, name: str, text: str) -> None:
        body = zlib.compress(text.encode(), 1)
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", (name, time.time(), len(body), body))
            total = self._db.execute("SELECT coalesce(sum(size), 0) FROM answers").fetchone()[0]
            if total > self._most_bytes:
                self._db.execute(
                    "DELETE FROM answers WHERE name IN (SELECT name FROM (SELECT name, sum(size) OVER "
                    "(ORDER BY at DESC, name) AS newer FROM answers) WHERE newer > ?)",
                    (self._most_bytes * 3 // 4,),
                )

    def close(self) -> None:
        with self._lock:
            self._db.close()
