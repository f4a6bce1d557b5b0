"""Fewer changes of colour along the rows of a picture, for what they add to its error.

Each change costs the same bytes, so those go first that cost the least: neighbouring runs of one layer (ink or ground)
are joined where the error, by Ward's criterion, grows by at most `limit`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Layers = NDArray[np.float32]  # [2, rows, columns, 3]: ink and ground
NOTHING = 1e-6  # weight of a colour that is not seen


def joined_runs(layers: Layers, weights: Floats, limit: float) -> Layers:
    """`layers` with neighbours joined; `weights` [2, rows, columns]: the share of the cell that each colour has.

    `limit`: how much the squared error of a run may grow, summed over channels, a cell counting one.
    """
    weight: Floats = np.maximum(weights.reshape(-1), NOTHING).astype(np.float32)
    colors: Floats = np.ascontiguousarray(layers.reshape(-1, 3).T)
    at = np.arange(len(weight))
    bias: Floats = (at * 0.6180339887 % 1 * (limit / 1000)).astype(np.float32)  # equal ones join by chance
    bias[:: layers.shape[2]] = np.inf  # nothing joins over the end of a row
    while True:
        left, right = weight[:-1], weight[1:]
        apart = np.square(colors[:, 1:] - colors[:, :-1]).sum(axis=0)
        cost = apart * left * right / (left + right) + bias[1:]
        stays = cost > limit
        lower = cost[1:] < cost[:-1]
        stays[:-1] |= lower
        stays[1:] |= ~lower
        if stays.all():
            break
        kept = np.concatenate([[0], np.flatnonzero(stays) + 1])
        total = np.add.reduceat(weight, kept)
        colors = (np.add.reduceat(colors * weight, kept, axis=1) / total).astype(np.float32, copy=False)
        weight, bias, at = total, bias[kept], at[kept]
    return colors.T.repeat(np.diff(at, append=weights.size), axis=0).reshape(layers.shape)


def turned(layers: Layers, weights: Floats, fixed: NDArray[np.bool_], limit: float) -> NDArray[np.bool_]:
    """[rows, columns]: the cells of which ink and ground are better exchanged, so that colours go on in their layer.

    `fixed` cells have a glyph without an inverse.
    """

    def costs(left: int, right: int) -> Floats:
        one, other = weights[left, :, :-1], weights[right, :, 1:]
        apart = np.square(layers[right, :, 1:] - layers[left, :, :-1]).sum(axis=-1)
        cost: Floats = np.minimum(apart * one * other / np.maximum(one + other, NOTHING), limit)
        return cost

    crossed = np.zeros(fixed.shape, np.int64)
    crossed[:, 1:] = costs(0, 1) + costs(1, 0) < costs(0, 0) + costs(1, 1)
    turns = crossed.cumsum(axis=1)
    since = np.maximum.accumulate(np.where(fixed, np.arange(fixed.shape[1]), -1), axis=1)
    at_fixed = np.where(since >= 0, np.take_along_axis(turns, np.maximum(since, 0), axis=1), 0)
    return (turns - at_fixed) % 2 == 1
