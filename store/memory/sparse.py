"""Sparse matrices by rows, as the catalogue in memory uses them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse matrix by rows (CSR): row r has `columns[start[r]:start[r + 1]]` with `values` beside them."""

    start: np.ndarray  # int64 [rows + 1]
    columns: np.ndarray  # int32 [entries]
    values: np.ndarray  # float32 [entries]

    def row(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """(columns, values) of one row, as views."""
        part = slice(self.start[number], self.start[number + 1])
        return self.columns[part], self.values[part]

    @classmethod
    def from_entries(cls, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, count: int) -> Sparse:
        """From entries in any order; within a row they keep the order given."""
        order = np.argsort(rows, kind="stable")
        start = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=count), out=start[1:])
        return cls(start, columns[order].astype(np.int32), values[order].astype(np.float32))


def highest(scores: np.ndarray, limit: int) -> np.ndarray:
    """Places of the `limit` highest scores above 0, in no order; of equal ones at the edge the first."""
    above = np.flatnonzero(scores > 0)
    if len(above) <= limit:
        return above
    edge = np.partition(scores[above], len(above) - limit)[len(above) - limit]
    surely = above[scores[above] > edge]
    return np.concatenate([surely, above[scores[above] == edge][: limit - len(surely)]])
