"""What each field of the query language means: of which rows it holds, and the same as a condition in SQL."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from store.database.schema import sql_text
from store.memory.snapshot import Snapshot
from store.memory.texts import as_array
from store.neighbors.find import having_words

OTHER = "other"  # not by the artist in the centre
POPULARITIES = ("known", "unknown")  # the most listened to third of the library, the least
PLAYED = ("never", "ever")  # by the person
_bounds: WeakKeyDictionary[Snapshot, tuple[float, float]] = WeakKeyDictionary()
_kept: WeakKeyDictionary[Snapshot, dict[Term, np.ndarray]] = WeakKeyDictionary()
_KEPT = 16  # terms whose rows are kept: each hop, and each letter typed behind them, asks again


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. Of several `names`, `begins` and `spans` one is enough; an album that lacks the fact is out."""

    field: str
    said: str  # its value as a person writes it
    names: tuple[str, ...] = ()  # exactly so: tags, genres, keys of names, words of sleeves, ids of bookmarks …
    begins: tuple[str, ...] = ()  # of an artist or a title: a word begins so; lists in the file that `names` come from
    spans: tuple[tuple[float, float], ...] = ()  # of years or listeners, both ends included
    but: bool = False  # the others

    @property
    def text(self) -> str:
        """As it is written: `year:1990-1995`, `#dark`, `-tag:"seen live"`."""
        if self.field == "name":
            return self.said
        value = f'"{self.said}"' if " " in self.said else self.said
        mark = f"#{self.said.replace(' ', '-')}" if self.field == "sleeve" else f"{self.field}:{value}"
        return f"{'-' if self.but else ''}{mark}"

    def rows(self, snapshot: Snapshot) -> np.ndarray:
        """bool [n], the rows that it holds of; only to be read."""
        kept = _kept.setdefault(snapshot, {})
        found = kept.get(self)
        if found is None:
            found = kept[self] = self._rows(snapshot)
            found.setflags(write=False)
            while len(kept) > _KEPT:
                kept.pop(next(iter(kept)), None)
        return found

    def _rows(self, snapshot: Snapshot) -> np.ndarray:
        found = np.zeros(len(snapshot), bool)
        if self.field == "tag":
            for code in _codes(snapshot.tag_names, self.names):
                found[snapshot.postings.row(code)[0]] = True
        elif self.field == "genre":
            found = np.isin(snapshot.genre_codes, list(_codes(snapshot.genre_names, self.names)))
        elif self.field in ("artist", "title"):
            found = _named(snapshot, self.field, self.names, self.begins)
        elif self.field == "name":
            found = having_words(snapshot, self.begins)
            if self.names:
                found |= snapshot.looking(self.names)
        elif self.field == "sleeve":
            for word in self.names:
                found |= snapshot.looking([word])
        elif self.field == "heard":
            found = _heard(snapshot, self.names)
        elif self.field in ("is", "list"):
            found[[row for album_id in self.names if (row := snapshot.row(album_id)) is not None]] = True
        else:
            found = self._within(snapshot)
        return ~found if self.but else found

    def _within(self, snapshot: Snapshot) -> np.ndarray:
        values = snapshot.years if self.field == "year" else snapshot.listeners
        found = np.zeros(len(snapshot), bool)
        for low, high in self.spans:
            found |= (values >= low) & (values <= high)
        if self.names:
            least, most = popularity_bounds(snapshot)
            for name in self.names:
                found |= snapshot.popularity >= most if name == "known" else snapshot.popularity <= least
        return found

    def sql(self) -> str:
        """The same as a condition on `albums`."""
        names, said = ", ".join(map(sql_text, self.names)), list[str]()
        if self.field == "tag":
            said = [
                f"(album_id IN (SELECT album_id FROM album_tags WHERE tag IN ({names}))\n"
                "       OR album_id NOT IN (SELECT album_id FROM album_tags) AND artist_key IN\n"
                f"          (SELECT artist_key FROM artist_tags WHERE tag IN ({names})))"
            ]
        elif self.field == "genre":
            said = [f"genre IN ({names})"]
        elif self.field in ("artist", "title"):
            column = f"{self.field}_key"
            parts = [f"{column} IN ({names})"] if names else []
            parts += [f"contains(' ' || {column}, {sql_text(f' {begin}')})" for begin in self.begins]
            said = [f"album_id IN (SELECT album_id FROM album_names WHERE {' OR '.join(parts)})"]
        elif self.field == "name":
            both = "' ' || artist_key || ' ' || title_key"
            parts = [f"contains({both}, {sql_text(f' {begin}')})" for begin in self.begins]
            said = [f"album_id IN (SELECT album_id FROM album_names WHERE {' AND '.join(parts)})"]
            said += [_looks_sql("list_has_all", names)] if names else []
        elif self.field == "sleeve":
            said = [_looks_sql("list_has_any", names)]
        elif self.field == "heard":
            years = ", ".join(name for name in self.names if name not in PLAYED)
            said = [f"album_id IN (SELECT album_id FROM album_plays WHERE year IN ({years}))"] if years else []
            said += [
                f"album_id {'NOT ' if name == 'never' else ''}IN (SELECT album_id FROM album_plays)"
                for name in self.names
                if name in PLAYED
            ]
        elif self.field == "list":
            of_mine = f"SELECT album_id FROM mine.lists WHERE list IN ({', '.join(map(sql_text, self.begins))})"
            said = [f"album_id IN ({of_mine if self.begins else names or 'NULL'})"]
        elif self.field == "is":
            said = ["album_id IN (SELECT album_id FROM bookmarks)"]
        else:
            said = self._within_sql()
        whole = " OR ".join(said) if len(said) == 1 else f"({' OR '.join(said)})"
        return f"({whole}) IS NOT TRUE" if self.but else whole

    def _within_sql(self) -> list[str]:
        column = "year" if self.field == "year" else "listeners"
        said = []
        for low, high in self.spans:
            ends = [f"{column} >= {low:.0f}"] if np.isfinite(low) else []
            ends += [f"{column} <= {high:.0f}"] if np.isfinite(high) else []
            said.append(f"{column} BETWEEN {low:.0f} AND {high:.0f}" if len(ends) == 2 else ends[0])
        for name in self.names:
            edge, than = ("2/3", ">=") if name == "known" else ("1/3", "<=")
            bound = f"(SELECT quantile_cont(popularity, {edge}) FROM album_popularity)"
            said.append(f"album_id IN (SELECT album_id FROM album_popularity WHERE popularity {than} {bound})")
        return said


