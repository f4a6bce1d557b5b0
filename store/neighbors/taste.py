"""Near what a person plays and never heard: where a walk may start."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from store.errors import LibraryError
from store.neighbors.neighborhood import Neighborhood
from store.records import DEFAULT_WEIGHTS, Album, Reason, Weights

SEEDS = 60  # albums, the most played, whose neighbours are looked at
RING = 24  # neighbours of each
PER_ARTIST = 2


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An album never heard, the played one that it is nearest to, and why the two are neighbours."""

    album: Album
    score: float  # 0–1: the neighbours' scores to what is played, by how much that is played
    played: Album
    plays: int  # of `played`
    reasons: tuple[Reason, ...]

    @property
    def because(self) -> str:
        """`you played Artist / Title 212 times`."""
        return f"you played {self.played.label} {self.plays:,} time{'s' if self.plays != 1 else ''}"


def near_plays(neighborhood: Neighborhood, k: int = 12, weights: Weights = DEFAULT_WEIGHTS) -> list[Suggestion]:
    """The k albums nearest to what is played of which no track was, best first, at most PER_ARTIST of an artist.

    LibraryError where no plays are known of this library's albums.
    """
    snapshot = neighborhood.snapshot
    totals = {row: plays.total for album, plays in snapshot.plays.items() if (row := snapshot.row(album)) is not None}
    if not totals:
        raise LibraryError("no plays of these albums are known: `sleevewalk ingest listens FILE` brings them")
    never = np.ones(len(snapshot), bool)
    never[list(totals)] = False
    seeds = sorted(totals, key=lambda row: (-totals[row], row))[:SEEDS]
    strength = {row: math.log1p(totals[row]) for row in seeds}
    total = sum(strength.values())
    scores: dict[int, float] = {}
    nearest: dict[int, tuple[float, int]] = {}  # row → (what its best seed adds, that seed)
    for seed, ring in zip(seeds, neighborhood.rings(seeds, RING, weights, allowed=lambda row: never), strict=True):
        for row, score in zip(ring.rows.tolist(), ring.fused.tolist(), strict=True):
            part = strength[seed] * score / total
            scores[row] = scores.get(row, 0.0) + part
            nearest[row] = max(nearest.get(row, (0.0, seed)), (part, seed))
    found: list[Suggestion] = []
    artists: dict[int, int] = {}
    for row in sorted(scores, key=lambda row: (-round(scores[row], 9), row)):
        artist = int(snapshot.artist_codes[row])
        artists[artist] = artists.get(artist, 0) + 1
        if artists[artist] > PER_ARTIST:
            continue
        played, album = snapshot.album(nearest[row][1]), snapshot.album(row)
        reasons = neighborhood.reasons(played.album_id, album.album_id, weights)
        found.append(Suggestion(album, scores[row], played, totals[nearest[row][1]], reasons))
        if len(found) == k:
            break
    return found
