"""The names of all albums, prepared to be searched: which words there are, who has them, and two alphabetical orders.

Made from the keys of artists and titles in a second for a million names; a large library has it in its file of arrays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from store.memory.texts import as_array

_LAST = "\U0010ffff"  # behind every letter


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Of names 0 … n − 1, each an artist's key and a title's."""

    words: Sequence[str]  # all that occur, in order
    start: np.ndarray  # int64 [words + 1]: word w is in the names holders[start[w]:start[w + 1]]
    holders: np.ndarray  # int32 [entries]
    by_artist: np.ndarray  # int32 [n]: names in the order of artist, then title
    by_title: np.ndarray  # int32 [n]: and of title, then artist
    lengths: np.ndarray  # int32 [n]: letters of artist, blank and title

    def holders_of(self, words: np.ndarray) -> np.ndarray:
        """The names that have some words, one after the other as the words come; int32."""
        parts = [self.holders[self.start[word] : self.start[word + 1]] for word in words.tolist()]
        return np.concatenate(parts) if parts else np.empty(0, np.int32)

    def shortest(self, names: np.ndarray, limit: int) -> np.ndarray:
        """The `limit` names with the fewest letters, of equal ones the first."""
        return names if len(names) <= limit else names[np.argsort(self.lengths[names], kind="stable")[:limit]]


def index_names(artists: Sequence[str], titles: Sequence[str]) -> NameIndex:
    """Of names given as two columns of keys."""
    import pyarrow as pa
    import pyarrow.compute as pc

    artist, title = as_array(artists), as_array(titles)
    both = pc.binary_join_element_wise(artist, title, pa.scalar(" ", pa.large_string()))
    split = pc.split_pattern(both, " ")
    coded = split.values.dictionary_encode()
    order = pc.sort_indices(coded.dictionary)
    place = np.empty(len(order), np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    count = max(len(both), 1)
    names = pc.list_parent_indices(split).to_numpy()
    entries = np.unique(place[coded.indices.to_numpy()] * count + names)  # a word twice in a name counts once
    start = np.searchsorted(entries, np.arange(len(order) + 1) * count)
    table = pa.table({"artist": artist, "title": title})
    return NameIndex(
        words=coded.dictionary.take(order).to_pylist(),
        start=start.astype(np.int64),
        holders=(entries % count).astype(np.int32),
        by_artist=_ordered(table, "artist", "title"),
        by_title=_ordered(table, "title", "artist"),
        lengths=pc.utf8_length(both).to_numpy().astype(np.int32),
    )


def beginning(order: np.ndarray, text: str, of: Callable[[int], str]) -> np.ndarray:
    """The part of `order` (names by the alphabet of `of`) whose `of` begins with `text`."""

    def at(name: np.int32) -> str:
        return of(int(name))

    return order[bisect_left(order, text, key=at) : bisect_left(order, text + _LAST, key=at)]


def equal(order: np.ndarray, text: str, of: Callable[[int], str]) -> np.ndarray:
    """The part whose `of` is `text`."""

    def at(name: np.int32) -> str:
        return of(int(name))

    return order[bisect_left(order, text, key=at) : bisect_left(order, text + "\0", key=at)]


def _ordered(table, *columns: str) -> np.ndarray:  # type: ignore[no-untyped-def]
    import pyarrow.compute as pc

    by = [(column, "ascending") for column in columns]
    return pc.sort_indices(table, sort_keys=by).to_numpy().astype(np.int32)
