"""The blend bench as a person feels it: from a key to the preview that follows it, and from `w` to the file on disk.

python -m tests.bench.preview --library DIR [--presses 60] [--device auto]

Works on a copy of the library's database in a folder of its own; covers and index are linked. Nothing of it is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from pipelines.blend import Blender
from store.covers import CoverFiles
from store.find import find
from store.library import Library
from store.neighborhood import open_neighborhood
from tui.app import SleevewalkApp
from tui.decoder import Decoder
from tui.screens.bench import BenchScreen
from tui.session import Session


async def measure(library: Library, presses: int, device: str, size: tuple[int, int]) -> None:
    """Press keys and print."""
    neighborhood = open_neighborhood(library)
    session = Session(neighborhood, seed=1)
    rows = [row for row in range(len(neighborhood.snapshot)) if neighborhood.snapshot.covers[row]]
    session.tray = [neighborhood.snapshot.album(row) for row in rows[:5]]
    decoder = Decoder(lambda: Blender(library.covers_dir, device=device, library=library))
    app = SleevewalkApp(
        session,
        CoverFiles(library.covers_dir),
        find,
        library_path=library.path,
        blends_dir=library.blends_dir,
        decoder=decoder,
        library=library,
    )
    async with app.run_test(size=size) as pilot:
        began = time.perf_counter()
        decoder.start()
        while not decoder.is_ready:
            await asyncio.sleep(0.01)
        print(f"loaded and warm after {time.perf_counter() - began:.1f} s on {decoder.device}")
        app.action_bench()
        while not isinstance(app.screen, BenchScreen) or app.screen.drawn is None:
            await asyncio.sleep(0.01)
        screen = app.screen
        times = []
        for at in range(presses):
            began = time.perf_counter()
            screen.action_weight(0.1 if at % 3 else -0.1)
            while screen.drawn != screen.bench.draft:
                await asyncio.sleep(0.001)
            await pilot.pause()  # until it is painted
            times.append(1000 * (time.perf_counter() - began))
            if at % 5 == 4:
                screen.action_choose(1)
        writes = []
        for _ in range(max(3, presses // 10)):
            there = len(list(library.blends_dir.iterdir()))
            began = time.perf_counter()
            screen.action_write()
            while len([p for p in library.blends_dir.iterdir() if p.suffix == ".png"]) == there:
                await asyncio.sleep(0.002)
            writes.append(1000 * (time.perf_counter() - began))
        for name, values in (("key to preview, 128", times), ("w to file on disk, 512", writes)):
            print(f"{name}: median {np.median(values):.0f} ms, 95 % within {np.percentile(values, 95):.0f} ms")
    decoder.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.preview", description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--size", default="100x40", help="columns and rows of the terminal")
    options = parser.parse_args()
    source = Library.open(options.library)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        shutil.copyfile(source.db_path, target / source.db_path.name)
        for name in ("covers", "index"):
            (target / name).symlink_to(source.path / name)
        (target / "blends").mkdir()
        columns, rows = map(int, options.size.split("x"))
        asyncio.run(measure(Library.open(target), options.presses, options.device, (columns, rows)))


if __name__ == "__main__":
    main()
