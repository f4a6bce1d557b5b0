"""Arrow tables into DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class registered:
    """An Arrow table under a name for the length of a `with`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
        self.con, self.name, self.table = con, name, table

    def __enter__(self) -> None:
        self.con.register(self.name, self.table)

    def __exit__(self, *_: object) -> None:
        self.con.unregister(self.name)


def hashes(sha_bytes: np.ndarray) -> pa.LargeStringArray:
    """Hashes of covers, S64 [n], as Arrow's texts, in the same memory: a million cost nothing."""
    import pyarrow as pa

    starts = np.arange(len(sha_bytes) + 1, dtype=np.int64) * 64
    data = np.ascontiguousarray(sha_bytes, dtype="S64")
    return pa.LargeStringArray.from_buffers(len(data), pa.py_buffer(starts), pa.py_buffer(data))
