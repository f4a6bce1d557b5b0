"""Models and the latents that they made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from store.bulk import registered
from store.errors import LibraryError
from store.schema import first_row
from store.text import clean

if TYPE_CHECKING:
    import duckdb


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
    return [
        row[0]
        for row in con.execute(
            "SELECT c.cover_sha256 FROM covers c "
            "ANTI JOIN (SELECT cover_sha256 FROM latents WHERE model_id = ?) l "
            "ON l.cover_sha256 = c.cover_sha256 ORDER BY ALL",
            [model_id],
        ).fetchall()
    ]


def add_latents(
    con: duckdb.DuckDBPyConnection,
    model_id: str,
    shas: Sequence[str],
    latents: np.ndarray,
    search_vectors: np.ndarray | None = None,
) -> None:
    """Add latents (float32 [n, d], one a cover) and what the index compares of them (float32 [n, m], default
    the latents themselves); known ones are left as they are.

    The columns are fixed-size arrays so that SQL's array functions work on them. The first latents of a
    library fix their dimensions; others are refused with LibraryError until `forget_latents` has emptied the
    table.
    """
    import pyarrow as pa

    columns = {"latent": latents, "search_vector": latents if search_vectors is None else search_vectors}
    arrays = {}
    for name, values in columns.items():
        values = np.ascontiguousarray(values, dtype=np.float32)
        if values.ndim != 2 or len(shas) != len(values):
            raise ValueError(f"{len(shas)} covers but latents of shape {values.shape}")
        if not len(values):
            return
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            raise LibraryError(
                f"the latent of cover {shas[int(np.argmin(finite))]} is not finite; the model or the cover is damaged"
            )
        _fix_dimension(con, name, values.shape[1])
        arrays[name] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
    table = pa.table({"cover_sha256": list(shas), **arrays})
    with registered(con, "incoming_latents", table):
        con.execute(
            "INSERT INTO latents SELECT DISTINCT ON (i.cover_sha256) i.cover_sha256, ?, i.latent, i.search_vector "
            "FROM incoming_latents i ANTI JOIN (SELECT cover_sha256 FROM latents WHERE model_id = ?) l "
            "ON l.cover_sha256 = i.cover_sha256",
            [model_id, model_id],
        )


def latent_dimension(con: duckdb.DuckDBPyConnection, column: str = "latent") -> int:
    """How many numbers a latent (or a search vector) of this library has."""
    row = first_row(
        con,
        "SELECT data_type FROM duckdb_columns() WHERE database_name = current_database() "
        "AND table_name = 'latents' AND column_name = ?",
        [column],
    )
    return int(str(row[0]).removeprefix("FLOAT[").removesuffix("]")) if row else 0


def _fix_dimension(con: duckdb.DuckDBPyConnection, column: str, dimension: int) -> None:
    stored = latent_dimension(con, column)
    if dimension == stored:
        return
    row = first_row(con, "SELECT count(*) FROM latents")
    if row and row[0]:
        raise LibraryError(
            f"this library's latents have {stored} numbers and the model gives {dimension}; "
            "use the model that made them, or build a new library"
        )
    con.execute(f"ALTER TABLE latents ALTER {column} TYPE FLOAT[{int(dimension)}]")


def forget_latents(con: duckdb.DuckDBPyConnection, keep_model_id: str | None = None) -> int:
    """Delete the latents of every model but one; return how many went. They are derived: `build` makes them
    again.
    """
    row = first_row(con, "DELETE FROM latents WHERE model_id IS DISTINCT FROM ?", [keep_model_id])
    return int(row[0]) if row else 0


def load_latents(con: duckdb.DuckDBPyConnection, model_id: str, column: str = "latent") -> tuple[list[str], np.ndarray]:
    """(cover_sha256 list, float32 [n, d]) of a model's latents, or with `column` "search_vector" of those, ordered
    by cover_sha256; [0, d] where there are none.
    """
    if column not in ("latent", "search_vector"):
        raise ValueError(f"latents have no column {column!r}")
    table = con.sql(
        f"SELECT cover_sha256, {column} AS latent FROM latents WHERE model_id = ? ORDER BY cover_sha256",
        params=[model_id],
    ).to_arrow_table()
    dimension = latent_dimension(con, column)
    if not table.num_rows:
        return [], np.empty((0, dimension), np.float32)
    latents = table["latent"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return table["cover_sha256"].to_pylist(), latents.astype(np.float32).reshape(-1, dimension)
