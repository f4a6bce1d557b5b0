"""Two apps, an ingest, a build and a person's own read-write session at once, killed at random: nothing is lost.

Some seconds of it here. `make torture` does it for three minutes, also on a disk that fills; `SLEEVEWALK_TORTURE` is
the length in seconds.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import vae.info
from pipelines.build import build
from store.database.library import Library
from store.index.cover_index import CoverIndex
from store.index.neighbor_table import neighbors_are_current
from store.repair.repair import find_problems, mend
from store.repair.rescue import read_all
from tests.torture import worker
from tui.commands.doctor import library_findings

SECONDS = float(os.environ.get("SLEEVEWALK_TORTURE", "4"))
PAUSE = (1.0, 2.5) if SECONDS > 60 else (0.2, 0.8)  # seconds between two kills
ROLES = ("app", "app-too", "ingest", "build", "sql")
FIRST = ("bookmark app0-", "bookmark app-too0-", "album ingest0/", "bookmark sql0-")
ROOT = Path(__file__).resolve().parents[2]


class Workers:
    """The processes, their acknowledgements in files, and the killing."""

    def __init__(self, library: Library, work: Path) -> None:
        self.library, self.work, self.kills = library, work, 0
        self.dice = random.Random(0)
        self.running = {role: self._start(role) for role in ROLES}

    def all_at_work(self) -> None:
        """Wait until each has something stored, an index included."""
        end = time.monotonic() + 120
        while True:
            said, built = self.lines(), any(self.library.index_dir.glob("*.json"))
            if built and all(any(line.startswith(first) for line in said) for first in FIRST):
                return
            self.all_live()
            assert time.monotonic() < end, said
            time.sleep(0.1)

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        out = (self.work / f"{role}-{self.kills}.out").open("wb")
        command = [sys.executable, worker.__file__, role, str(self.library.path), str(self.work), str(self.kills)]
        with out, (self.work / f"{role}-{self.kills}.err").open("wb") as err:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            return subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env=environment)

    def kill(self) -> None:
        """One of them, and another in its place."""
        role = self.dice.choice(ROLES)
        self.all_live()
        self.running[role].kill()
        self.running[role].wait()
        self.kills += 1
        self.running[role] = self._start(role)

    def all_live(self) -> None:
        for role, process in self.running.items():
            assert process.poll() is None, [path.read_text() for path in self.work.glob(f"{role}-*.err")]

    def stop(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def lines(self) -> set[str]:
        """All that was said in whole lines."""
        said = [line for out in self.work.glob("*.out") for line in out.read_text().splitlines(keepends=True)]
        return {line.strip() for line in said if line.endswith("\n")}


@pytest.fixture
def work(tmp_path: Path, tiny_weights: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(tiny_weights, folder / "tiny.safetensors")
    return folder


def everything_is_there(workers: Workers, weights: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every acknowledged record, an index of the latents, a doctor without findings. Returns the figures."""
    library = workers.library
    acknowledged = {line for line in workers.lines() if not line.startswith("refused ")}
    with library.write() as con:  # what waits in the journal is stored
        stored = {f"bookmark {row[0]}" for row in con.execute("SELECT album_id FROM bookmarks").fetchall()}
        albums = con.execute("SELECT artist || '/' || title, cover_sha256 FROM albums").fetchall()
    stored |= {f"album {name}" for name, _ in albums}
    assert acknowledged - stored == set()
    assert all(sha for _, sha in albums)
    mend(library, find_problems(library))
    build(library, weights=weights, load_codec=worker.FakeCodec)  # type: ignore[arg-type, return-value]
    read_all(library)
    assert find_problems(library, check_hashes=True) == []
    index = CoverIndex.load(library)
    assert index is not None and index.count == len({sha for _, sha in albums})
    with library.read() as con:
        assert neighbors_are_current(con, index)
    info = vae.info.read_info(weights)
    monkeypatch.setattr(vae.info, "read_info", lambda: info)
    assert [finding for finding in library_findings(library.path) if not finding.ok] == []
    return f"{workers.kills} kills, {len(acknowledged):,} acknowledged, {len(albums):,} albums"


def test_every_acknowledged_record_is_there(
    tmp_path: Path, work: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = Workers(Library.create(tmp_path / "library"), work)
    try:
        workers.all_at_work()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(workers.dice.uniform(*PAUSE))
            workers.kill()
    finally:
        workers.stop()
    assert not [line for line in workers.lines() if line.startswith("refused ") and "is in use by" not in line]
    print(everything_is_there(workers, tiny_weights, monkeypatch))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    with (disk / "filler").open("ab", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            pass  # it is full


def test_a_disk_that_fills_costs_nothing_that_was_acknowledged(
    small_disk: Path, work: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = Workers(Library.create(small_disk / "library"), work)
    try:
        workers.all_at_work()
        end, full = time.monotonic() + SECONDS, False
        while time.monotonic() < end or full:
            time.sleep(workers.dice.uniform(*PAUSE))
            if full:
                (small_disk / "filler").unlink()
            else:
                fill(small_disk)
            full = not full
            if workers.dice.random() < 0.5:
                workers.kill()
        time.sleep(1.5)  # with room again all of them go on
        workers.all_live()
    finally:
        workers.stop()
    subprocess.run(["mount", "-o", "remount,size=256m", str(small_disk)], check=True)  # the person makes room
    refused = {line for line in workers.lines() if line.startswith("refused ") and "is in use by" not in line}
    assert any("disk is full" in line or "No space left" in line for line in refused)
    for line in refused:
        assert str(small_disk) in line and ("disk is full" in line or "No space left" in line)
    print(everything_is_there(workers, tiny_weights, monkeypatch), f"{len(refused)} refusals told")
