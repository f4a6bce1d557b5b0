"""Our bursts beside a person's session whose moment between look and lock is stretched, which strace does for us.

`python -m tests.torture.stretched [SECONDS] [MILLISECONDS]`: two processes write in bursts as an ingest does, a third
opens the file by its name, as people do. DuckDB 2.0.0 and 2.0.1 look at the header before they lock the file, so a
checkpoint in between is undone. Says what was acknowledged and what of it is gone; exit status 1 where anything is.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from store.database.library import Library
from store.errors import LibraryError

OURS = """
import random, sys, time
from pathlib import Path
from store.errors import LibraryLocked
from store.database.library import Library
library, name, end, number = Library(Path(sys.argv[1])), sys.argv[2], time.time() + float(sys.argv[3]), 0
while time.time() < end:
    try:
        with library.write() as con:
            con.execute("INSERT INTO internal.derived VALUES (?, '', now()::TIMESTAMP)", [f"{name}-{number}"])
    except LibraryLocked:
        continue
    print(f"{name}-{number}", flush=True)
    number += 1
    time.sleep(0.05 * random.random())
"""
THEIRS = """
import duckdb, sys, time
path, name, end, number = sys.argv[1] + "/library.duckdb", sys.argv[2], time.time() + float(sys.argv[3]), 0
while time.time() < end:
    try:
        with duckdb.connect(path) as con:
            con.execute("INSERT INTO internal.derived VALUES (?, '', now()::TIMESTAMP)", [f"{name}-{number}"])
    except duckdb.Error as error:
        if "Could not set lock" not in str(error):
            print(f"error: {error}".splitlines()[0], file=sys.stderr, flush=True)
        time.sleep(0.01)
        continue
    print(f"{name}-{number}", flush=True)
    number += 1
    time.sleep(0.05)
"""


def run(seconds: float, milliseconds: int) -> int:
    strace = shutil.which("strace")
    if strace is None:
        print("strace is not installed", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        library = Library.create(Path(folder) / "library")
        late = f"inject=fcntl:delay_enter={milliseconds * 1000}"
        stretch = [strace, "-f", "-qq", "-P", str(library.db_path), "-o", "/dev/null", "-e", "trace=fcntl", "-e", late]
        commands = [
            [*before, sys.executable, "-c", script, str(library.path), name, str(seconds)]
            for before, script, name in (([], OURS, "one"), ([], OURS, "two"), (stretch, THEIRS, "theirs"))
        ]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
        acknowledged = {line for process in processes for line in process.communicate()[0].split()}
        try:
            with library.read() as con:
                stored = {row[0] for row in con.execute("SELECT name FROM internal.derived").fetchall()}
        except LibraryError as error:
            print(f"DuckDB {duckdb.__version__}: {len(acknowledged)} acknowledged; {error}")
            return 1
        lost = sorted(acknowledged - stored)
        print(f"DuckDB {duckdb.__version__}: {len(acknowledged)} acknowledged, {len(lost)} lost {lost[:10]}")
        return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(run(float((sys.argv[1:2] or ["15"])[0]), int((sys.argv[2:3] or ["20"])[0])))
