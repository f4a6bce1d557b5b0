"""Bytes and processor time of the same walk in several trees of this program, every key in each of them in turn.

python -m tests.bench.compare BEFORE=DIR NOW=DIR --library DIR [--size 130x50] [--look truecolor] [--sets 4]

A tree is a checkout that this environment's packages suit; give one a library of its own as NAME=DIR,LIBRARY where
its schema or model differ. `--rings NAME` shows the rings that the tree of that name ranks in all of them, so that the
same covers are drawn where a ranking has changed; each tree still ranks by itself, and is charged for it. The times
are of the app's processor, to the last byte and until it rests, medians; the load of the machine falls on all alike.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.bench.__main__ import LOOKS, PATH, QUERY, SCREENS
from tests.bench.driven import ENTER, ESCAPE, REDRAW, Driven
from tests.tui.support.terminal import Terminal

Cost = tuple[int, float, float]  # bytes, processor ms to the last byte, ms until the app rests
# Run by each tree for itself: names of modules and the schema are its own.
FRESH = """
import sys
from pathlib import Path
from tests.bench.driven import fresh, start_album
library = Path(sys.argv[1])
print(fresh(library, Path(sys.argv[2]), start_album(library)))
"""
STORE = """
import pickle, sys
from dataclasses import asdict, fields
from pathlib import Path
try:
    import store.neighbors.neighborhood as hood
except ImportError:
    import store.neighborhood as hood
from store.records import DEFAULT_WEIGHTS, Neighbor, Reason
"""
RINGS = (
    STORE
    + """
try:
    from store.database.library import Library
except ImportError:
    from store.library import Library
found = hood.open_neighborhood(Library.open(Path(sys.argv[1])))
for row in range(len(found.snapshot)):
    album_id = found.snapshot.album(row).album_id
    ring = [(n.album.album_id, n.score, [asdict(r) for r in n.reasons]) for n in found.neighbors(album_id, 24)]
    (Path(sys.argv[2]) / album_id).write_bytes(pickle.dumps(ring))
"""
)
LAUNCH = (
    "import sys\nrings = sys.argv.pop(1)\n"
    + STORE
    + """
ranked, known = hood.Neighborhood.neighbors, {field.name for field in fields(Reason)}
def neighbors(self, album_id, k=12, weights=DEFAULT_WEIGHTS, per_artist=2, allowed=None):
    own = ranked(self, album_id, k, weights, per_artist, allowed)
    if rings == "-" or weights != DEFAULT_WEIGHTS or allowed is not None:
        return own
    ring = pickle.loads((Path(rings) / album_id).read_bytes())[:k]
    def reason(given):
        return Reason(**{n: tuple(v) if n == "shared_tags" else v for n, v in given.items() if n in known})
    album = lambda other: self.snapshot.album(self.row(other))
    return [Neighbor(album(other), score, tuple(map(reason, reasons))) for other, score, reasons in ring]
hood.Neighborhood.neighbors = neighbors
if rings != "-":
    def strongest(near):
        return max(near.reasons, key=lambda reason: getattr(DEFAULT_WEIGHTS, reason.signal) * reason.score)
    Neighbor.strongest = property(strongest)
