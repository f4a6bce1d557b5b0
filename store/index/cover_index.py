"""The cover index: nearest covers by the cosine of their latents, through FAISS. Derived; `sleevewalk
build` makes it. Its files are the business of `store.index.index_files`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from store.database.bulk import rows_of_hashes
from store.database.schema import first_row
from store.errors import StaleIndex
from store.index.calibration import NEAREST, calibration, nearest_others
from store.index.coarse import fresh_coarse, nearest_of_all, reading
from store.index.index_files import REBUILD, IndexFacts, newest_json, read_files, write_files
from store.memory.texts import Texts

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library

EXACT_BELOW = 100_000  # covers; from there a new index is a coarse one, which answers many times as fast
GROWTH = 1.25  # how much an index may grow before it is built anew
_INTERACTIVE = 8  # queries; up to here one thread answers sooner than several that wait for each other
_FEW = 10_000  # vectors read; the same


Advance = Callable[[int], None]
Nearest = tuple[np.ndarray, np.ndarray]


def _quietly(done: int) -> None:
    pass


class CoverIndex:
    """An opened index. Row numbers are its own; `shas[row]` names the cover. Safe for searches from several
    threads.
    """

    def __init__(self, facts: IndexFacts, faiss_index: Any, sha_bytes: np.ndarray) -> None:
        self.model_id = facts.model_id
        self.dimension = facts.dimension
        self.count = facts.count
        self.fingerprint = facts.fingerprint
        self.facts = facts
        self._index = faiss_index
        self.sha_bytes = sha_bytes  # S64 [count]: cover_sha256 of every row
        self.knots = np.array(facts.knots, dtype=np.float64).reshape(-1, 2)

    @classmethod
    def load(cls, library: Library, allow_stale: bool = False) -> CoverIndex | None:
        """The library's index, None where none was built.

        LibraryError for a damaged or foreign one, StaleIndex where covers came or went since (unless
        `allow_stale`).
        """
        json_path = newest_json(library.index_dir)
        if json_path is None:
            return None
        index = cls(*read_files(json_path))
        if not allow_stale:
            with library.read() as con:
                why = index.why_stale(con)
            if why:
                faiss_path = json_path.with_suffix(".faiss")
                raise StaleIndex(f"the cover index {faiss_path} is stale ({why}); {REBUILD}")
        return index

    def why_stale(self, con: duckdb.DuckDBPyConnection) -> str:
        """What the library's latents have that the index has not, in a few words; '' where it is up to
        date.
        """
        row = first_row(
            con,
            "SELECT model_id FROM models WHERE model_id IN (SELECT DISTINCT model_id FROM latents) "
            "ORDER BY added_at DESC, model_id LIMIT 1",
        )
        if row is not None and row[0] != self.model_id:
            return f"it was built from model {self.model_id[:12]}, the library now has latents of {row[0][:12]}"
        live = first_row(
            con,
            "SELECT count(*), coalesce(bit_xor(('0x' || cover_sha256[:15])::BIGINT), 0) FROM latents "
            "WHERE model_id = ?",
            [self.model_id],
        ) or (0, 0)
        if live[0] != self.count:
            return f"it holds {self.count:,} covers, the library has latents of {live[0]:,}"
        if live[1] != self.facts.covers_check:
            return "it holds other covers than the library"
        return ""

    @cached_property
    def shas(self) -> list[str]:
        """cover_sha256 of every row."""
        return [sha.decode() for sha in self.sha_bytes.tolist()]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {sha: row for row, sha in enumerate(self.shas)}

    def row_of(self, sha: str) -> int | None:
        """The row of a cover, None where the index does not hold it."""
        return self._rows.get(sha)

    def rows_of(self, shas: Sequence[str]) -> np.ndarray:
        """int64 [n]: the row of each cover, -1 where the index does not hold it."""
        if isinstance(shas, Texts):
            return rows_of_hashes(shas.array, self.sha_bytes)
        return np.fromiter((self._rows.get(sha, -1) for sha in shas), np.int64, len(shas))

    def row_of_any(self, shas: Sequence[str]) -> bool:
        """Whether the index holds one of these covers."""
        return bool(np.isin(np.array(list(shas), dtype="S64"), self.sha_bytes).any())

    def vector(self, row: int) -> np.ndarray:
        """The L2-normalised vector of a row, float32 [m]."""
        return self.vectors(np.array([row]))[0]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """The L2-normalised vectors of rows, float32 [n, m] (approximate from 100,000 covers on)."""
        if self._matrix is not None:
            return self._matrix[rows]
        with _search_threads(1 if len(rows) <= _FEW else None):
            return self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))

    @cached_property
    def _matrix(self) -> np.ndarray | None:
        """All vectors as a view of the exact index's memory, float32 [count, m]; None for the coarse
        index.
        """
        import faiss

        if not isinstance(self._index, faiss.IndexFlat):
            return None
        flat = faiss.rev_swig_ptr(self._index.get_xb(), self.count * self.dimension)
        return flat.reshape(self.count, self.dimension)

    @property
    def is_exact(self) -> bool:
        """Whether every cover is compared, in full precision; the coarse index of large libraries is not."""
        return self._matrix is not None

    def search(self, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(cosine similarity float32 [q, k], row int64 [q, k]) of the nearest covers, nearest first.

        `vectors` are float32 [q, m] of any length. k is cut to the number of covers; where the coarse index
        finds fewer the row is -1. ValueError for another m.
        """
        queries = normalized(np.atleast_2d(vectors))
        if queries.shape[1] != self.dimension:
            raise ValueError(f"vectors have {queries.shape[1]} numbers, the index {self.dimension}")
        k = min(k, self.count)
        if k < 1:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        with _search_threads(1 if len(queries) <= _INTERACTIVE else None):
            similarity, rows = self._index.search(queries, k)
        return similarity, rows

    def search_among(self, vector: np.ndarray, k: int, among: np.ndarray) -> np.ndarray:
        """int64 [k' ≤ k]: the rows nearest to a vector (float32 [m]) of those that `among` (bool [count]) allows.

        The others are passed over while FAISS searches; the coarse index reads more lists the fewer are allowed.
        """
        import faiss

        some = int(np.count_nonzero(among))
        if not some or k < 1:
            return np.empty(0, np.int64)
        untyped: Any = faiss  # its types do not know of these
        chosen = untyped.IDSelectorBitmap(np.packbits(among, bitorder="little"))
        if self.is_exact:
            how = untyped.SearchParameters(sel=chosen)
        else:
            lists = min(self._index.nlist, -(-self._index.nprobe * self.count // some))
            how = reading(sel=chosen, nprobe=lists)
        with _search_threads(1):
            rows = self._index.search(normalized(np.atleast_2d(vector)), min(k, some), params=how)[1][0]
        return rows[rows >= 0]

    def percentile(self, similarity: np.ndarray) -> np.ndarray:
        """Cosine similarity as a score in 0–1, float64 of the same shape.

        Half the share of random pairs of covers that are less alike, half the share of near pairs (a cover
        and one of its 32 nearest) that are less alike: raw cosines of latents crowd together, this spreads
        them.
        """
        return np.interp(similarity, self.knots[:, 0], self.knots[:, 1])

    def nearest_covers(self, k: int = NEAREST, advance: Advance = _quietly) -> Nearest:
        """(similarity float32 [count, k'], row int64 [count, k']) of every cover's k' ≤ k nearest others,
        nearest first.

        On the GPU where FAISS sees one. Seconds for 24k covers, minutes for a million: call it outside a burst.
        `advance` is told how many more are done. -1 where there are fewer.
        """
        import faiss

        if self.is_exact or faiss.get_num_gpus() > 0:
            return self.nearest_to(np.arange(self.count), k, advance)
        return nearest_of_all(self._index, k, advance)

    def nearest_to(self, rows: np.ndarray, k: int = NEAREST, advance: Advance = _quietly) -> Nearest:
        """The same for some rows alone; `advance` is told how many more are done."""

        def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for start in range(0, len(rows), 4096):
                part = rows[start : start + 4096]
                yield part, self.vectors(part)
                advance(len(part))

        return nearest_others(_on_gpu(self._index), batches(), len(rows), k)


def build_index(
    library: Library, model_id: str, shas: Sequence[str], vectors: np.ndarray, fingerprint: str
) -> CoverIndex:
    """Write the index of `vectors` (float32 [n, m], one a cover of `shas`) and return it opened.

    Exact below 100,000 covers, from there IVF,SQ8 (see `store.index.coarse`). Indexes of other models in the folder are
    removed: they are derived.
    """

    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}", model_id):
        raise ValueError(f"a model id names a file; {model_id[:120]!r} cannot")
    vectors = normalized(vectors)
    if vectors.ndim != 2 or len(vectors) != len(shas):
        raise ValueError(f"{len(shas)} covers but vectors of shape {vectors.shape}")
    if len(set(shas)) != len(shas):
        raise ValueError("a cover is given twice")
    index = _fresh_index(vectors)
    sha_bytes = np.array(list(shas), dtype="S64")
    knots = calibration(index, vectors)
    facts = write_files(library.index_dir, index, sha_bytes, model_id, fingerprint, knots, len(shas))
    return CoverIndex(facts, index, sha_bytes)


def grow_index(
    library: Library, index: CoverIndex, shas: Sequence[str], vectors: np.ndarray, fingerprint: str
) -> CoverIndex | None:
    """`index` with more covers (float32 [n, m], one a cover of `shas`) behind its own, written and opened.

    None where it is time to build anew: it has grown by more than a quarter since its scores were calibrated and its
    lists trained. An exact one stays exact until then, so that the hundredth thousand costs no rebuild.
    """
    import faiss

    count = index.count + len(shas)
    if count > GROWTH * (index.facts.calibrated or index.count):
        return None
    if index.row_of_any(shas):
        raise ValueError("a cover is in the index already")
    # Not the mapped one: that cannot be written to.
    grown = faiss.read_index(str(library.index_dir / f"{index.model_id}.faiss"))
    grown.add(normalized(vectors))
    sha_bytes = np.concatenate([index.sha_bytes, np.array(list(shas), dtype="S64")])
    calibrated = index.facts.calibrated or index.count
    facts = write_files(
        library.index_dir, grown, sha_bytes, index.model_id, fingerprint, index.facts.knots, calibrated, index.facts
    )
    return CoverIndex(facts, grown, sha_bytes)


def normalized(vectors: np.ndarray) -> np.ndarray:
    """`vectors` as contiguous float32 of length 1 each; a zero vector stays zero. ValueError for not-finite
    ones.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite")
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(length > 0, length, 1))


def _fresh_index(vectors: np.ndarray) -> Any:
    import faiss

    count, dimension = vectors.shape
    if count >= EXACT_BELOW:
        return fresh_coarse(vectors)
    index = faiss.IndexFlatIP(dimension)
    index.add(vectors)
    return index


@contextmanager
def _search_threads(threads: int | None) -> Iterator[None]:
    import faiss

    before = faiss.omp_get_max_threads()
    if threads is not None and threads != before:
        faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _on_gpu(index: Any) -> Any:
    import faiss

    return faiss.index_cpu_to_all_gpus(index) if faiss.get_num_gpus() > 0 else index