def _looks_sql(how: str, names: str) -> str:
    return f"album_id IN (SELECT look_id FROM album_looks WHERE {how}(look_words, [{names}]))"


def popularity_bounds(snapshot: Snapshot) -> tuple[float, float]:
    """(upper bound of the least known third, lower bound of the best known) in `popularity`; nan: none counted."""
    bounds = _bounds.get(snapshot)
    if bounds is None:
        known = snapshot.popularity[~np.isnan(snapshot.popularity)]
        low, high = np.quantile(known, (1 / 3, 2 / 3)) if len(known) else (np.nan, np.nan)
        bounds = _bounds[snapshot] = float(low), float(high)
    return bounds


def _codes(known: Sequence[str], names: Iterable[str]) -> list[int]:
    """The places of names in a list in order."""
    places = ((bisect_left(known, name), name) for name in names)
    return [place for place, name in places if place < len(known) and known[place] == name]


def _heard(snapshot: Snapshot, names: Sequence[str]) -> np.ndarray:
    """Rows that the person played never, ever, or in some years."""
    found = np.zeros(len(snapshot), bool)
    for name in names:
        played = snapshot.played(None if name in PLAYED else int(name))
        found |= ~played if name == "never" else played
    return found


def _named(snapshot: Snapshot, field: str, names: Sequence[str], begins: Sequence[str]) -> np.ndarray:
    """Rows whose artist or title is one of `names`, or has a word that begins so; by any source's spelling."""
    import pyarrow as pa
    import pyarrow.compute as pc

    own, other = (
        (snapshot.artist_keys, snapshot.other_artist_keys)
        if field == "artist"
        else (snapshot.title_keys, snapshot.other_title_keys)
    )

    def holds(texts: Sequence[str]) -> np.ndarray:
        column = as_array(texts)
        found = pc.is_in(column, pa.array(names, pa.large_string())).to_numpy(zero_copy_only=False)
        for begin in begins:
            for holding in (pc.starts_with(column, begin), pc.match_substring(column, f" {begin}")):
                found = found | holding.to_numpy(zero_copy_only=False)
        return found

    found = holds(own)
    if len(other):
        found[snapshot.other_rows[holds(other)]] = True
    return found
