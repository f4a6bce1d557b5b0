"""What a walk costs, in a real terminal: cold start, a hop from key to last byte, and memory that stays.

python -m tests.bench.walk --library DIR [--hops 500] [--jumps 260]

Works on a copy of the library. "alone" is the time less what the app's main thread waited for a processor.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from tests.bench.__main__ import layout_of
from tests.bench.driven import ENTER, Cost, Driven, fresh, quantile, shown, start_album

KEYS = ("l", "j", "h", "k", "\x1b[C", "\x1b[B")  # looked in turn before each hop
QUIET = 0.12  # seconds without a byte after which a hop counts as drawn
READ = (100, 300, 500)  # hops after which memory is read


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.walk", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--size", default="130x50")
    parser.add_argument("--warm", type=int, default=20, help="hops before those that count")
    parser.add_argument("--hops", type=int, default=READ[-1], help="hops in all")
    parser.add_argument("--jumps", type=int, default=0, help="random jumps after the hops, for other covers each time")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--theme", help="a theme of the app")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    columns, rows = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        library = fresh(options.library, Path(folder), start_album(options.library))
        (Path(folder) / "config.toml").write_text(f'theme = "{options.theme}"\n' if options.theme else "")
        begin(library, columns, rows)[0].close()  # warms the disk's cache
        starts = []
        for _ in range(options.starts):
            terminal, seconds, alone = begin(library, columns, rows)
            starts.append((seconds, alone))
            terminal.close()
        terminal, _, _ = begin(library, columns, rows)
        found = walk(terminal, options.warm, options.hops)
        found |= wander(terminal, options.jumps)
        terminal.keys("q")
        status = terminal.wait()
        terminal.close()
        if options.jumps:
            covers = {cover for screen in shown(library, len(layout_of(options.size).slots)) for cover in screen}
            found["different covers shown"] = len(covers)
    for at, name in enumerate(("cold start s", "cold start alone s")):
        found[name] = quantile([start[at] for start in starts], 0.5)
    found |= {"exit": status}
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            print(f"{name:34} {value:.3f}" if isinstance(value, float) else f"{name:34} {value}")


def begin(library: Path, columns: int, rows: int) -> tuple[Driven, float, float]:
    """The app with its first neighbourhood on screen; seconds until the last byte of it, and those alone."""
    began = time.monotonic()
    terminal = Driven(library, columns, rows, "--fine")
    waited = 0.0
    while b"Enter" not in terminal.sent:  # the row of keys
        terminal.pump(0.01)
    last = time.monotonic()
    while time.monotonic() - last < 0.6:
        if terminal.pump(0.01):
            last, waited = time.monotonic(), terminal.waited()
    return terminal, last - began, last - began - waited


def walk(terminal: Driven, warm: int, hops: int) -> dict[str, float]:
    """Looks and walks `hops` times; figures of the hops after `warm`, memory at some of them."""
    costs: list[Cost] = []
    found: dict[str, float] = {}
    for hop in range(1, hops + 1):
        if hop % 7 == 0:
            terminal.press("r", QUIET)
        terminal.press(KEYS[hop % len(KEYS)], QUIET)
        cost = terminal.press(ENTER, QUIET)
        if warm < hop and cost.bytes > 1000:  # less is only the word that one stands there already
            costs.append(cost)
        if hop in READ:
            found[f"RSS MB after {hop}"] = terminal.memory()
    found["hops measured"] = len(costs)
    for part in (0.5, 0.95, 0.99):
        found[f"hop ms p{part * 100:.0f}"] = quantile([cost.last * 1000 for cost in costs], part)
        found[f"hop alone ms p{part * 100:.0f}"] = quantile([cost.alone * 1000 for cost in costs], part)
    for part in (0.5, 0.95):
        found[f"hop KB p{part * 100:.0f}"] = quantile([cost.bytes / 1000 for cost in costs], part)
    return found


def wander(terminal: Driven, jumps: int) -> dict[str, float]:
    """Jumps anywhere `jumps` times; memory after each quarter."""
    found: dict[str, float] = {}
    for jump in range(1, jumps + 1):
        terminal.press("r", QUIET)
        if jump % max(1, jumps // 4) == 0:
            found[f"RSS MB after {jump} jumps"] = terminal.memory()
    return found


if __name__ == "__main__":
    main()
