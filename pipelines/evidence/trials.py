"""One fold of one question: fit on the training covers alone, score the others. And many of them on all cores."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.kernel import KernelRidge
from pipelines.progress import Progress

T = TypeVar("T")
CLASSIFIERS = ("forest", "logistic", "kernel")
KINDS = ("plain", "artist")  # folds: any albums, or whole artists
SEED = 7
COMPONENTS = 128  # of PCA
POSTER_FOLDS, POSTER_TREES = 10, 100
FOLDS, TREES = 5, 40  # of everything beyond the poster's own experiment


@dataclass(frozen=True, slots=True)
class Trial:
    """What to fit and score. `rows` of the features; `train` and `test` are places within them."""

    question: str  # names what the trial is part of, such as "rock|pop|artist|pca"
    fold: int
    features: str
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]  # [m] 0 … kinds − 1
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    classifiers: tuple[str, ...] = CLASSIFIERS
    trees: int = TREES
    shuffled: NDArray[np.int64] | None = None  # [s, m] other labels, each tried with the forest


@dataclass(frozen=True, slots=True)
class Scored:
    """Chances by classifier, float64 [len(test), kinds]; under shuffled labels the chance of kind 1, [s, len(test)]."""

    trial: Trial
    chances: dict[str, NDArray[np.float64]]
    shuffled: NDArray[np.float64]


def folds_of(
    labels: NDArray[np.int64], groups: NDArray[np.int64], kind: str, count: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(train, test) of each stratified fold; of kind "artist" no artist is on both sides."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    split: Any = StratifiedGroupKFold if kind == "artist" else StratifiedKFold
    parts = groups if kind == "artist" else None
    return list(split(count, shuffle=True, random_state=SEED).split(labels, labels, parts))


def classifier(name: str, trees: int = TREES) -> Any:
    """A classifier with a fixed seed, on one core."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if name == "forest" and trees >= POSTER_TREES:
        return RandomForestClassifier(trees, n_jobs=1, random_state=SEED)
    if name == "forest":  # a fifth of the time: small trees, each of 60 % of the albums
        return RandomForestClassifier(trees, min_samples_leaf=5, max_samples=0.6, n_jobs=1, random_state=SEED)
    if name == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=300))
    return KernelRidge()


def score(trial: Trial, values: NDArray[np.float32]) -> Scored:
    """Fit and score one trial on `values` [n, p]. PCA, where it is asked for, sees the training covers alone."""
    from sklearn.decomposition import PCA

    own = values[trial.rows]
    train, test = own[trial.train], own[trial.test]
    if trial.features == "pca":
        parts = min(COMPONENTS, *train.shape)
        pca = PCA(parts, svd_solver="randomized", iterated_power=4, random_state=SEED).fit(train)
        train, test = pca.transform(train), pca.transform(test)
    labels = trial.labels[trial.train]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence: the penalty decides, not the last digits
        chances = {
            name: classifier(name, trial.trees).fit(train, labels).predict_proba(test) for name in trial.classifiers
        }
        none = np.empty((0, len(trial.test)), np.int64)
        shuffled = [
            classifier("forest").fit(train, other[trial.train]).predict_proba(test)[:, 1]
            for other in (none if trial.shuffled is None else trial.shuffled)
        ]
    return Scored(trial, chances, np.array(shuffled))


def run(
    trials: Sequence[Trial], features: dict[str, NDArray[np.float32]], jobs: int, progress: Progress, label: str
) -> Iterator[Scored]:
    """The scores of all trials in their order; `jobs` processes, or none but this one for 1."""
    progress.start(label, len(trials))
    for scored in each(score, ((trial, features[trial.features]) for trial in trials), jobs):
        progress.advance(1, f"{scored.trial.question.replace('|', ' ')}, fold {scored.trial.fold + 1}")
        yield scored
    progress.finish()


def each(work: Callable[..., T], parts: Iterable[tuple[Any, ...]], jobs: int) -> Iterator[T]:
    """What `work` gives for the arguments of each part, in their order; `jobs` processes, or none but this for 1."""
    if jobs == 1:
        yield from (work(*part) for part in parts)
        return
    from joblib import Parallel, delayed

    # Large arrays reach the workers as one shared file; each worker keeps to one core.
    with Parallel(n_jobs=jobs, return_as="generator", inner_max_num_threads=1, backend="loky") as pool:
        yield from pool(delayed(work)(*part) for part in parts)


def by_question(scored: Iterable[Scored]) -> dict[str, list[Scored]]:
    """What belongs to each question."""
    found: dict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        found[one.trial.question].append(one)
    return found


def pooled(parts: Iterable[Scored], count: int, kind: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(chance of label 1 by the classifier `kind`, float64 [count], nan where untested; fold int64 [count])."""
    scores, fold = np.full(count, np.nan), np.zeros(count, np.int64)
    for part in parts:
        scores[part.trial.test] = part.chances[kind][:, 1]
        fold[part.trial.test] = part.trial.fold
    return scores, fold


def cores() -> int:
    """How many processes to use: those this process may run on, eight at most."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
