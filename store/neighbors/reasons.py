"""Reasons in words: why two albums are neighbours, by each signal that has data for the pair."""

from __future__ import annotations

from store.memory.snapshot import Snapshot
from store.neighbors.signals import ARTIST, COVER, DEPTH, ERA, TAGS
from store.records import SIGNALS, Reason

_TAGS_SHOWN = 3


def reasons_for(
    snapshot: Snapshot, row: int, other: int, scores: list[float],
    *, rank: int | None, covers: int, same_cover: bool,
) -> tuple[Reason, ...]:  # fmt: skip
    """The reasons of one pair in the order of SIGNALS; `scores` is nan where there is no data.

    `rank` is the other's cover among those nearest to the first's, None beyond the depth searched, of
    `covers` in all.
    """
    reasons: list[Reason] = []
    for number, score in enumerate(scores):
        if score != score:
            continue
        shared: tuple[str, ...] = ()
        if number == COVER:
            text = "the same cover" if same_cover else rank_text(rank, covers)
        elif number == TAGS:
            shared = shared_tags(snapshot, row, other)
            text = f"shared: {', '.join(shared[:_TAGS_SHOWN])}" if shared else "no tags shared"
        elif number == ARTIST:
            same = snapshot.artist_codes[row] == snapshot.artist_codes[other]
            text = "same artist" if same else f"similar artists (match {score:.2f})"
        elif number == ERA:
            mine, theirs = int(snapshot.years[row]), int(snapshot.years[other])
            text = f"both {mine}" if mine == theirs else f"{mine} and {theirs}"
        else:
            mine, theirs = int(snapshot.listeners[row]), int(snapshot.listeners[other])
            text = f"{mine:,} and {theirs:,} listeners"
        reasons.append(Reason(SIGNALS[number], score, text, rank if number == COVER else None, shared))
    return tuple(reasons)


def shared_tags(snapshot: Snapshot, row: int, other: int) -> tuple[str, ...]:
    """Tags of both, those first that add most to the cosine."""
    theirs = dict(zip(*(part.tolist() for part in snapshot.tags.row(other)), strict=True))
    mine = zip(*(part.tolist() for part in snapshot.tags.row(row)), strict=True)
    parts = [(-value * theirs[tag], snapshot.tag_names[tag]) for tag, value in mine if tag in theirs]
    return tuple(name for _, name in sorted(parts))


def rank_text(rank: int | None, covers: int) -> str:
    """ "3rd nearest of 24,013 covers", or that it is not among the nearest."""
    if rank is None:
        return f"not among the {DEPTH:,} nearest of {covers:,} covers"
    return f"{ordinal(rank)} nearest of {covers:,} covers"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th … 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
