"""Each pair of genres: the poster's experiment, then all features, classifiers and folds, and the best of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.results import Cell, Pair
from pipelines.evidence.sample import Sample, rows_of
from pipelines.evidence.scores import auc, auc_of_folds, confusion, roc
from pipelines.evidence.shuffle import TIMES, Shuffled, shuffle_test, shuffled_labels
from pipelines.evidence.trials import (
    CLASSIFIERS,
    FOLDS,
    KINDS,
    POSTER_FOLDS,
    POSTER_TREES,
    SEED,
    TREES,
    Scored,
    Trial,
    by_question,
    each,
    folds_of,
    pooled,
    run,
)
from pipelines.progress import Progress

FOREST_SHUFFLES = 3
FEWEST_UNSEEN = 40  # albums that the model never saw, of a pair, for a figure on them


@dataclass(frozen=True, slots=True)
class Question:
    """A pair with its rows; label 1 is `b`."""

    a: str
    b: str
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]


def questions(sample: Sample, genres: Sequence[str]) -> list[Question]:
    """Every pair of the genres."""
    names, groups = sample.genres, sample.groups
    found = []
    for a, b in combinations(genres, 2):
        rows = rows_of(sample, (a, b))
        found.append(Question(a, b, rows, (names[rows] == b).astype(np.int64), groups[rows]))
    return found


def all_trials(asked: Sequence[Question], names: Iterable[str]) -> list[Trial]:
    """The poster's experiment in plain and artist folds, and the grid of the features `names` in artist folds."""
    trials: list[Trial] = []
    for one in asked:
        random = np.random.default_rng(SEED)
        shuffled = shuffled_labels(one.labels, one.groups, FOREST_SHUFFLES, random)
        for kind in KINDS:
            name = f"{one.a}|{one.b}|{kind}"
            for fold, (train, test) in enumerate(folds_of(one.labels, one.groups, kind, POSTER_FOLDS)):
                trials.append(
                    Trial(
                        f"{name}|poster", fold, "pca", one.rows, one.labels, train, test, ("forest",), POSTER_TREES
                    )
                )  # fmt: skip
        for fold, (train, test) in enumerate(folds_of(one.labels, one.groups, "artist", FOLDS)):
            for features in names:
                tried = shuffled if features == "pca" else None
                question = f"{one.a}|{one.b}|artist|{features}"
                trials.append(
                    Trial(question, fold, features, one.rows, one.labels, train, test, trees=TREES, shuffled=tried)
                )
    return trials


def measure_pairs(
    sample: Sample,
    genres: Sequence[str],
    features: dict[str, NDArray[np.float32]],
    jobs: int,
    progress: Progress,
    times: int = TIMES,
) -> tuple[list[Pair], list[Cell]]:
    """Everything about the pairs: what is special of each, and the whole grid."""
    asked = questions(sample, genres)
    scored = by_question(run(all_trials(asked, features), features, jobs, progress, "pairs of genres"))
    cells = [
        cell
        for one in asked
        for name in features
        for cell in _cells(one, "artist", name, scored[f"{one.a}|{one.b}|artist|{name}"])
    ]
    progress.start("shuffled labels", len(asked))
    pairs = []
    told = ((features["meaning"][one.rows], one.labels, one.groups, times) for one in asked)
    for one, test in zip(asked, each(shuffle_test, told, jobs), strict=True):
        pairs.append(_pair(sample, one, scored, features, test))
        progress.advance()
    progress.finish()
    return pairs, cells


def _cell(one: Question, kind: str, features: str, name: str, scores: NDArray[np.float64], fold: NDArray) -> Cell:
    found = auc_of_folds(one.labels == 1, scores, fold, one.groups)
    by_fold = [None if math.isnan(value) else value for value in found.folds]
    return Cell(one.a, one.b, features, name, kind, found.pooled, found.low, found.high, by_fold)


