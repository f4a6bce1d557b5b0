"""Names for the regions of a map: the tag that is far commoner there than in the whole library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from store.memory.snapshot import Snapshot

FEWEST = 4  # albums with the tag in a region
LEAST = 0.1  # of a region's albums
SURE = 3.5  # standard deviations above what chance would put there
MOST = 20_000  # albums looked at, evenly drawn from those given


@dataclass(frozen=True, slots=True)
class Region:
    """A tile of the map with a name."""

    tag: str
    x: float  # where the albums with the tag lie in the middle, in the places' unit
    y: float
    albums: int  # in the tile with the tag


def regions(snapshot: Snapshot, places: np.ndarray, rows: np.ndarray, tile: tuple[float, float]) -> list[Region]:
    """The regions of the albums `rows` (int64, all of them with a place), the surest first; each tag once.

    `places` float [n, 2] of all albums, `tile` the width and height of a tile, which lie fast on the plane. A tag's
    count in a tile is compared with a binomial draw at its rate over the library.
    """
    if len(rows) > MOST:
        rows = rows[np.linspace(0, len(rows) - 1, MOST).astype(np.int64)]
    if not len(rows) or not len(snapshot.tag_names):
        return []
    at = np.floor(places[rows] / np.array(tile)).astype(np.int64)
    tile_of = np.unique(at, axis=0, return_inverse=True)[1].reshape(-1)
    start, columns = snapshot.tags.start, snapshot.tags.columns
    length = start[rows + 1] - start[rows]
    entry = np.repeat(start[rows] - np.cumsum(length) + length, length) + np.arange(length.sum())
    holder = np.repeat(np.arange(len(rows)), length)
    tags = len(snapshot.tag_names)
    pair, first, count = np.unique(tile_of[holder] * tags + columns[entry], return_inverse=True, return_counts=True)
    tagged = np.bincount(tile_of, length > 0)[pair // tags]
    rate = np.bincount(columns, minlength=tags)[pair % tags] / max(int(np.count_nonzero(np.diff(start))), 1)
    z = (count - tagged * rate) / np.sqrt(np.maximum(tagged * rate * (1 - rate), 1e-9))
    z[(count < FEWEST) | (count < LEAST * tagged)] = 0
    found: list[Region] = []
    named: set[int] = set()
    used: set[int] = set()
    for number in np.argsort(-z, kind="stable").tolist():
        where, tag = divmod(int(pair[number]), tags)
        if z[number] < SURE:
            break
        if where in named or tag in used:
            continue
        named.add(where)
        used.add(tag)
        x, y = np.median(places[rows[holder[first == number]]], axis=0).tolist()
        found.append(Region(snapshot.tag_names[tag], x, y, int(count[number])))
    return found
