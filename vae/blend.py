"""Arithmetic on latents: every way of making one cover out of several. numpy alone; latents are float [n, d].

`centre` is the mean latent of covers ([d]; 0 where not given): what is common to all of them. Blends act on the
deviations from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Latents = NDArray[np.float32]
MODES = ("mean", "vivid", "interpolate", "arithmetic")


def normalised(weights: Sequence[float] | None, n: int) -> NDArray[np.float64]:
    """`n` weights that sum to 1 (equal where none are given). Raises ValueError for a wrong count or a zero sum."""
    if weights is None:
        return np.full(n, 1 / n)
    given = np.asarray(weights, dtype=np.float64)
    if len(given) != n:
        raise ValueError(f"{len(given)} weights for {n} albums: give one each")
    if not np.isfinite(given).all() or (given < 0).any() or given.sum() <= 0:
        raise ValueError("weights must be numbers of 0 or more, and not all 0")
    return given / given.sum()


def mean(latents: Latents, weights: Sequence[float] | None = None) -> Latents:
    """The weighted mean, as on the poster. A mean of n unlike covers shrinks towards the centre by √n: it greys."""
    return (normalised(weights, len(latents)) @ latents).astype(np.float32)


def vivid(latents: Latents, weights: Sequence[float] | None = None, centre: Latents | float = 0.0) -> Latents:
    """centre + Σw(z − centre)/√Σw²: a mean that keeps the variance of one cover, if the covers are independent."""
    w = normalised(weights, len(latents))
    return (centre + w @ (latents - centre) / np.sqrt(np.square(w).sum())).astype(np.float32)


def interpolate(latents: Latents, weights: Sequence[float] | None = None, centre: Latents | float = 0.0) -> Latents:
    """Spherical interpolation about the centre.

    Two latents: slerp (Shoemake 1985) of the directions and a straight line between the lengths. More: the
    weighted mean of the directions made as long as the weighted mean of the lengths. At weight 1 it is the input.
    """
    w = normalised(weights, len(latents))
    away = latents.astype(np.float64) - centre
    lengths = np.linalg.norm(away, axis=1)
    directions = away / np.maximum(lengths, 1e-12)[:, None]
    shares = w
    if len(latents) == 2:
        angle = np.arccos(np.clip(directions[0] @ directions[1], -1, 1))
        if 1e-6 < angle < np.pi - 1e-6:
            shares = np.sin(w * angle) / np.sin(angle)
    direction = shares @ directions
    size = np.linalg.norm(direction)
    if size < 1e-9:  # opposite covers: there is no way round that is shorter
        return (centre + w @ away).astype(np.float32)
    return (centre + direction / size * (w @ lengths)).astype(np.float32)


def arithmetic(latents: Latents, weights: Sequence[float] | None = None, centre: Latents | float = 0.0) -> Latents:
    """A − B + C …: centre + Σw(z − centre) with signed weights; by default +1, −1, +1, −1 …"""
    n = len(latents)
    w = np.resize([1.0, -1.0], n) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(w) != n:
        raise ValueError(f"{len(w)} weights for {n} albums: give one each")
    if not np.isfinite(w).all():
        raise ValueError("weights must be numbers")
    with np.errstate(over="ignore"):  # a weight beyond all reason: the caller sees a latent that is not finite
        return (centre + w @ (latents - centre)).astype(np.float32)


def blend(
    latents: Latents, mode: str = "vivid", weights: Sequence[float] | None = None, centre: Latents | float = 0.0
) -> Latents:
    """One latent [d] out of several [n, d] by one of MODES. ValueError for a mode or weights that make no sense."""
    if latents.ndim != 2 or not len(latents):
        raise ValueError("a blend takes at least one latent")
    if mode in ("mean", "vivid", "interpolate"):
        alone = np.flatnonzero(normalised(weights, len(latents)))
        if len(alone) == 1:  # exactly, not but for rounding: the ends of an interpolation are the covers' own latents
            return latents[alone[0]].astype(np.float32)
    if mode == "mean":
        return mean(latents, weights)
    if mode == "vivid":
        return vivid(latents, weights, centre)
    if mode == "interpolate":
        return interpolate(latents, weights, centre)
    if mode == "arithmetic":
        return arithmetic(latents, weights, centre)
    raise ValueError(f"no blend mode {mode!r}: use {', '.join(MODES)}")


def along(stops: Latents, n: int, centre: Latents | float = 0.0) -> Latents:
    """`n` latents [n, d] from the first of `stops` [k, d] through all to the last, at an even pace; ends are exact."""
    places = []
    for at in np.linspace(0, len(stops) - 1, n):
        leg = min(int(at), len(stops) - 2)
        places.append(blend(stops[leg : leg + 2], "interpolate", (1 - (at - leg), at - leg), centre))
    return np.stack(places)
