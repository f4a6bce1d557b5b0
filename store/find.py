"""Forgiving search over artists and titles.

Two cheap passes over all albums choose candidates (words against the library's vocabulary; the whole text
against whole names), then each candidate is scored with care.
"""

from __future__ import annotations

from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from store.errors import AmbiguousAlbum, UnknownAlbum
from store.records import Album
from store.snapshot import Snapshot, Sparse
from store.text import clean, key

_CANDIDATES = 60  # that each pass brings in
_LONGEST = 200  # characters of a query that count
_SURE = 0.76  # a name at least this like the text is taken to be meant
_CLEAR = 0.02  # the best must lead the next by this much


def find(snapshot: Snapshot, text: str, n: int = 20) -> list[tuple[Album, float]]:
    """The n albums closest to `text`, best first, with a score in 0–1. Empty for a text without letters or
    digits.

    Exact names come first (1.0), then names that begin so, then the rest by likeness; ties by artist and
    title.
    """
    return [(snapshot.album(row), score) for row, score in _search(snapshot, text, n)]


def resolve(snapshot: Snapshot, text: str) -> Album:
    """The one album that `text` means: an album_id, "Artist / Title", or a title alone, small typos forgiven.

    UnknownAlbum with the five closest where nothing is close, AmbiguousAlbum where several are equally close.
    """
    row = snapshot.row(text.strip().lower())
    if row is not None:
        return snapshot.album(row)
    shown = clean(text, 200)
    ranked = _by_name(snapshot, text)
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
        row, artist, title = names.all[name]
        likeness = max(0.99 * _alike(whole, title), 0.0 if splits else _alike(whole, f"{artist} {title}"))
        for first, second in splits:
            # The weaker half counts more: the right artist does not make up for another title.
            halves = _alike(first, artist), _alike(second, title)
            likeness = max(likeness, 0.7 * min(halves) + 0.3 * max(halves))
        scored.append((row, likeness))
    return _best(scored)


def _alike(a: str, b: str) -> float:
    """Likeness of two keys, 0–1; what is not equal stays clearly below 1, so that II beats III for one who
    wrote II.
    """
    if a == b:
        return 1.0
    return 0.95 * max(fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b) - 1) / 100


def _search(snapshot: Snapshot, text: str, n: int) -> list[tuple[int, float]]:
    query = key(text[:_LONGEST])
    if not query or n < 1:
        return []
    scored = []
    names = _Names.of(snapshot)
    for name in names.candidates(query, max(n, _CANDIDATES)):
        row, artist, title = names.all[name]
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


def _words_covered(asked: list[str], present: list[str]) -> float:
    """The share of the asked letters that find their word among those present, typos and unfinished words
    forgiven.
    """
    likeness = process.cdist(asked, present, scorer=fuzz.ratio, dtype=np.float32, workers=1) / 100
    best = np.where(likeness >= 0.6, likeness, 0).max(axis=1, initial=0)
    found = 0.0
    for word, alike in zip(asked, best.tolist(), strict=True):
        unfinished = alike < 0.95 and any(other.startswith(word) for other in present)
        found += len(word) * (0.95 if unfinished else alike)
    return found / max(sum(map(len, asked)), 1)


class _Names:
    """The names of one snapshot, prepared for search on the first one."""

    _made: ClassVar[WeakKeyDictionary[Snapshot, _Names]] = WeakKeyDictionary()

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Names:
        names = cls._made.get(snapshot)
        if names is None:
            names = cls._made[snapshot] = cls(snapshot)
        return names

    def __init__(self, snapshot: Snapshot) -> None:
        # (row, artist_key, title_key): the albums' own names in the order of rows, then what sources call them else.
        own = zip(range(len(snapshot)), snapshot.artist_keys, snapshot.title_keys, strict=True)
        self.all: list[tuple[int, str, str]] = [*own, *snapshot.other_names]
        self.titles = [title for _, _, title in self.all]
        self.both = [f"{artist} {title}" for _, artist, title in self.all]
        codes: dict[str, int] = {}
        words, rows = [], []
        for row, name in enumerate(self.both):
            for word in set(name.split()):
                words.append(codes.setdefault(word, len(codes)))
                rows.append(row)
        self.vocabulary = list(codes)
        word_codes, word_rows = np.array(words, np.int64), np.array(rows, np.int32)
        self.postings = Sparse.from_entries(word_codes, word_rows, np.ones(len(rows), np.float32), len(codes))
        frequency = np.diff(self.postings.start)
        self.rarity = np.log((1 + len(self.both)) / (1 + frequency)) + 1

    def candidates(self, query: str, limit: int = _CANDIDATES) -> list[int]:
        """Names (places in `all`) worth a careful look, in no order that matters."""
        if not self.both or not query:
            return []
        by_words = self._by_words(query)
        whole = process.cdist([query], self.both, scorer=fuzz.ratio, dtype=np.float32, workers=1)[0]
        title = process.cdist([query], self.titles, scorer=fuzz.ratio, dtype=np.float32, workers=1)[0]
        rows = np.concatenate([_top(by_words, limit), _top(np.maximum(whole, title), limit)])
        return np.unique(rows).tolist()

    def _by_words(self, query: str) -> np.ndarray:
        """Every name by how much of the query its words answer, float32 [n]; rarer words count more."""
        total = np.zeros(len(self.both), np.float32)
        for word in dict.fromkeys(query.split()[:20]):
            likeness = process.cdist(
                [word],
                self.vocabulary,
                scorer=JaroWinkler.similarity,
                score_cutoff=0.8,
                dtype=np.float32,
                workers=1,
            )[0]
            best = np.zeros(len(self.both), np.float32)
            for code in np.flatnonzero(likeness).tolist():
                rows, _ = self.postings.row(code)
                best[rows] = np.maximum(best[rows], likeness[code] ** 2 * self.rarity[code])
            total += best
        return total


def _top(score: np.ndarray, limit: int) -> np.ndarray:
    """Rows of the `limit` highest scores above 0; of equal ones the first."""
    known = np.flatnonzero(score > 0)
    if len(known) <= limit:
        return known
    return known[np.argsort(-score[known], kind="stable")[:limit]]
