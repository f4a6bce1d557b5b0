"""Vectors in tables: arrays of a fixed size, FLOAT[n], in every table that has them.

So SQL compares them (`array_cosine_similarity` takes no lists), and Arrow has them as one block. How many numbers
they have is the model's: the first that come fix it, and an empty table takes any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from store.database.copying import make_anew, our_table
from store.database.schema import first_value
from store.errors import LibraryError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

COLUMNS = {"latents": "latent", "cover_vectors": "vector"}  # the column of vectors, by table


def dimension_of(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """How many numbers a vector of this table has."""
    kind = first_value(
        con,
        "SELECT data_type FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = 'main' "
        "AND table_name = ? AND column_name = ?",
        [table, COLUMNS[table]],
    )
    return int(kind.removeprefix("FLOAT[").removesuffix("]"))


def fix_dimension(con: duckdb.DuckDBPyConnection, table: str, dimension: int) -> None:
    """Make the vectors of a table ones of `dimension` numbers. LibraryError where it holds some of another."""
    stored = dimension_of(con, table)
    if dimension == stored:
        return
    if first_value(con, f"SELECT count(*) FROM {table}"):
        raise LibraryError(
            f"this library's {table} have {stored} numbers and the model gives {dimension}; "
            "use the model that made them, or build a new library"
        )
    make_anew(con, our_table(table), f"FLOAT[{stored}]", f"FLOAT[{int(dimension)}]")


def as_arrays(vectors: np.ndarray) -> pa.FixedSizeListArray:
    """float32 [n, d] as a column of vectors."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
