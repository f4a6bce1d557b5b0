"""Kernel ridge regression with a radial basis, on so many landmarks that it stays quick (Nyström)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LANDMARKS = 800  # of the training covers, drawn by lot; with fewer covers it is exact
GAMMA, PENALTY = 0.5, 1.0  # on vectors of length 1
_FLOOR = 0.001  # of a chance: a regression on 0 and 1 may fall below 0
_JITTER = 1e-5  # beside the kernel's diagonal of 1: covers may be there twice


def kernel_scores(
    train: NDArray[np.float32], values: NDArray[np.float64], test: NDArray[np.float32]
) -> NDArray[np.float64]:
    """What each column of `values` [n, k] (mean 0 or near it) is for other covers, float64 [m, k].

    Rows are taken from the training covers' mean and to length 1, so that the distance is one of directions.
    """
    centre = train.mean(axis=0, dtype=np.float64)
    inside, outside = _unit(train - centre), _unit(test - centre)
    chosen = np.random.default_rng(0).permutation(len(inside))[:LANDMARKS]
    marks = inside[np.sort(chosen)]
    known = _kernel(inside, marks)
    between = _kernel(marks, marks) + _JITTER * np.eye(len(marks))
    weights = np.linalg.solve(known.T @ known + PENALTY * between, known.T @ values)
    return np.asarray(_kernel(outside, marks) @ weights)


class KernelRidge:
    """The regression on 0 and 1 of each kind as a classifier; its scores, none below a thousandth, are its chances."""

    def fit(self, train: NDArray[np.float32], labels: NDArray[np.int64]) -> KernelRidge:
        """Keep what there is to learn from."""
        self._train, self._kinds = train, np.eye(int(labels.max()) + 1)[labels]
        return self

    def predict_proba(self, test: NDArray[np.float32]) -> NDArray[np.float64]:
        """float64 [m, kinds]; rows add up to 1."""
        mean = self._kinds.mean(axis=0)
        scores = np.maximum(kernel_scores(self._train, self._kinds - mean, test) + mean, _FLOOR)
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9))


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(−γ·d²) of vectors of length 1, whose d² is 2 − 2·cos."""
    return np.exp(2 * GAMMA * (a @ b.T - 1))
