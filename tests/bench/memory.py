"""Memory while thousands of different covers are drawn in turn: `python -m tests.bench.memory [COVERS]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from rich.color import ColorSystem

from tests.tui.support.mirror import laid
from tui.app import SleevewalkApp
from tui.pictures.cells import FINE
from tui.pictures.colors import ColorMode, Pixels
from tui.pictures.painter import CoverPainter
from tui.terminal.mirror import TerminalMirror
from tui.terminal.pixel_strip import pixel_strips


class Noise:
    """A different picture for every hash, without a file."""

    def pixels(self, sha: str) -> Pixels:
        seed = np.random.default_rng(int(sha))
        small = seed.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        return np.kron(small, np.ones((8, 8, 1), dtype=np.uint8))


def main(count: int = 2000) -> None:
    """Print, as JSON, the megabytes of this process after each quarter of the covers, and the most of all."""
    from store.records import Album

    assert SleevewalkApp.TITLE  # the app and all that it imports are in memory too
    painter = CoverPainter(Noise(), ColorMode.TRUECOLOR, FINE, pixel_strips)  # as the app draws
    mirror = TerminalMirror(40, 20, ColorSystem.TRUECOLOR)
    held = []
    for number in range(count):
        album = Album(str(number), "artist", "title", None, None, None, cover_sha256=str(number))
        mirror.paint(laid([[strip] for strip in painter.draw(album, 40, 20)]))
        while mirror.take(1 << 20):
            pass
        if (number + 1) % (count // 4) == 0:
            held.append(resident())
    print(json.dumps({"megabytes": held, "most": resident("VmHWM")}))


def resident(which: str = "VmRSS") -> float:
    """Megabytes of this process in memory: now, or the most so far (VmHWM; ru_maxrss would count the parent's)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise OSError(f"no {which} in /proc/self/status")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
