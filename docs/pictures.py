"""Make README's pictures from the demo library: `python docs/pictures.py` writes docs/*.svg and docs/*.webp."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"  # before Textual is imported, whatever terminal runs this

import numpy as np
from PIL import Image

from pipelines.blends.recipe_to_file import open_blender
from pipelines.build import build
from pipelines.demo.build import build_demo
from pipelines.progress import StderrProgress
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from store.neighbors.find import find
from store.neighbors.neighborhood import open_neighborhood
from store.neighbors.routes import find_route
from tui.app import Setup, SleevewalkApp
from tui.walk.session import Session
from tui.workers.decoder import Decoder
from vae.codec import Codec
from vae.tiles import stack
from vae.training.sheets import composites, interpolations, reconstructions

HERE = Path(__file__).parent
PAIRS = 8  # originals beside their self-encodings


async def screenshot(library: Library, file: Path, size: tuple[int, int]) -> None:
    """The walk screen on the demo library, as a person sees it after a hop."""
    neighborhood = open_neighborhood(library)
    start = find(neighborhood.snapshot, "Heat Lightning", 1)[0][0].album_id
    covers, session = CoverFiles(library.covers_dir), Session(neighborhood, start)
    decoder = Decoder(lambda: open_blender(library))
    app = SleevewalkApp(Setup(session, covers, find, find_route, library.path, library.blends_dir, decoder))
    async with app.run_test(size=size) as pilot:
        for _ in range(10):
            await pilot.pause(0.1)
        await pilot.press("right")
        await pilot.pause(0.3)
        file.write_text(app.export_screenshot(title="sleevewalk"))


def sheets(library: Library) -> None:
    """Originals and self-encodings; five covers and their blends; a strip from one cover to another."""
    files = CoverFiles(library.covers_dir)
    with library.read() as con:
        shas = [r[0] for r in con.execute("SELECT cover_sha256 FROM albums ORDER BY album_id").fetchall()]
    picked = [files.pixels(sha) for sha in shas[:: len(shas) // PAIRS][:PAIRS]]
    covers = np.stack(picked)
    codec = Codec.load()
    rows = [reconstructions(codec, covers), composites(codec, covers[:5]), interpolations(codec, covers[[0, 5]], 6)]
    Image.fromarray(stack(rows)).save(HERE / "sheet.webp", quality=85, method=6)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = build_demo(Path(folder) / "demo", StderrProgress())
        build(library, StderrProgress())
        asyncio.run(screenshot(library, HERE / "walk.svg", (130, 44)))
        sheets(library)


if __name__ == "__main__":
    main()
