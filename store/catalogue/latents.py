"""Models and the latents that they made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from store.database.bulk import hashes, registered
from store.database.schema import first_value
from store.database.vectors import as_arrays, dimension_of, fix_dimension
from store.errors import LibraryError
from store.text import clean

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def add_model(
    con: duckdb.DuckDBPyConnection,
    model_id: str,
    name: str,
    latent_dim: int,
    resolution: int,
    trained_at: str | None,
    metrics: dict[str, Any],
) -> None:
    """Record a model; one that is there already is left as it is."""
    con.execute(
        "INSERT INTO models (model_id, name, latent_dim, resolution, trained_at, metrics) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [model_id, clean(name), latent_dim, resolution, trained_at, json.dumps(metrics)],
    )


def missing_latents(con: duckdb.DuckDBPyConnection, model_id: str) -> list[str]:
    """cover_sha256 of the covers that have no latent of that model, ordered."""
    rows = con.execute(
        "SELECT cover_sha256 FROM covers ANTI JOIN (FROM latents WHERE model_id = ?) USING (cover_sha256) ORDER BY ALL",
        [model_id],
    ).fetchall()
    return [sha for (sha,) in rows]


def add_latents(con: duckdb.DuckDBPyConnection, model_id: str, shas: Sequence[str], latents: np.ndarray) -> None:
    """Add latents (float32 [n, d], one a cover); known ones stay. The first fix the dimension of the column, an array
    of fixed size for SQL's functions; LibraryError for others until `forget_latents` has emptied the table.
    """
    import pyarrow as pa

    latents = np.ascontiguousarray(latents, dtype=np.float32)
    if latents.ndim != 2 or len(shas) != len(latents):
        raise ValueError(f"{len(shas)} covers but latents of shape {latents.shape}")
    if not len(latents):
        return
    finite = np.isfinite(latents).all(axis=1)
    if not finite.all():
        raise LibraryError(
            f"the latent of cover {shas[int(np.argmin(finite))]} is not finite; the model or the cover is damaged"
        )
    fix_dimension(con, "latents", latents.shape[1])
    table = pa.table({"cover_sha256": list(shas), "latent": as_arrays(latents)})
    with registered(con, "incoming_latents", table):
        con.execute(
            "INSERT INTO latents SELECT DISTINCT ON (i.cover_sha256) i.cover_sha256, ?, i.latent "
            "FROM incoming_latents i ANTI JOIN (SELECT cover_sha256 FROM latents WHERE model_id = ?) l "
            "ON l.cover_sha256 = i.cover_sha256",
            [model_id, model_id],
        )


def forget_latents(con: duckdb.DuckDBPyConnection, keep_model_id: str | None = None) -> int:
    """Delete the latents of every model but one, which `build` makes again; return how many went."""
    return int(first_value(con, "DELETE FROM latents WHERE model_id IS DISTINCT FROM ?", [keep_model_id]))


def load_latents(
    con: duckdb.DuckDBPyConnection, model_id: str, shas: Sequence[str] | None = None
) -> tuple[list[str], np.ndarray]:
    """(cover_sha256, float32 [n, d]) of a model's latents, all or of some covers, in the order of cover_sha256."""
    some = "" if shas is None else "AND cover_sha256 IN (SELECT unnest(?::VARCHAR[])) "
    table = con.sql(
        f"SELECT cover_sha256, latent FROM latents WHERE model_id = ? {some}ORDER BY cover_sha256",
        params=[model_id] if shas is None else [model_id, list(shas)],
    ).to_arrow_table()
    return table["cover_sha256"].to_pylist(), _matrix(table["latent"], dimension_of(con, "latents"))


def latent_batches(
    con: duckdb.DuckDBPyConnection, model_id: str, size: int = 65_536
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(cover_sha256 S64 [n], float32 [n, d]) of all of a model's latents, about `size` at a time, in no order."""
    dimension = dimension_of(con, "latents")
    found = con.sql("SELECT cover_sha256, latent FROM latents WHERE model_id = ?", params=[model_id])
    for batch in found.to_arrow_reader(size):
        if batch.num_rows:
            shas = batch["cover_sha256"].to_numpy(zero_copy_only=False).astype("S64")
            yield shas, _matrix(batch["latent"], dimension)


def latents_not_in(con: duckdb.DuckDBPyConnection, model_id: str, shas: np.ndarray) -> tuple[list[str], bool]:
    """(covers that have a latent of that model and are not among `shas` (S64 [n]), whether one of `shas` has none)."""
    import pyarrow as pa

    known = pa.table({"cover_sha256": hashes(shas)})
    with registered(con, "known_covers", known):
        fresh = con.execute(
            "SELECT cover_sha256 FROM latents ANTI JOIN known_covers USING (cover_sha256) WHERE model_id = ? "
            "ORDER BY cover_sha256",
            [model_id],
        ).fetchall()
        gone = first_value(
            con,
            "SELECT count(*) FROM known_covers ANTI JOIN (FROM latents WHERE model_id = ?) USING (cover_sha256)",
            [model_id],
        )
    return [sha for (sha,) in fresh], gone > 0


def latents_with_facts(
    con: duckdb.DuckDBPyConnection, model_id: str, limit: int
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """(latents float32 [n, d], genres ('' = unknown), mean colours 0xRRGGBB) of `limit` covers, the first by hash."""
    table = con.sql(
        "SELECT any_value(l.latent) AS latent, coalesce(min(a.genre), '') AS genre, any_value(c.mean_color) AS color "
        "FROM (SELECT * FROM latents WHERE model_id = ? ORDER BY cover_sha256 LIMIT ?) l "
        "JOIN covers c USING (cover_sha256) LEFT JOIN albums a USING (cover_sha256) "
        "GROUP BY cover_sha256 ORDER BY cover_sha256",
        params=[model_id, limit],
    ).to_arrow_table()
    colors = table["color"].to_numpy().astype(np.int64)
    return _matrix(table["latent"], dimension_of(con, "latents")), table["genre"].to_pylist(), colors


def albums_with_latents(
    con: duckdb.DuckDBPyConnection, model_id: str, limit: int
) -> tuple[list[tuple[str, str, str, str]], np.ndarray]:
    """((album_id, artist, title, cover_sha256), latents float32 [n, d]) of at most `limit` covers, one album each."""
    table = con.sql(
        "SELECT min(album_id) AS album_id, arg_min(artist, album_id) AS artist, arg_min(title, album_id) AS title, "
        "cover_sha256, any_value(latent) AS latent "
        "FROM (SELECT * FROM latents WHERE model_id = ? ORDER BY cover_sha256 LIMIT ?) "
        "JOIN albums USING (cover_sha256) GROUP BY cover_sha256 ORDER BY cover_sha256",
        params=[model_id, limit],
    ).to_arrow_table()
    columns = [table[name].to_pylist() for name in ("album_id", "artist", "title", "cover_sha256")]
    return list(zip(*columns, strict=True)), _matrix(table["latent"], dimension_of(con, "latents"))


def _matrix(column: pa.ChunkedArray | pa.Array, dimension: int) -> np.ndarray:
    """float32 [n, dimension] of a column of latents."""
    flat = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    return flat.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False).reshape(-1, dimension)
