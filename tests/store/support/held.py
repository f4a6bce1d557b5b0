"""Another process that has a library open."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from store.database.library import Library

HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
con.execute("SELECT count(*) FROM albums").fetchall()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(library: Library, mode: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the file open, to read or to write."""
    command = [sys.executable, "-c", HOLD, str(library.db_path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()
