"""Squares seen at an angle: the homography of four corners, and the square that they show, seen straight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Corners = NDArray[np.float64]  # [4, 2], x and y in pixels, clockwise from the upper left as the sleeve is read
UNIT: Corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)


def homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """[3, 3] that takes four points [4, 2] to four others. LinAlgError where three of them lie on a line."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
    return np.append(np.linalg.solve(np.array(rows), np.asarray(target, float).ravel()), 1).reshape(3, 3)


def moved(corners: Corners, warp: NDArray[np.floating]) -> Corners:
    """The corners of a square (-1…1 both ways) after `warp` [3, 3], in the picture that has it at `corners`."""
    points = np.c_[2 * UNIT - 1, np.ones(4)] @ warp.T
    points = np.c_[(points[:, :2] / points[:, 2:] + 1) / 2, np.ones(4)] @ homography(UNIT, corners).T
    return points[:, :2] / points[:, 2:]


def straight(picture: Image.Image, corners: Corners, side: int, margin: float = 0.0) -> NDArray[np.uint8]:
    """uint8 [side, side, 3]: what lies between the corners as a square, with `margin` (of its side) around it.

    Sampled twice as fine and then reduced, so that small type does not turn into noise.
    """
    fine = 2 * side
    inner = UNIT * fine / (1 + 2 * margin) + fine * margin / (1 + 2 * margin)
    back = homography(inner, corners).ravel()[:8]
    seen = picture.transform((fine, fine), Image.Transform.PERSPECTIVE, tuple(back), Image.Resampling.BILINEAR)
    return np.array(seen.reduce(2))
