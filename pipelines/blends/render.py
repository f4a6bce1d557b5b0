"""Latents to pictures with the detail that the recipe asks for, laid out as it says."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.detail import montage
from pipelines.blends.montage.uncut import Labels
from pipelines.blends.parents import Parents
from pipelines.blends.recipe import Recipe, Taken
from store.catalogue.covers import SIDE
from vae.tiles import row, stack

ACROSS = 6  # pictures in a row of a composite: the poster's five and their blend
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Rendered:
    """`frames` uint8 [height, width, 3]: of a film all, else one picture or sheet; `areas` of a montage [128, 128]."""

    frames: tuple[Pixels, ...]
    areas: Labels | None = None
    taken: Taken = field(default_factory=Taken)


def render(recipe: Recipe, points: NDArray[np.float32], parents: Parents, decoded: Pixels | None = None) -> Rendered:
    """The pictures of latents [rows, columns, d]. `decoded` where they have been: uint8 [rows × columns, s, s, 3]."""
    if decoded is None:
        decoded = decode(recipe, points, parents)
    count = points.shape[1]
    rows = [list(decoded[at : at + count]) for at in range(0, len(decoded), count)]
    labels, taken = None, Taken()
    if recipe.detail == "parents":
        made = montage(recipe, points, decoded, parents)
        rows, labels, taken = made.pictures, made.labels, made.taken
    if recipe.layout in ("picture", "film"):
        return Rendered(tuple(rows[0]), labels, taken)
    if recipe.layout == "composite":
        tiles = [*(_enlarged(part.cover_sha256, recipe.size, parents) for part in recipe.parts), *rows[0]]
        rows = [tiles[at : at + ACROSS] for at in range(0, len(tiles), ACROSS)]
    return Rendered((stack([row(np.stack(line)) for line in rows]),), labels, taken)


def decode(recipe: Recipe, points: NDArray[np.float32], parents: Parents) -> Pixels:
    """Latents [rows, columns, d] → uint8 [rows × columns, s, s, 3]: of a montage the guides, s 128, else in full."""
    flat = points.reshape(-1, points.shape[-1])
    if recipe.detail == "parents":
        size, invent, together = SIDE, False, recipe.batched or len(flat) > 1
    else:
        size, invent, together = recipe.size, recipe.detail == "invented", recipe.batched
    if together and len(flat) == 1:
        return parents.decode(np.repeat(flat, 2, axis=0), size, invent)[:1]  # two rows and more fill a batch
    if together:
        return parents.decode(flat, size, invent)
    # One at a time: so the ends are what the model makes of each cover alone, to the last bit.
    return np.concatenate([parents.decode(point[None], size, invent) for point in flat])


def _enlarged(sha: str, size: int, parents: Parents) -> NDArray[np.uint8]:
    return parents.pixels(sha, size)[0]
