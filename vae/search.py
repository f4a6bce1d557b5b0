"""From latents to the vectors that the index compares by cosine. numpy alone, so that indexing needs no torch.

What measured best of 40 variants on real covers (README has the figures): the latents' strongest numbers, each
weighted by the square root of how much picture it stands for, and compared by distance rather than by angle. A
constant appended to every vector makes the index's cosine follow the distance: for a constant s that is large beside
x and y, cos([x, s], [y, s]) is 1 - |x - y|^2 / 2s^2 to first order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CONSTANT = 2.0  # beside vectors of root mean square length 1


def search_vectors(latents: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents [n, d] and a search matrix [m, d + 1], its last column the offset → [n, m]."""
    return (latents @ matrix[:, :-1].T + matrix[:, -1]).astype(np.float32)


def fit_search(mean: NDArray[np.float32], spread: NDArray[np.float32], m: int) -> NDArray[np.float32]:
    """The search matrix [m, d + 1] of a model whose latents have this mean [d].

    `spread` [d] is the deviation that each number causes in the decoded picture; the m − 1 strongest are kept.
    """
    kept = np.sort(np.argsort(-spread, kind="stable")[: m - 1])
    scale = np.sqrt(spread[kept])
    scale /= np.sqrt(np.square(scale).sum())
    matrix = np.zeros((m, len(mean) + 1), np.float32)
    matrix[np.arange(len(kept)), kept] = scale
    matrix[: len(kept), -1] = -scale * mean[kept]
    matrix[-1, -1] = CONSTANT
    return matrix
