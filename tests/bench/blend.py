"""Blends in bulk: decode, encode, and both as `blend --recipes` does them; beside Pillow's encoder, in one run.

python -m tests.bench.blend --library DIR [--count 128] [--device auto]
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.blends.bulk import blend_bulk
from pipelines.blends.parents import Parents
from pipelines.blends.png import encode_png
from pipelines.blends.recipe_to_file import Blender
from pipelines.blends.resolve import resolve
from pipelines.progress import Progress
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from store.memory.snapshot import Snapshot
from vae.codec import Codec
from vae.info import SHIPPED


def pillow(level: int) -> Callable[[Any], bytes]:
    """Pillow's encoder at a level; 6 is its default."""

    def encode(pixels: Any) -> bytes:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG", compress_level=level)
        return out.getvalue()

    return encode


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.blend", description=__doc__)
    parser.add_argument("--library", type=Path, required=True, help="read only; a library with covers")
    parser.add_argument("--count", type=int, default=128)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--parents", type=int, default=40, help="different albums that the recipes are made of")
    options = parser.parse_args()
    library = Library.open(options.library)
    snapshot = Snapshot.load(library)
    rows = [row for row in range(len(snapshot)) if snapshot.covers[row]]
    dice = random.Random(0)
    parents = dice.sample(rows, min(options.parents, len(rows)))
    codec = Codec.load(SHIPPED, options.device)
    covers = CoverFiles(library.covers_dir)
    blender = Blender(Parents(codec, covers))
    albums = {str(row): snapshot.album(row) for row in parents}
    lines = [
        json.dumps({"albums": [str(row) for row in dice.sample(parents, 3)], "weights": [1, 1, i + 1]})
        for i in range(options.count)
    ]
    three, parents = list(albums.values())[:3], blender.parents
    recipes = [blender.recipe(three, [1, 1, i + 1], "vivid", 512) for i in range(min(64, options.count))]
    points = np.concatenate([resolve(recipe, parents) for recipe in recipes])
    codec.decode(points[:2], 512)
    preview, single = [], []
    for at in range(30):
        for size, times in ((128, preview), (512, single)):
            began = time.perf_counter()
            pixels = codec.decode(points[at % len(points)][None], size)[0]
            if size == 512:
                encode_png(pixels, {})
            times.append(1000 * (time.perf_counter() - began))
    for name, times in (("one preview, 128", preview), ("one 512 and its PNG", single)):
        print(f"{name}: {np.median(times):.0f} ms, 95 % within {np.percentile(times, 95):.0f} ms", file=sys.stderr)
    began = time.perf_counter()
    pictures = codec.decode(points, 512)
    decoded = len(points) / (time.perf_counter() - began)
    rates = {"decode in batches": decoded}
    ways = {"PNG": lambda pixels: encode_png(pixels, {}), "Pillow level 1": pillow(1), "Pillow default": pillow(6)}
    for name, encode in ways.items():
        began = time.perf_counter()
        files = [encode(picture) for picture in pictures]
        rates[f"{name} in one thread ({sum(map(len, files)) / len(files) / 1024:.0f} KiB)"] = len(files) / (
            time.perf_counter() - began
        )
    for name, encode in (("Pillow default, one after the other", pillow(6)),):
        began = time.perf_counter()
        for picture in codec.decode(points, 512):
            encode(picture)
        rates[f"decode and {name}"] = len(points) / (time.perf_counter() - began)
    encoding = Blender(Parents(codec, covers))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        report = blend_bulk(encoding, lines, albums.__getitem__, Path(folder), Progress())
        rates["recipes to files on disk, each parent encoded"] = report.written / (time.perf_counter() - began)
    fresh = Blender(Parents(codec, covers, library))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        report = blend_bulk(fresh, lines, albums.__getitem__, Path(folder), Progress())
        rates["the same with the library's latents"] = report.written / (time.perf_counter() - began)
    for name, rate in rates.items():
        print(f"{rate:8.1f} a second  {name}")


if __name__ == "__main__":
    main()
