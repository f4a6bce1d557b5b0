"""Bytes and time of what a person does, by size and by quality, beside the same covers drawn with stock rich-pixels.

Everything is measured in one run, so that the ratios hold on any machine.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich_pixels import HalfcellRenderer

from tests.tui.terminal import Terminal

ROOT = Path(__file__).parents[2]
SIZES = ((80, 24), (130, 50), (240, 70))
LOOKS = {"truecolor": ["--fine"], "256": ["--fine", "--color", "256"], "lite": ["--lite"]}
RIGHT, ENTER, ESCAPE = "\x1b[C", "\r", "\x1b"
QUIET = 0.45  # seconds without a byte after which an action counts as drawn; longer than the preview's delay


@dataclass(frozen=True)
class Measured:
    """One action: bytes until the screen was quiet, seconds to the first and the last of them."""

    size: str
    look: str
    action: str
    bytes: int
    first: float
    last: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--library", type=Path, help="a library folder, copied before use  [default: the demo]")
    parser.add_argument("--size", action="append", help="COLUMNSxROWS; may be repeated  [default: three sizes]")
    parser.add_argument("--hops", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = [tuple(map(int, size.split("x"))) for size in options.size] if options.size else SIZES
    with tempfile.TemporaryDirectory() as folder:
        library = _library(options.library, Path(folder))
        measured, stock = [], {}
        for columns, rows in sizes:
            stock[f"{columns}x{rows}"] = stock_screen(library, columns, rows)
            for look, arguments in LOOKS.items():
                print(f"{columns}x{rows} {look} …", file=sys.stderr)
                measured += measure(library, columns, rows, look, arguments, options.hops)
        cover = cover_times(library)
    if options.json:
        print(json.dumps({"stock": stock, "cover": cover, "measured": [asdict(row) for row in measured]}, indent=1))
    else:
        _print(measured, stock, cover)


def _library(given: Path | None, folder: Path) -> Path:
    import shutil

    if given is not None:
        return Path(shutil.copytree(given, folder / "library"))
    from pipelines.build import build
    from pipelines.demo.build import build_demo
    from pipelines.progress import StderrProgress

    library = build_demo(folder / "demo", StderrProgress())
    build(library, StderrProgress())
    return library.path


def measure(library: Path, columns: int, rows: int, look: str, arguments: list[str], hops: int) -> list[Measured]:
    """Every action on one screen; of repeated ones the mean."""
    argv = [sys.executable, "-m", "tui.cli", "explore", "--library", str(library), *arguments]
    terminal = Terminal(argv, columns, rows, ROOT)
    try:
        began = time.monotonic()
        terminal.until(lambda text: "▄" in text, 60)
        settle(terminal, 1.5)
        start = (len(terminal.sent), time.monotonic() - began - 1.5)
        found = [Measured(f"{columns}x{rows}", look, "start", start[0], start[1], start[1])]

        def act(action: str, *keys: str) -> None:
            taken = [press(terminal, key) for key in keys]
            means = [sum(column) / len(taken) for column in zip(*taken, strict=True)]
            found.append(Measured(f"{columns}x{rows}", look, action, round(means[0]), means[1], means[2]))

        press(terminal, RIGHT)
        act("focus move", RIGHT, "j", "h", "l", "k", "j")
        taken = []
        for _ in range(hops):
            press(terminal, "r")
            press(terminal, "l")
            taken.append(press(terminal, ENTER))
        means = [sum(column) / len(taken) for column in zip(*taken, strict=True)]
        found.append(Measured(f"{columns}x{rows}", look, "hop", round(means[0]), means[1], means[2]))
        act("panel toggle", " ", " ")
        act("to find", "/")
        act("find keystroke and preview", *"love")
        typed = [press(terminal, key, quiet=0.2) for key in "\x7f\x7f\x7f"]
        found.append(
            Measured(
                f"{columns}x{rows}", look, "find keystroke", sum(t[0] for t in typed) // 3, typed[0][1], typed[0][2]
            )
        )
        settle(terminal, 1.0)
        act("back from find", ESCAPE)
        act("to the keys", "?")
        act("back from the keys", ESCAPE)
        return found
    finally:
        terminal.close()


def press(terminal: Terminal, key: str, quiet: float = QUIET) -> tuple[int, float, float]:
    """Bytes, seconds to the first and to the last byte."""
    before, began = len(terminal.sent), time.monotonic()
    terminal.keys(key)
    first = last = 0.0
    while time.monotonic() - began - last < quiet:
        if terminal.pump(0.01):
            last = time.monotonic() - began
            first = first or last
    return len(terminal.sent) - before, first, last


def settle(terminal: Terminal, quiet: float) -> None:
    """Read until nothing came for that long."""
    began = time.monotonic()
    while time.monotonic() - began < quiet:
        if terminal.pump(0.05):
            began = time.monotonic()


def _covers(library: Path, count: int) -> list[object]:
    from store.covers import CoverFiles

    files = CoverFiles(library / "covers")
    return [files.pixels(path.stem) for path in sorted((library / "covers").glob("*/*.webp"))[:count]]


def stock_screen(library: Path, columns: int, rows: int) -> int:
    """Bytes of one screen's covers with stock rich-pixels, shrunk the same way: what a hop would cost."""
    import numpy as np
    from PIL import Image

    from tui.layout import default_count, ring_layout

    side = 26 if columns < 110 else 41 if columns < 200 else 50
    layout = ring_layout(columns - side, rows - 5, default_count(columns - side, rows - 5))
    if layout is None:
        return 0
    console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
    total = 0
    places = [layout.center, *layout.slots]
    for place, pixels in zip(places, _covers(library, len(places)), strict=False):
        size = (place.cover.width, 2 * place.cover.height)
        image = Image.fromarray(np.asarray(pixels)).resize(size, Image.Resampling.LANCZOS)
        total += len(console._render_buffer(HalfcellRenderer().render(image, None)).encode())
    return total


