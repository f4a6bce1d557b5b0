"""Contact sheets like the poster's figures: originals beside their self-encodings, composites, interpolations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.blend import along, mean, vivid
from vae.codec import Codec
from vae.tiles import row, stack

Images = NDArray[np.uint8]


def reconstructions(codec: Codec, covers: Images, across: int = 8) -> Images:
    """Covers (uint8 [n, 128, 128, 3]), under each row the model's version of it."""
    made = codec.decode(codec.encode(covers))
    starts = range(0, len(covers), across)
    return stack([row(part[i : i + across]) for i in starts for part in (covers, made)])


def composites(codec: Codec, covers: Images, parents: int = 5) -> Images:
    """Rows of five covers, their mean blend and their vivid blend."""
    rows = []
    for i in range(0, len(covers) - parents + 1, parents):
        latents = codec.encode(covers[i : i + parents])
        made = codec.decode(np.stack([mean(latents), vivid(latents, centre=codec.centre)]))
        rows.append(row(np.concatenate([covers[i : i + parents], made])))
    return stack(rows)


def interpolations(codec: Codec, covers: Images, steps: int = 8) -> Images:
    """Each pair of covers with the way from one to the other between them."""
    rows = []
    for first, last in zip(covers[::2], covers[1::2], strict=False):
        ends = codec.encode(np.stack([first, last]))
        made = codec.decode(along(ends, steps, codec.centre))
        rows.append(row(np.concatenate([first[None], made, last[None]])))
    return stack(rows)


def write_sheets(codec: Codec, covers: Images, folder: Path, seed: int = 0) -> list[Path]:
    """The three sheets of random covers as PNG files in `folder`; returns their paths."""
    order = np.random.default_rng(seed).permutation(len(covers))
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "reconstructions": (reconstructions, 32),
        "composites": (composites, 30),
        "interpolations": (interpolations, 12),
    }
    paths = []
    for name, (draw, count) in sheets.items():
        if len(covers) < 5:
            continue
        path = folder / f"{name}.png"
        Image.fromarray(draw(codec, covers[order[:count]])).save(path)
        paths.append(path)
    return paths
