"""Smoothing of small planes, float32 [..., h, w]. Edges are repeated outwards.

On the grid of labels a filter is a matrix product: a tenth of the time of a convolution, and small enough that the
linear algebra library uses one thread. With more, threads that make pictures side by side would wait for each other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Planes = NDArray[np.float32]
LARGEST = 64  # pixels a side of what is filtered by matrices
BOX, BILINEAR, BICUBIC = Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC


def planes(pixels: NDArray[np.uint8]) -> Planes:
    """uint8 [..., h, w, 3] → float32 [..., 3, h, w] in 0–1."""
    return np.ascontiguousarray(np.moveaxis(pixels, -1, -3), np.float32) / np.float32(255)


def resized(x: Planes, side: int, how: Image.Resampling) -> Planes:
    """[..., h, w] → [..., side, side]."""
    if x.shape[-1] == side:
        return x
    flat = x.reshape(-1, *x.shape[-2:])
    out = [np.asarray(Image.fromarray(plane).resize((side, side), how)) for plane in flat]
    return np.stack(out).reshape(*x.shape[:-2], side, side)


def halved(x: Planes) -> Planes:
    """[..., h, w] → [..., h / 2, w / 2], as `resized` by BOX: the bytes are the same."""
    x = (x[..., ::2] + x[..., 1::2]) * np.float32(0.5)
    return np.asarray((x[..., ::2, :] + x[..., 1::2, :]) * np.float32(0.5))


def doubled(x: Planes) -> Planes:
    """[..., h, w] → [..., 2 h, 2 w], as `resized` by BILINEAR: the bytes are the same."""
    for _ in range(2):
        rows = np.concatenate([x[..., :1], x, x[..., -1:]], -1).astype(np.float64)
        near, out = rows[..., 1:-1] * 0.75, np.empty((*x.shape, 2), np.float32)
        out[..., 0] = near + rows[..., :-2] * 0.25
        out[..., 1] = near + rows[..., 2:] * 0.25
        x = out.reshape(*x.shape[:-1], -1).swapaxes(-1, -2)
    return np.ascontiguousarray(x)


def gaussian(x: Planes, sigma: float) -> Planes:
    """Blurred; `sigma` in pixels. For planes of the grid."""
    matrix = _gaussian(x.shape[-1], sigma)
    return np.asarray(matrix @ x @ matrix.T, np.float32)


def mean(x: Planes, radius: int) -> Planes:
    """The mean over a square of 2 × radius + 1 pixels."""
    if x.shape[-1] > LARGEST:
        return _running(_running(x, radius, -2), radius, -1) * np.float32(1 / (2 * radius + 1) ** 2)
    matrix = _mean(x.shape[-1], radius)
    return np.asarray(matrix @ x @ matrix.T, np.float32)


def _running(x: Planes, radius: int, axis: int) -> Planes:
    """Sums of 2 × radius + 1 along an axis, put together from those of 1, 2, 4 …"""
    count, width = x.shape[axis], 2 * radius + 1
    edges = [(0, 0)] * x.ndim
    edges[axis] = (radius, radius)
    part = np.moveaxis(np.pad(x, edges, "edge"), axis, 0)
    total, at, size = np.zeros((), np.float32), 0, 1
    while True:
        if width & size:
            total, at = total + part[at : at + count], at + size
        if 2 * size > width:
            return np.asarray(np.moveaxis(total, 0, axis))
        part, size = part[:-size] + part[size:], 2 * size


class Guided:
    """The guided filter (He, Sun, Tang, 2013): smooths planes and keeps the edges of guides, one guide a plane."""

    def __init__(self, guides: Planes, radius: int, flat: float) -> None:
        """`guides` [n, h, w] in 0–1; a variance of `flat` is half an edge."""
        self.guides, self.radius, self.centre = guides, radius, mean(guides, radius)
        self.weight = np.float32(1) / (mean(guides * guides, radius) - self.centre * self.centre + np.float32(flat))

    def __call__(self, x: Planes) -> Planes:
        """[n, h, w] → the same shape."""
        average = mean(x, self.radius)
        slope = (mean(self.guides * x, self.radius) - self.centre * average) * self.weight
        return mean(slope, self.radius) * self.guides + mean(average - slope * self.centre, self.radius)


def softmax(x: Planes) -> Planes:
    """Over the first axis."""
    e = np.exp(x - x.max(0))
    return e / e.sum(0)


@lru_cache
def _gaussian(n: int, sigma: float) -> Planes:
    reach = max(1, round(3 * sigma))
    taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return _banded(n, reach, taps)


@lru_cache
def _mean(n: int, radius: int) -> Planes:
    return _banded(n, radius, np.ones(2 * radius + 1))


def _banded(n: int, reach: int, taps: NDArray[np.float64]) -> Planes:
    matrix = np.zeros((n, n))
    for offset, tap in zip(range(-reach, reach + 1), taps, strict=True):
        np.add.at(matrix, (np.arange(n), np.clip(np.arange(n) + offset, 0, n - 1)), tap)
    return (matrix / matrix.sum(1, keepdims=True)).astype(np.float32)
