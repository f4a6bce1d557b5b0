"""Forgiving search over artists and titles.

Two cheap passes choose candidates (words against the library's vocabulary; names that begin with the text), then each
candidate is scored with care. No pass reads every name, so that a letter typed is answered at once among millions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from store.errors import AmbiguousAlbum, UnknownAlbum
from store.memory.names import beginning, equal, index_names
from store.memory.snapshot import Snapshot
from store.memory.sparse import highest
from store.records import Album
from store.text import clean, key

_CANDIDATES = 60  # that each pass brings in
_WORDS = 2000  # of the vocabulary, that one word of a query may mean
_HOLDERS = 300_000  # names that these may be in, beyond the likest word's
_UNFINISHED = 0.85  # likeness of a word that begins with the one typed, at least
_PER_LETTER = 0.001  # by which of two names with the same words the shorter is preferred
_LONGEST = 200  # characters of a query that count
_SURE = 0.76  # a name at least this like the text is taken to be meant
_TITLED = 0.98  # likeness from which on a text is the title of an album
_OFFERED = 12  # albums of an artist that are named
_CLEAR = 0.02  # the best must lead the next by this much
_SAME_WORD = 0.8  # likeness of a word that is meant, with a typo: "kind of blue" is not "mind of … luke"
_CALLED = 0.8  # of the letters asked for, so many are in the words of what is meant


def find(snapshot: Snapshot, text: str, n: int = 20, allowed: np.ndarray | None = None) -> list[tuple[Album, float]]:
    """The n albums closest to `text` with a score in 0–1: exact names (1.0), then names that begin so, then by
    likeness; ties by artist and title. Empty for a text without letters or digits. `allowed`: bool [albums], the rows
    that may be found; None: all.
    """
    return [(snapshot.album(row), score) for row, score in _search(snapshot, text, n, allowed)]


def by_title(snapshot: Snapshot) -> np.ndarray:
    """int [n], the place of each row in the order of titles."""
    order = _Names.of(snapshot).index.by_title
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places[: len(snapshot)]


def having_words(snapshot: Snapshot, begins: Sequence[str]) -> np.ndarray:
    """bool [n], the rows of which one name has, for each of `begins` (of keys), a word that begins so."""
    names = _Names.of(snapshot)
    found = np.ones(names.count, bool)
    for begin in begins:
        first, last = bisect_left(names.words, begin), bisect_left(names.words, begin + "\U0010ffff")
        holding = np.zeros(names.count, bool)
        holding[names.index.holders[names.index.start[first] : names.index.start[last]]] = True
        found &= holding
    rows = found[: len(snapshot)].copy()
    rows[snapshot.other_rows[found[len(snapshot) :]]] = True
    return rows


def is_called(snapshot: Snapshot, row: int, text: str) -> bool:
    """Whether an album goes by these words, typos and unfinished words forgiven; else it merely sounds alike."""
    query = key(text[:_LONGEST])
    return any(
        _words_covered(query.split(), f"{artist} {title}".split(), _SAME_WORD) >= _CALLED
        or max(fuzz.ratio(query, name) for name in (artist, title, f"{artist} {title}")) >= 100 * _CALLED
        for artist, title in _Names.of(snapshot).of_row(row)
    )


def resolve(snapshot: Snapshot, text: str) -> Album:
    """The one album that `text` means: an album_id, "Artist / Title", or a title alone, small typos forgiven.

    UnknownAlbum with the five closest where nothing is close, AmbiguousAlbum where several are equally close.
    """
    row = snapshot.row(text.strip().lower())
    if row is not None:
        return snapshot.album(row)
    shown = clean(text, 200)
    ranked = _by_name(snapshot, text)
    if not ranked or ranked[0][1] < _TITLED:
        by = _of_artist(snapshot, text)
        if len(by) == 1:
            return by[0]
        if by:
            names = ", ".join(f'"{album.label}"' for album in by[:_OFFERED]) + (", …" if len(by) > _OFFERED else "")
            raise AmbiguousAlbum(f'"{shown}" is an artist with {len(by)} albums here; name one of them: {names}', by)
    if not ranked or ranked[0][1] < _SURE:
        closest = [album for album, _ in find(snapshot, text, 5)]
        hint = "; the closest: " + ", ".join(f'"{album.label}"' for album in closest) if closest else ""
        raise UnknownAlbum(f'no album goes by "{shown}"{hint}', closest)
    best = ranked[0][1]
    equal = [row for row, score in ranked if score > best - (_CLEAR if best < 0.99 else 1e-9)]
    albums = [snapshot.album(row) for row in equal[:20]]
    if len(albums) > 1:
        alike = len({album.label for album in albums}) < len(albums)  # then the album_id tells them apart
        names = ", ".join(f'"{album.label}"' + (f" ({_told_apart(album)})" if alike else "") for album in albums[:5])
        names += ", …" if len(albums) > 5 else ""
        how = "by its album_id" if alike else "in full"
        raise AmbiguousAlbum(f'"{shown}" may be {names}; name one of them {how}', albums)
    return albums[0]


def _of_artist(snapshot: Snapshot, text: str) -> list[Album]:
    """The albums of the artist whose name the text is, the best known first."""
    name = key(text[:_LONGEST])
    first, last = (bisect(snapshot.artist_keys, name) for bisect in (bisect_left, bisect_right))
    known = -np.nan_to_num(snapshot.popularity[first:last], nan=-1)
    return [snapshot.album(first + place) for place in np.argsort(known, kind="stable").tolist()]


def _told_apart(album: Album) -> str:
    return f"{album.year}, {album.album_id}" if album.year else album.album_id


def _by_name(snapshot: Snapshot, text: str) -> list[tuple[int, float]]:
    """(row, likeness) of the candidates for a name, best first. A name splits at any of its " / "."""
    names = _Names.of(snapshot)
    rows = names.candidates(key(text[:_LONGEST]))
    parts = text[:_LONGEST].split(" / ")
    splits = [(key(" / ".join(parts[:cut])), key(" / ".join(parts[cut:]))) for cut in range(1, len(parts))]
    whole = key(text[:_LONGEST])
    scored = []
    for name in rows:
        row, artist, title = names.name(name)
        likeness = max(0.99 * _alike(whole, title), 0.0 if splits else _alike(whole, f"{artist} {title}"))
        for first, second in splits:
            # The weaker half counts more: the right artist does not make up for another title.
            halves = _alike(first, artist), _alike(second, title)
            likeness = max(likeness, 0.7 * min(halves) + 0.3 * max(halves))
        scored.append((row, likeness))
    return _best(scored)


def _alike(a: str, b: str) -> float:
    """Likeness of two keys, 0–1; clearly below 1 where they are not equal, so that II beats III for II."""
    if a == b:
        return 1.0
    return 0.95 * max(fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b) - 1) / 100


def _search(snapshot: Snapshot, text: str, n: int, allowed: np.ndarray | None = None) -> list[tuple[int, float]]:
    query = key(text[:_LONGEST])
    if not query or n < 1:
        return []
    scored = []
    names = _Names.of(snapshot)
    for name in names.candidates(query, max(n, _CANDIDATES), allowed):
        row, artist, title = names.name(name)
        scored.append((row, _likeness(query, artist, title)))
    return _best(scored)[:n]


def _best(scored: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Every row once, by the name of it that scores best; best first."""
    best: dict[int, float] = {}
    for row, score in scored:
        best[row] = max(score, best.get(row, 0.0))
    return sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))


