"""Which albums may be neighbours at all: conditions of the query language (`store.neighbors.query`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from store.database.schema import sql_text
from store.memory.snapshot import Snapshot
from store.neighbors.query import asked
from store.neighbors.terms import OTHER, Term
from store.records import Album
from store.text import clean


@dataclass(frozen=True, slots=True)
class Filter:
    """What a neighbour has to be; all terms have to hold."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def of(cls, snapshot: Snapshot, text: str, bookmarks: Collection[str] | None = None) -> Filter:
        """What the words of a text ask for. UnknownWord for a word that cannot be meant so."""
        return cls(asked(snapshot, text, bookmarks))

    @property
    def is_set(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.terms)

    @property
    def words(self) -> tuple[str, ...]:
        """What is asked for, a term each, as it is written."""
        return tuple(term.text for term in self.terms)

    @property
    def text(self) -> str:
        """The words that ask for it."""
        return " ".join(self.words)

    def of_field(self, field: str) -> str:
        """The words of one field."""
        return " ".join(term.text for term in self.terms if term.field == field)

    def without(self, field: str) -> Filter:
        """All but the words of a field."""
        return Filter(tuple(term for term in self.terms if term.field != field))

    @property
    def other_artists(self) -> bool:
        """Whether the artist in the centre is left out."""
        return any(term.said == OTHER and term.field == "is" and not term.but for term in self.terms)

    def rows(self, snapshot: Snapshot) -> np.ndarray | None:
        """bool [n], the rows that pass, whatever the centre; None where all do."""
        found: np.ndarray | None = None
        for term in self.terms:
            if (term.field, term.said) != ("is", OTHER):
                found = term.rows(snapshot) if found is None else found & term.rows(snapshot)
        return found

    def lacking(self, snapshot: Snapshot) -> str:
        """The first word that none of the albums has that all words before it leave, for people; "" where some have."""
        left = np.ones(len(snapshot), bool)
        for place, term in enumerate(self.terms):
            kept = left & term.rows(snapshot)
            if not kept.any():
                word = term.said if term.field == "sleeve" and not term.but else term.text
                before = " ".join(self.words[:place])
                count = np.count_nonzero(left)
                among = f" among the {count:,} that {'is' if count == 1 else 'are'} {before}" if before else " here"
                return f"nothing is {word}{among}"
            left = kept
        return ""

    def allowed(self, snapshot: Snapshot, row: int) -> np.ndarray | None:
        """bool [n], which rows of the snapshot may neighbour `row`; None where all may."""
        allowed = self.rows(snapshot)
        if self.other_artists:
            others = snapshot.artist_codes != snapshot.artist_codes[row]
            return others if allowed is None else allowed & others
        return allowed

    def allowed_between(self, snapshot: Snapshot, ends: Sequence[int]) -> Callable[[int], np.ndarray | None]:
        """For ways over the rows `ends`: what gives bool [n] (None: all), which rows may come before or
        after a row. The ends always may, so that there can be a way out of and into what the filter leaves
        out; of two albums of one artist, ends or not, none follows the other where `is:other` is asked.
        """
        if not self.is_set:
            return lambda row: None
        found = self.rows(snapshot)
        passing = np.ones(len(snapshot), bool) if found is None else found.copy()
        passing[list(ends)] = True
        if not self.other_artists:
            return lambda row: passing
        return lambda row: passing & (snapshot.artist_codes != snapshot.artist_codes[row])

    def sql(self, centre: Album | None = None) -> list[str]:
        """The same as conditions on `albums`, for the neighbours of `centre`."""
        said = [term.sql() for term in self.terms if (term.field, term.said) != ("is", OTHER)]
        if centre is not None and self.other_artists:
            said.append(f"artist <> {sql_text(clean(centre.artist))}")
        return said


NO_FILTER = Filter()


def albums_sql(chosen: Filter, count: int) -> str:
    """The albums that pass, the best known first, as SQL that runs in the plain `duckdb` command line."""
    where = "\n  AND ".join(chosen.sql()) or "true"
    return (
        "SELECT artist, title, year, genre, listeners, album_id\n"
        f"FROM albums LEFT JOIN album_popularity USING (album_id)\nWHERE {where}\n"
        f"ORDER BY popularity DESC NULLS LAST, artist_key, title_key LIMIT {count};"
    )


def years_played(snapshot: Snapshot) -> list[int]:
    """The years in which the person played albums of this library, the latest first."""
    return sorted({year for plays in snapshot.plays.values() for year in plays.years}, reverse=True)


def decades_of(snapshot: Snapshot) -> list[int]:
    """The decades that the library has albums of, the earliest first."""
    years = snapshot.years[~np.isnan(snapshot.years)]
    return [int(decade) for decade in np.unique(years // 10 * 10)]
