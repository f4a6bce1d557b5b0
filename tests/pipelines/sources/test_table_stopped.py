"""A table that is read in again after Ctrl-C, a kill or a library in use gives the same library."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.progress import Progress
from pipelines.sources.table import ingest_table
from store.catalogue.tables import counts
from store.database.library import Library
from tests.pipelines.support.table import album, contents, write_csv

ROOT = Path(__file__).parents[3]


class Watch(Progress):
    """Calls a function with how many rows are done, at every change."""

    def __init__(self, at: Callable[[int], None]) -> None:
        self.at = at
        self.notes: list[str] = []
        super().__init__()

    def show(self, final: bool) -> None:
        self.notes.append(self.note)
        if not final:
            self.at(self.done)


def test_ctrl_c_keeps_what_was_committed(
    library: Library, covers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.sources.table.BATCH", 4)
    table = write_csv(tmp_path / "t.csv", [album(n % 12, album=f"Album {n}") for n in range(40)])

    def interrupt(done: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    watch = Watch(interrupt)
    with pytest.raises(KeyboardInterrupt):
        ingest_table(library, table, covers, watch)
    assert watch.notes[-1] == "stopped: 8 added, 0 already there, 8 covers stored; run it again to continue"
    with library.read() as con:
        assert counts(con)["albums"] == 8
    report = ingest_table(library, table, covers)
    assert (report.added, report.already_there) == (32, 8)


def test_a_library_in_use_is_waited_for(
    library: Library, covers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.database.library.RETRY_SECONDS", 0.1)
    table = write_csv(tmp_path / "t.csv", [album(1)])
    script = f"import duckdb; con = duckdb.connect({str(library.db_path)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        released = False

        def take_hold(done: int) -> None:
            nonlocal released
            if watch.note.startswith("waiting:") and not released:
                holder.stdin.write("\n")
                holder.stdin.flush()
                released = True
            elif not released and watch.total is not None:
                assert holder.stdout.readline() == "held\n"

        watch = Watch(lambda done: None)
        watch.at = take_hold
        report = ingest_table(library, table, covers, watch)
    assert released
    assert report.added == 1


CHILD = """
import sys
from pathlib import Path
import pipelines.sources.table
from pipelines.progress import Progress
from store.database.library import Library

class Tell(Progress):
    def show(self, final):
        print(self.done, flush=True)

pipelines.sources.table.BATCH = 8
library, table, covers = (Path(argument) for argument in sys.argv[1:])
pipelines.sources.table.ingest_table(Library.create(library), table, covers, Tell())
"""


def test_killed_at_any_moment_and_run_again_gives_the_same_library(tmp_path: Path, covers: Path) -> None:
    rows = [album(n, cover=f"{n % 13}.jpg") for n in range(120)]  # every thirteenth has no cover
    rows += [album(5), album(6, artist="")]
    table = write_csv(tmp_path / "t.csv", rows)
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    chance = random.Random(7)
    disturbed = Library(tmp_path / "disturbed")
    kills = 0
    for stop_at in (0, 16, 40, 72, 104):
        with subprocess.Popen(
            [sys.executable, str(script), str(disturbed.path), str(table), str(covers)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT)},
        ) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if int(line) >= stop_at:
                    time.sleep(chance.uniform(0, 0.06))
                    child.send_signal(signal.SIGKILL)
                    break
        kills += child.returncode == -signal.SIGKILL
    assert kills >= 3
    ingest_table(disturbed, table, covers)
    undisturbed = Library.create(tmp_path / "undisturbed")
    ingest_table(undisturbed, table, covers)
    assert contents(disturbed) == contents(undisturbed)
    again = ingest_table(disturbed, table, covers)
    assert (again.added, again.covers_stored) == (0, 0)
