"""What may be concluded, in plain words. Every sentence is chosen by the numbers that it tells."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from pipelines.evidence.report.careful import careful_words
from pipelines.evidence.results import POSTER

if TYPE_CHECKING:
    from pipelines.evidence.results import Evidence

SURE = 0.05
LITTLE = 0.01  # of AUC: less is called no difference


def conclusions(found: Evidence) -> list[str]:
    """Sentences: the answer, the poster's experiment, then what holds when one is careful."""
    said = [_answer(found), _poster(found), _leakage(found), *careful_words(found), _best(found), *_unseen(found)]
    said += [*_labels(found), *_more(found), _together(found), *_rings(found.neighbors)]
    return said


def _pairs(count: int, of: int) -> str:
    if count == of:
        return f"all {of} pairs" if of > 1 else "the one pair"
    return f"{count} of {of} pairs" if count else "no pair"


def _answer(found: Evidence) -> str:
    total = len(found.pairs)
    level = SURE / total  # Bonferroni: as many questions, as many chances to be lucky
    real = sum(pair.shuffled["p"] < level for pair in found.pairs)
    above = sum(pair.best.low > 0.5 for pair in found.pairs)
    mean = fmean(pair.best.auc for pair in found.pairs)
    strength = (
        "nothing that can be told from chance" if max(real, above) == 0
        else "very little" if mean < 0.6 else "something" if mean < POSTER[0] else "much"
    )  # fmt: skip
    return (
        f"On this collection a sleeve says {strength} about these genres: the best cover-only model tells two of them "
        f"apart with a mean AUC of {mean:.2f} (0.5 is a coin, 1 is always right), its 95 % interval is above 0.5 for "
        f"{_pairs(above, total)}, and shuffled labels are beaten (p < {level:.3g}) on {_pairs(real, total)}."
    )


def _poster(found: Evidence) -> str:
    cells = [pair.poster["plain"] for pair in found.pairs]
    reached = sum(cell.auc >= POSTER[0] for cell in cells)
    least, most = min(cell.auc for cell in cells), max(cell.auc for cell in cells)
    return (
        "The experiment as the poster did it that sleevewalk grew from (pixels by PCA and a random forest, 10 plain "
        f"folds) gives {least:.2f} to {most:.2f} here, where the poster has {POSTER[0]} to {POSTER[1]}; "
        f"{_pairs(reached, len(cells))} reach{'es' * (reached < 2)} it."
    )


def _leakage(found: Evidence) -> str:
    gap = fmean(pair.poster["plain"].auc - pair.poster["artist"].auc for pair in found.pairs)
    same = [len_ for pair in found.pairs for len_ in (sum(pair.albums) / max(1, sum(pair.artists)),)]
    many = f"there are {fmean(same):.1f} albums an artist"
    if gap > LITTLE:
        return (
            f"Part of that is artists, not genres: with whole artists held out the AUC falls by {gap:.2f} on average "
            f"({many})."
        )
    return f"Holding out whole artists changes the mean AUC by {-gap:+.3f}: no leakage through artists shows ({many})."


def _best(found: Evidence) -> str:
    gain = fmean(pair.best.auc - pair.poster["artist"].auc for pair in found.pairs)
    reached = sum(pair.best.auc >= POSTER[0] for pair in found.pairs)
    usual = _most_chosen(found)
    changes = f"{gain:+.2f} on average" if abs(gain) > LITTLE else f"next to nothing ({gain:+.3f})"
    return (
        f"Other features and classifiers, chosen for each fold on the other folds, add {changes} to that with artist "
        f"folds; chosen most often: {usual}. An AUC of {POSTER[0]} is reached on {_pairs(reached, len(found.pairs))}."
    )


def _most_chosen(found: Evidence) -> str:
    counts: dict[str, int] = {}
    for pair in found.pairs:
        for name, count in pair.chosen.items():
            counts[name] = counts.get(name, 0) + count
    return max(counts, key=lambda name: counts[name])