from tui.cli import run
run()
"""
)


class App(Driven):
    """The app of a tree."""

    def __init__(self, name: str, tree: Path, library: Path, rings: str, size: str, look: str) -> None:
        self.name, self._fed, self._answered = name, 0, 0
        config = library.parent / "config.toml"
        config.touch()
        argv = [sys.executable, "-c", LAUNCH, rings, "explore", "--library", str(library), *LOOKS[look]]
        own = {"SLEEVEWALK_CONFIG": str(config), "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
        Terminal.__init__(self, argv, *map(int, size.split("x")), tree, **own)
        while b"Enter" not in self.sent:
            self.pump(0.01)
            if os.waitpid(self.pid, os.WNOHANG) != (0, 0):
                raise SystemExit(f"the app of {name} did not start:\n{self.text}")
        self.settle(0.8)

    def processor(self) -> float:
        """Seconds that all threads of the app have run (Linux)."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def cost(self, key: str, quiet: float, answer: float) -> Cost:
        """Press a key; `quiet` seconds without a byte or work end it, `answer` are given to the first byte."""
        before, began, last = len(self.sent), self.processor(), 0.0
        self.keys(key)
        still = time.monotonic()
        while time.monotonic() - still < (quiet if last else max(quiet, answer)):
            if self.pump(0.003):
                still, last = time.monotonic(), self.processor() - began
            elif self.busy():
                still = time.monotonic()
        return len(self.sent) - before, last * 1000, (self.processor() - began) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trees", nargs="+", metavar="NAME=DIR[,LIBRARY]", help="the first is what the rest go by")
    parser.add_argument("--library", type=Path, help="for the trees that name none; only read")
    parser.add_argument("--rings", metavar="NAME", help="the tree whose rings all show  [default: each its own]")
    parser.add_argument("--size", default="130x50")
    parser.add_argument("--look", default="truecolor", choices=list(LOOKS))
    parser.add_argument("--sets", type=int, default=4, help="times of what is not a hop  [default: %(default)s]")
    options = parser.parse_args()
    places: dict[str, tuple[Path, Path]] = {}
    for given in options.trees:
        name, _, place = given.partition("=")
        tree, *library = place.split(",")
        places[name] = Path(tree).resolve(), Path(library[0]).resolve() if library else options.library.resolve()
    with tempfile.TemporaryDirectory() as folder:
        rings = "-"
        if options.rings:
            rings = str(Path(folder) / "rings")
            Path(rings).mkdir()
            in_tree(places[options.rings][0], RINGS, str(places[options.rings][1]), rings)
        apps = []
        for name, (tree, library) in places.items():
            copy = Path(in_tree(tree, FRESH, str(library), f"{folder}/{name}"))
            apps.append((name, tree, copy, rings, options.size, options.look))
        print_table(list(places), measure(apps, options.sets))


def in_tree(tree: Path, code: str, *arguments: str) -> str:
    """What a program says that runs with a tree's modules."""
    command = [sys.executable, "-c", code, *arguments]
    own = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(command, cwd=tree, env=own, capture_output=True, text=True, check=True).stdout.strip()


def measure(apps: list[tuple[str, Path, Path, str, str, str]], sets: int) -> dict[str, dict[str, list[Cost]]]:
    """The costs of every action by action and tree."""
    found: dict[str, dict[str, list[Cost]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(sets):
        for one in random.sample(apps, len(apps)):
            app = App(*one)
            spent = app.processor() * 1000
            found["start"][app.name].append((len(app.sent), spent, spent))
            app.close()
    live = [App(*one) for one in apps]

    def press(action: str, key: str, quiet: float = 0.12, answer: float = 0.0, least: int = 1) -> None:
        for app in random.sample(live, len(live)):
            cost = app.cost(key, quiet, answer)
            if action and cost[0] >= least:
                found[action][app.name].append(cost)

    try:
        for _ in range(sets):
            press("the whole screen anew", REDRAW, 0.3)
        for hop in range(len(PATH)):
            press("focus move", PATH[hop])
            press("focus move", PATH[(hop + 7) % len(PATH)])
            press("hop", ENTER, 0.25, least=1000)
        for _ in range(sets):
            press("panel toggle", "w")
            press("panel toggle", ESCAPE)
        for _ in range(max(1, sets // 2)):
            press("", "/", 0.4)
            for key in QUERY:
                press("find keystroke", key, 0.3, 0.5)
            for _ in range(len(QUERY) - 3):
                press("", "\x7f", 0.2)
            press("", "\x1b[A", 0.4)
            for _ in range(5):
                press("next hit and its cover", "\x1b[B", 0.4)
            press("", ESCAPE, 0.4)
        for name, (there, back) in SCREENS.items():
            for _ in range(sets):
                press(f"to {name}", there, 0.35)
                press(f"back from {name}", back, 0.35)
        return found
    finally:
        for app in live:
            app.close()


def print_table(names: list[str], found: dict[str, dict[str, list[Cost]]]) -> None:
    """A row an action, a column a tree; then KB and both times in proportion to the first tree's."""
    heads = ("KB", "ms to last byte", "ms until rest")
    print(" " * 24 + "".join(f"{head:<{9 * len(names)}}" for head in heads))
    print(" " * 24 + "".join(f"{name:>8} " for name in names) * 3)
    for action, by in found.items():
        kinds = [[statistics.mean(cost[0] for cost in by[name]) / 1000 for name in names]]
        kinds += [[statistics.median(cost[at] for cost in by[name]) for name in names] for at in (1, 2)]
        ratios = ("/".join(f"{kind[place] / kind[0]:.2f}" for kind in kinds) for place in range(1, len(names)))
        print(f"{action:24}" + "".join(f"{value:8.1f} " for kind in kinds for value in kind) + "  ".join(ratios))


if __name__ == "__main__":
    main()
