"""Make README's pictures from the demo library: `python docs/pictures.py` writes docs/*.svg and docs/*.webp."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"  # before Textual is imported, whatever terminal runs this

import numpy as np
from PIL import Image

from pipelines.blends.recipe import DETAILS
from pipelines.blends.recipe_to_file import Blender, open_blender
from pipelines.build import build
from pipelines.demo.build import build_demo
from pipelines.progress import StderrProgress
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.neighbors.find import find
from store.neighbors.neighborhood import open_neighborhood
from store.neighbors.routes import find_route
from store.records import Album
from tui.app import Setup, SleevewalkApp
from tui.screens.bench.areas import TINTS
from tui.walk.session import Session
from tui.workers.decoder import Decoder
from vae.codec import Codec
from vae.tiles import row, stack
from vae.training.sheets import composites, interpolations, reconstructions

HERE = Path(__file__).parent
PAIRS = 8  # originals beside their self-encodings
BLEND, TILE, EDGE = 300, 56, 5  # pixels: a blend, a cover, between them
BLENDS = (  # album_ids of the demo
    ("d0018563fd377156", "1df6b87c5348bc30", "669a5aa6c96fc81f", "a0ccbca9388a1664", "7a465d7385854e8d"),
    ("b5b68a7805cf2000", "9e68f5ac7c2eedb3", "e55911ae51c17e32", "575b435b5976b5e1", "67f5c6d76413fa88"),
    ("fe20a5f262271774", "d0018563fd377156", "0ade6c43b659034a"),
)


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


def blends(library: Library) -> None:
    """Three blends with their covers; the first with each detail, and its areas."""
    snapshot, blender = Snapshot.load(library), open_blender(library)
    sheet = Image.new("RGB", (3 * BLEND + 2 * EDGE, BLEND + EDGE + TILE), "white")
    for column, ids in enumerate(BLENDS):
        albums = [snapshot.album(snapshot.row(album_id) or 0) for album_id in ids]
        made = blender.make(blender.recipe(albums, None, "vivid", 512))
        left = column * (BLEND + EDGE)
        sheet.paste(Image.fromarray(made.pixels).resize((BLEND, BLEND), Image.Resampling.LANCZOS), (left, 0))
        for place, album in enumerate(albums):
            cover = Image.fromarray(blender.parents.covers.pixels(str(album.cover_sha256)))
            sheet.paste(cover.resize((TILE, TILE)), (left + place * (TILE + EDGE), BLEND + EDGE))
        if column == 0:
            with_details(blender, albums)
    sheet.save(HERE / "blends.webp", quality=88, method=6)


def with_details(blender: Blender, albums: list[Album]) -> None:
    """One blend with detail of its parents, invented and none, and whose each place is."""
    made = [blender.make(blender.recipe(albums, None, "vivid", 512, detail)) for detail in DETAILS]
    assert made[0].areas is not None
    colours = np.array(TINTS, np.uint8)[made[0].areas]
    pictures = [*(one.pixels for one in made), np.asarray(Image.fromarray(colours).resize((512, 512)))]
    sheet = Image.fromarray(row(np.stack(pictures)))
    sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS).save(
        HERE / "details.webp", quality=88, method=6
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = build_demo(Path(folder) / "demo", StderrProgress())
        build(library, StderrProgress())
        asyncio.run(screenshot(library, HERE / "walk.svg", (130, 44)))
        sheets(library)
        blends(library)


if __name__ == "__main__":
    main()
