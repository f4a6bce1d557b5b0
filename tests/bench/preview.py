"""The blend bench as a person feels it: from a key to the last byte of the preview that follows it in the terminal,
and from `w` to the file on disk, in the real app in a pseudo-terminal.

python -m tests.bench.preview --library DIR [--presses 60] [--size 100x40]

Works on a copy of the library's database; covers and index are linked. Nothing of it is kept. "alone" is the time
less what the app's main thread waited for a processor; the model works in a thread of its own, so on a busy machine
even that is too long.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.driven import Cost, Driven, fresh, quantile, start_album
from tui.screens.base import LETTERS

ALBUMS = 5  # on the bench
PICTURE = 1500  # bytes; a key that changes words alone sends less
LOADING = 120.0  # seconds that the model may take to load
QUIET = 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.preview",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--presses", type=int, default=60, help="keys that change the blend  [default: %(default)s]")
    parser.add_argument("--size", default="100x40", help="COLUMNSxROWS of the terminal  [default: %(default)s]")
    parser.add_argument("--lite", action="store_true", help="as on a slow link")
    options = parser.parse_args()
    columns, rows = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        library = fresh(options.library, Path(folder), start_album(options.library))
        terminal = Driven(library, columns, rows, "--lite" if options.lite else "--fine")
        try:
            loaded = open_bench(terminal)
            print(f"loaded and warm after {loaded:.1f} s", file=sys.stderr)
            previews = [preview(terminal, at) for at in range(options.presses)]
            writes = [write(terminal, library / "blends") for _ in range(max(3, options.presses // 10))]
            memory = terminal.memory()
            terminal.keys("\x1bq")
        finally:
            terminal.close()
    drawn = [cost for cost in previews if cost.bytes > PICTURE]
    size = quantile([cost.bytes for cost in drawn], 0.5)
    print(f"{len(drawn)} of {len(previews)} keys changed the picture, {size:,.0f} bytes each")
    told("key to the preview's last byte", [cost.last for cost in drawn])
    told("the same alone", [cost.alone for cost in drawn])
    told("w to the file on disk, 512", writes)
    print(f"memory with the model loaded: {memory:.0f} MB")


def told(name: str, seconds: list[float]) -> None:
    """Print the middle and the worst."""
    middle, worst = (1000 * quantile(seconds, part) for part in (0.5, 0.95))
    print(f"{name}: median {middle:.0f} ms, 95 % within {worst:.0f} ms")


def open_bench(terminal: Driven) -> float:
    """Some albums into the tray, then the bench; seconds until the model answers."""
    while b"Enter" not in terminal.sent:
        terminal.pump(0.01)
    terminal.settle(1.0)
    began = time.monotonic()
    for letter in LETTERS[:ALBUMS]:  # a label jump to each, so that none is put in twice
        for key in ("f", letter, " "):
            terminal.press(key, answer=5.0)
    terminal.press("B", QUIET, answer=5.0)
    while time.monotonic() - began < LOADING:
        if terminal.press("\x1b[A", QUIET).bytes > PICTURE:
            return time.monotonic() - began
    raise SystemExit("no preview came; the bench showed:\n" + terminal.text)


def preview(terminal: Driven, at: int) -> Cost:
    """Another weight, of another album from time to time."""
    if at % 5 == 4:
        terminal.press("l", QUIET)
    return terminal.press("\x1b[A" if at % 3 else "\x1b[B", QUIET, answer=5.0)


def write(terminal: Driven, blends: Path) -> float:
    """Seconds from `w` until another PNG stands in the folder."""
    terminal.press("\x1b[A", QUIET)  # another blend, so another file
    there, began = len(list(blends.glob("*.png"))), time.monotonic()
    terminal.keys("w")
    while len(list(blends.glob("*.png"))) == there:
        terminal.pump(0.001)
        if time.monotonic() - began > LOADING:
            raise SystemExit("no file came; the bench showed:\n" + terminal.text)
    taken = time.monotonic() - began
    terminal.settle(QUIET)
    return taken


if __name__ == "__main__":
    main()
