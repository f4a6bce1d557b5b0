"""Merges, splits and bookmarks of processes that are killed, beside a session opened by name that is stopped at random.

Some kills here; `SLEEVEWALK_KILLS=200` does it at length. DuckDB 2.0 reads a file's header before it locks it, so a
session that is stopped in between may undo what others committed: the journal holds it until a minute has passed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from store.catalogue.albums import add_albums
from store.catalogue.decisions import apply_decisions
from store.database.library import Library
from store.personal.records import Personal
from store.records import AlbumRecord
from store.text import album_id

KILLS = int(os.environ.get("SLEEVEWALK_KILLS", "4"))
PAIRS = 20  # of albums that one process decides about
ROOT = Path(__file__).resolve().parents[2]
DECIDES = """
import sys, time
from pathlib import Path
from store.catalogue.decisions import apply_decisions, decide_merge, decide_split
from store.catalogue.merging import album_parts
from store.database.library import Library
from store.errors import LibraryError
from store.text import album_id
library, first, pairs = Library(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
for n in range(first * pairs, (first + 1) * pairs):
    kept, gone = album_id(f"A{n}", "One"), album_id(f"A{n}", "Two")
    for what in ("merge", "split") if n % 2 == 0 else ("merge",):
        while True:
            try:
                with library.exclusive() as con:
                    apply_decisions(con, library.path)
                with library.write() as con:
                    known = con.execute("SELECT same FROM album_decisions WHERE album_id = ?", [gone]).fetchone()
                    if known == (what == "merge",):
                        break  # the journal had it, though the try before was not told so
                    if what == "merge":
                        decide_merge(con, library.path, kept, gone)
                    else:
                        (part,) = album_parts(con, kept)
                        decide_split(con, library.path, kept, part)
                break
            except LibraryError as error:
                if "in use by" not in str(error):
                    print(f"error {error}", flush=True)
                time.sleep(0.05)
        print(f"{what} {n}", flush=True)
time.sleep(600)
"""
MARKS = """
import sys, time
from pathlib import Path
from store.database.library import Library
from store.personal.records import Personal
personal, name, number = Personal(Library(Path(sys.argv[1]))), sys.argv[2], 0
while True:
    personal.add_bookmark(f"m{name}-{number}")
    print(f"bookmark m{name}-{number}", flush=True)
    if number % 5 == 4:
        personal.flush()
    number += 1
    time.sleep(0.02)
"""
BY_NAME = """
import duckdb, sys, time
path, number = sys.argv[1] + "/library.duckdb", 0
while True:
    try:
        with duckdb.connect(path) as con:
            con.execute("INSERT INTO bookmarks VALUES (?, 'by hand', now()::TIMESTAMP)", [f"h-{number}"])
    except duckdb.Error:
        time.sleep(0.01)
        continue
    print(f"bookmark h-{number}", flush=True)
    number += 1
    time.sleep(0.03)
"""


class Run:
    """Processes whose acknowledgements go to files."""

    def __init__(self, library: Library, work: Path) -> None:
        self.library, self.work, self.started = library, work, 0

    def start(self, script: str, *arguments: str) -> subprocess.Popen[bytes]:
        self.started += 1
        with (self.work / f"{self.started}.out").open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-c", script, str(self.library.path), *arguments],
                stdout=out,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )

    def lines(self, words: tuple[str, ...] = ("",)) -> list[str]:
        """All whole lines that begin with one of these words, each process's in its order."""
        said = [line for out in self.work.glob("*.out") for line in out.read_text().splitlines(keepends=True)]
        return [line.strip() for line in said if line.endswith("\n") and line.startswith(words)]


def test_every_acknowledged_decision_and_mark_is_there(tmp_path: Path) -> None:
    library, dice = Library.create(tmp_path / "library"), random.Random(5)
    names = [(f"A{n}", title) for n in range(PAIRS * (KILLS + 2)) for title in ("One", "Two")]
    with library.write() as con:
        add_albums(con, [AlbumRecord(artist, title, "table", album_id(artist, title)) for artist, title in names])
    (tmp_path / "out").mkdir()
    run = Run(library, tmp_path / "out")
    session = run.start(BY_NAME)
    roles = {role: run.start(script, "0", str(PAIRS)) for role, script in (("decides", DECIDES), ("marks", MARKS))}
    began, next_pairs = {"decides": 0, "marks": 0}, 1
    try:
        for kill in range(KILLS):
            until = time.monotonic() + 60
            role, words = ("decides", ("merge", "split")) if kill % 2 else ("marks", ("bookmark m",))
            while len(run.lines(words)) < began[role] + 2:
                assert time.monotonic() < until, run.lines(("error", *words))[-5:]
                time.sleep(dice.uniform(0, 0.1))
                session.send_signal(signal.SIGSTOP)
                time.sleep(dice.uniform(0.06, 0.3))
                session.send_signal(signal.SIGCONT)
            time.sleep(dice.uniform(0, 0.2))
            roles[role].kill()
            roles[role].wait()
            roles[role] = run.start(DECIDES if role == "decides" else MARKS, str(next_pairs), str(PAIRS))
            next_pairs += 1
            began[role] = len(run.lines(words))
    finally:
        for process in (session, *roles.values()):
            process.kill()
            process.wait()
    for _ in range(2):
        assert Personal(library).flush()
    with library.exclusive() as con:
        apply_decisions(con, library.path)
        marks = {row[0] for row in con.execute("SELECT album_id FROM bookmarks").fetchall()}
        decided = dict(con.execute("SELECT album_id, same FROM album_decisions").fetchall())
        albums = {row[0] for row in con.execute("SELECT album_id FROM albums").fetchall()}
    assert run.lines(("error",)) == []
    said = [line.split() for line in run.lines()]
    merged, split = ({int(n) for what, n in said if what == kind} for kind in ("merge", "split"))
    assert {name for what, name in said if what == "bookmark"} - marks == set()
    lost = [n for n in merged | split if decided.get(album_id(f"A{n}", "Two")) is None]
    assert lost == []
    assert all(album_id(f"A{n}", "Two") in albums for n in split)
    print(f"{KILLS} kills: {len(merged)} merges, {len(split)} splits, {len(said)} acknowledged, none lost")
