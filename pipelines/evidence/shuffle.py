"""What a classifier would reach on labels that mean nothing: the baseline of every AUC here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.kernel import kernel_scores
from pipelines.evidence.scores import auc
from pipelines.evidence.trials import FOLDS, SEED, folds_of

TIMES = 1000


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
    """[times, n]: each artist's albums get the labels of another artist with as many, so that only its bond is cut."""
    members: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups.tolist()):
        members[group].append(place)
    by_size: dict[int, list[list[int]]] = defaultdict(list)
    for places in members.values():
        by_size[len(places)].append(places)
    out = np.empty((times, len(labels)), np.int64)
    for same in by_size.values():
        block = np.array(same)  # [artists, albums]
        own = labels[block]
        for row in out:
            row[block] = own[random.permutation(len(own))]
    return out


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
