"""Where labels come from, and what is left of a figure when origins are not mixed.

Who labelled an album often also chose and made its picture. Where the origins of two genres differ, a classifier may
tell the collections apart and seem to tell the genres. So each pair is measured within one origin, from one origin to
another, and pooled; beside it stands what the origin's name alone says of the genre, and how well origins of one genre
are told apart by the sleeve.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.pairs import Question, questions
from pipelines.evidence.sample import Sample
from pipelines.evidence.scores import auc_of_folds
from pipelines.evidence.shuffle import shuffle_test
from pipelines.evidence.trials import FOLDS, Trial, by_question, each, folds_of, pooled, run
from pipelines.progress import Progress

FEATURES, KIND = "meaning", "kernel"  # fixed before, so that no figure here is the luckiest of several
BESIDE = ("lite2", "all")  # told beside it within an origin, where they are there
FEWEST = 30  # albums of each genre from one origin
MANY = 100  # of each genre: enough for a figure to be judged by
MOST = 10  # genres
TIMES = 200  # shuffles
Rows = list[dict[str, Any]]


def genres_of(sample: Sample, first: list[str]) -> list[str]:
    """Up to ten genres with enough albums, the most common ones; those asked for come first."""
    there = Counter(cover.genre for cover in sample.covers)
    common = [name for name, count in there.most_common() if count >= MANY]
    return list(dict.fromkeys([*first, *common]))[: max(MOST, len(first))]


def main_origin(sample: Sample) -> str | None:
    """The origin with the most labels; None where no label has one."""
    there = Counter(cover.origin for cover in sample.covers if cover.origin)
    return there.most_common(1)[0][0] if there else None


def measure_origins(
    sample: Sample, genres: list[str], features: dict[str, NDArray[np.float32]], jobs: int, progress: Progress
) -> Rows:
    """Rows of {a, b, kind, origin, to, albums, auc, low, high}.

    `kind`: pooled (all origins mixed), within (`origin` alone; with `shuffled`, and `beside`: {auc, low, high} by other
    features), across (learned on `origin`, tried on
    `to`, without artists that are in both), agreed (where a second opinion names the same genre), name (the genre
    guessed from the origin's name, without any picture), origin (`a` is a genre, its origins `origin` and `to` told
    apart by the sleeve).
    """
    origins, agreed = sample.origins, sample.agreed
    asked: list[tuple[dict[str, Any], Question, list[tuple[NDArray[np.int64], NDArray[np.int64]]] | None]] = []
    named: Rows = []
    for one in questions(sample, genres):
        own = origins[one.rows]
        several = len(set(own.tolist())) > 1
        asked.append((_facts(one, "pooled"), one, None))
        if (kept := restricted(one, agreed[one.rows])) is not None:
            asked.append((_facts(one, "agreed"), kept, None))
        inside = {name: kept for name in sorted(set(own.tolist()) - {""})
                  if (kept := restricted(one, own == name)) is not None}  # fmt: skip
        asked += [(_facts(one, "within", name), kept, None) for name, kept in inside.items()]
        for name, other in permutations(inside, 2):
            tried = np.flatnonzero(own == other)
            learned = np.flatnonzero((own == name) & ~np.isin(one.groups, one.groups[tried]))
            if np.bincount(one.labels[learned], minlength=2).min() >= FEWEST:
                asked.append((_facts(one, "across", name, other), one, [(learned, tried)]))
        if several:
            named.append(_by_name(one, own))
    asked += [(facts, kept, None) for facts, kept in _of_genres(sample, genres, origins)]
    return named + _measured(asked, features, jobs, progress)


def restricted(one: Question, inside: NDArray[np.bool_]) -> Question | None:
    """The question on some of its albums; None where they are too few."""
    kept = Question(one.a, one.b, one.rows[inside], one.labels[inside], one.groups[inside])
    artists = [len(set(kept.groups[kept.labels == kind].tolist())) for kind in (0, 1)]
    enough = np.bincount(kept.labels, minlength=2).min() >= FEWEST and min(artists) >= 2 * FOLDS
    return kept if enough else None


def _facts(one: Question, kind: str, origin: str = "", to: str = "") -> dict[str, Any]:
    return {"a": one.a, "b": one.b, "kind": kind, "origin": origin, "to": to}


def _of_genres(sample: Sample, genres: list[str], origins: NDArray[np.str_]) -> list[tuple[dict[str, Any], Question]]:
    """The two main origins of each genre."""
    found = []
    for genre in genres:
        own = sample.genres == genre
        common = [name for name, _ in Counter(origins[own].tolist()).most_common() if name][:2]
        rows = np.flatnonzero(own & np.isin(origins, common))
        labels = (origins[rows] == common[-1]).astype(np.int64) if common else np.zeros(0, np.int64)
        whole = Question(genre, "", rows, labels, sample.groups[rows])
        if len(common) == 2 and (kept := restricted(whole, np.ones(len(rows), bool))) is not None:
            found.append((_facts(kept, "origin", *common), kept))
    return found


def _by_name(one: Question, own: NDArray[np.str_]) -> dict[str, Any]:
    """The genre guessed from the origin's name: the share of `b` among that origin's albums by other artists."""
    scores, fold = np.zeros(len(own)), np.zeros(len(own), np.int64)
    for number, (train, test) in enumerate(folds_of(one.labels, one.groups, "artist", FOLDS)):
        share = one.labels[train].mean()
        for name in set(own[test].tolist()):
            same = one.labels[train][own[train] == name]
            scores[test[own[test] == name]] = (same.sum() + share) / (len(same) + 1) - share
        fold[test] = number
    return {**_facts(one, "name"), **_figures(one.labels, scores, fold, one.groups)}


def _measured(asked: list[Any], features: dict[str, NDArray[np.float32]], jobs: int, progress: Progress) -> Rows:
    beside = [name for name in BESIDE if name in features]
    trials = [
        Trial(f"{number}|{name}", fold, name, one.rows, one.labels, train, test, (KIND,))
        for number, (facts, one, folds) in enumerate(asked)
        for fold, (train, test) in enumerate(folds or folds_of(one.labels, one.groups, "artist", FOLDS))
        for name in [FEATURES, *(beside if facts["kind"] == "within" else ())]
    ]
    scored = by_question(run(trials, features, jobs, progress, "origins of the labels"))

    def figures(number: int, one: Question, name: str) -> dict[str, Any]:
        scores, fold = pooled(scored[f"{number}|{name}"], len(one.rows), KIND)
        tried = ~np.isnan(scores)
        return _figures(one.labels[tried], scores[tried], fold[tried], one.groups[tried])

    told = (
        (features[FEATURES][one.rows], one.labels, one.groups, TIMES)
        for facts, one, _ in asked if facts["kind"] == "within"
    )  # fmt: skip
    shuffled = each(shuffle_test, told, jobs)
    out: Rows = []
    for number, (facts, one, _) in enumerate(asked):
        row = {**facts, **figures(number, one, FEATURES)}
        if facts["kind"] == "within":
            row["shuffled"] = asdict(next(shuffled))
            row["beside"] = {name: figures(number, one, name) for name in beside}
        out.append(row)
    return out


def _figures(
    labels: NDArray[np.int64], scores: NDArray[np.float64], fold: NDArray[np.int64], groups: NDArray[np.int64]
) -> dict[str, Any]:
    found = auc_of_folds(labels == 1, scores, fold, groups)
    counts = np.bincount(labels, minlength=2).tolist()
    return {"albums": counts, "auc": found.pooled, "low": found.low, "high": found.high}
