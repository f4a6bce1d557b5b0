"""The `neighbors` table: the cover k-NN graph, album to album, for people who ask in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from store.bulk import registered
from store.calibration import NEAREST
from store.schema import NOW_UTC, first_row

if TYPE_CHECKING:
    import duckdb

    from store.index import CoverIndex

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
    import pyarrow as pa

    similarity, found = nearest if nearest is not None else index.nearest_covers()
    k = found.shape[1]
    keep = found.ravel() >= 0
    similarity_kept = np.clip(similarity.ravel()[keep], -1, 1)
    edges = pa.table(
        {
            "cover": np.repeat(np.arange(index.count, dtype=np.int32), k)[keep],
            "near": found.ravel()[keep].astype(np.int32),
            "rank": np.tile(np.arange(1, k + 1, dtype=np.int32), index.count)[keep],
            "distance": (1 - similarity_kept).astype(np.float32),
            "score": index.percentile(similarity_kept).astype(np.float32),
        }
    )
    covers = pa.table({"cover": np.arange(index.count, dtype=np.int32), "cover_sha256": index.shas})
    knots = pa.table({"similarity": index.knots[:, 0], "score": index.knots[:, 1]})
    for name, table in (("edges", edges), ("index_covers", covers), ("knots", knots)):
        con.register(name, table)
    try:
        con.execute("DELETE FROM neighbors")
        row = first_row(
            con,
            """INSERT INTO neighbors
            WITH named AS (
                SELECT a.album_id, c.cover, row_number() OVER (PARTITION BY c.cover ORDER BY a.artist_key,
                a.title_key) AS nth FROM albums a JOIN index_covers c USING (cover_sha256)
            ), others AS (
                SELECT a.album_id, b.album_id AS neighbor_id, e.rank, e.distance, e.score
                FROM edges e JOIN named a USING (cover) JOIN named b ON b.cover = e.near AND b.nth <= ?
                QUALIFY row_number() OVER (PARTITION BY a.album_id ORDER BY e.rank, b.nth) <= ?
            ), same_file AS (
                SELECT a.album_id, b.album_id AS neighbor_id, 1 AS rank, 0.0 AS distance, 1.0 AS score
                FROM named a JOIN named b USING (cover) WHERE b.nth <= ? + 1 AND a.album_id <> b.album_id
                QUALIFY row_number() OVER (PARTITION BY a.album_id ORDER BY b.nth) <= ?
            )
            FROM (FROM others UNION ALL FROM same_file) ORDER BY album_id, distance, rank, neighbor_id""",
            [_SAME_FILE, NEAREST, _SAME_FILE, _SAME_FILE],
        )
        con.execute("DELETE FROM cover_vectors")
        if index.is_exact:
            _write_vectors(con, index)
        con.execute("DELETE FROM cover_calibration")
        con.execute("INSERT INTO cover_calibration SELECT similarity, score, ? FROM knots", [index.model_id])
        con.execute(f"INSERT OR REPLACE INTO derived VALUES ('neighbors', ?, {NOW_UTC})", [_fingerprint(con, index)])
    finally:
        for name in ("edges", "index_covers", "knots"):
            con.unregister(name)
    return int(row[0]) if row else 0


def _write_vectors(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> None:
    """What the index compares, so that SQL can score any two covers as the app does."""
    import pyarrow as pa

    vectors = index.vectors(np.arange(index.count))
    starts = pa.array(np.arange(index.count + 1, dtype=np.int64) * index.dimension)
    lists = pa.LargeListArray.from_arrays(starts, pa.array(vectors.reshape(-1)))
    with registered(con, "vectors", pa.table({"cover_sha256": index.shas, "vector": lists})):
        con.execute("INSERT INTO cover_vectors SELECT cover_sha256, vector FROM vectors")


def neighbors_are_current(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> bool:
    """True where `neighbors` was written from this index and from the covers that the albums have today."""
    row = first_row(con, "SELECT fingerprint FROM derived WHERE name = 'neighbors'")
    return row is not None and row[0] == _fingerprint(con, index)


def _fingerprint(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> str:
    """Of the index and of which album wears which cover."""
    row = first_row(
        con,
        "SELECT count(*), bit_xor(md5_number_lower(album_id || cover_sha256)) FROM albums "
        "WHERE cover_sha256 IS NOT NULL",
    )
    return f"{index.fingerprint} {index.facts.faiss_sha256[:16]} {row}"
