"""Covers for training and evaluation: read once into memory as uint8, split by artist, augmented on the device."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

FORMATS = ("WEBP", "PNG", "JPEG")
ALIASED = {"samayc16/album_art"}  # in a table's `source_repo`: whose covers were shrunk without a low-pass
SUFFIXES = {".webp", ".png", ".jpg", ".jpeg"}


class NoCovers(Exception):
    """There is nothing to train or evaluate on; the message says where was looked."""


@dataclass(frozen=True)
class Cover:
    """One cover file and what it is grouped by in the split (artist, else the file itself)."""

    path: Path
    group: str
    genre: str = ""
    named: bool = True  # false where the artist is unknown, so that it cannot be held apart from his other covers
    later: bool = False  # from a table after the first
    aliased: bool = False  # shrunk without a low-pass: it teaches colour and composition, not sharpness
    tags: str = ""  # |-separated


@dataclass(frozen=True)
class CoverSet:
    """Covers in memory. `images` uint8 [n, 128, 128, 3]; `unreadable` names what was left out.

    Bool [n]: `held_out`, never trained on; `choosing`, a part on which settings are chosen (some of it held out
    too). What is neither is to train on; what is held out and not for choosing tells how good the result is.
    """

    images: NDArray[np.uint8]
    held_out: NDArray[np.bool_]
    choosing: NDArray[np.bool_]
    covers: tuple[Cover, ...]
    unreadable: tuple[str, ...]


def list_covers(folder: Path, *tables: Path) -> list[Cover]:
    """Every cover under `folder`, in a stable order.

    With tables (CSV with `cover`, and `artist`, `genre`, `tags` and `source_repo` where known; default `covers.csv` and
    `covers2.csv` in the folder, those that are there) their rows are taken; else every image file, each a group of
    its own.
    """
    tables = tables or tuple(path for path in (folder / "covers.csv", folder / "covers2.csv") if path.is_file())
    covers = []
    for number, table in enumerate(tables):
        with table.open(newline="", encoding="utf-8-sig") as file:
            covers += [_of_row(folder, row, number > 0) for row in csv.DictReader(file) if row.get("cover")]
    if not tables:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        covers = [Cover(path, path.stem) for path in files]
    if not covers:
        raise NoCovers(f"No covers found in {folder} (looked for {', '.join(sorted(SUFFIXES))} files)")
    return covers


def _of_row(folder: Path, row: dict[str, str], later: bool) -> Cover:
    artist = (row.get("artist") or "").strip().lower()
    return Cover(
        folder / row["cover"],
        artist or row["cover"],
        row.get("genre") or "",
        named=bool(artist),
        later=later,
        aliased=row.get("source_repo") in ALIASED,
        tags=row.get("tags") or "",
    )


def is_held_out(group: str) -> bool:
    """A fixed tenth of all artists, by hash: the same on every machine and as the collection grows."""
    return _hash(group) % 10 == 0


def _hash(group: str) -> int:
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16)


def split(covers: Sequence[Cover]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(held out, for choosing), bool [n] each; see CoverSet.

    Held out: the fixed tenth of artists, and of the first table's unnamed covers. For choosing: those unnamed ones,
    and a third of the artists whom only later tables have, so that a model trained on the first table alone has seen
    none of them.
    """
    first = {cover.group for cover in covers if not cover.later}
    held = np.array([is_held_out(cover.group) and (cover.named or not cover.later) for cover in covers])
    fresh = [cover.named and cover.later and cover.group not in first for cover in covers]
    choosing = [
        (yes and not cover.named) or (new and not yes and _hash(cover.group) // 10 % 3 == 0)
        for cover, yes, new in zip(covers, held, fresh, strict=True)
    ]
    return held, np.array(choosing)


def read_cover(path: Path) -> NDArray[np.uint8] | None:
    """uint8 [128, 128, 3], centre crop and LANCZOS where the file is of another size; None where it is no image."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            rgb = image.convert("RGB")
            if rgb.size != (128, 128):
                side = min(rgb.size)
                left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
                box = (left, top, left + side, top + side)
                rgb = rgb.resize((128, 128), Image.Resampling.LANCZOS, box=box)
            return np.asarray(rgb)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def load_covers(covers: Sequence[Cover]) -> CoverSet:
    """Read all of them on two threads (Pillow decodes without the GIL)."""
    with ThreadPoolExecutor(2) as pool:
        pictures = list(pool.map(lambda cover: read_cover(cover.path), covers))
    kept = [(cover, picture) for cover, picture in zip(covers, pictures, strict=True) if picture is not None]
    unreadable = tuple(str(cover.path) for cover, picture in zip(covers, pictures, strict=True) if picture is None)
    if not kept:
        raise NoCovers(f"None of {len(covers)} covers could be read, the first is {covers[0].path}")
    held_out, choosing = split([cover for cover, _ in kept])
    return CoverSet(
        images=np.stack([picture for _, picture in kept]),
        held_out=held_out,
        choosing=choosing,
        covers=tuple(cover for cover, _ in kept),
        unreadable=unreadable,
    )


def to_tensor(images: NDArray[np.uint8]) -> Tensor:
    """uint8 [n, 128, 128, 3] → uint8 [n, 3, 128, 128]."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).contiguous()


def augment(images: Tensor, generator: torch.Generator, part: slice = slice(None)) -> Tensor:
    """uint8 [n, 3, 128, 128] → float 0–1: half the covers moved by up to 6 pixels, half with their colours turned.

    Whole-pixel moves keep the target sharp. No mirror images: covers carry text. With `part` only those of the batch
    are made, as they would be within the whole.
    """
    batch_size, device = len(images), images.device
    rgb = images[part].float() / 255
    n = len(rgb)

    def uniform(*shape: int) -> Tensor:
        return (torch.rand(batch_size, *shape, generator=generator, device=device) * 2 - 1)[part]

    moved = uniform() > 0
    offset = (uniform(2) * 6.5).round().long() * moved[:, None] + 8
    padded = F.pad(rgb, (8, 8, 8, 8), mode="reflect")
    at = torch.arange(128, device=device)
    rows, columns = offset[:, :1] + at, offset[:, 1:] + at
    batch = torch.arange(n, device=device)[:, None, None, None]
    channel = torch.arange(3, device=device)[None, :, None, None]
    rgb = padded[batch, channel, rows[:, None, :, None], columns[:, None, None, :]]

    turned = (uniform() > 0).float()
    angle, strength = uniform() * 0.5 * turned, 1 + uniform() * 0.2 * turned
    contrast, light = 1 + uniform() * 0.12 * turned, uniform() * 0.06 * turned
    colour = hue_rotation(angle) * strength[:, None, None] + (1 - strength)[:, None, None] / 3
    mean = rgb.mean((1, 2, 3), keepdim=True)
    rgb = torch.einsum("nij,njhw->nihw", colour, rgb - mean) * contrast[:, None, None, None] + mean
    return (rgb + light[:, None, None, None]).clamp(0, 1)


def hue_rotation(angle: Tensor) -> Tensor:
    """Rotations by `angle` [n] radians about the grey axis of RGB, [n, 3, 3] (Rodrigues' formula)."""
    axis = 1 / 3**0.5
    cross = angle.new_tensor([[0, -axis, axis], [axis, 0, -axis], [-axis, axis, 0]])
    eye = torch.eye(3, device=angle.device)
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return cosine * eye + sine * cross + (1 - cosine) / 3
