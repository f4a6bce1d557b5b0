"""All genres at once: the best cover-only model, how often it is right, and whether its certainty can be believed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.kernel import kernel_scores
from pipelines.evidence.origins import FEATURES, MOST, main_origin
from pipelines.evidence.sample import Sample, rows_of
from pipelines.evidence.scores import auc, calibration, confusion, macro_auc
from pipelines.evidence.shuffle import shuffled_labels
from pipelines.evidence.trials import CLASSIFIERS, FOLDS, SEED, Trial, folds_of, run
from pipelines.progress import Progress

FEWEST = 100  # albums of a genre that takes part
TRIED = {"colour": CLASSIFIERS, "facts": ("kernel",), "meaning": CLASSIFIERS, "lite2": ("kernel",),
         "all": ("logistic", "kernel")}  # fmt: skip
SHUFFLES = 20


def all_genres(sample: Sample) -> list[str]:
    """The genres with enough albums, the most common first."""
    there = Counter(cover.genre for cover in sample.covers)
    return [name for name, count in there.most_common(MOST) if count >= FEWEST]


def measure_together(
    sample: Sample, genres: list[str], features: dict[str, NDArray[np.float32]], jobs: int, progress: Progress
) -> dict[str, Any]:
    """Macro AUC (each genre against the rest), top-1, calibration and confusion, in artist folds; and the macro AUC
    on the labels of the largest origin alone, where it has three genres or more.
    """
    origin = main_origin(sample)
    careful = None if origin is None else _within(sample, origin, features)
    return {**_all_origins(sample, genres, features, jobs, progress), "one_origin": careful}


def _within(sample: Sample, origin: str, features: dict[str, NDArray[np.float32]]) -> dict[str, Any] | None:
    """By kernel ridge on FEATURES, as the pairs of one origin are; beside shuffled labels."""
    inside = sample.origins == origin
    there = Counter(sample.genres[inside].tolist())
    genres = [name for name, count in there.most_common(MOST) if name and count >= FEWEST]
    if len(genres) < 3:
        return None
    rows = np.flatnonzero(inside & np.isin(sample.genres, genres))
    labels = np.array([genres.index(name) for name in sample.genres[rows].tolist()])
    groups, kinds = sample.groups[rows], np.eye(len(genres))
    values = features[FEATURES][rows]
    each = np.concatenate([labels[None], shuffled_labels(labels, groups, SHUFFLES, np.random.default_rng(SEED))])
    columns = kinds[each].transpose(1, 0, 2).reshape(len(rows), -1)  # [n, (1 + shuffles) · kinds]
    scores = np.zeros(columns.shape)
    for train, test in folds_of(labels, groups, "artist", FOLDS):
        mean = columns[train].mean(axis=0)
        scores[test] = kernel_scores(values[train], columns[train] - mean, values[test]) + mean
    parts = scores.reshape(len(rows), len(each), len(genres))
    macro, low, high = macro_auc(labels, parts[:, 0], groups)
    chance = [float(np.mean([auc(own == one, parts[:, k, one]) for one in range(len(genres))]))
              for k, own in enumerate(each) if k]  # fmt: skip
    return {
        "origin": origin,
        "genres": genres,
        "albums": len(rows),
        "auc": macro,
        "low": low,
        "high": high,
        "shuffled": {"low": min(chance), "high": max(chance)},
        "top1": float((parts[:, 0].argmax(axis=1) == labels).mean()),
        "most_common": float(np.bincount(labels).max() / len(labels)),
    }


def _all_origins(
    sample: Sample, genres: list[str], features: dict[str, NDArray[np.float32]], jobs: int, progress: Progress
) -> dict[str, Any]:
    rows = rows_of(sample, genres)
    number = {name: place for place, name in enumerate(genres)}
    labels = np.array([number[name] for name in sample.genres[rows].tolist()])
    folds = folds_of(labels, sample.groups[rows], "artist", FOLDS)
    tried = {name: kinds for name, kinds in TRIED.items() if name in features}
    trials = [
        Trial(name, fold, name, rows, labels, train, test, kinds)
        for name, kinds in tried.items()
        for fold, (train, test) in enumerate(folds)
    ]
    chances = {
        (name, kind): np.zeros((len(rows), len(genres))) for name, kinds in tried.items() for kind in kinds
    }  # fmt: skip
    for scored in run(trials, features, jobs, progress, "all genres"):
        for kind, found in scored.chances.items():
            chances[scored.trial.features, kind][scored.trial.test] = found
    models = [_model(name, kind, labels, found) for (name, kind), found in chances.items()]
    best = max(models, key=lambda model: model["macro_auc"])
    found = chances[best["features"], best["classifier"]]
    guess = found.argmax(axis=1)
    curve, error = calibration(found.max(axis=1), guess == labels)
    counts = np.bincount(labels, minlength=len(genres))
    return {
        "genres": genres,
        "albums": counts.tolist(),
        "models": models,
        "best": best,
        "each_auc": [auc(labels == one, found[:, one]) for one in range(len(genres))],
        "confusion": confusion(labels, guess, len(genres)),
        "calibration": curve,
        "calibration_error": error,
        "most_common": float(counts.max() / counts.sum()),
    }


def _model(name: str, kind: str, labels: NDArray[np.int64], chances: NDArray[np.float64]) -> dict[str, Any]:
    kinds = chances.shape[1]
    each = [auc(labels == one, chances[:, one]) for one in range(kinds)]
    right = chances.argmax(axis=1) == labels
    return {
        "features": name,
        "classifier": kind,
        "macro_auc": float(np.mean(each)),
        "top1": float(right.mean()),
        "balanced_top1": float(np.mean([right[labels == one].mean() for one in range(kinds)])),
    }
