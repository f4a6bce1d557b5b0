"""The exact index: all vectors in memory, in the file that FAISS calls IndexFlatIP.

FAISS reads it and it reads FAISS's, so a library is the same with FAISS installed and without: only large libraries,
whose index is a coarse one (`store.index.coarse`), cannot do without.
"""

from __future__ import annotations

import importlib.util
import struct
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from store.errors import LibraryError

_HEADER = struct.Struct("<4siqqq?iQ")  # fourcc, dimension, count, two unused, is trained, metric, numbers that follow
_FOURCC, _INNER_PRODUCT, _UNUSED = b"IxFI", 0, 1 << 20
_TILE = 1 << 22  # similarities computed at a time: 16 MB


class FlatIndex:
    """Vectors of length 1, float32 [ntotal, d]."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        self.ntotal, self.d = matrix.shape

    @classmethod
    def read(cls, path: Path) -> FlatIndex | None:
        """None where the file holds an index of another kind; ValueError for one that is damaged, OSError."""
        with path.open("rb") as file:
            start = file.read(_HEADER.size)
            if start[:4] != _FOURCC:
                return None
            if len(start) < _HEADER.size:
                raise ValueError("it is cut off")
            _, dimension, count, _, _, _, metric, numbers = _HEADER.unpack(start)
            rest = path.stat().st_size - _HEADER.size
            if metric != _INNER_PRODUCT or dimension < 1 or numbers != count * dimension or rest != 4 * numbers:
                raise ValueError("its header does not fit its size")
            return cls(np.fromfile(file, "<f4").reshape(count, dimension))

    def write(self, path: Path) -> None:
        """OSError."""
        start = _HEADER.pack(_FOURCC, self.d, self.ntotal, _UNUSED, _UNUSED, True, _INNER_PRODUCT, self.matrix.size)
        with path.open("wb") as file:
            file.write(start)
            np.ascontiguousarray(self.matrix, "<f4").tofile(file)


def nearest_products(asked: np.ndarray, points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(inner products float32 [q, k], rows of `points` int64 [q, k]), the largest first; through FAISS if it is there.

    `asked` and `points` are float32 [q, m] and [n, m], k ≤ n.
    """
    if has_faiss():
        import faiss

        return faiss.knn(asked, points, k, metric=faiss.METRIC_INNER_PRODUCT)
    product, rows = np.empty((len(asked), k), np.float32), np.empty((len(asked), k), np.int64)
    step = max(1, _TILE // max(1, len(points)))
    for start in range(0, len(asked), step):
        every = asked[start : start + step] @ points.T
        kept = np.argpartition(-every, k - 1, axis=1)[:, :k] if k < len(points) else np.argsort(-every, axis=1)
        found = np.take_along_axis(every, kept, 1)
        order = np.argsort(-found, axis=1, kind="stable")
        product[start : start + step] = np.take_along_axis(found, order, 1)
        rows[start : start + step] = np.take_along_axis(kept, order, 1)
    return product, rows


@cache
def has_faiss() -> bool:
    return importlib.util.find_spec("faiss") is not None


def needed_faiss() -> Any:
    """The module. LibraryError where it is not installed."""
    if not has_faiss():
        raise LibraryError("a library with so many covers needs FAISS: pip install 'sleevewalk[cpu]' (or [gpu])")
    import faiss

    return faiss


def gpus() -> int:
    """How many GPUs FAISS sees."""
    return int(needed_faiss().get_num_gpus()) if has_faiss() else 0
