"""Bytes and time of what a person does in the real app, by size and by look, beside stock rich-pixels.

Every look of a size takes the same path: a fresh copy of the library, the same album to start from, the same keys.
"alone" is the time from the key to the last byte less what the app's main thread waited for a processor. Stock
rich-pixels draws the same covers at the same size, shrunk the same way, each in full. Works on copies; without
--library on the demo library, which is built first. A few minutes for all sizes and looks.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich_pixels import HalfcellRenderer

from store.catalogue.covers import CoverFiles
from tests.bench.driven import ENTER, ESCAPE, REDRAW, ROOT, Cost, Driven, fresh, generated, quantile, shown, start_album
from tests.tui.support import measures
from tui.layout.ring import RingLayout, default_count, ring_layout
from tui.pictures.cells import FINE, LITE, picture
from tui.pictures.colors import ColorMode
from tui.pictures.resample import resample
from tui.screens.walk.focus_cover import REST
from tui.terminal.pixel_strip import pixel_strips

SIZES = ("80x24", "130x50", "240x70")
LOOKS = {
    "truecolor": ["--fine"],
    "256": ["--fine", "--color", "256"],
    "lite": ["--lite"],
    "half": ["--fine", "--cells", "half"],
    "octants": ["--fine", "--cells", "octants"],
    "octants-lite": ["--lite", "--cells", "octants"],
}
KIND = "quadrants"  # of cells, where one cover is drawn
SETTLED = 0.5  # seconds without a byte after which a screen counts as complete; longer than the preview's delay
PATH = "ljhkljkhljlkjhklhj"  # where to look before each hop
QUERY = "the lovers "  # typed into find
SCREENS = {"find": ("/", ESCAPE), "keys": ("?", ESCAPE), "trail": ("g", ESCAPE), "network": ("-", ESCAPE)}
# The first cover of a new process: opened, decoded, shrunk, merged, written as codes.
COLD = """
import sys, time
from rich.color import ColorSystem
from store.catalogue.covers import CoverFiles
from tui.pictures.colors import ColorMode
from tui.pictures.cells import FINE, picture
from tui.terminal.compositor import Painting, Part
from tui.terminal.mirror import TerminalMirror
from tui.terminal.pixel_strip import pixel_strips
mirror = TerminalMirror(40, 20, ColorSystem.TRUECOLOR)
files, began = CoverFiles(sys.argv[1]), time.thread_time()
rows = pixel_strips(picture(files.pixels(sys.argv[2]), 40, 20, ColorMode.TRUECOLOR, FINE, kind="quadrants"))
mirror.paint(Painting(Part(y, 0, 0, 40, strip) for y, strip in enumerate(rows)))
mirror.take(1 << 20)
print((time.thread_time() - began) * 1000)
"""


@dataclass(frozen=True)
class Row:
    """One action on one screen in one look: means, the worst twentieth, and how often it was done."""

    size: str
    look: str
    action: str
    times: int
    kilobytes: float
    kilobytes_p95: float
    seconds: float
    seconds_p95: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--library", type=Path, help="a library folder, only read  [default: the demo, built anew]")
    parser.add_argument("--size", action="append", help=f"COLUMNSxROWS; repeat for more  [default: {', '.join(SIZES)}]")
    parser.add_argument("--look", action="append", choices=list(LOOKS), help="repeat for more  [default: all]")
    parser.add_argument("--ring", type=int, help="at most so many neighbours, even  [default: what fits well]")
    parser.add_argument("--hops", type=int, default=len(PATH), help="hops on each screen  [default: %(default)s]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = options.library or generated(Path(folder))
        album = start_album(library)
        rows, stock = [], {}
        for size in options.size or SIZES:
            for look in options.look or LOOKS:
                print(f"{size} {look} …", file=sys.stderr)
                copy = fresh(library, Path(folder) / f"{size} {look}", album)
                rows += measure(copy, size, look, options.hops, ring=options.ring)
                stock[f"{size} {look}"] = stock_kilobytes(copy, size, look, options.ring)
        cover = {**cover_times(library), **quality(library)}
    if options.json:
        print(json.dumps({"stock KB a screen": stock, "cover": cover, "measured": [asdict(row) for row in rows]}))
    else:
        print_tables(rows, stock, cover, options.ring)


def measure(
    library: Path,
    size: str,
    look: str,
    hops: int,
    screens: Mapping[str, tuple[str, str]] = SCREENS,
    ring: int | None = None,
) -> list[Row]:
    """Every action on one screen, on the same path for every look."""
    columns, lines = map(int, size.split("x"))
    rows: list[Row] = []

    def told(action: str, costs: list[Cost]) -> None:
        sent, times = [cost.bytes / 1000 for cost in costs], [cost.alone for cost in costs]
        worst = quantile(sent, 0.95), quantile(times, 0.95)
        rows.append(Row(size, look, action, len(costs), float(np.mean(sent)), worst[0], quantile(times, 0.5), worst[1]))

    began = time.monotonic()
    terminal = Driven(library, columns, lines, *LOOKS[look])
    try:
        while b"Enter" not in terminal.sent:
            terminal.pump(0.01)
        last = terminal.settle(1.0) - began
        told("start", [Cost(len(terminal.sent), last, last, last - terminal.waited())])
        told("the whole screen anew", [terminal.press(REDRAW, SETTLED)])
        for _ in range(len(layout_of(size).slots), len(layout_of(size, ring).slots), -2):
            terminal.press("[", SETTLED)
        walked, looked, rested = [], [], []
        for hop in range(hops):
            for key in (PATH[hop % len(PATH)], PATH[(hop + 7) % len(PATH)]):
                looked.append(terminal.press(key, answer=1.0, patient=False))
                rested.append(terminal.press("", REST + SETTLED))
            walked.append(terminal.press(ENTER, 0.3))
        told("hop", [cost for cost in walked if cost.bytes > 1000])  # less: one stood there already
        told("focus move", [cost for cost in looked if cost.bytes])
        told("its cover in the panel", rested)  # once the focus rests; 0 where there is no room, or the link is slow
        told("panel toggle", [terminal.press(key) for key in ("w", ESCAPE) * 3])
        terminal.press("/", SETTLED)
        told("find keystroke", [terminal.press(key, 0.2, answer=1.0, patient=False) for key in QUERY])
        terminal.settle(SETTLED)
        for _ in range(len(QUERY) - 3):  # shorter, so that there are hits to choose from
            terminal.press("\x7f", 0.2)
        terminal.settle(SETTLED)
        told("next hit and its cover", [terminal.press("\x1b[B", SETTLED) for _ in range(5)])
        terminal.press(ESCAPE, SETTLED)
        for name, (there, back) in screens.items():
            told(f"to {name}", [terminal.press(there, SETTLED)])
            told(f"back from {name}", [terminal.press(back, SETTLED)])
        terminal.keys("q")
        terminal.wait()
        return rows
    finally:
        terminal.close()


def layout_of(size: str, ring: int | None = None) -> RingLayout:
    """Where the covers of the walk stand on a screen of that size, at most `ring` around one."""
    columns, lines = map(int, size.split("x"))
    side = 26 if columns < 110 else 41 if columns < 200 else 50  # the details beside the graph
    width, height = columns - side, lines - 5
    count = default_count(width, height)
    layout = ring_layout(width, height, count if ring is None else min(ring, count))
    assert layout is not None, f"no room for covers at {size}"
    return layout


def stock_kilobytes(library: Path, size: str, look: str, ring: int | None = None) -> float:
    """One screen's covers with stock rich-pixels, the mean over the stops of the walk that was measured."""
    layout, files = layout_of(size, ring), CoverFiles(library / "covers")
    system: Any = "256" if look == "256" else "truecolor"
    console = Console(file=io.StringIO(), color_system=system, force_terminal=True)
    sizes: dict[tuple[str, int, int], int] = {}

    def cost(sha: str, width: int, height: int) -> int:
        if (sha, width, height) not in sizes:
            image = Image.fromarray(resample(files.pixels(sha), width, 2 * height))
            text = console._render_buffer(HalfcellRenderer().render(image, None))
            sizes[sha, width, height] = len(text.encode())
        return sizes[sha, width, height]

    places = [layout.center, *layout.slots]
    screens = [
        sum(cost(sha, place.cover.width, place.cover.height) for sha, place in zip(screen, places, strict=False))
        for screen in shown(library, len(layout.slots))
    ]
    return float(np.mean(screens)) / 1000