def cover_times(library: Path) -> dict[str, float]:
    """Milliseconds of one 40x20 cover: stock rich-pixels and ours, warm."""
    import numpy as np
    from PIL import Image

    from tui.colors import ColorMode
    from tui.halfblocks import FINE, picture, strips

    images = [Image.fromarray(np.asarray(pixels)) for pixels in _covers(library, 12)]
    arrays = [np.asarray(image) for image in images]
    shrunk = [image.resize((40, 40), Image.Resampling.LANCZOS) for image in images]
    times = {}
    for name, draw in (
        ("stock", lambda at: HalfcellRenderer().render(shrunk[at], None)),
        ("ours", lambda at: strips(picture(arrays[at], 40, 20, ColorMode.TRUECOLOR, FINE))),
    ):
        best = []
        for _ in range(3):
            began = time.perf_counter()
            for at in range(len(images)):
                draw(at)
            best.append((time.perf_counter() - began) / len(images) * 1000)
        times[name] = min(best)
    return times


def _print(measured: list[Measured], stock: dict[str, int], cover: dict[str, float]) -> None:
    print(f"one 40x20 cover: {cover['ours']:.2f} ms, stock rich-pixels {cover['stock']:.2f} ms "
          f"({cover['stock'] / cover['ours']:.1f} times)")  # fmt: skip
    for size in dict.fromkeys(row.size for row in measured):
        print(f"\n{size}: its covers in stock rich-pixels, truecolor: {stock[size] / 1000:.1f} KB")
        looks = list(dict.fromkeys(row.look for row in measured))
        print(f"{'':28}" + "".join(f"{look + ' KB':>14}{'of stock':>9}{'first s':>8}{'last s':>8}" for look in looks))
        for action in dict.fromkeys(row.action for row in measured):
            line = f"{action:28}"
            for look in looks:
                row = next(r for r in measured if (r.size, r.look, r.action) == (size, look, action))
                share = row.bytes / stock[size] if stock[size] else 0
                line += f"{row.bytes / 1000:14.1f}{share:9.2f}{row.first:8.2f}{row.last:8.2f}"
            print(line)


if __name__ == "__main__":
    main()
