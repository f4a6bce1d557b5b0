"""A recipe to a picture: resolve → points → render → write, each a module of this folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import side_by_side
from pipelines.blends.files import write_blend
from pipelines.blends.montage.uncut import Labels
from pipelines.blends.parents import Parents
from pipelines.blends.recipe import DETAILS, Recipe, file_name
from pipelines.blends.render import decode, render
from pipelines.blends.resolve import points, resolve
from store.catalogue.covers import CoverFiles
from vae.info import SHIPPED

if TYPE_CHECKING:
    from store.database.library import Library
    from store.records import Album
    from vae.codec import Codec


@dataclass(frozen=True, slots=True)
class BlendResult:
    """A blend as made. `path` is where it was written, None if it was not."""

    recipe: Recipe  # with all that its pixels came from
    frames: tuple[NDArray[np.uint8], ...]  # uint8 [height, width, 3]: of a film all from end to end, else one
    path: Path | None
    device: str
    seconds: float  # from the recipe to the file, without loading the model
    areas: Labels | None = None  # of a montage [128, 128]: which of the parts and donors each place is of

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture, or a film's first frame."""
        return self.frames[0]


@dataclass(frozen=True, slots=True)
class Blender:
    """Makes blends of a library's covers with one model."""

    parents: Parents

    @property
    def codec(self) -> Codec:
        """The model."""
        return self.parents.codec

    def recipe(
        self,
        albums: Sequence[Album],
        weights: Sequence[float] | None,
        mode: str,
        size: int,
        detail: str = DETAILS[0],
    ) -> Recipe:
        """The recipe of a blend of these albums with this model. BlendError as `Recipe.of`."""
        return replace(Recipe.of(albums, weights, mode, size, self.codec.model_id), detail=detail)

    def make(self, recipe: Recipe) -> BlendResult:
        """Decode a recipe; one that carries its latents needs covers for a montage or a composite alone. BlendError."""
        began, codec = time.monotonic(), self.codec
        stops = resolve(recipe, self.parents)
        made = render(recipe, points(recipe, stops, codec.centre), self.parents)
        batched = recipe.batched and recipe.layout == "picture"
        done = recipe.computed(stops, batched, codec.refiner_id, made.taken)
        return BlendResult(done, made.frames, None, codec.device, time.monotonic() - began, made.areas)

    def make_batch(self, recipes: Sequence[Recipe]) -> list[BlendResult]:
        """Decode recipes of single pictures of one size and detail together. BlendError as `make`."""
        if len(recipes) == 1:
            return [self.make(replace(recipes[0], batched=False))]
        began, codec = time.monotonic(), self.codec
        stops = [resolve(recipe, self.parents) for recipe in recipes]
        decoded = decode(replace(recipes[0], batched=True), np.concatenate(stops)[None], self.parents)

        def finished(one: tuple[Recipe, NDArray[np.float32], NDArray[np.uint8]]) -> BlendResult:
            recipe, at, picture = one
            made = render(recipe, at[None], self.parents, picture[None])
            done = recipe.computed(at, True, codec.refiner_id, made.taken)
            return BlendResult(done, made.frames, None, codec.device, 0.0, made.areas)

        results = side_by_side(finished, zip(recipes, stops, decoded, strict=True))
        seconds = (time.monotonic() - began) / len(recipes)
        return [replace(result, seconds=seconds) for result in results]

    def write(self, recipe: Recipe, out: Path, *, suffix: str = ".png", overwrite: bool = False) -> BlendResult:
        """Make a recipe and write it to `out`, or into the folder `out` under a name of its own with that suffix."""
        began = time.monotonic()
        made = self.make(recipe)
        if out.is_dir():
            path = write_blend(made.frames, made.recipe, out / file_name(made.recipe, suffix), numbered=True)
        else:
            path = write_blend(made.frames, made.recipe, out, overwrite=overwrite)
        return replace(made, path=path, seconds=time.monotonic() - began)


def open_blender(library: Library, device: str = "auto") -> Blender:
    """A blender with the shipped model, which is loaded here. Raises BadWeights."""
    from vae.codec import Codec

    return Blender(Parents(Codec.load(SHIPPED, device), CoverFiles(library.covers_dir), library))