def some_covers(library: Path, count: int) -> list[str]:
    """Covers of the library, the same at every run."""
    return [path.stem for path in sorted((library / "covers").glob("*/*.webp"))[:count]]


def quality(library: Path) -> dict[str, float]:
    """PSNR in dB of 60 covers at 40x20 cells against the exact picture, for both qualities: the mean, the least."""
    files, found = CoverFiles(library / "covers"), {}
    covers = [files.pixels(sha) for sha in some_covers(library, 60)]
    for name, tolerance in (("fine", FINE), ("lite", LITE)):
        noise = []
        for pixels in covers:
            both = (picture(pixels, 40, 20, ColorMode.TRUECOLOR, limit, kind=KIND) for limit in (0, tolerance))
            exact, drawn = map(measures.shown, both)
            noise.append(float(np.square(exact - drawn).mean()))
        decibels = [10 * np.log10(255**2 / max(value, 1e-9)) for value in noise]
        found |= {f"{name} dB": float(np.mean(decibels)), f"{name} dB least": float(np.min(decibels))}
    return found


def cover_times(library: Path) -> dict[str, float]:
    """Milliseconds of processor for one 40x20 cover to cells, warm: stock rich-pixels and ours; and from a file."""
    files = CoverFiles(library / "covers")
    shas = some_covers(library, 36)
    arrays = [files.pixels(sha) for sha in shas]
    stock = [Image.fromarray(resample(pixels, 40, 40)) for pixels in arrays]

    def ours(at: int) -> None:
        pixel_strips(picture(arrays[at], 40, 20, ColorMode.TRUECOLOR, FINE, kind=KIND))

    def from_file(at: int) -> None:
        pixel_strips(picture(files.pixels(shas[at]), 40, 20, ColorMode.TRUECOLOR, FINE, kind=KIND))

    ways: dict[str, Callable[[int], object]] = {
        "stock ms": lambda at: HalfcellRenderer().render(stock[at], None),
        "ours ms": ours,
        "from file ms": from_file,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(5):  # in turn, so that a busy machine is busy for all
        for name, draw in ways.items():
            began = time.thread_time()
            for at in range(len(shas)):
                draw(at)
            times[name].append((time.thread_time() - began) / len(shas) * 1000)
    cold = [sys.executable, "-c", COLD, str(library / "covers"), shas[0]]
    taken = [float(subprocess.run(cold, cwd=ROOT, capture_output=True, check=True).stdout) for _ in range(5)]
    return {name: min(each) for name, each in times.items()} | {"cold ms": min(taken)}


def print_tables(rows: list[Row], stock: dict[str, float], cover: dict[str, float], ring: int | None) -> None:
    """A table for each size, a column of figures for each look."""
    print(
        f"one 40x20 cover to cells: {cover['ours ms']:.2f} ms, stock rich-pixels {cover['stock ms']:.2f} ms "
        f"({cover['stock ms'] / cover['ours ms']:.1f} times), from its file {cover['from file ms']:.2f} ms, "
        f"the first of a process {cover['cold ms']:.1f} ms"
    )
    for name in ("fine", "lite"):
        print(f"{name}: {cover[f'{name} dB']:.1f} dB against the exact picture, least {cover[f'{name} dB least']:.1f}")
    for size in dict.fromkeys(row.size for row in rows):
        looks = list(dict.fromkeys(row.look for row in rows if row.size == size))
        around = len(layout_of(size, ring).slots)
        print(f"\n{f'{size}, {around} around one':22}" + "".join(f"{look:>32}" for look in looks))
        print(f"{'':22}" + f"{'KB':>8}{'p95':>8}{'ms alone':>9}{'p95':>7}" * len(looks))
        for action in dict.fromkeys(row.action for row in rows if row.size == size):
            line = f"{action:22}"
            for look in looks:
                row = next(row for row in rows if (row.size, row.look, row.action) == (size, look, action))
                line += f"{row.kilobytes:8.1f}{row.kilobytes_p95:8.1f}"
                line += f"{row.seconds * 1000:9.0f}{row.seconds_p95 * 1000:7.0f}"
            print(line)
            if action == "hop":
                print(
                    f"{'  stock rich-pixels':22}" + "".join(f"{stock[f'{size} {look}']:8.1f}{'':24}" for look in looks)
                )


if __name__ == "__main__":
    main()
