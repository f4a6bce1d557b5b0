"""Hops over a slow link, 1 Mbit/s with 150 ms each way, from Enter to the centre's cover and to the whole screen.

python -m tests.bench.slow_link LIBRARY [--fine] [--hops 10]

Works on a copy of the library. The times are the link's and the app's together, so take them on a machine at rest.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyte

from tests.bench.driven import ROOT, fresh, quantile, start_album
from tests.tui.support.slow_terminal import SlowTerminal, pictured

COLUMNS, ROWS = 130, 50


@dataclass(frozen=True)
class Hop:
    """Bytes, and seconds from Enter until the centre's cover and all of the screen are there."""

    bytes: int
    center: float
    all: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.slow_link",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("--fine", action="store_true", help="in the full quality  [default: --lite]")
    parser.add_argument("--hops", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = fresh(options.library, Path(folder), start_album(options.library))
        look = "--fine" if options.fine else "--lite"
        argv = [sys.executable, "-m", "tui.cli", "explore", "--library", str(library), look]
        terminal = SlowTerminal(argv, COLUMNS, ROWS, ROOT)
        try:
            terminal.until(lambda text: "▄" in text and "Enter" in text, 60)
            quiet(terminal)
            hops = []
            for _ in range(options.hops):
                terminal.keys("r")  # far away, so that the next ring shares little with this one
                quiet(terminal)
                hops.append(walked(terminal))
                print(f"{hops[-1].bytes:,} bytes, centre {hops[-1].center:.2f} s, all {hops[-1].all:.2f} s")
        finally:
            terminal.close()
    for name, seconds in (("centre", [hop.center for hop in hops]), ("all", [hop.all for hop in hops])):
        print(f"{name}: median {quantile(seconds, 0.5):.2f} s, at most {max(seconds):.2f} s")


def quiet(terminal: SlowTerminal, seconds: float = 1.2) -> None:
    """Read until nothing comes for a while."""
    while terminal.pump(seconds):
        pass


def walked(terminal: SlowTerminal) -> Hop:
    """Walk to the neighbour in focus."""
    before, begins, said = len(terminal.sent), len(terminal.shown_at), time.monotonic()
    terminal.keys("\r")
    quiet(terminal)
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    stream.feed(bytes(terminal.sent[:before]))
    last = pictured(terminal.screen)
    rows = range(ROWS * 2 // 5, ROWS * 3 // 5)  # the middle of the graph is the centre's cover
    columns = slice(38, 50)
    fed, center, everything = before, 0.0, 0.0
    for when, count in terminal.shown_at[begins:]:
        stream.feed(bytes(terminal.sent[fed:count]))
        fed = count
        now = pictured(screen)
        if not center and all(now[y][columns] == last[y][columns] for y in rows):
            center = when - said
        if not everything and now == last:
            everything = when - said
    return Hop(len(terminal.sent) - before, center, everything)


if __name__ == "__main__":
    main()
