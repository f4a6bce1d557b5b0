"""`python -m tools.sleeves -o pipelines/demo/sleeves`: draw the demo's covers and make its shard anew.

The same content each time; latents are made by the shipped weights, so it is run again when those change.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from pipelines.demo.build import SIMILAR, SOURCE
from pipelines.images import encode_webp
from pipelines.shards.format import Manifest, block_name, block_table, path_of, write_manifest, write_shard
from pipelines.shards.stages import embed_covers
from pipelines.sources.album_rows import AlbumRow
from store.records import AlbumRecord
from store.text import album_id
from tools.sleeves.canvas import SIZE
from tools.sleeves.catalogue import demo_albums, demo_similar_artists
from tools.sleeves.draw import draw_cover
from vae.codec import Codec
from vae.info import SHIPPED


def draw_row(album: AlbumRecord) -> dict[str, object]:
    """The columns of a shard that are about an album's cover."""
    pixels = draw_cover(album)
    red, green, blue = (int(value) for value in pixels.reshape(-1, 3).mean(axis=0).round())
    webp = encode_webp(pixels)
    return {
        "webp": webp,
        "cover_sha256": hashlib.sha256(webp).hexdigest(),
        "width": SIZE,
        "height": SIZE,
        "mean_color": red << 16 | green << 8 | blue,
    }


def make_shard(folder: Path, weights: Path = SHIPPED) -> Path:
    """Write the demo's shard, its manifest and its similar artists into `folder`; what older shards are there go."""
    codec = Codec.load(weights, "cpu")
    albums = demo_albums()
    rows = [AlbumRow(i, album_id(a.artist, a.title), a, "") for i, a in enumerate(albums, 1)]
    shard = block_table(rows, codec.latent_dim)
    name = block_name(0, shard, codec.model_id)
    with ThreadPoolExecutor() as pool:
        drawn = list(pool.map(draw_row, albums))
    for column in drawn[0]:
        field = shard.schema.field(column)
        values = pa.array([row[column] for row in drawn], field.type)
        shard = shard.set_column(shard.schema.get_field_index(column), field, values)
    shard = embed_covers(shard, codec)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.parquet"):
        old.unlink()
    write_shard(shard, folder, name)
    with (folder / SIMILAR).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["artist", "similar", "match"])
        writer.writerows(demo_similar_artists())
    content = hashlib.sha256("".join(str(row["cover_sha256"]) for row in drawn).encode())
    content.update(np.ascontiguousarray(shard["latent"].combine_chunks().flatten()).tobytes())
    write_manifest(
        folder,
        Manifest(SOURCE, content.hexdigest()[:16], codec.model_id, codec.latent_dim, len(shard), (name,)),
    )
    return path_of(folder, name)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.sleeves", description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=Path("pipelines/demo/sleeves"))
    torch.set_num_threads(1)  # more add up in another order, and the latents differ in their last bits
    made = make_shard(parser.parse_args().out)
    print(f"{made}: {made.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