def _likeness(query: str, artist: str, title: str) -> float:
    """How well a typed text fits an album, 0–1: exact, then beginnings, then words within, then typos."""
    both = f"{artist} {title}"
    if query in (both, title, f"{title} {artist}"):
        return 1.0
    if query == artist:
        return 0.99
    closeness = fuzz.ratio(query, both) / 100  # orders the albums within a class: shorter names fit better
    for name, least in ((title, 0.95), (both, 0.95), (artist, 0.95)):
        if name.startswith(query):
            return least + 0.03 * closeness
    if f" {query}" in both:
        return 0.90 + 0.04 * closeness
    typos = max(closeness, fuzz.ratio(query, title) / 100, fuzz.token_sort_ratio(query, both) / 100)
    if typos < 0.9:
        typos = max(typos, 0.75 * _words_covered(query.split(), both.split()) + 0.25 * closeness)
    return min(0.9 * typos, 0.899)


def _words_covered(asked: list[str], present: list[str], least: float = 0.6) -> float:
    """The share of the asked letters whose word is among those present, typos and unfinished words forgiven.

    `least`: how like a word is to be to count at all.
    """
    likeness = process.cdist(asked, present, scorer=fuzz.ratio, dtype=np.float32, workers=1) / 100
    best = np.where(likeness >= least, likeness, 0).max(axis=1, initial=0)
    found = 0.0
    for word, alike in zip(asked, best.tolist(), strict=True):
        unfinished = alike < 0.95 and any(other.startswith(word) for other in present)
        found += len(word) * (0.95 if unfinished else alike)
    return found / max(sum(map(len, asked)), 1)


