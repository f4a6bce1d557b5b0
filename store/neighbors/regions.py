"""Names for the regions of a map: the tag that is far commoner there than in the whole library; where no tag is, what
most sleeves there have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from store.looks import ASKED, WORDS
from store.memory.snapshot import Snapshot

FEWEST = 4  # albums with the tag in a region
LEAST = 0.1  # of a region's albums that have a tag
LEAST_SLEEVES = 0.5  # of a region's sleeves, whose words are few and common
SURE = 3.5  # standard deviations above what chance would put there
MOST = 20_000  # albums looked at, evenly drawn from those given


@dataclass(frozen=True, slots=True)
class Region:
    """A tile of the map with a name."""

    tag: str  # or a word for its sleeves
    x: float  # where the albums with the tag lie in the middle, in the places' unit
    y: float
    albums: int  # in the tile with the tag


@dataclass(frozen=True, slots=True)
class _Words:
    """What some albums (rows 0 to m of those looked at) are called: entries (album, number of a word)."""

    names: list[str]
    holder: np.ndarray  # int64 [e], ascending
    number: np.ndarray  # int64 [e]
    rate: np.ndarray  # float64 [names], share of the library's albums with words that have each
    least: float


def regions(snapshot: Snapshot, places: np.ndarray, rows: np.ndarray, tile: tuple[float, float]) -> list[Region]:
    """The regions of the albums `rows` (int64, all of them with a place), the surest first, those by sleeves last; each
    name once.

    `places` float [n, 2] of all albums, `tile` the width and height of a tile, which lie fast on the plane. A word's
    count in a tile is compared with a binomial draw at its rate over the library.
    """
    if len(rows) > MOST:
        rows = rows[np.linspace(0, len(rows) - 1, MOST).astype(np.int64)]
    if not len(rows):
        return []
    at = np.floor(places[rows] / np.array(tile)).astype(np.int64)
    tile_of = np.unique(at, axis=0, return_inverse=True)[1].reshape(-1)
    found: list[Region] = []
    named: set[int] = set()
    for words in (_tags(snapshot, rows), _sleeves(snapshot, rows)):
        if len(words.holder):
            found += _named(words, places[rows], tile_of, named)
    return found


def _tags(snapshot: Snapshot, rows: np.ndarray) -> _Words:
    start, columns = snapshot.tags.start, snapshot.tags.columns
    length = start[rows + 1] - start[rows]
    entry = np.repeat(start[rows] - np.cumsum(length) + length, length) + np.arange(length.sum())
    have = max(int(np.count_nonzero(np.diff(start))), 1)
    rate = np.bincount(columns, minlength=len(snapshot.tag_names)) / have
    holder = np.repeat(np.arange(len(rows)), length)
    return _Words(list(snapshot.tag_names), holder, columns[entry].astype(np.int64), rate, LEAST)


def _sleeves(snapshot: Snapshot, rows: np.ndarray) -> _Words:
    def bits(some: np.ndarray) -> np.ndarray:
        masks = np.ascontiguousarray(snapshot.looks[some]).view(np.uint8)
        unpacked: np.ndarray = np.unpackbits(masks, axis=1, bitorder="little")[:, [WORDS.index(word) for word in ASKED]]
        return unpacked

    every = np.linspace(0, len(snapshot) - 1, min(len(snapshot), MOST)).astype(np.int64)
    known = every[snapshot.looks[every].any(axis=1)]
    holder, number = np.nonzero(bits(rows))
    return _Words(list(ASKED), holder, number, bits(known).sum(axis=0) / max(len(known), 1), LEAST_SLEEVES)


def _named(words: _Words, places: np.ndarray, tile_of: np.ndarray, named: set[int]) -> list[Region]:
    """Regions for the tiles that are not yet `named`; those that get a name are from then on."""
    many = len(words.names)
    pair, first, count = np.unique(tile_of[words.holder] * many + words.number, return_inverse=True, return_counts=True)
    with_words = np.bincount(tile_of, np.bincount(words.holder, minlength=len(tile_of)) > 0)[pair // many]
    rate = words.rate[pair % many]
    z = (count - with_words * rate) / np.sqrt(np.maximum(with_words * rate * (1 - rate), 1e-9))
    z[(count < FEWEST) | (count < words.least * with_words)] = 0
    found: list[Region] = []
    used: set[int] = set()
    for number in np.argsort(-z, kind="stable").tolist():
        where, word = divmod(int(pair[number]), many)
        if z[number] < SURE:
            break
        if where in named or word in used:
            continue
        named.add(where)
        used.add(word)
        x, y = np.median(places[words.holder[first == number]], axis=0).tolist()
        found.append(Region(words.names[word], x, y, int(count[number])))
    return found
