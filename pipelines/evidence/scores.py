"""Figures of merit: ROC, AUC with a confidence interval that respects artists, confusion, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 400
_BLOCK = 32  # resamples at a time: they stay in the processor's cache
_POINTS = 101  # of a ROC curve that is kept


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve of the scores of all folds together, with its 95 % interval, and of each fold."""

    pooled: float
    low: float
    high: float
    folds: tuple[float, ...]


def auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The chance that a positive scores above a negative, ties counting half; nan where one kind is missing."""
    return float(_drawn_auc(truth, scores, np.ones((1, len(truth)), np.int64), np.arange(len(truth)))[0])


def auc_of_folds(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], fold: NDArray[np.int64], groups: NDArray[np.int64]
) -> Auc:
    """Pooled and per fold. The interval is of 400 resamples of whole artists (a cluster bootstrap), seeded."""
    _, number = np.unique(groups, return_inverse=True)
    found = _drawn_auc(truth, scores, _draws(int(number.max()) + 1), number)
    low, high = np.nanquantile(found, (0.025, 0.975))
    each = tuple(auc(truth[fold == one], scores[fold == one]) for one in np.unique(fold))
    return Auc(auc(truth, scores), float(low), float(high), each)


def macro_auc(
    labels: NDArray[np.int64], chances: NDArray[np.float64], groups: NDArray[np.int64]
) -> tuple[float, float, float]:
    """The mean AUC of each kind against the rest by `chances` [n, kinds], and its 95 % interval over artists."""
    kinds = range(chances.shape[1])
    _, number = np.unique(groups, return_inverse=True)
    times = _draws(int(number.max()) + 1)
    found = np.mean([_drawn_auc(labels == one, chances[:, one], times, number) for one in kinds], axis=0)
    low, high = np.nanquantile(found, (0.025, 0.975))
    return float(np.mean([auc(labels == one, chances[:, one]) for one in kinds])), float(low), float(high)


@lru_cache(maxsize=2)
def _draws(artists: int) -> NDArray[np.int64]:
    """How often each artist is drawn in each resample, [r, artists]."""
    return np.random.default_rng(0).multinomial(artists, np.full(artists, 1 / artists), RESAMPLES)


def _drawn_auc(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], times: NDArray[np.int64], groups: NDArray[np.int64]
) -> NDArray[np.float64]:
    """AUC [r] where each cover counts as often as its group was drawn, `times` [r, groups]."""
    order = np.argsort(scores, kind="stable")
    truth, scores, groups = truth[order], scores[order], groups[order]
    starts = np.flatnonzero(np.r_[True, scores[1:] != scores[:-1]])  # of runs of equal scores
    found = np.empty(len(times))
    for at in range(0, len(times), _BLOCK):
        count = times[at : at + _BLOCK][:, groups]
        positive = count * truth
        negative = count - positive
        if len(starts) < len(scores):
            positive, negative = (np.add.reduceat(one, starts, axis=1) for one in (positive, negative))
        below = np.cumsum(negative, axis=1)
        twice = (positive * (2 * below - negative)).sum(axis=1)
        pairs = positive.sum(axis=1) * below[:, -1]
        found[at : at + _BLOCK] = np.where(pairs > 0, twice / np.where(pairs > 0, 2 * pairs, 1), np.nan)
    return found


def roc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """(false alarm rates, hit rates) at 101 places; both rise from 0 to 1."""
    order = np.argsort(-scores, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(scores[order])), len(order) - 1]  # of runs of equal scores
    hits = np.r_[0, np.cumsum(truth[order])[last]] / max(1, int(truth.sum()))
    alarms = np.r_[0, np.cumsum(~truth[order])[last]] / max(1, int((~truth).sum()))
    places = np.linspace(0, 1, _POINTS)
    return places.round(4).tolist(), np.interp(places, alarms, hits).round(4).tolist()


def confusion(truth: NDArray[np.int64], guess: NDArray[np.int64], kinds: int) -> list[list[int]]:
    """Counts; row: the true kind, column: the guess."""
    return np.bincount(truth * kinds + guess, minlength=kinds * kinds).reshape(kinds, kinds).tolist()


def calibration(
    sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10
) -> tuple[list[tuple[float, float, int]], float]:
    """(mean certainty, share that was right, how many) of each tenth of certainty that is used, and the expected
    calibration error: the mean distance of the two.
    """
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    rows = []
    for one in range(bins):
        inside = place == one
        if inside.any():
            rows.append((float(sure[inside].mean()), float(right[inside].mean()), int(inside.sum())))
    error = sum(count * abs(a - b) for a, b, count in rows) / len(sure)
    return rows, float(error)
