"""From latents to the vectors that the index compares by cosine. numpy alone, so that indexing needs no torch.

Chosen on real covers by genre purity, shared tags and hubs (README has the figures). A model with numbers for meaning
is searched by those, each as strong as it varies in the teacher, with a little of the picture beside them.

A model without them is searched by the latent's strongest numbers, each weighted by the square root of how much
picture it stands for, and by distance rather than by angle: a constant appended to every vector makes the index's
cosine follow the distance, for with a constant s that is large beside x and y, cos([x, s], [y, s]) is
1 - |x - y|^2 / 2s^2 to first order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CONSTANT = 2.0  # beside vectors of root mean square length 1
PICTURE = 0.3  # length of the picture's part beside that of meaning, root mean squares over covers


def search_vectors(latents: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents [n, d] and a search matrix [m, d + 1], its last column the offset → [n, m]."""
    return (latents @ matrix[:, :-1].T + matrix[:, -1]).astype(np.float32)


def fit_search(
    mean: NDArray[np.float32], spread: NDArray[np.float32], m: int, meaning: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """The search matrix [m, d + 1] of a model whose latents have this mean [d].

    `spread` [d] is the deviation that each number causes in the decoded picture; the strongest are kept. `meaning` [k]
    is how much each of the last k numbers counts, where the model has numbers for meaning.
    """
    k = 0 if meaning is None else len(meaning)
    strongest = np.argsort(-spread[: len(spread) - k], kind="stable")
    kept = np.sort(strongest[: m - 1 if meaning is None else m - k])
    scale = np.sqrt(spread[kept])
    scale /= np.sqrt(np.square(scale).sum())
    matrix = np.zeros((m, len(mean) + 1), np.float32)
    if meaning is None:
        matrix[-1, -1] = CONSTANT
    else:
        scale *= PICTURE
        kept = np.concatenate([np.arange(len(mean) - k, len(mean)), kept])
        scale = np.concatenate([meaning / np.sqrt(np.square(meaning).sum()), scale])
    matrix[np.arange(len(kept)), kept] = scale
    matrix[: len(kept), -1] = -scale * mean[kept]
    return matrix
