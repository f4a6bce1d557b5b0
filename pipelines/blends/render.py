"""Latents to pictures, laid out as the recipe says. What adds detail from the parents' covers belongs in `_decoded`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.blends.parents import Parents
from pipelines.blends.recipe import Recipe
from vae.tiles import row, stack

ACROSS = 6  # pictures in a row of a composite: the poster's five and their blend


def render(recipe: Recipe, points: NDArray[np.float32], parents: Parents) -> tuple[NDArray[np.uint8], ...]:
    """Latents [rows, columns, d] → uint8 [height, width, 3]: the frames of a film, else one picture or sheet."""
    if recipe.layout == "picture":
        rows = np.repeat(points[0], 2 if recipe.batched else 1, axis=0)  # two rows and more fill a batch
        return (parents.decode(rows, recipe.size)[0],)
    pictures = [_decoded(line, recipe.size, parents) for line in points]
    if recipe.layout == "film":
        return tuple(pictures[0])
    if recipe.layout == "composite":
        tiles = np.stack([*(_enlarged(part.cover_sha256, recipe.size, parents) for part in recipe.parts), *pictures[0]])
        pictures = [tiles[at : at + ACROSS] for at in range(0, len(tiles), ACROSS)]
    return (stack([row(line) for line in pictures]),)


def _decoded(points: NDArray[np.float32], size: int, parents: Parents) -> NDArray[np.uint8]:
    """Decoded one at a time: so the ends are what the model makes of each cover alone, to the last bit."""
    return np.concatenate([parents.decode(point[None], size) for point in points])


def _enlarged(sha: str, size: int, parents: Parents) -> NDArray[np.uint8]:
    cover = Image.fromarray(parents.covers.pixels(sha))
    return np.asarray(cover.resize((size, size), Image.Resampling.LANCZOS))
