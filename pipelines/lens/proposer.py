"""Which covers a square of a photo may show: their vectors are compared by what a camera leaves alone.

Lamps, shadows and fingers move a vector far along some directions and hardly along others, and which ones is known
from photos of covers that are known (`tools.camera`). A cover is near where it is few such deviations away (linear
discriminant analysis): of 669 squares the right cover is among the first two 666 times, by the index's own measure,
which is for sleeves that look alike, 622 times.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from store.index.cover_index import CoverIndex
from vae.info import SHIPPED, BadWeights

CAMERA = SHIPPED.with_name("camera.safetensors")
_MORE = 100  # covers that are compared by angle too

Floats = NDArray[np.float32]


class Proposer:
    """Proposes covers of an index."""

    def __init__(self, index: CoverIndex, path: Path = CAMERA) -> None:
        """Where `path` is for another model than the index's, covers are as near as the index says. BadWeights."""
        self.index = index
        self._camera = read_camera(path, index.model_id)

    def near(self, vector: Floats, k: int) -> dict[int, float]:
        """Up to k rows of the index and how near they are (-1…1), likeliest first, for a search vector [m].

        Twice as many by the index's own measure.
        """
        whiten, vectors = self._camera, self.index.matrix
        if whiten is None or vectors is None:
            similarity, found = (part[0].tolist() for part in self.index.search(vector, 2 * k))
            return {row: score for row, score in zip(found, similarity, strict=True) if row >= 0}
        asked = (vector / max(float(np.linalg.norm(vector)), 1e-6) - self._mean) @ whiten
        likely = np.einsum("ij,j->i", vectors, whiten @ asked)  # BLAS would start threads for it
        rows = np.argpartition(-likely, min(_MORE, len(likely) - 1))[:_MORE]
        seen = (vectors[rows] - self._mean) @ whiten
        score = seen @ asked / (np.linalg.norm(seen, axis=1) + 1e-6)
        best = np.argsort(-score, kind="stable")[:k]
        return dict(zip(rows[best].tolist(), score[best].tolist(), strict=True))

    @cached_property
    def _mean(self) -> Floats:
        """Of the vectors of all covers [m]."""
        return np.asarray(self.index.matrix).mean(0)


def read_camera(path: Path, model_id: str) -> Floats | None:
    """[m, m]: takes vectors to where all that a camera does has the same spread; None: of another model. BadWeights."""
    try:
        with safe_open(path, "np") as file:
            if (file.metadata() or {}).get("model_id") != model_id:
                return None
            return np.asarray(file.get_tensor("whiten"), np.float32)
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path} is damaged or no safetensors file: {error}") from error


def whitening(photos: Floats, covers: Floats) -> Floats:
    """[m, m] for `read_camera`'s file, of search vectors of length 1 [n, m]: photos, and the covers that they show."""
    away = photos - covers
    spread = away.T @ away / len(away)
    size = spread.shape[0]
    spread += 0.3 * np.trace(spread) / size * np.eye(size, dtype=np.float32)  # what is seldom seen is not trusted
    return np.linalg.cholesky(np.linalg.inv(spread.astype(float))).astype(np.float32)
