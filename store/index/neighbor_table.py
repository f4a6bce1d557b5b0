"""The `neighbors` table: the cover k-NN graph, album to album, for people who ask in SQL."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from store.database.bulk import hashes, registered
from store.database.schema import derived_from, first_row, first_value, note_derived
from store.database.vectors import as_arrays, fix_dimension
from store.errors import LibraryError
from store.index.hubness import corrected
from store.index.scaled import NEAREST

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from store.index.cover_index import CoverIndex

BURST = 65_536  # covers whose neighbours, two million rows, are written in one burst
_ROUNDING = 1e-5  # of distances kept as float32
_SAME_FILE = 16  # albums of one cover file that are told of each other, and that a neighbour's file brings


def write_neighbors(
    con: duckdb.DuckDBPyConnection,
    index: CoverIndex,
    nearest: tuple[np.ndarray, np.ndarray] | None = None,
) -> int:
    """Rewrite `neighbors`, `cover_vectors` and `cover_calibration`; return the rows of neighbours written.

    `nearest` is `index.nearest_covers()`, computed before the burst so that the file is held for the write
    alone. A cover file may be shared by several albums: each gets the cover's neighbours, and the others of
    the same file (at most 16) at distance 0, which take no rank from the rest.
    """
    rewrite = begin_neighbors(con, index)
    nearest = nearest or index.nearest_covers()
    written = sum(add_neighbors(con, index, rewrite, part, nearest) for part in rewrite.parts)
    finish_neighbors(con, index, rewrite)
    return written


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A rewrite of the tables that may take several bursts. Until the last the table counts as stale."""

    named: pa.Table  # album_id, cover (its row in the index), nth album of that cover
    parts: list[np.ndarray]  # int64 each: covers to be written in one burst, those of the first albums first
    fingerprint: str  # of what is written
    token: str  # stands in `derived` until the last burst: no other build has begun one meanwhile


