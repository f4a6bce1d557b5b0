"""What a classifier would reach on labels that mean nothing: the baseline of every AUC here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.kernel import kernel_scores
from pipelines.evidence.scores import auc
from pipelines.evidence.trials import FOLDS, SEED, folds_of

TIMES = 1000
ARTISTS, OTHERS = 20, 5  # at least so many in a block that labels are dealt among, so many of them of another label


@dataclass(frozen=True, slots=True)
class Shuffled:
    """A regression's AUC on the labels as they are and on shuffled ones."""

    observed: float
    mean: float
    low: float  # 2.5 % of the shuffles are below
    high: float  # 2.5 % are above
    p: float  # how often shuffled labels do as well, (1 + k) / (1 + n)


def shuffled_labels(
    labels: NDArray[np.int64], groups: NDArray[np.int64], times: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """[times, n]: each artist's albums get the labels of another artist with about as many, so that only its bond is
    cut. Labels of fewer albums are given again from the first on.
    """
    order = np.argsort(groups, kind="stable")
    _, start, size = np.unique(groups[order], return_index=True, return_counts=True)
    own = labels[order]
    out = np.empty((times, len(labels)), np.int64)
    for artists in _alike(size, own[start]):
        count = size[artists]
        owner = np.repeat(np.arange(len(artists)), count)
        place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)  # of an album among its artist's
        albums = order[start[artists][owner] + place]
        for row in out:
            giver = artists[random.permutation(len(artists))[owner]]
            row[albums] = own[start[giver] + place % size[giver]]
    return out


def _alike(size: NDArray[np.int64], label: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Artists in blocks of like size (albums): those with as many are in one, and where they are few, or nearly all of
    one label so that a shuffle would change nothing, those with more join them.
    """
    found: list[NDArray[np.int64]] = []
    block = np.empty(0, np.int64)
    for one in np.unique(size).tolist():
        block = np.concatenate([block, np.flatnonzero(size == one)])
        if len(block) >= ARTISTS and len(block) - np.bincount(label[block]).max() >= OTHERS:
            found.append(block)
            block = np.empty(0, np.int64)
    if len(block):
        found.append(np.concatenate([found.pop(), block]) if found else block)
    return found


def shuffle_test(
    values: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64], times: int = TIMES
) -> Shuffled:
    """Kernel ridge in artist folds, linear in the labels: a thousand shuffles cost one factorisation a fold."""
    random = np.random.default_rng(SEED)
    all_labels = np.concatenate([labels[None], shuffled_labels(labels, groups, times, random)]).T  # [n, 1 + times]
    scores = np.empty(all_labels.shape)
    for train, test in folds_of(labels, groups, "artist", FOLDS):
        # Without the training share of the label: it differs from fold to fold, and is lower where more are tested.
        share = all_labels[train].mean(axis=0)
        scores[test] = kernel_scores(values[train], all_labels[train] - share, values[test])
    found = np.array([auc(all_labels[:, one] == 1, scores[:, one]) for one in range(1 + times)])
    null = found[1:]
    low, high = np.quantile(null, (0.025, 0.975))
    p = (1 + int((null >= found[0]).sum())) / (1 + times)
    return Shuffled(float(found[0]), float(null.mean()), float(low), float(high), p)
