"""Directions in which a blend may drift: towards a genre, towards light, along a principal axis. numpy alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 0.5  # of the standard deviation of the covers along the direction
GENRES, FEWEST = 12, 20  # directions of genres at most; albums that a genre needs to have one
AXES = 3
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class Direction:
    """One step [d] is half a standard deviation of the library's covers along it."""

    name: str  # for people: "more metal", "brighter", "axis 1"
    step: NDArray[np.float32]


def directions(
    latents: NDArray[np.float32], genres: Sequence[str], colors: NDArray[np.integer], pictured: int | None = None
) -> tuple[Direction, ...]:
    """The directions of a library: brighter, warmer, its commonest genres, its principal axes.

    `latents` [n, d], beside each its genre ('' = unknown) and mean colour (0xRRGGBB); the first `pictured` numbers
    (all) are the picture's, the others say what it shows. All are differences of means (of the covers that have it
    and of the others), so they do not depend on where the centre is.
    """
    if len(latents) < 2 * FEWEST:
        return ()
    rgb = np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], axis=1)
    found = [
        _between(latents, "brighter", *_ends(rgb @ _LUMA)),
        _between(latents, "warmer", *_ends(rgb[:, 0] - rgb[:, 2])),
    ]
    for genre, count in Counter(genre for genre in genres if genre).most_common(GENRES):
        inside = np.array([one == genre for one in genres])
        if count >= FEWEST and len(latents) - count >= FEWEST:
            found.append(_between(latents, f"more {genre}", inside, ~inside))
    away = latents - latents.mean(0)
    _, axes = np.linalg.eigh(away.T @ away / len(away))  # ascending
    for number in range(1, min(AXES, axes.shape[1]) + 1):
        axis = axes[:, -number]
        found.append(_scaled(latents, f"axis {number}", axis * np.sign(axis[np.abs(axis).argmax()])))
    return tuple(_in_both(latents, one, pictured) for one in found if one is not None)


def _in_both(latents: NDArray[np.float32], direction: Direction, pictured: int | None) -> Direction:
    """The same with a whole step in the picture's numbers and one in the others.

    Genres differ in what covers show far more than in light and layout: in one step for both the picture stood still.
    """
    parts = [part for part in (slice(0, pictured), slice(pictured, None)) if latents[:, part].shape[1]]
    if pictured is None or len(parts) < 2:
        return direction
    steps = [_scaled(latents[:, part], direction.name, direction.step[part]) for part in parts]
    return Direction(
        direction.name,
        np.concatenate(
            [direction.step[part] if step is None else step.step for part, step in zip(parts, steps, strict=True)]
        ),
    )


def _ends(values: NDArray[np.floating]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows are in the upper quarter, and which in the lower."""
    low, high = np.quantile(values, (0.25, 0.75))
    return values >= high, values <= low


def _between(
    latents: NDArray[np.float32], name: str, inside: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> Direction | None:
    return _scaled(latents, name, latents[inside].mean(0) - latents[outside].mean(0))


def _scaled(latents: NDArray[np.float32], name: str, way: NDArray[np.floating]) -> Direction | None:
    """A direction of which one step is STEP deviations; None where the covers do not differ along it."""
    length = np.linalg.norm(way)
    if not length > 1e-9:
        return None
    unit = way / length
    return Direction(name, (STEP * (latents @ unit).std() * unit).astype(np.float32))
