"""The app in a pseudo-terminal that answers at once, on a copy of a library; what each key costs."""

from __future__ import annotations

import os
import select
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from store.personal.records import Personal
from tests.tui.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
ENTER, ESCAPE, REDRAW = "\r", "\x1b", "\x0c"
ASK, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"  # whether frames can be held back: as most terminals of today
QUIET = 0.15  # seconds without a byte after which a key counts as drawn


@dataclass(frozen=True)
class Cost:
    """Of one key: bytes until it was quiet, seconds to the first and the last of them, and seconds to the last
    less those that the app's main thread stood waiting for a processor: what a machine at rest would take.
    """

    bytes: int
    first: float
    last: float
    alone: float


class Driven(Terminal):
    """Reads without keeping a screen until its text is asked for: an emulator in Python takes longer than the app."""

    def __init__(self, library: Path, columns: int, rows: int, *arguments: str) -> None:
        config = library.parent / "config.toml"
        config.touch()
        self._fed = 0
        self._answered = 0
        argv = [sys.executable, "-m", "tui.cli", "explore", "--library", str(library), *arguments]
        super().__init__(argv, columns, rows, ROOT, SLEEVEWALK_CONFIG=str(config), PYTHONPATH=str(ROOT))

    def pump(self, seconds: float) -> int:
        """Read for a while or until nothing is there; the bytes that came."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return 0
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # the program left
            return 0
        self.sent += data
        asked = self.sent.count(ASK, max(0, self._answered))
        if asked:
            self._answered = self.sent.rindex(ASK) + len(ASK)
            os.write(self.fd, ANSWER * asked)
        return len(data)

    @property
    def text(self) -> str:
        """The screen, row by row."""
        self._stream.feed(bytes(self.sent[self._fed :]))
        self._fed = len(self.sent)
        return super().text

    def settle(self, quiet: float = QUIET) -> float:
        """Read until nothing came and the app had nothing to do for that long; when the last byte came (monotonic)."""
        last = still = time.monotonic()
        while time.monotonic() - still < quiet:
            if self.pump(0.005):
                last = still = time.monotonic()
            elif self.busy():
                still = time.monotonic()
        return last

    def press(self, key: str, quiet: float = QUIET, answer: float = 0.0, patient: bool = True) -> Cost:
        """Press a key and read until it is quiet; up to `answer` seconds are given to the first byte. Not `patient`:
        without waiting while the app is busy, so that what comes later by itself is left for the next call.
        """
        before, waited, began = len(self.sent), self.waited(), time.monotonic()
        self.keys(key)
        still = began
        first = last = alone = 0.0
        while time.monotonic() - still < (quiet if first else max(quiet, answer)):
            if self.pump(0.005):
                still = time.monotonic()
                last = still - began
                first, alone = first or last, last - (self.waited() - waited)
            elif patient and self.busy():
                still = time.monotonic()
        return Cost(len(self.sent) - before, first, last, alone)

    def waited(self) -> float:
        """Seconds that the app's main thread has stood waiting for a processor, where the system tells."""
        try:
            return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            return 0.0

    def memory(self) -> float:
        """Resident memory of the app in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def fresh(library: Path, folder: Path, album: str | None = None) -> Path:
    """A copy of the library in `folder`; covers and index are linked. `album`: where a walk has begun already, so
    that the app opens there and explains nothing.
    """
    target = folder / "library"
    target.mkdir(parents=True)
    for path in library.iterdir():
        if path.is_dir():
            (target / path.name).symlink_to(path.resolve())
        else:
            shutil.copyfile(path, target / path.name)
    if (target / "blends").is_symlink():
        (target / "blends").unlink()
    (target / "blends").mkdir(exist_ok=True)
    if album is not None:
        Personal(Library.open(target)).add_walk_step("start", 0, album)
    return target


def generated(folder: Path) -> Path:
    """The demo library, built there."""
    from pipelines.build import build
    from pipelines.demo.build import build_demo
    from pipelines.progress import StderrProgress

    library = build_demo(folder / "demo", StderrProgress())
    build(library, StderrProgress())
    return library.path


def start_album(library: Path) -> str:
    """The first album by id that has a cover and tags: the same at every run."""
    snapshot = Snapshot.load(Library.open(library))
    albums = (snapshot.album(row) for row in range(len(snapshot)))
    return min(album.album_id for album in albums if album.cover_sha256 and album.tags)


def shown(library: Path, count: int) -> list[list[str]]:
    """The covers (their SHA-256) of each stop of the recorded walks: the centre's and those of its ring."""
    opened = Library.open(library)
    neighborhood: Neighborhood = open_neighborhood(opened)
    stops = [step.album_id for step in neighborhood.snapshot.personal.walks]
    screens = []
    for album_id in stops:
        row = neighborhood.snapshot.row(album_id)
        assert row is not None
        ring = [neighbor.album for neighbor in neighborhood.neighbors(album_id, k=count)]
        screens.append(
            [album.cover_sha256 for album in (neighborhood.snapshot.album(row), *ring) if album.cover_sha256]
        )
    return screens


def quantile(values: Sequence[float], part: float) -> float:
    """0.0 where there are no values."""
    return float(np.quantile(values, part)) if len(values) else 0.0
