"""Reasons in words: why two albums are neighbours, by each signal that has data for the pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from store.looks import sentence
from store.memory.snapshot import Snapshot
from store.neighbors.signals import ARTIST, COVER, ERA, PLAYS, TAGS
from store.records import SIGNALS, Reason

_TAGS_SHOWN = 3
_RANKS_TOLD = 100  # a later rank is no reason
_ALIKE = 0.5  # cover score
_DIFFER = "sleeves differ"


def reasons_for(
    snapshot: Snapshot, row: int, other: int, scores: list[float],
    *, weights: np.ndarray, rank: int | None, covers: int, same_cover: bool,
) -> tuple[Reason, ...]:  # fmt: skip
    """The reasons of one pair in the order of SIGNALS; `scores` are nan where there is no data, `weights` (float64 [6])
    above 0 where there is some. `rank`: of the other's cover among the nearest to the first's of `covers`, if known.
    """
    reasons: list[Reason] = []
    known = [number for number, score in enumerate(scores) if score == score]
    shares = shares_of([scores[number] for number in known], [float(weights[number]) for number in known])
    share_of = dict(zip(known, shares, strict=True))
    if rank is not None and rank > _RANKS_TOLD:
        rank = None
    for number, score in enumerate(scores):
        if score != score:
            continue
        shared: tuple[str, ...] = ()
        looks = ""
        if number == COVER:
            looks = "" if same_cover else sentence(snapshot.look(row), snapshot.look(other))
            near = "the same cover" if same_cover else rank_text(rank, covers, score)
            parts = [looks, near]
            if looks.startswith("one: "):  # a difference is no reason why they are alike: that comes first
                parts = [looks] if near == _DIFFER else [near, looks]
            text = " · ".join(part for part in parts if part)
        elif number == TAGS:
            shared = shared_tags(snapshot, row, other)
            text = f"shared: {', '.join(shared[:_TAGS_SHOWN])}" if shared else "no tags shared"
        elif number == ARTIST:
            same = snapshot.artist_codes[row] == snapshot.artist_codes[other]
            text = "same artist" if same else f"similar artists (match {score:.2f})"
        elif number == ERA:
            mine, theirs = int(snapshot.years[row]), int(snapshot.years[other])
            text = f"both {mine}" if mine == theirs else f"{mine} and {theirs}"
        elif number == PLAYS:
            artist = snapshot.artist_codes[other]
            plays = sum(
                snapshot.plays[album].total
                for album in snapshot.album_ids[slice(*snapshot.artist_starts[[artist, artist + 1]].tolist())]
                if album in snapshot.plays
            )
            text = (
                f"you played this artist {plays:,} time{'s' if plays != 1 else ''}" if plays else "you never played it"
            )
        else:
            text = _known_as(snapshot, row, other)
        of_cover = rank if number == COVER else None
        weight, share = float(weights[number]), share_of[number]
        reasons.append(Reason(SIGNALS[number], score, text, of_cover, shared, weight, share, looks))
    return tuple(reasons)


def _known_as(snapshot: Snapshot, row: int, other: int) -> str:
    """By listeners where both have some, else by their place among the counted albums."""
    listeners = snapshot.listeners[[row, other]]
    if not np.isnan(listeners).any():
        return "{:,} and {:,} listeners".format(*listeners.astype(int).tolist())
    mine, theirs = snapshot.popularity[[row, other]].tolist()
    return f"better known than {mine:.0%} and {theirs:.0%} of the library"


def shares_of(scores: Sequence[float], weights: Sequence[float]) -> list[float]:
    """What each signal adds to the score of a pair, as shares that sum to 1; by weight alone where all scores are 0."""
    parts = [score * weight for score, weight in zip(scores, weights, strict=True)]
    if not sum(parts) > 0:
        parts = list(weights)
    total = sum(parts)
    return [part / total if total > 0 else 0.0 for part in parts]


def shared_tags(snapshot: Snapshot, row: int, other: int) -> tuple[str, ...]:
    """Tags of both, those first that add most to the cosine."""
    theirs = dict(zip(*(part.tolist() for part in snapshot.tags.row(other)), strict=True))
    mine = zip(*(part.tolist() for part in snapshot.tags.row(row)), strict=True)
    parts = [(-value * theirs[tag], snapshot.tag_names[tag]) for tag, value in mine if tag in theirs]
    return tuple(name for _, name in sorted(parts))


def rank_text(rank: int | None, covers: int, score: float) -> str:
    """ "3rd nearest of 24,013 covers"; of covers farther apart, whether they are alike at all."""
    if rank is None:
        return "sleeves alike" if score >= _ALIKE else _DIFFER
    return f"{ordinal(rank)} nearest of {covers:,} covers"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th … 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
