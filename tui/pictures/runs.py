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
    columns = layers.shape[2]
    colors: NDArray[np.float32] = layers.reshape(-1, 3)
    weight: NDArray[np.float32] = np.maximum(weights.reshape(-1), NOTHING).astype(np.float32)
    first = np.arange(len(colors)) % columns == 0  # nothing joins over the end of a row
    at = np.arange(len(colors))
    while True:
        left, right = weight[:-1], weight[1:]
        cost = (np.square(colors[1:] - colors[:-1]).sum(axis=1)) * left * right / (left + right)
        cost[first[1:]] = np.inf
        cost += at[1:] * 0.6180339887 % 1 * (limit / 1000)  # equal ones, such as of a flat ground, by chance
        lower = np.ones(len(cost) + 1, bool)
        np.less(cost[1:], cost[:-1], out=lower[1:-1])  # lower[i]: cost[i] below cost[i - 1]
        least = (cost <= limit) & lower[:-1]
        least[:-1] &= ~lower[1:-1]
        if not least.any():
            break
        kept = np.flatnonzero(np.concatenate([[True], ~least]))
        total = np.add.reduceat(weight, kept)
        colors = (np.add.reduceat(colors * weight[:, None], kept) / total[:, None]).astype(np.float32)
        weight, first, at = total, first[kept], at[kept]
    lengths = np.diff(at, append=weights.size)
    return colors.repeat(lengths, axis=0).reshape(layers.shape)


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