def begin_neighbors(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> Rewrite:
    """Empty the tables; then come `add_neighbors` for every part and `finish_neighbors`."""
    token = f"being written {uuid.uuid4().hex}"
    note_derived(con, "neighbors", token)
    for table in ("neighbors", "cover_vectors", "internal.cover_calibration"):
        con.execute(f"DELETE FROM {table}")
    named = _named(con, index)
    # In the order of album_ids, so that who asks for one album's neighbours reads a small part of the table.
    covers = named["cover"].to_numpy()
    first = np.sort(np.unique(covers, return_index=True)[1])
    parts = [covers[first[start : start + BURST]] for start in range(0, len(first), BURST)]
    return Rewrite(named, parts, _fingerprint(con, index), token)


def add_neighbors(
    con: duckdb.DuckDBPyConnection,
    index: CoverIndex,
    rewrite: Rewrite,
    part: np.ndarray,
    nearest: tuple[np.ndarray, np.ndarray],
) -> int:
    """Write a part; return the rows written. LibraryError where another build has begun to write the table."""
    _still(con, rewrite.token)
    similarity, found = nearest
    return _write(con, index, rewrite.named, part, (similarity[part], found[part]))


def finish_neighbors(con: duckdb.DuckDBPyConnection, index: CoverIndex, rewrite: Rewrite) -> None:
    """Make the tables count, unless albums came or went meanwhile. LibraryError as of `add_neighbors`."""
    import pyarrow as pa

    _still(con, rewrite.token)
    if index.is_exact:
        _write_vectors(con, index, 0)
    with registered(con, "knots", pa.table({"similarity": index.knots[:, 0], "score": index.knots[:, 1]})):
        con.execute("INSERT INTO internal.cover_calibration SELECT similarity, score, ? FROM knots", [index.model_id])
    note_derived(con, "neighbors", rewrite.fingerprint)


def _still(con: duckdb.DuckDBPyConnection, noted: str) -> None:
    """LibraryError unless the tables are as this build left or found them: two that write in turns would mix rows."""
    if derived_from(con, "neighbors") != noted:
        raise LibraryError("another build began to write the neighbours; let it end, then run `sleevewalk build` again")


@dataclass(frozen=True, slots=True)
class Growth:
    """What a grown index changes in the tables."""

    rows: np.ndarray  # int64 [n]: covers that are new, or that a new one is among the nearest of
    nearest: tuple[np.ndarray, np.ndarray]  # of those rows (see `CoverIndex.nearest_to`)
    before: str  # what the tables were written from


def growth_of(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> Growth | None:
    """What `extend_neighbors` would write; None where the whole has to be rewritten: the tables are not those of the
    index before it grew, or an album wears another of the old covers.
    """
    if not index.facts.grown_from:
        return None
    noted = derived_from(con, "neighbors")
    with registered(con, "new_covers", _covers(index, np.arange(index.facts.grown_at, index.count))):
        before = _albums_and_covers(con, "AND cover_sha256 NOT IN (SELECT cover_sha256 FROM new_covers)")
    if noted != f"{index.facts.grown_from} {before}":
        return None
    new = index.vectors(np.arange(index.facts.grown_at, index.count))
    farthest = _farthest(con, index)
    changed = [np.arange(index.facts.grown_at, index.count)]
    for start in range(0, index.facts.grown_at, 65_536):
        rows = np.arange(start, min(start + 65_536, index.facts.grown_at))
        cosine = index.vectors(rows) @ new.T
        own, others = index.scales[rows][:, None], index.scales[index.facts.grown_at :]
        nearest_new = corrected(cosine, own, others).max(axis=1)
        changed.append(rows[1 - nearest_new <= farthest[rows] + _ROUNDING])
    every = np.sort(np.concatenate(changed))
    return Growth(every, index.nearest_to(every), noted)


def extend_neighbors(con: duckdb.DuckDBPyConnection, index: CoverIndex, growth: Growth) -> int:
    """Write a growth, so that the tables are what `write_neighbors` would make; the rows written. LibraryError."""
    import pyarrow as pa

    _still(con, growth.before)
    with (
        registered(con, "index_covers", _covers(index, np.arange(index.count))),
        registered(con, "changed", pa.table({"cover": growth.rows.astype(np.int32)})),
    ):
        con.execute(
            "DELETE FROM neighbors WHERE album_id IN (SELECT album_id FROM albums "
            "JOIN index_covers USING (cover_sha256) SEMI JOIN changed USING (cover))"
        )
    written = _write(con, index, _named(con, index), growth.rows, growth.nearest)
    if index.is_exact:
        _write_vectors(con, index, index.facts.grown_at)
    note_derived(con, "neighbors", _fingerprint(con, index))
    return written


def _farthest(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> np.ndarray:
    """float32 [count]: the distance of the last neighbour in each cover's list; 2, the farthest, for a short list."""
    with registered(con, "index_covers", _covers(index, np.arange(index.count))):
        lists = con.execute(
            """WITH lists AS (
                SELECT album_id, count(*) AS n, max(distance) AS last FROM neighbors WHERE rank > 1 OR distance > 0
                GROUP BY album_id)
            SELECT cover, max(CASE WHEN n >= ? THEN last ELSE 2 END) AS last
            FROM lists JOIN albums USING (album_id) JOIN index_covers USING (cover_sha256) GROUP BY cover""",
            [NEAREST],
        ).fetchnumpy()
    farthest = np.full(index.count, 2, np.float32)
    farthest[lists["cover"]] = lists["last"]
    return farthest


def _covers(index: CoverIndex, rows: np.ndarray) -> pa.Table:
    import pyarrow as pa

    return pa.table({"cover": pa.array(rows, pa.int32()), "cover_sha256": hashes(index.sha_bytes[rows])})


def _named(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> pa.Table:
    """Of every album with a cover of the index (album_id, cover, nth): the nth album that wears it, by name."""
    with registered(con, "index_covers", _covers(index, np.arange(index.count))):
        return con.sql(
            """SELECT a.album_id, c.cover, row_number() OVER (PARTITION BY c.cover ORDER BY a.artist_key, a.title_key,
            a.album_id) AS nth FROM albums a JOIN index_covers c USING (cover_sha256) ORDER BY a.album_id"""
        ).to_arrow_table()


def _write(
    con: duckdb.DuckDBPyConnection,
    index: CoverIndex,
    named: pa.Table,
    rows: np.ndarray,
    nearest: tuple[np.ndarray, np.ndarray],
) -> int:
    """Add the neighbours of the albums that wear the covers `rows` of the index."""
    import pyarrow as pa

    similarity, found = nearest
    k = found.shape[1]
    keep = found.ravel() >= 0
    similarity_kept = np.clip(similarity.ravel()[keep], -1, 1)
    edges = pa.table(
        {
            "cover": np.repeat(rows.astype(np.int32), k)[keep],
            "near": found.ravel()[keep].astype(np.int32),
            "rank": np.tile(np.arange(1, k + 1, dtype=np.int32), len(rows))[keep],
            "distance": (1 - similarity_kept).astype(np.float32),
            "score": index.percentile(similarity_kept).astype(np.float32),
        }
    )
    with (
        registered(con, "edges", edges),
        registered(con, "named", named),
        registered(con, "changed", pa.table({"cover": rows.astype(np.int32)})),
    ):
        written = first_value(
            con,
            """INSERT INTO neighbors
            WITH others AS (
                SELECT a.album_id, b.album_id AS neighbor_id, e.rank, e.distance, e.score
                FROM edges e JOIN named a USING (cover) JOIN named b ON b.cover = e.near AND b.nth <= ?
                QUALIFY row_number() OVER (PARTITION BY a.cover, a.nth ORDER BY e.rank, b.nth) <= ?
            ), same_file AS (
                SELECT a.album_id, b.album_id AS neighbor_id, 1 AS rank, 0.0 AS distance, 1.0 AS score
                FROM (FROM named SEMI JOIN changed USING (cover)) a JOIN named b USING (cover)
                WHERE b.nth <= ? + 1 AND a.album_id <> b.album_id
                QUALIFY row_number() OVER (PARTITION BY a.album_id ORDER BY b.nth) <= ?
            )
            FROM (FROM others UNION ALL FROM same_file) ORDER BY album_id, distance, rank, neighbor_id""",
            [_SAME_FILE, NEAREST, _SAME_FILE, _SAME_FILE],
        )
    return int(written)


def _write_vectors(con: duckdb.DuckDBPyConnection, index: CoverIndex, first: int) -> None:
    """What the index compares, from a row on, so that SQL can score any two covers as the app does."""
    import pyarrow as pa

    fix_dimension(con, "cover_vectors", index.dimension)
    vectors = as_arrays(index.vectors(np.arange(first, index.count)))
    numbers = np.arange(first, index.count, dtype=np.int32)
    columns = {"sha": index.shas[first:], "vector": vectors, "scale": index.scales[first:], "number": numbers}
    with registered(con, "vectors", pa.table(columns)):
        con.execute("INSERT INTO cover_vectors SELECT sha, vector, scale, number FROM vectors")


def neighbors_are_current(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> bool:
    """True where `neighbors` was written from this index and from the covers that the albums have today."""
    return derived_from(con, "neighbors") == _fingerprint(con, index)


def _fingerprint(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> str:
    """Of the index and of which album wears which cover."""
    return f"{index.facts.identity} {_albums_and_covers(con)}"


def _albums_and_covers(con: duckdb.DuckDBPyConnection, condition: str = "") -> tuple[Any, ...] | None:
    return first_row(
        con,
        "SELECT count(*), bit_xor(md5_number_lower(album_id || cover_sha256)) FROM albums "
        f"WHERE cover_sha256 IS NOT NULL {condition}",
    )
