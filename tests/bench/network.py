"""Bytes and time of the network in a real terminal, and of a second hop and a large network without one.

`python -m tests.bench.network --library DIR`
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench.driven import Cost, Driven, fresh, generated, start_album

QUIET = 0.45  # longer than the delay of the cover beside
RIGHT = "\x1b[C"
MOVES = (RIGHT, "j", "h", "l", "k", "j", "h", "k")
SIZES = ((80, 24), (160, 50))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.network", description=__doc__)
    parser.add_argument("--library", type=Path, help="a library folder, copied before use  [default: the demo]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = options.library or generated(Path(folder))
        album = start_album(library)
        for columns, rows in SIZES:
            _screen(fresh(library, Path(folder) / f"{columns}x{rows}", album), columns, rows)
        _compute(library)


def _screen(library: Path, columns: int, rows: int) -> None:
    terminal = Driven(library, columns, rows, "--fine")
    try:
        while b"Enter" not in terminal.sent:
            terminal.pump(0.01)
        terminal.settle(1.5)
        taken: dict[str, list[Cost]] = {"open with a second hop": [terminal.press("e", QUIET)]}
        taken["focus move"] = [terminal.press(key, QUIET) for key in MOVES]
        taken["focus move, before the cover beside"] = [terminal.press(key, 0.1) for key in MOVES]
        terminal.settle(QUIET)
        taken["another edge"] = [terminal.press("\t", QUIET) for _ in range(4)]
        taken["expand"] = [terminal.press("e", QUIET)]
        taken["pan"] = [terminal.press(key, QUIET) for key in ("L", "H")]
        taken["zoom"] = [terminal.press(key, QUIET) for key in ("-", "-", "a")]
    finally:
        terminal.close()
    for action, costs in taken.items():
        size, last = (statistics.mean(getattr(cost, name) for cost in costs) for name in ("bytes", "last"))
        print(f"{columns}x{rows} {action:36} {size / 1000:7.2f} KB, last byte after {last * 1000:5.0f} ms")


def _compute(folder: Path) -> None:
    from store.database.library import Library
    from store.neighbors.neighborhood import open_neighborhood
    from tui.layout.geometry import Rect
    from tui.screens.network.lattice import OPENED, Window, draw_links, whole
    from tui.walk.session import Session

    session = Session(open_neighborhood(Library.open(folder)), seed=1)
    session.set_count(12)
    session.explore()
    rows = session.snapshot
    session.expand(rows.album(1).album_id)  # the first call readies what later ones share
    hops = []
    for row in range(2, 42):
        began = time.perf_counter()
        session.expand(rows.album(row * len(rows) // 50).album_id)
        hops.append((time.perf_counter() - began) * 1000)
    network = session.network
    print(
        f"second hop (12 neighbours, with their places): median {statistics.median(hops):.1f} ms, max {max(hops):.1f}"
    )
    focus = session.here.album_id
    began = time.perf_counter()
    for _ in range(20):
        network.arrow(focus, "left")
    print(f"{len(network)} albums, an arrow: {(time.perf_counter() - began) * 50:.2f} ms")
    sites = list(network.sites.values())
    room = Rect(0, 0, 160, 46)
    for window in (whole(160, 46, sites), Window(160, 46, OPENED).centered(sites[0])):
        if window is None:
            continue
        began = time.perf_counter()
        lines = [(window.rect(network.sites[a]), window.rect(network.sites[b]), link) for a, b, link in network.pairs()]
        drawn = draw_links(lines, [window.rect(site) for site in sites], room)
        took = (time.perf_counter() - began) * 1000
        print(f"{len(lines)} edges at zoom {window.number}: {len(drawn)} cells, {took:.0f} ms")


if __name__ == "__main__":
    main()
