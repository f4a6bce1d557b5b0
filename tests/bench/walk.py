"""What a walk costs, in a real terminal: cold start, a hop from key to last byte, and memory that stays.

`python -m tests.bench.walk --library DIR` copies the library, opens the app on it and walks.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.bench.__main__ import ENTER, ROOT, settle
from tests.tui.terminal import Terminal

KEYS = ("l", "j", "h", "k", "\x1b[C", "\x1b[B")  # looked in turn before each hop
ASK, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"  # whether frames can be held back: as most terminals of today
QUIET = 0.12  # seconds without a byte after which a hop counts as drawn
MARKS = (100, 300, 500)  # hops after which memory is read


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.walk", description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--size", default="130x50")
    parser.add_argument("--warm", type=int, default=20, help="hops before those that count")
    parser.add_argument("--hops", type=int, default=MARKS[-1], help="hops in all")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--theme", help="a theme of the app")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    columns, rows = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        library = Path(shutil.copytree(options.library, Path(folder) / "library"))
        config = Path(folder) / "config.toml"
        config.write_text(f'theme = "{options.theme}"\n' if options.theme else "")
        begin(library, config, columns, rows)[0].close()  # warms the disk's cache, and is the first walk: it explains
        starts = []
        for _ in range(options.starts):
            terminal, seconds = begin(library, config, columns, rows)
            starts.append(seconds)
            terminal.close()
        terminal, _ = begin(library, config, columns, rows)
        found = walk(terminal, options.warm, options.hops)
        terminal.keys("q")
        status = terminal.wait()
        terminal.close()
    found |= {"size": options.size, "cold start s": sorted(starts)[len(starts) // 2], "exit": status}
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            print(f"{name:28} {value:.3f}" if isinstance(value, float) else f"{name:28} {value}")


def begin(library: Path, config: Path, columns: int, rows: int) -> tuple[Terminal, float]:
    """The app with its first neighbourhood on screen, and seconds until the last byte of it."""
    argv = [sys.executable, "-m", "tui.cli", "explore", "--library", str(library), "--fine"]
    began = time.monotonic()
    terminal = Terminal(argv, columns, rows, ROOT, SLEEVEWALK_CONFIG=str(config))
    terminal.until(lambda text: "Enter walk" in text or "Enter begins" in text, 60)
    last = time.monotonic()
    while time.monotonic() - last < 0.6:
        if terminal.pump(0.01):
            last = time.monotonic()
    if "Enter begins" in terminal.text:
        terminal.keys(ENTER)
        settle(terminal, 0.5)
    return terminal, last - began


def walk(terminal: Terminal, warm: int, hops: int) -> dict[str, float]:
    """Looks and walks `hops` times; figures of the hops after `warm` and up to 100 more, memory at MARKS."""
    seconds: list[float] = []
    sent: list[int] = []
    found: dict[str, float] = {}
    for hop in range(1, hops + 1):
        if hop % 7 == 0:
            press(terminal, "r")
        press(terminal, KEYS[hop % len(KEYS)])
        bytes_sent, last = press(terminal, ENTER)
        if warm < hop <= warm + 100 and bytes_sent:
            seconds.append(last)
            sent.append(bytes_sent)
        if hop in MARKS:
            found[f"RSS MB after {hop}"] = memory(terminal.pid)
    found["hops measured"] = len(seconds)
    found["hop ms p50"], found["hop ms p95"] = (float(np.quantile(seconds, q)) * 1000 for q in (0.5, 0.95))
    found["hop KB p50"], found["hop KB p95"] = (float(np.quantile(sent, q)) / 1000 for q in (0.5, 0.95))
    return found


def press(terminal: Terminal, key: str) -> tuple[int, float]:
    """Bytes until it is quiet, and seconds from the key to the last of them."""
    sent, began, last = 0, time.monotonic(), 0.0
    terminal.keys(key)
    while time.monotonic() - began - last < QUIET:
        # Read without keeping a screen: a terminal emulator in Python takes longer to read a hop than the app to draw.
        if select.select([terminal.fd], [], [], 0.005)[0]:
            data = os.read(terminal.fd, 65536)
            sent += len(data)
            last = time.monotonic() - began
            if asked := data.count(ASK):
                os.write(terminal.fd, ANSWER * asked)
    return sent, last


def memory(pid: int) -> float:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
