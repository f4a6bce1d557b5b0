"""The maps of covers: every cover in a cell of a grid among its nearest, and on the two principal axes of what the
index compares.

Derived; `sleevewalk build` writes them to the table `cover_map`. Where that was written from another index the axes
are computed anew in memory, so that a map is never of other covers than the neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from store.database.bulk import hashes, registered
from store.database.schema import derived_from, first_row, first_value, note_derived

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library
    from store.index.cover_index import CoverIndex
    from store.neighbors.neighborhood import Neighborhood

LAYOUTS = ("neighbours", "axes")  # a cell of a grid each (`pipelines.cover_layout`); principal axes
SAMPLE = 50_000  # covers that the axes are computed from
BATCH = 65_536  # covers projected at a time
_TOLD_BY = 2_000  # covers that the share of kept neighbours is measured on


@dataclass(frozen=True, slots=True, eq=False)
class CoverMap:
    """Where each album of a snapshot lies by one layout."""

    places: np.ndarray  # float32 [n, 2], x to the right, y upwards; nan for an album that is not on the map
    layout: str = "neighbours"  # one of LAYOUTS
    kept: float | None = None  # share of the covers' ten nearest that are among the ten nearest on the map
    stored: bool = True  # False: the table in the library is absent or stale, and this was computed now

    @property
    def count(self) -> int:
        """How many albums are on it."""
        return int(np.isfinite(self.places[:, 0]).sum())


@dataclass(frozen=True, slots=True)
class Layouts:
    """What `cover_map` holds, in the order of an index."""

    axes: np.ndarray  # float32 [count, 2]
    cells: np.ndarray | None = None  # float32 [count, 2], whole numbers, no two the same; None: too many to lay out
    laid_out: int = 0  # covers that the cells were made for; those that came later were placed among them
    kept: tuple[float | None, ...] = (None, None)  # see CoverMap, in the order of LAYOUTS


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


def shares_kept(index: CoverIndex, *maps: np.ndarray) -> tuple[float, ...]:
    """Of each map (places, float [count, 2]) the share of covers' ten nearest that are among the ten nearest of their
    places; of at most 2,000 covers, the same each time.
    """
    k = min(10, index.count - 1)
    if k < 1:
        return (1.0,) * len(maps)
    rows = np.sort(np.random.default_rng(0).permutation(index.count)[:_TOLD_BY])
    near = index.nearest_to(rows, k)[1]

    def share(places: np.ndarray) -> float:
        shared = []
        for row, cover_near in zip(rows.tolist(), near.tolist(), strict=True):
            apart = np.square(places - places[row]).sum(axis=1)
            apart[row] = np.inf
            shared.append(len(set(np.argpartition(apart, k - 1)[:k].tolist()) & set(cover_near)) / k)
        return float(np.mean(shared))

    return tuple(share(places) for places in maps)


def write_map(con: duckdb.DuckDBPyConnection, index: CoverIndex, made: Layouts) -> int:
    """Rewrite `cover_map` and `cover_layouts`, computed before the burst; the rows written."""
    import pyarrow as pa

    none = pa.nulls(index.count, pa.int32())
    x, y = (none, none) if made.cells is None else (pa.array(made.cells[:, i].astype(np.int32)) for i in (0, 1))
    table = pa.table(
        {
            "cover_sha256": hashes(index.sha_bytes), "x": x, "y": y,
            "axis_1": made.axes[:, 0], "axis_2": made.axes[:, 1],
        }
    )  # fmt: skip
    con.execute("DELETE FROM cover_map")
    with registered(con, "incoming_places", table):
        con.execute("INSERT INTO cover_map BY NAME FROM incoming_places ORDER BY cover_sha256")
    con.execute("DELETE FROM cover_layouts")
    of_cells = (made.laid_out, index.model_id) if made.cells is not None else (0, index.model_id)
    for layout, share in zip(LAYOUTS, made.kept, strict=True):
        con.execute("INSERT INTO cover_layouts VALUES (?, ?, ?, ?)", [layout, share, *of_cells])
    note_derived(con, "cover_map", index.facts.identity)
    return index.count


def map_is_current(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> bool:
    """True where `cover_map` was written from this index."""
    return derived_from(con, "cover_map") == index.facts.identity


def has_cells(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the map as it was written last has a cell for each cover."""
    return bool(first_value(con, "SELECT count(*) FROM cover_layouts WHERE layout = ? AND laid_out > 0", [LAYOUTS[0]]))


def kept_shares(con: duckdb.DuckDBPyConnection) -> dict[str, float | None]:
    """The share of nearest covers that each layout keeps, as noted by the build; empty before the first."""
    return dict(con.execute("SELECT layout, kept FROM cover_layouts").fetchall())


def earlier_cells(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> tuple[np.ndarray, int]:
    """(float32 [count, 2]: the cell that each cover of the index has on the map as it was written last, nan: none; how
    many covers those cells were made for, 0 where another model's vectors made them).
    """
    columns = con.execute("SELECT cover_sha256, x, y FROM cover_map WHERE x IS NOT NULL").fetchnumpy()
    row = first_row(con, "SELECT laid_out, model_id FROM cover_layouts WHERE layout = ?", [LAYOUTS[0]])
    cells = np.full((index.count, 2), np.nan, np.float32)
    rows = index.rows_of(columns["cover_sha256"].tolist())
    cells[rows[rows >= 0]] = np.stack([columns["x"], columns["y"]], axis=1)[rows >= 0]
    return cells, int(row[0]) if row is not None and row[1] == index.model_id else 0


def open_maps(library: Library, neighborhood: Neighborhood) -> tuple[CoverMap, ...]:
    """The maps of a neighbourhood's albums, that to be shown first before the others.

    From the table; where that is of another index, principal axes computed now. Nobody is on it where there is no
    index. Milliseconds for thousands of covers, seconds for a million: call it off the screen's thread.
    """
    index, cover_of = neighborhood.index, neighborhood.signals.cover_of
    if index is None:
        return (CoverMap(np.full((len(cover_of), 2), np.nan, np.float32)),)
    stored = _stored(library, index)
    found = stored or Layouts(principal_places(index))
    return tuple(
        CoverMap(_of_albums(places, cover_of), layout, share, stored is not None)
        for layout, places, share in zip(LAYOUTS, (found.cells, found.axes), found.kept, strict=True)
        if places is not None
    )


def _of_albums(of_covers: np.ndarray, cover_of: np.ndarray) -> np.ndarray:
    places = np.full((len(cover_of), 2), np.nan, np.float32)
    known = cover_of >= 0
    places[known] = of_covers[cover_of[known]]
    return places


def _stored(library: Library, index: CoverIndex) -> Layouts | None:
    """What the table holds in the order of the index; None where it is not of this index."""
    with library.read() as con:
        if not map_is_current(con, index):
            return None
        columns = con.execute("SELECT x, y, axis_1, axis_2 FROM cover_map ORDER BY cover_sha256").fetchnumpy()
        shares = kept_shares(con)
    if len(columns["x"]) != index.count:
        return None
    order = np.argsort(np.argsort(index.sha_bytes))
    axes = np.stack([columns["axis_1"], columns["axis_2"]], axis=1)[order]
    x, y = (np.ma.asarray(columns[name], dtype=np.float32) for name in "xy")
    cells = None if np.ma.is_masked(x) else np.stack([x, y], axis=1)[order]
    return Layouts(axes, None if cells is None else np.asarray(cells), kept=tuple(map(shares.get, LAYOUTS)))
