"""The montage of a recipe's pictures: the decoded blend says where and in which light, the covers give the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import side_by_side
from pipelines.blends.montage.areas import areas
from pipelines.blends.montage.filters import Planes
from pipelines.blends.montage.joining import BLENDED, SWAPPED, brightness, enlarged, join, masks_of
from pipelines.blends.montage.uncut import BEFORE, NOW, Labels, Unit, shown_heads
from pipelines.blends.parents import Parents
from pipelines.blends.recipe import BlendError, Recipe, Taken
from pipelines.blends.shares import Shares, favoured, shares
from pipelines.looking.whole import FINDER, FIRST
from store.catalogue.covers import LARGE, SIDE
from store.errors import LibraryError

WAY = f"3+{FINDER}"  # how montages are made here; another way may give other pixels
WITHOUT_WORDS = "1"  # a way that is made still: words and faces were not looked for
WITHOUT_BODIES = f"2+{FIRST}"  # and another: bodies stayed where faces were left out
ALONE = 0.999  # share from which a cover is shown as it is
FULL_LIGHT = 0.25  # the share that others need for the picture to have the decoded blend's light in full
AT_ONCE = 0.05  # of a film's picture: what is larger is not kept whole, since it would come or go in one frame
FADE = (1, 2, 3, 2, 1)  # frames of a film: what jumps from cover to cover is faded over so many
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Montage:
    """Pictures as rows of uint8 [size, size, 3], the areas of the last one, and where the pixels came from."""

    pictures: list[list[Pixels]]
    labels: Labels
    taken: Taken


@dataclass(frozen=True, slots=True)
class _Sources:
    """The covers of a recipe's parts and donors. Those that no picture needs are black."""

    small: Pixels  # uint8 [n, 128, 128, 3]
    full: Pixels  # uint8 [n, size, size, 3]
    units: tuple[Unit, ...]


def montage(recipe: Recipe, points: NDArray[np.float32], guides: Pixels, parents: Parents) -> Montage:
    """The pictures of latents [rows, columns, d], which decoded alone are `guides` uint8 [rows × columns, 128, 128, 3].

    A cover that is missing leaves its area to the others. BlendError where all are.
    """
    if recipe.size not in (SIDE, LARGE):
        raise BlendError(f"covers are decoded at {SIDE} or {LARGE} pixels, not {recipe.size}")
    table, donors = shares(recipe, points, parents.codec.centre, parents)
    table = favoured(table, recipe)
    flat = table.reshape(-1, table.shape[-1])
    shas = [part.cover_sha256 for part in (*recipe.parts, *donors)]
    sources, sides, missing = _sources(recipe, shas, flat, parents)
    if missing:
        check_covers(recipe, parents)
        flat = _without(flat, missing)

    film, how = recipe.layout == "film", NOW if _way(recipe) == WAY else BEFORE
    grows = film and not recipe.drift  # a drift's ends are pictures
    small = grows if how is NOW else film
    units = [_in_film(unit) for unit in sources.units if unit.area < AT_ONCE] if small else sources.units

    def place(at: int) -> Labels:
        guide = guides[_layout_at(recipe, at, len(flat))]
        return areas(guide, sources.small, flat[at], units, recipe.wishes.pins, how)

    labels = side_by_side(place, range(len(flat)))
    large = side_by_side(lambda one: enlarged(one, recipe.size), labels)
    fade = FADE if film else (1,)

    def picture(at: int) -> Pixels:
        heads = None if grows or recipe.wishes.layout_of is not None else shown_heads(labels[at], units)
        return _picture(recipe, guides[at], sources, flat[at], _faded(large, at, fade), heads)

    pictures = side_by_side(picture, range(len(flat)))
    columns = table.shape[1]
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    return Montage(rows, labels[-1], Taken(donors, sides, _way(recipe), missing))


def _way(recipe: Recipe) -> str:
    """The way that a recipe is made here: its own where that is known, else today's."""
    return recipe.taken.way if recipe.taken.way in (WITHOUT_WORDS, WITHOUT_BODIES) else WAY


