"""The map of covers: every cover as a point in two dimensions, the two principal axes of what the index compares.

Derived; `sleevewalk build` writes it to the table `cover_map`. Where that was written from another index the
points are computed anew in memory, so that a map is never of other covers than the neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from store.database.bulk import hashes, registered
from store.database.schema import derived_from, note_derived

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library
    from store.index.cover_index import CoverIndex
    from store.neighbors.neighborhood import Neighborhood

SAMPLE = 50_000  # covers that the axes are computed from
BATCH = 65_536  # covers projected at a time


@dataclass(frozen=True, slots=True)
class CoverMap:
    """Where each album of a snapshot lies."""

    places: np.ndarray  # float32 [n, 2], the first axis carries the most; nan for an album that is not on the map
    kept: bool = True  # False: the table in the library is absent or stale, and this was computed now

    @property
    def count(self) -> int:
        """How many albums are on it."""
        return int(np.isfinite(self.places[:, 0]).sum())


def principal_places(index: CoverIndex) -> np.ndarray:
    """float32 [count, 2]: each cover of the index on the two axes along which covers differ most, about their mean.

    The same index gives the same places; an axis points to where its largest component is positive.
    """
    places = np.zeros((index.count, 2), np.float32)
    if index.count < 2:
        return places
    chosen = np.arange(index.count)
    if index.count > SAMPLE:
        chosen = np.sort(np.random.default_rng(0).permutation(index.count)[:SAMPLE])
    sample = index.vectors(chosen)
    mean = sample.mean(axis=0)
    centred = sample - mean
    axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))[1][:, :-3:-1].astype(np.float32)
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    axes *= np.where(largest < 0, -1, 1)
    for start in range(0, index.count, BATCH):
        rows = np.arange(start, min(start + BATCH, index.count))
        places[rows, : axes.shape[1]] = (index.vectors(rows) - mean) @ axes
    return places


def write_map(con: duckdb.DuckDBPyConnection, index: CoverIndex, places: np.ndarray) -> int:
    """Rewrite `cover_map` from `principal_places(index)`, computed before the burst; the rows written."""
    import pyarrow as pa

    table = pa.table({"cover_sha256": hashes(index.sha_bytes), "x": places[:, 0], "y": places[:, 1]})
    con.execute("DELETE FROM cover_map")
    with registered(con, "incoming_places", table):
        con.execute("INSERT INTO cover_map SELECT cover_sha256, x, y FROM incoming_places ORDER BY cover_sha256")
    note_derived(con, "cover_map", index.facts.identity)
    return index.count


def map_is_current(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> bool:
    """True where `cover_map` was written from this index."""
    return derived_from(con, "cover_map") == index.facts.identity


def open_map(library: Library, neighborhood: Neighborhood) -> CoverMap:
    """The map of a neighbourhood's albums, from the table or computed; nobody is on it where there is no index.

    Milliseconds for thousands of covers, seconds for a million: call it off the screen's thread.
    """
    index, cover_of = neighborhood.index, neighborhood.signals.cover_of
    places = np.full((len(cover_of), 2), np.nan, np.float32)
    if index is None:
        return CoverMap(places)
    of_covers = _stored(library, index)
    kept = of_covers is not None
    if of_covers is None:
        of_covers = principal_places(index)
    known = cover_of >= 0
    places[known] = of_covers[cover_of[known]]
    return CoverMap(places, kept)


def _stored(library: Library, index: CoverIndex) -> np.ndarray | None:
    """The table's places in the order of the index; None where it is not of this index."""
    with library.read() as con:
        if not map_is_current(con, index):
            return None
        columns = con.execute("SELECT x, y FROM cover_map ORDER BY cover_sha256").fetchnumpy()
    if len(columns["x"]) != index.count:
        return None
    places = np.empty((index.count, 2), np.float32)
    places[np.argsort(index.sha_bytes)] = np.stack([columns["x"], columns["y"]], axis=1)
    return places