def _unseen(found: Evidence) -> list[str]:
    told = [(pair, pair.unseen) for pair in found.pairs if pair.unseen is not None]
    if not told:
        return []
    gap = fmean(unseen["auc"] - pair.best.auc for pair, unseen in told)
    widest = max(unseen["high"] - unseen["low"] for _, unseen in told)
    inside = all(unseen["low"] <= pair.best.auc <= unseen["high"] for pair, unseen in told)
    agrees = "which agrees with all covers within its wide intervals" if inside else "which is not what all covers give"
    return [
        "The encoder was trained on covers without their labels. If these were its training covers, the tenth that its "
        f"training put aside differs in AUC by {gap:+.2f} on average (intervals up to {widest:.2f} wide), {agrees}."
    ]


def _labels(found: Evidence) -> list[str]:
    rows: Sequence[dict[str, Any]] = found.labels["by_tags"]
    if not rows:
        return []
    tags = fmean(row["auc"] for row in rows)
    covers = fmean(pair.best.auc for row in rows for pair in found.pairs if (pair.a, pair.b) == (row["a"], row["b"]))
    where = f"on {len(rows)} pairs" if len(rows) > 1 else "on the one pair with enough tags"
    if covers > tags - 0.1 and tags > 0.6:
        meaning = "so the labels mean something, and the sleeve shows about as much of it as the tags"
    elif tags > 0.8:
        shown = "the pictures show a part of it" if covers > 0.6 else "it is the pictures that do not show it"
        meaning = f"so the labels of tagged albums do mean something, and {shown}"
    elif tags > covers + 0.1:
        meaning = "so the labels are partly noise, and the pictures still show less than the labels hold"
    elif covers > 0.6:
        meaning = "so the pictures show more of the genres than these tags do"
    else:
        meaning = "so the labels themselves may be mostly noise"
    return [
        f"Tags of the same albums (without the genres' own names) tell the genres apart {where} with a mean AUC of "
        f"{tags:.2f}, covers there with {covers:.2f}: {meaning}."
    ]


def _more(found: Evidence) -> list[str]:
    shares = found.labels["by_share"]
    if len(shares) < 2:
        return []
    gain = shares[-1]["auc"] - shares[-2]["auc"]
    told = ", ".join(f"{row['share']:.0%}: {row['auc']:.3f}" for row in shares)
    hope = "more albums of this kind may help" if gain > LITTLE else "more albums of this kind would hardly help"
    return [f"Learned from a part of the artists the mean AUC is {told}; {hope}."]


def _together(found: Evidence) -> str:
    best, total = found.together["best"], len(found.together["genres"])
    gain = best["top1"] - found.together["most_common"]
    error = found.together["calibration_error"]
    return (
        f"All {total} genres at once: the best model ({best['features']}, {best['classifier']}) has a macro AUC of "
        f"{best['macro_auc']:.3f} and names the right genre for {best['top1']:.1%} of the covers, where always naming "
        f"the most common one is right for {found.together['most_common']:.1%} ({gain:+.1%}). Its certainty is off by "
        f"{error:.1%} on average."
    )


def _rings(neighbors: dict[str, Any] | None) -> list[str]:
    if neighbors is None or "why" in neighbors:
        return []
    adds, ndcg = neighbors["cover_adds"], neighbors["ndcg"]
    if adds["low"] > 0:
        verdict = "the cover adds to the tags"
    elif adds["high"] < 0:
        verdict = "the cover takes away from the tags"
    else:
        verdict = "the cover neither adds to the tags nor takes away"
    chosen = ", ".join(f"{name} {value:g}" for name, value in neighbors["chosen"].items())
    today = neighbors["defaults_cover_adds"]
    return [
        f"Finding an album's hidden similar artists (nDCG@12): {ndcg['chosen']['mean']:.3f} with the chosen weights "
        f"({chosen}), {ndcg['without the cover']['mean']:.3f} without the cover; the difference is {adds['mean']:+.3f} "
        f"({adds['low']:+.3f} to {adds['high']:+.3f}), so {verdict}. With the weights that sleevewalk comes with it is "
        f"{ndcg['defaults']['mean']:.3f}, and without their cover {ndcg['defaults without the cover']['mean']:.3f} "
        f"({today['mean']:+.3f}, {today['low']:+.3f} to {today['high']:+.3f}).",
        "The chosen weights were found on half of the artists and are reported on the other half. Of the cover the "
        "largest weight was taken that costs at most a twentieth: the sleeve is what the walk is about.",
    ]
