"""Moving the focus with four arrows over covers that stand anywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

Direction = Literal["left", "right", "up", "down"]
OPPOSITE: dict[Direction, Direction] = {"left": "right", "right": "left", "up": "down", "down": "up"}
CONE = math.radians(60)  # how far to either side of the arrow a cover may stand
Point = tuple[float, float]  # column, row
_UNIT: dict[Direction, tuple[int, int]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def nearest(
    points: Sequence[Point],
    current: int,
    direction: Direction,
    came: tuple[int, Direction] | None = None,
    center: int | None = 0,
) -> int | None:
    """The index of the point that an arrow leads to from `current`, or None where there is none that way.

    No arrow leads past the `center` to the other side, it stops there; None: there is no such point.

    `points` are middles in cells; rows count double, since a cell is twice as tall as wide. Distance is the
    way forward plus twice the way sideways, inside a cone of 60 degrees to either side. `came` is the point
    that one last moved from and the arrow taken: the opposite arrow leads back there, to undo a move.
    """
    if came is not None and came[1] == OPPOSITE[direction]:
        return came[0]
    dx, dy = _UNIT[direction]
    x0, y0 = points[current]
    best, best_distance = None, math.inf
    beyond = math.inf  # how far forward the centre stands, if it is in the cone
    forwards = []
    for index, (x, y) in enumerate(points):
        vx, vy = x - x0, (y - y0) * 2
        forward = vx * dx + vy * dy
        sideways = abs(vx * dy) + abs(vy * dx)
        forwards.append(forward)
        if index == current or forward <= 0 or sideways > forward * math.tan(CONE):
            continue
        if index == center:
            beyond = forward
        if forward + 2 * sideways < best_distance:
            best, best_distance = index, forward + 2 * sideways
    return center if best is not None and forwards[best] > beyond else best
