"""What may be concluded once origins are not mixed, in plain words chosen by the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from pipelines.evidence.origins import MANY

if TYPE_CHECKING:
    from pipelines.evidence.results import Evidence

FAR = frozenset({"metal", "classical", "electronic", "country"})  # genres that should look least alike
LITTLE = 0.01
Rows = Sequence[dict[str, Any]]


def of_kind(found: Evidence, kind: str) -> list[dict[str, Any]]:
    """The rows of `measure_origins` of one kind."""
    return [row for row in found.labels["careful"] if row["kind"] == kind]


def judged(found: Evidence) -> list[dict[str, Any]]:
    """Pairs within one origin with 100 albums of each genre: those that a figure should rest on."""
    return [row for row in of_kind(found, "within") if min(row["albums"]) >= MANY]


def far(rows: Rows) -> list[dict[str, Any]]:
    """Those whose genres are both of FAR."""
    return [row for row in rows if {row["a"], row["b"]} <= FAR]


def mean_of(rows: Rows) -> str:
    """The mean AUC, and the means of the ends of the intervals."""
    return (
        f"{fmean(row['auc'] for row in rows):.2f} ({', '.join(f'{_ends(rows, end):.2f}' for end in ('low', 'high'))})"
    )


def careful_words(found: Evidence) -> list[str]:
    """Sentences about origins, second opinions, all genres of one origin, and facts."""
    said = [_where_from(found), *_mixed(found), *_within(found), *_across(found), *_agreed(found)]
    return [*said, *_one_origin(found), *_facts(found)]


def _ends(rows: Rows, end: str) -> float:
    return fmean(row[end] for row in rows)


def _where_from(found: Evidence) -> str:
    origins = {name: count for name, count in found.labels["origins"].items() if name}
    total = sum(found.labels["origins"].values())
    if not origins:
        return (
            "Nothing says where the labels come from, so it cannot be told whether a sleeve shows its genre or who "
            "labelled it; a table may say so in a column genre_source."
        )
    if len(origins) == 1:
        return f"All labels that say so come from one origin ({next(iter(origins))}): nothing is mixed."
    most, count = next(iter(origins.items()))
    return f"The labels come from {len(origins)} origins, {count / total:.0%} of them from {most}."


def _mixed(found: Evidence) -> list[str]:
    names, told, mixed = (of_kind(found, kind) for kind in ("name", "origin", "pooled"))
    if not names:
        return []
    by_name, by_cover = fmean(row["auc"] for row in names), fmean(row["auc"] for row in told) if told else None
    sleeve = "" if by_cover is None else f", and origins of one genre are told apart by the sleeve with {by_cover:.2f}"
    suspect = by_name > 0.55 and (by_cover or 0) > 0.55
    verdict = (
        "so a figure on mixed labels may be of the origin instead of the music, and is not to be believed alone"
        if suspect else "so mixing origins does little harm here"
    )  # fmt: skip
    return [
        f"All origins mixed, two genres are told apart with a mean AUC of {mean_of(mixed)} over {len(mixed)} pairs. "
        f"But the origin's name alone, without any picture, guesses the genre with {by_name:.2f}{sleeve}: {verdict}."
    ]


def _within(found: Evidence) -> list[str]:
    rows = judged(found)
    if not rows or len(found.labels["origins"]) < 2:
        return []
    same = {(row["a"], row["b"]) for row in rows}
    mixed = fmean(row["auc"] for row in of_kind(found, "pooled") if (row["a"], row["b"]) in same)
    chance = max(row["shuffled"]["high"] for row in rows)
    above = sum(row["low"] > row["shuffled"]["high"] for row in rows)
    best = max(rows, key=lambda row: row["auc"])
    cases = f"the {len(rows)} cases" if len(rows) > 1 else "the one case"
    said = (
        f"Within one origin, whole artists held out, it is {mean_of(rows)} on {cases} with {MANY} albums of "
        f"each genre ({mixed:.2f} on the same pairs mixed); in {above} the interval is above what shuffled labels "
        f"give (at most {chance:.2f}). Highest: {best['a']} or {best['b']} ({best['auc']:.2f}, {best['origin']})."
    )
    if away := far(rows):
        said += f" Genres far apart ({', '.join(sorted(FAR))}): {mean_of(away)}."
    return [said, *_beside(rows)]


def _beside(rows: Rows) -> list[str]:
    """What another network sees, and all numbers together."""
    if not all("lite2" in row["beside"] for row in rows):
        return []
    other, together = ([row["beside"][name] for row in rows] for name in ("lite2", "all"))
    gain = fmean(row["auc"] for row in other) - fmean(row["auc"] for row in rows)
    verdict = "our numbers leave out little" if gain < 2 * LITTLE else "our numbers leave out some of what there is"
    away = [row["beside"]["all"] for row in far(rows)]
    return [
        f"EfficientNet-Lite2, a network that ours did not learn from, reaches {mean_of(other)} there, so {verdict}; "
        f"all numbers together {mean_of(together)}" + (f", genres far apart {mean_of(away)}." if away else ".")
    ]


def _across(found: Evidence) -> list[str]:
    rows = of_kind(found, "across")
    if not rows:
        return []
    pairs = {(row["a"], row["b"]) for row in rows}
    inside = fmean(row["auc"] for row in of_kind(found, "within") if (row["a"], row["b"]) in pairs)
    mean, above = fmean(row["auc"] for row in rows), sum(row["low"] > 0.5 for row in rows)
    if inside < 0.6:
        verdict = "these pairs are hardly told apart within one origin either"
    else:
        part = (mean - 0.5) / (inside - 0.5)
        verdict = f"{'most' if part > 0.75 else 'about half' if part > 0.4 else 'little'} of it holds elsewhere"
    return [
        f"Learned on one origin and tried on another the mean AUC is {mean_of(rows)} on {len(pairs)} pairs that two "
        f"origins have, above chance in {above} of {len(rows)} cases; within one origin it is {inside:.2f} on these: "
        f"{verdict}."
    ]


def _agreed(found: Evidence) -> list[str]:
    rows = of_kind(found, "agreed")
    if not rows:
        return []
    pairs = {(row["a"], row["b"]) for row in rows}
    all_labels = fmean(row["auc"] for row in of_kind(found, "pooled") if (row["a"], row["b"]) in pairs)
    gain = fmean(row["auc"] for row in rows) - all_labels
    hope = "labels that two give are clearer" if gain > LITTLE else "wrong labels are not what holds it back"
    return [
        f"Where a second opinion names the same genre the mean AUC is {mean_of(rows)} on {len(rows)} pairs, with all "
        f"labels {all_labels:.2f}: {hope}."
    ]


def _one_origin(found: Evidence) -> list[str]:
    told = found.together["one_origin"]
    if told is None:
        return []
    return [
        f"All {len(told['genres'])} genres of {told['origin']} at once, by kernel ridge: macro AUC {told['auc']:.2f} "
        f"({told['low']:.2f} to {told['high']:.2f}; shuffled {told['shuffled']['low']:.2f} to "
        f"{told['shuffled']['high']:.2f}), the right genre for {told['top1']:.0%} of the covers, where always the most "
        f"common is right for {told['most_common']:.0%}."
    ]


def _facts(found: Evidence) -> list[str]:
    sure = [row for row in found.facts if row["low"] * row["high"] > 0][:4]
    if not sure:
        return []
    told = ", ".join(
        f"{row['genre']} has {'more' if row['gap'] > 0 else 'less'} {fact_name(row['fact'])}" for row in sure
    )
    return [f"What an eye can see of it: {told} than the others."]


def fact_name(name: str) -> str:
    """A fact as a person would say it."""
    return _NAMES.get(name, name)


_NAMES = {"lightness": "light", "colored": "colour", "centred": "one thing in the middle"}
