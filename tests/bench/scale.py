"""How sleevewalk grows with its library, beside DuckDB and scikit-learn that compare every cover.

python -m tests.bench.scale --folder DIR --like LIBRARY [--albums 24000 100000 1000000] [--json]

Makes and builds the libraries that DIR does not hold yet, with time and memory; a later run tells those again. Then
each is measured in a process of its own (`tests.bench.scale_one`), in the real app, and with 100 more albums in a copy.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.personal.records import Personal
from tests.bench.driven import ESCAPE, ROOT, Driven, quantile
from tests.bench.walk import begin
from tests.support.more_albums import add_to_library

SIZES = [24_000, 100_000, 1_000_000]
MORE = 100  # albums added to what is built
SCREEN = (130, 50)
STARTS = 3
TYPED = ("dark", "the lov", "blue riv", "midn")  # into find in the app
Figures = dict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the made-up libraries lie, 12 KB an album")
    parser.add_argument("--like", type=Path, help="a built library whose latents they are like")
    parser.add_argument("--albums", type=int, nargs="+", default=SIZES)
    parser.add_argument("--no-growth", action="store_true", help="add no albums, which takes a copy of the library")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    columns: dict[int, Figures] = {}
    for count in options.albums:
        print(f"{count:,} albums, load {os.getloadavg()[0]:.1f} …", file=sys.stderr)
        path = options.folder / str(count)
        found = made(path, count, options.like) | sizes(path)
        found |= json.loads(run("-m", "tests.bench.scale_one", str(path)).printed)
        found |= in_the_app(path)
        if not options.no_growth:
            found |= grown(path)
        columns[count] = found
    print(json.dumps(columns, indent=1) if options.json else table(columns))


@dataclass(frozen=True)
class Ran:
    """A Python process that has ended."""

    seconds: float
    processor: float  # seconds of all its threads
    megabytes: float  # of memory at the most
    printed: str

    def figures(self, name: str) -> Figures:
        return {f"{name} s": self.seconds, f"{name}, processor s": self.processor, f"{name} MB": self.megabytes}


def run(*arguments: str) -> Ran:
    """Run a Python process to its end; SystemExit where it fails."""
    began = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return Ran(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed)


def made(path: Path, count: int, like: Path | None) -> Figures:
    """The library, made and built where it is not there yet, and what that took."""
    noted = path.with_suffix(".json")
    found: Figures = json.loads(noted.read_text()) if noted.exists() else {}
    if not (path / "library.duckdb").exists():
        likeness = ["--like", str(like)] if like else []
        making = ("bench", "make-library", str(path), "--albums", str(count))
        found |= run("-m", "tui.cli", *making, *likeness).figures("make")
    if "build s" not in found:
        found |= run("-m", "tui.cli", "--library", str(path), "build").figures("build")
        found["build, processor ms an album"] = found["build, processor s"] / count * 1000
    noted.write_text(json.dumps(found))
    return found


def sizes(path: Path) -> Figures:
    """Megabytes on disk."""
    index = path / "index"
    of = {
        "library.duckdb MB": [path / "library.duckdb"],
        "index MB": [*index.glob("*.faiss"), *index.glob("*.npy")],
        "albums.arrow MB": [*index.glob("*.arrow")],
        "copy MB": [*(path / "backups").glob("*.duckdb")],
    }
    return {name: sum(file.stat().st_size for file in files) / 1e6 for name, files in of.items()}


def in_the_app(path: Path) -> Figures:
    """Start to the first neighbourhood drawn, memory, and letters typed into find."""
    library = Library.open(path)
    snapshot = Snapshot.load(library)
    Personal(library).add_walk_step("start", 0, snapshot.album_ids[len(snapshot) // 2])
    begin(path, *SCREEN)[0].close()  # warms the disk's cache
    starts: list[tuple[float, float]] = []
    for _ in range(STARTS):
        terminal, seconds, alone = begin(path, *SCREEN)
        starts.append((seconds, alone))
        memory = terminal.memory()
        if len(starts) < STARTS:
            terminal.close()
    found = {
        "start s": quantile([seconds for seconds, _ in starts], 0.5),
        "start alone s": quantile([alone for _, alone in starts], 0.5),
        "app MB": memory,
    }
    found |= typed(terminal)
    terminal.press(ESCAPE, 0.5)
    terminal.keys("q")
    terminal.wait()
    terminal.close()
    return found


def typed(terminal: Driven) -> Figures:
    """From a letter typed into find to its echo and to the answer with its covers, 40 ms after the last letter on."""
    terminal.press("/", 0.5)
    echo, answer = [], []
    for text in TYPED:
        for letter in text:
            cost = terminal.press(letter, 0.2, answer=1.0, patient=False)  # the chosen hit's cover comes later
            echo.append(cost.first * 1000)
            answer.append(cost.last * 1000)
        for _ in text:
            terminal.press("\x7f", 0.05)
        terminal.settle(0.5)
    return {
        "find in the app: letter ms p95": quantile(echo, 0.95),
        "find in the app: answer ms p50": quantile(answer, 0.5),
        "find in the app: answer ms p95": quantile(answer, 0.95),
    }


def grown(path: Path) -> Figures:
    """Seconds that `build` takes for a few more albums, in a copy."""
    copy = path.with_name(f"{path.name}-grown")
    shutil.copytree(path, copy)
    try:
        add_to_library(Library.open(copy), MORE, np.random.default_rng().integers(1 << 30).item())
        return run("-m", "tui.cli", "--library", str(copy), "build").figures(f"build of {MORE} more")
    finally:
        shutil.rmtree(copy)


def table(columns: dict[int, Figures]) -> str:
    """A row a figure, a column a library, and how many times the first the last is."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    counts = list(columns)
    lines = [
        "| | " + " | ".join(f"{count:,}" for count in counts) + " | last / first |",
        "| --- " * (len(counts) + 2) + "|",
    ]
    for name in names:
        values: list[Any] = [columns[count].get(name) for count in counts]
        ratio = f"{values[-1] / values[0]:.1f}" if values[0] and values[-1] else ""
        shown = [("" if value is None else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}") for value in values]
        lines.append(f"| {name} | " + " | ".join(shown) + f" | {ratio} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