def _in_film(unit: Unit) -> Unit:
    """A head alone where its body is too large to come in one frame."""
    return replace(unit, head=unit.head and unit.body.area < AT_ONCE)


def _layout_at(recipe: Recipe, at: int, count: int) -> int:
    """The picture whose layout a picture has: between two covers of a film the one midway, so that areas only grow."""
    if recipe.layout != "film" or recipe.drift:
        return at
    legs = len(recipe.parts) - 1
    leg = min(at * legs // (count - 1), legs - 1)
    return round((leg + 0.5) * (count - 1) / legs)


def _picture(
    recipe: Recipe, guide: Pixels, sources: _Sources, part: Shares, masks: Planes, heads: Planes | None
) -> Pixels:
    looks = _way(recipe) != WITHOUT_WORDS
    swapped = recipe.wishes.layout_of is not None
    if part.max() > ALONE and not swapped:
        return sources.full[part.argmax()]
    used = np.flatnonzero(masks.any((1, 2)))
    light = 1.0 if swapped else float(np.clip((1 - part.max()) / FULL_LIGHT, 0, 1))
    least = 0.0
    if not swapped and looks:  # vivid blends of dark covers would be nearly black
        least = light * float(sum(part[at] * brightness(sources.small[at]) for at in used))
    return join(guide, sources.full[used], masks[used], light, SWAPPED if swapped else BLENDED, least, heads)


def _faded(labels: list[Labels], at: int, fade: tuple[int, ...]) -> NDArray[np.float32]:
    """The masks of frame `at` with those around it; beside an end as many frames as there are on both sides."""
    n = 1 + max(int(one.max()) for one in labels)
    reach = min(len(fade) // 2, at, len(labels) - 1 - at)
    near = range(at - reach, at + reach + 1)
    middle = len(fade) // 2
    return masks_of([labels[one] for one in near], [fade[middle + one - at] for one in near], n)


def check_covers(recipe: Recipe, parents: Parents) -> None:
    """Raises BlendError where not one cover of a recipe is there."""
    if not any(parents.covers.has(part.cover_sha256) for part in (*recipe.parts, *recipe.taken.donors)):
        raise BlendError("not one of the parents' covers is in this library: with --detail invented it needs none")


def _sources(
    recipe: Recipe, shas: list[str], table: Shares, parents: Parents
) -> tuple[_Sources, tuple[int, ...], tuple[int, ...]]:
    """What the table needs, pixels a side of each (0: not needed, or missing), and the places of those missing."""
    n, size = len(shas), recipe.size
    small, full = np.zeros((n, SIDE, SIDE, 3), np.uint8), np.zeros((n, size, size, 3), np.uint8)
    sides, missing = [0] * n, list[int]()
    way = _way(recipe)

    def read(at: int) -> list[Unit]:
        wanted = recipe.taken.sides[at] if at < len(recipe.taken.sides) else LARGE
        try:
            small[at] = parents.covers.pixels(shas[at])
            full[at], sides[at] = (small[at], SIDE) if size == SIDE else parents.pixels(shas[at], size, wanted or LARGE)
        except LibraryError:
            missing.append(at)
            return []
        side = LARGE if size == SIDE else sides[at]  # at 128 as 512 is made, so that a preview shows the same areas
        if way == WITHOUT_WORDS:
            return []
        found = parents.whole(shas[at], side, FINDER if way == WAY else FIRST)
        return [*(Unit(at, *box) for box in found.words), *(Unit(at, *box, head=way == WAY) for box in found.heads)]

    units = side_by_side(read, np.flatnonzero(table.max(0) > 0).tolist())
    return _Sources(small, full, tuple(chain(*units))), tuple(sides), tuple(sorted(missing))


def _without(table: Shares, missing: Sequence[int]) -> Shares:
    """The shares where some covers are missing: the others take their part, all alike where one was all."""
    kept = table.copy()
    kept[:, list(missing)] = 0
    others = np.ones(table.shape[1])
    others[list(missing)] = 0
    total = kept.sum(1, keepdims=True)
    return np.where(total > 0, kept / np.maximum(total, 1e-12), others / max(others.sum(), 1))
