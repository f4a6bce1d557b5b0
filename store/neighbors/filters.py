"""Which albums may be neighbours at all: by genre, decade, popularity, sleeve, or not by the artist one is at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from store.looks import ASKED, mask_of
from store.memory.snapshot import Snapshot

PLAYED = ("never", "ever")  # by the person
POPULARITIES = ("known", "unknown")  # the most listened to third of the library, the least


@dataclass(frozen=True, slots=True)
class Filter:
    """What a neighbour has to be; what is not set does not count. An album that lacks a fact asked for is out."""

    genre: str | None = None
    decade: int | None = None  # 1990 for 1990–1999
    popularity: str | None = None  # one of POPULARITIES
    other_artists: bool = False  # not by the artist in the centre
    played: str | int | None = None  # one of PLAYED, or a year in which the person played it
    look: str | None = None  # a word of `store.looks.WORDS` that its cover has

    @property
    def is_set(self) -> bool:
        """Whether anything is asked for."""
        return self != NO_FILTER

    @property
    def words(self) -> tuple[str, ...]:
        """What is on, for people, a few words each."""
        popularity = {"known": "well known", "unknown": "little known"}.get(self.popularity or "")
        parts = (self.genre, f"{self.decade}s" if self.decade is not None else None, popularity)
        played = {"never": "never heard", "ever": "heard"}.get(str(self.played), f"heard in {self.played}")
        sleeve = f"{self.look} sleeves" if self.look else None
        played = "" if self.played is None else played
        return (
            *(part for part in (*parts, sleeve, played) if part),
            *(("other artists",) if self.other_artists else ()),
        )

    def allowed(self, snapshot: Snapshot, row: int) -> np.ndarray | None:
        """bool [n], which rows of the snapshot may neighbour `row`; None where all may."""
        if not self.is_set:
            return None
        allowed = np.ones(len(snapshot), bool)
        if self.genre is not None:
            allowed &= snapshot.of_genre(self.genre)
        if self.decade is not None:
            allowed &= (snapshot.years >= self.decade) & (snapshot.years < self.decade + 10)
        if self.popularity is not None:
            low, high = popularity_bounds(snapshot)
            known = self.popularity == "known"
            allowed &= snapshot.popularity >= high if known else snapshot.popularity <= low
        if self.played is not None:
            played = _played(snapshot, None if isinstance(self.played, str) else self.played)
            allowed &= ~played if self.played == "never" else played
        if self.look is not None:
            allowed &= snapshot.looking([self.look])
        if self.other_artists:
            allowed &= snapshot.artist_codes != snapshot.artist_codes[row]
        return allowed

    def allowed_between(self, snapshot: Snapshot, ends: Sequence[int]) -> Callable[[int], np.ndarray | None]:
        """For ways over the rows `ends`: what gives bool [n] (None: all), which rows may come before or
        after a row. The ends always may, so that there can be a way out of and into what the filter leaves
        out; of two albums of one artist, ends or not, none follows the other where `other_artists` is asked.
        """
        if not self.is_set:
            return lambda row: None
        passing = replace(self, other_artists=False).allowed(snapshot, ends[0])
        passing = np.ones(len(snapshot), bool) if passing is None else passing
        passing[list(ends)] = True
        if not self.other_artists:
            return lambda row: passing
        return lambda row: passing & (snapshot.artist_codes != snapshot.artist_codes[row])


NO_FILTER = Filter()
_bounds: WeakKeyDictionary[Snapshot, tuple[float, float]] = WeakKeyDictionary()
_kept: WeakKeyDictionary[Snapshot, dict[int | None, np.ndarray]] = WeakKeyDictionary()


def popularity_bounds(snapshot: Snapshot) -> tuple[float, float]:
    """(upper bound of the least known third, lower bound of the best known) in `popularity`; nan: none counted."""
    bounds = _bounds.get(snapshot)
    if bounds is None:
        known = snapshot.popularity[~np.isnan(snapshot.popularity)]
        low, high = np.quantile(known, (1 / 3, 2 / 3)) if len(known) else (np.nan, np.nan)
        bounds = _bounds[snapshot] = float(low), float(high)
    return bounds


def genres_of(snapshot: Snapshot) -> list[str]:
    """The genres of the library, the commonest first."""
    counts = dict(zip(snapshot.genre_names, np.bincount(snapshot.genre_codes).tolist(), strict=True))
    return sorted(filter(None, counts), key=lambda genre: (-counts[genre], genre))


def _played(snapshot: Snapshot, year: int | None) -> np.ndarray:
    """`snapshot.played`, kept: each hop asks for it."""
    kept = _kept.setdefault(snapshot, {})
    if year not in kept:
        kept[year] = snapshot.played(year)
    return kept[year]


def years_played(snapshot: Snapshot) -> list[int]:
    """The years in which the person played albums of this library, the latest first."""
    return sorted({year for plays in snapshot.plays.values() for year in plays.years}, reverse=True)


def looks_of(snapshot: Snapshot) -> list[str]:
    """The words of one word that covers of the library have, in the order of `store.looks.ASKED`."""
    low, high = np.bitwise_or.reduce(snapshot.looks, axis=0, initial=0).tolist()
    return [word for word in ASKED if mask_of([word]) & (low | high << 64)]


def decades_of(snapshot: Snapshot) -> list[int]:
    """The decades that the library has albums of, the earliest first."""
    years = snapshot.years[~np.isnan(snapshot.years)]
    return [int(decade) for decade in np.unique(years // 10 * 10)]