class _Names:
    """The names of one snapshot, prepared for search on the first one. Safe from several threads."""

    _made: ClassVar[WeakKeyDictionary[Snapshot, _Names]] = WeakKeyDictionary()

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Names:
        names = cls._made.get(snapshot)
        if names is None:
            names = cls._made[snapshot] = cls(snapshot)
        return names

    def __init__(self, snapshot: Snapshot) -> None:
        # The albums' own names in the order of rows, then what sources call them else.
        self._artists, self._titles, self._own = snapshot.artist_keys, snapshot.title_keys, len(snapshot)
        self._others, self._other_rows = snapshot.other_names, snapshot.other_rows
        self.index = snapshot.names or index_names(
            [*self._artists, *(artist for _, artist, _ in self._others)],
            [*self._titles, *(title for _, _, title in self._others)],
        )
        self.count = len(self.index.lengths)
        self.words = list(self.index.words)
        self.rarity = np.log((1 + self.count) / (1 + np.diff(self.index.start))).astype(np.float32) + 1
        self._meant: OrderedDict[str, tuple[np.ndarray, np.ndarray]] = OrderedDict()

    def name(self, number: int) -> tuple[int, str, str]:
        """(row, artist's key, title's key)."""
        if number < self._own:
            return number, self._artists[number], self._titles[number]
        return self._others[number - self._own]

    def of_row(self, row: int) -> Iterator[tuple[str, str]]:
        """The names of an album, its own first: (artist's key, title's key)."""
        yield self._artists[row], self._titles[row]
        first, last = np.searchsorted(self._other_rows, (row, row + 1)).tolist()
        yield from (names[1:] for names in self._others[first:last])

    def candidates(self, query: str, limit: int = _CANDIDATES, rows: np.ndarray | None = None) -> list[int]:
        """Names worth a careful look, in no order that matters; `rows`: bool, of these albums alone."""
        if not self.count or not query:
            return []
        allowed = None if rows is None else np.concatenate([rows, rows[self._other_rows]])
        beginning = (
            self.index.shortest(names if allowed is None else names[allowed[names]], limit)
            for names in self._beginning(query)
        )
        found = np.concatenate([self._by_words(query, limit, allowed), *beginning])
        return np.unique(found).tolist()

    def _beginning(self, query: str) -> Iterator[np.ndarray]:
        """Names whose title, artist, or artist and title begin with the query."""

        def artist(name: int) -> str:
            return self.name(name)[1]

        def title(name: int) -> str:
            return self.name(name)[2]

        index = self.index
        yield beginning(index.by_title, query, title)
        yield beginning(index.by_artist, query, artist)
        words = query.split()[:20]
        for cut in range(1, len(words)):
            by = equal(index.by_artist, " ".join(words[:cut]), artist)
            if len(by):
                yield beginning(by, " ".join(words[cut:]), title)

    def _by_words(self, query: str, limit: int, allowed: np.ndarray | None) -> np.ndarray:
        """Names by how much of the query their words answer; rarer words count more."""
        total = np.zeros(self.count, np.float32)
        for word in dict.fromkeys(query.split()[:20]):
            names, worth = self._holders(word)
            best = np.zeros(self.count, np.float32)
            best[names] = worth  # ascending: of several worths of a name the highest is written last
            total += best
        names = np.flatnonzero(total if allowed is None else total * allowed)
        preferred = total[names] - _PER_LETTER * np.minimum(self.index.lengths[names], _LONGEST)
        return names[highest(preferred - preferred.min(initial=0) + 1, 4 * limit)]

    def _holders(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """(names with a word that may be meant, what that is worth), worths ascending. The last few are kept: while a
        query is typed all of its words but one stay as they were.
        """
        known = self._meant.get(word)
        if known is None:
            likeness = process.cdist(
                [word], self.words, scorer=JaroWinkler.similarity, score_cutoff=0.8, dtype=np.float32, workers=1
            )[0]
            first, last = bisect_left(self.words, word), bisect_left(self.words, word + "\U0010ffff")
            if last - first <= _WORDS:
                likeness[first:last] = np.maximum(likeness[first:last], _UNFINISHED)
            meant = highest(likeness, _WORDS)
            worth = likeness[meant] ** 2 * self.rarity[meant]
            order = np.argsort(-worth, kind="stable")
            sizes = np.diff(self.index.start)[meant[order]]
            order = order[np.cumsum(sizes) - sizes < _HOLDERS][::-1]
            meant, worth = meant[order], worth[order]
            known = self.index.holders_of(meant), np.repeat(worth, np.diff(self.index.start)[meant])
            self._meant[word] = known
            while len(self._meant) > 16:
                self._meant.popitem(last=False)
        return known
