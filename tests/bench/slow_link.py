"""A hop over a slow link, 1 Mbit/s with 150 ms each way: `python -m tests.bench.slow_link LIBRARY [--fine]`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyte

from tests.tui.slow_terminal import SlowTerminal, pictured

ROOT = Path(__file__).parents[2]
COLUMNS, ROWS = 130, 50
HOPS = 5


def quiet(terminal: SlowTerminal, seconds: float = 1.2) -> None:
    """Read until nothing comes for a while."""
    while terminal.pump(seconds):
        pass


def main(library: Path, look: str = "--lite") -> None:
    """Print, for each hop, bytes and the seconds from Enter until the centre and the whole screen are there."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(library, Path(folder) / "library")
        argv = [sys.executable, "-m", "tui.cli", "explore", "--library", str(copy), look]
        terminal = SlowTerminal(argv, COLUMNS, ROWS, ROOT)
        try:
            terminal.until(lambda text: "▄" in text or "Enter begins" in text, 60)
            terminal.keys("\r")
            quiet(terminal)
            for _ in range(HOPS):
                terminal.keys("r")
                quiet(terminal)
                report(terminal)
        finally:
            terminal.close()


def report(terminal: SlowTerminal) -> None:
    """Walk to the neighbour in focus and tell how long it took."""
    before, begins, said = len(terminal.sent), len(terminal.shown_at), time.monotonic()
    terminal.keys("\r")
    quiet(terminal)
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    stream.feed(bytes(terminal.sent[:before]))
    last = pictured(terminal.screen)
    rows = range(ROWS * 2 // 5, ROWS * 3 // 5)  # the middle of the graph is the centre's cover
    columns = slice(38, 50)
    fed, centre, ring = before, 0.0, 0.0
    for when, count in terminal.shown_at[begins:]:
        stream.feed(bytes(terminal.sent[fed:count]))
        fed = count
        now = pictured(screen)
        if not centre and all(now[y][columns] == last[y][columns] for y in rows):
            centre = when - said
        if not ring and now == last:
            ring = when - said
    print(f"hop: {len(terminal.sent) - before:,} bytes, centre {centre:.2f} s, all of it {ring:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
