"""Pictures side by side and under each other, with white between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

GAP = 6  # white pixels between pictures


def row(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [n, h, w, 3] side by side."""
    n, h, w, _ = pictures.shape
    sheet = np.full((h, n * (w + GAP) - GAP, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        sheet[:, i * (w + GAP) : i * (w + GAP) + w] = picture
    return sheet


def stack(rows: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Rows (uint8 [h, w, 3]) under each other; the narrower ones end in white."""
    width = max(one.shape[1] for one in rows)
    parts = [np.pad(one, ((0, GAP), (0, width - one.shape[1]), (0, 0)), constant_values=255) for one in rows]
    return np.concatenate(parts)[:-GAP]
