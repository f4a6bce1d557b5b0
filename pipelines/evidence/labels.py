"""How much is label noise and how much the features: where labels come from, what tags reach, whether more helps."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.origins import FEATURES, KIND, genres_of, measure_origins, restricted
from pipelines.evidence.pairs import Question, questions
from pipelines.evidence.sample import Sample
from pipelines.evidence.scores import auc_of_folds
from pipelines.evidence.trials import FOLDS, SEED, Trial, by_question, folds_of, pooled, run
from pipelines.progress import Progress

SHARES = (0.5, 1.0)  # of the training artists


def measure_labels(
    sample: Sample, genres: list[str], features: dict[str, NDArray[np.float32]], jobs: int, progress: Progress
) -> dict[str, Any]:
    """Figures beside the pairs: by origin of the label, by tags, by how much there is to learn from."""
    asked = questions(sample, genres)
    many = genres_of(sample, genres)
    return {
        "origins": dict(Counter(sample.origins[np.isin(sample.genres, many)].tolist()).most_common()),
        "careful": measure_origins(sample, many, features, jobs, progress),
        "by_tags": [found for one in asked if (found := _by_tags(sample, one, genres)) is not None],
        "by_share": _by_share(asked, features, jobs, progress),
    }


def _by_tags(sample: Sample, one: Question, genres: list[str]) -> dict[str, Any] | None:
    """The pair told apart by tags that name none of the genres: what good labels would allow."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    said = [
        [tag for tag in sample.covers[row].tags if not any(name in tag for name in genres)] for row in one.rows.tolist()
    ]
    kept = restricted(one, np.array([bool(tags) for tags in said]))
    if kept is None:
        return None
    documents = np.array([tags for tags in said if tags], dtype=object)
    scores, fold = np.zeros(len(kept.rows)), np.zeros(len(kept.rows), np.int64)
    for number, (train, test) in enumerate(folds_of(kept.labels, kept.groups, "artist", FOLDS)):
        model = make_pipeline(TfidfVectorizer(analyzer=list), LogisticRegression(C=10, max_iter=300))
        scores[test] = model.fit(documents[train], kept.labels[train]).predict_proba(documents[test])[:, 1]
        fold[test] = number
    found = auc_of_folds(kept.labels == 1, scores, fold, kept.groups)
    counts = np.bincount(kept.labels, minlength=2).tolist()
    return {"a": one.a, "b": one.b, "albums": counts, "auc": found.pooled, "low": found.low, "high": found.high}


def _by_share(
    asked: list[Question], features: dict[str, NDArray[np.float32]], jobs: int, progress: Progress
) -> list[dict[str, Any]]:
    """The mean AUC over the pairs when a share of the training artists is learned from."""
    trials = []
    for number, one in enumerate(asked):
        for fold, (train, test) in enumerate(folds_of(one.labels, one.groups, "artist", FOLDS)):
            artists = np.random.default_rng(SEED + fold).permutation(np.unique(one.groups[train]))
            for share in SHARES:
                kept = train[np.isin(one.groups[train], artists[: max(2, round(share * len(artists)))])]
                if len(set(one.labels[kept].tolist())) == 2:
                    name = f"{number}|{share}"
                    trials.append(
                        Trial(name, fold, FEATURES, one.rows, one.labels, kept, test, (KIND,))
                    )  # fmt: skip
    scored = by_question(run(trials, features, jobs, progress, "how much there is to learn from"))
    out = []
    for share in SHARES:
        found = []
        for number, one in enumerate(asked):
            if parts := scored.get(f"{number}|{share}"):
                values, fold_of = pooled(parts, len(one.rows), KIND)
                known = ~np.isnan(values)
                found.append(auc_of_folds(one.labels[known] == 1, values[known], fold_of[known], one.groups[known]))
        if found:
            out.append({"share": share, "auc": float(np.mean([one.pooled for one in found])), "pairs": len(found)})
    return out
