"""A recipe to latents: first those that it goes through, then one for each picture of its layout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.parents import Parents
from pipelines.blends.recipe import BlendError, Recipe
from vae.blend import along, blend

Latents = NDArray[np.float32]


def resolve(recipe: Recipe, parents: Parents) -> Latents:
    """The latents [k, d] that a recipe goes through: those that it carries; else one, the blend with its drift; of a
    film, strip or grid the parents' own, or with a drift the blend before and after it.

    BlendError for another model, or for weights and directions that give no latent.
    """
    codec = parents.codec
    if recipe.model_id != codec.model_id:
        raise BlendError(f"the recipe is of model {recipe.model_id}, this is {codec.model_id}")
    carried = recipe.stops(codec.latent_dim)
    if carried is not None:
        return carried
    latents = parents.latents([part.cover_sha256 for part in recipe.parts])
    if recipe.is_way and not recipe.drift:
        return latents
    if recipe.layout == "grid":
        raise BlendError("a grid lies between covers and does not drift: take the drift back")
    given = [part.weight for part in recipe.parts if part.weight is not None]
    try:
        still = blend(latents, recipe.mode, given or None, codec.centre)
    except ValueError as error:
        raise BlendError(str(error)) from error
    drifted = _drift(still, recipe, parents)
    stops = np.stack([still, drifted]) if recipe.is_way else drifted[None]
    if not np.isfinite(stops).all():
        raise BlendError("these weights are too large: the blend has no finite latent")
    return stops


def _drift(point: Latents, recipe: Recipe, parents: Parents) -> Latents:
    steps = {one.name: one.step for one in parents.directions} if recipe.drift else {}
    for name, amount in recipe.drift:
        if name not in steps:
            raise BlendError(f"this library has no direction {name!r}: it has {', '.join(steps) or 'none'}")
        point = (point + np.float32(amount) * steps[name]).astype(np.float32)
    return point


def points(recipe: Recipe, stops: Latents, centre: Latents) -> Latents:
    """The latent of each picture of the layout, [rows, columns, d], from the latents [k, d] of `resolve`."""
    if recipe.layout == "grid":
        left, right = (along(stops[[at, at + 2]], recipe.frames, centre) for at in (0, 1))
        return np.stack([along(np.stack(ends), recipe.frames, centre) for ends in zip(left, right, strict=True)])
    return along(stops, recipe.frames, centre)[None] if recipe.is_way else stops[None]
