"""How much of each picture comes from which cover: its parents and, where they do not suffice, albums near to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.parents import Parents
from pipelines.blends.recipe import BlendError, Part, Recipe
from vae.blend import normalised

Latents = NDArray[np.float32]
Shares = NDArray[np.float64]
SUFFICE = 0.9  # of a blend's variance: parents that span so much of it need no donors
DONORS = 2
MOST = 0.6  # of the area that donors get
FEWEST = 0.05  # a blend so short has no direction


def shares(recipe: Recipe, points: Latents, centre: Latents, parents: Parents) -> tuple[Shares, tuple[Part, ...]]:
    """([rows, columns, n] for the latents [rows, columns, d] of a recipe's pictures, summing to 1 over n; the donors).

    The n are the recipe's parts and behind them the donors, which are found near the last picture unless the recipe
    has made its choice.
    """
    n, count = len(recipe.parts), points.shape[1]
    if recipe.is_way and not recipe.drift:
        return _between(n, count, grid=recipe.layout == "grid"), ()
    own = _own(recipe)
    donors, given = recipe.taken.donors, sum(donor.weight or 0.0 for donor in recipe.taken.donors)
    if not recipe.taken.way:
        donors, given = _donors(recipe, own, points[-1, -1], centre, parents)
    far = np.linspace(0, 1, count) if recipe.is_way else np.ones(count)  # of the way into the drift
    table = np.zeros((1, count, n + len(donors)))
    table[0, :, :n] = own * (1 - given * far)[:, None] * (own.sum() > 0)
    for at, donor in enumerate(donors):
        table[0, :, n + at] = (donor.weight or 0.0) * far
    total = table.sum(-1, keepdims=True)
    if not total.all():  # nothing is added, and no album is near
        table[0, :, :n], total = 1 / n, 1.0
    return table / total, donors


def favoured(table: Shares, recipe: Recipe) -> Shares:
    """The same with what a person favoured, and without the part that gives the layout alone."""
    factors = np.ones(table.shape[-1])
    factors[: len(recipe.wishes.favour)] = recipe.wishes.favour
    if recipe.wishes.layout_of is not None and table.shape[-1] > 1:
        factors[recipe.wishes.layout_of] = 0
    wanted = table * factors
    total = wanted.sum(-1, keepdims=True)
    return np.where(total > 1e-12, wanted / np.maximum(total, 1e-12), table)


def _own(recipe: Recipe) -> Shares:
    """[n] of the parents' shares: as their weights, of A − B + C those that are added."""
    given = [part.weight for part in recipe.parts if part.weight is not None] or None
    if recipe.mode == "arithmetic":
        weights = np.resize([1.0, -1.0], len(recipe.parts)) if given is None else np.asarray(given)
        added = np.clip(weights, 0, None)
        return added / added.sum() if added.sum() > 0 else added
    try:
        return normalised(given, len(recipe.parts))
    except ValueError as error:
        raise BlendError(str(error)) from error


def _donors(
    recipe: Recipe, own: Shares, point: Latents, centre: Latents, parents: Parents
) -> tuple[tuple[Part, ...], float]:
    """The albums nearest to the blend, each with its share of the area, and those shares' sum."""
    if recipe.mode != "arithmetic" and not recipe.drift:
        return (), 0.0
    wanted = (point - centre).astype(np.float64)
    adding = [part.cover_sha256 for part, share in zip(recipe.parts, own, strict=True) if share > 0]
    left = 1.0
    if adding and np.linalg.norm(wanted) > FEWEST:
        away = (parents.latents(adding) - centre).astype(np.float64)
        rest = wanted - np.linalg.lstsq(away.T, wanted, rcond=None)[0] @ away
        left = float(np.square(rest).sum() / np.square(wanted).sum())
    if left <= 1 - SUFFICE:
        return (), 0.0
    near = parents.nearest(point, DONORS, {part.cover_sha256 for part in recipe.parts})
    share = min(MOST, left) if adding else 1.0
    closeness = np.array([max(0.01, like) for _, like in near])
    weights = share * closeness / max(closeness.sum(), 1e-9)
    donors = [
        Part(album.album_id, album.artist, album.title, album.cover_sha256 or "", round(float(weight), 4))
        for (album, _), weight in zip(near, weights, strict=True)
    ]
    return tuple(donors), sum(donor.weight or 0.0 for donor in donors)


def _between(n: int, count: int, grid: bool) -> Shares:
    """[rows, columns, n] of a way through n covers, or of a grid between four."""
    if grid:
        across = np.linspace(0, 1, count)
        left, right = 1 - across, across
        corners = [np.outer(down, along) for down in (left, right) for along in (left, right)]
        return np.stack(corners, -1)
    table = np.zeros((1, count, n))
    for picture, at in enumerate(np.linspace(0, n - 1, count)):
        leg = min(int(at), n - 2)
        table[0, picture, leg : leg + 2] = 1 - (at - leg), at - leg
    return table