def _cells(one: Question, kind: str, features: str, parts: Sequence[Scored]) -> list[Cell]:
    return [_cell(one, kind, features, name, *pooled(parts, len(one.rows), name)) for name in CLASSIFIERS]


def _pair(
    sample: Sample,
    one: Question,
    scored: dict[str, list[Scored]],
    features: dict[str, NDArray[np.float32]],
    test: Shuffled,
) -> Pair:
    poster, matrix, curve = {}, {}, {}
    for kind in KINDS:
        scores, fold = pooled(scored[f"{one.a}|{one.b}|{kind}|poster"], len(one.rows), "forest")
        poster[kind] = _cell(one, kind, "pca", "forest", scores, fold)
        matrix[kind] = confusion(one.labels, (scores > 0.5).astype(np.int64), 2)
        curve[kind] = roc(one.labels == 1, scores)
    scores, fold, chosen = _best(one, scored, features)
    counts = np.bincount(one.labels, minlength=2)
    artists = [len(set(one.groups[one.labels == kind].tolist())) for kind in (0, 1)]
    return Pair(
        one.a,
        one.b,
        (int(counts[0]), int(counts[1])),
        (artists[0], artists[1]),
        poster,
        matrix,
        curve,
        _cell(one, "artist", "best", "best", scores, fold),
        chosen,
        _unseen(sample, one, scores, fold),
        asdict(test),
        _forest_shuffled(one, scored[f"{one.a}|{one.b}|artist|pca"]),
    )


def _best(
    one: Question, scored: dict[str, list[Scored]], names: Iterable[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64], dict[str, int]]:
    """The scores of the best features and classifier, for each fold the ones that were best on the other folds.

    To report the highest of twenty AUCs would report luck too. Scores are taken as ranks within a fold, since the
    folds may use different classifiers.
    """
    candidates = {}
    for name in names:
        for kind in CLASSIFIERS:
            candidates[f"{name} · {kind}"] = pooled(scored[f"{one.a}|{one.b}|artist|{name}"], len(one.rows), kind)
    fold = next(iter(candidates.values()))[1]
    each = {
        name: [auc(one.labels[fold == k] == 1, scores[fold == k]) for k in range(FOLDS)]
        for name, (scores, _) in candidates.items()
    }
    out = np.empty(len(one.rows))
    chosen: Counter[str] = Counter()
    for k in range(FOLDS):
        best = max(each, key=lambda name: sum(each[name][j] for j in range(FOLDS) if j != k))
        chosen[best] += 1
        inside = np.flatnonzero(fold == k)
        place = np.argsort(np.argsort(candidates[best][0][inside], kind="stable"), kind="stable")
        out[inside] = (place + 0.5) / len(inside)
    return out, fold, dict(chosen.most_common())


def _unseen(
    sample: Sample, one: Question, scores: NDArray[np.float64], fold: NDArray[np.int64]
) -> dict[str, float] | None:
    """The AUC on the covers that the model's training put aside, where they are enough."""
    from vae.training.data import is_held_out

    aside = np.array([is_held_out(sample.covers[row].trained_as) for row in one.rows.tolist()])
    if aside.sum() < FEWEST_UNSEEN or len(set(one.labels[aside].tolist())) < 2:
        return None
    found = auc_of_folds(one.labels[aside] == 1, scores[aside], fold[aside], one.groups[aside])
    return {"auc": found.pooled, "low": found.low, "high": found.high, "albums": int(aside.sum())}


def _forest_shuffled(one: Question, parts: Sequence[Scored]) -> list[float]:
    """The AUC of the forest on PCA under each shuffle of the labels, the mean over the folds."""
    found = []
    for number in range(FOREST_SHUFFLES):
        each = []
        for part in parts:
            assert part.trial.shuffled is not None
            labels = part.trial.shuffled[number][part.trial.test]
            each.append(auc(labels == 1, part.shuffled[number]))
        found.append(float(np.nanmean(each)))
    return found
