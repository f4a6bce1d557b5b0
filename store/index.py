"""The cover index: nearest covers by the cosine of their latents, through FAISS. Derived; `sleevewalk
build` makes it.

Three files, each written beside and renamed: `<model>.faiss` the vectors, `<model>.npy` which cover each
row is, `<model>.json` what it was built from, the hashes of the other two, and the calibration of
similarity to score.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from store.calibration import NEAREST, calibration, nearest_others
from store.errors import LibraryError, StaleIndex
from store.neighbor_table import neighbors_are_current, write_neighbors
from store.schema import first_row

if TYPE_CHECKING:
    import duckdb

    from store.library import Library

__all__ = ["CoverIndex", "IndexFacts", "build_index", "neighbors_are_current", "normalized", "write_neighbors"]

EXACT_BELOW = 100_000  # covers; from there the coarse index answers 100 times faster at a recall of .97
LISTS, PROBES = 4096, 64
_REBUILD = "run `sleevewalk build`"
_INTERACTIVE = 8  # queries; up to here one thread answers sooner than several that wait for each other


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What the json beside an index says."""

    model_id: str
    dimension: int
    count: int
    fingerprint: str  # of the latents it was built from, as the builder gave it
    covers_check: int  # of the set of covers, comparable with the library's (see `_covers_check`)
    faiss_bytes: int
    faiss_sha256: str
    covers_sha256: str  # of the .npy file
    built_at: str
    knots: tuple[tuple[float, float], ...]  # (similarity, score), both increasing


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
        self._sha_bytes = sha_bytes
        self.knots = np.array(facts.knots, dtype=np.float64).reshape(-1, 2)

    @classmethod
    def load(cls, library: Library, allow_stale: bool = False) -> CoverIndex | None:
        """The library's index, None where none was built.

        LibraryError for a damaged or foreign one, StaleIndex where covers came or went since (unless
        `allow_stale`).
        """
        json_path = _newest_json(library.index_dir)
        if json_path is None:
            return None
        index = _read(json_path)
        with library.read() as con:
            why = index.why_stale(con)
        if why and not allow_stale:
            raise StaleIndex(f"the cover index {json_path.with_suffix('.faiss')} is stale ({why}); {_REBUILD}")
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
        return [sha.decode() for sha in self._sha_bytes.tolist()]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {sha: row for row, sha in enumerate(self.shas)}

    def row_of(self, sha: str) -> int | None:
        """The row of a cover, None where the index does not hold it."""
        return self._rows.get(sha)

    def vector(self, row: int) -> np.ndarray:
        """The L2-normalised vector of a row, float32 [m]."""
        return self.vectors(np.array([row]))[0]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """The L2-normalised vectors of rows, float32 [n, m] (approximate from 100,000 covers on)."""
        if self._matrix is not None:
            return self._matrix[rows]
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

    def percentile(self, similarity: np.ndarray) -> np.ndarray:
        """Cosine similarity as a score in 0–1, float64 of the same shape.

        Half the share of random pairs of covers that are less alike, half the share of near pairs (a cover
        and one of its 32 nearest) that are less alike: raw cosines of latents crowd together, this spreads
        them.
        """
        return np.interp(similarity, self.knots[:, 0], self.knots[:, 1])

    def nearest_covers(self, k: int = NEAREST) -> tuple[np.ndarray, np.ndarray]:
        """(similarity float32 [count, k'], row int64 [count, k']) of every cover's k' ≤ k nearest others,
        nearest first.

        On the GPU where FAISS sees one. Seconds for 24k covers: call it outside a burst. -1 where there are
        fewer.
        """
        return nearest_others(_on_gpu(self._index), self._all_batches(), self.count, k)

    def _all_batches(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, self.count, 4096):
            rows = np.arange(start, min(start + 4096, self.count))
            yield rows, self.vectors(rows)


def build_index(
    library: Library, model_id: str, shas: Sequence[str], vectors: np.ndarray, fingerprint: str
) -> CoverIndex:
    """Write the index of `vectors` (float32 [n, m], one a cover of `shas`) and return it opened.

    Exact up to 100,000 covers, then IVF4096,SQ8. Indexes of other models in the folder are removed: they
    are derived.
    """
    import faiss

    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}", model_id):
        raise ValueError(f"a model id names a file; {model_id[:120]!r} cannot")
    vectors = normalized(vectors)
    if vectors.ndim != 2 or len(vectors) != len(shas):
        raise ValueError(f"{len(shas)} covers but vectors of shape {vectors.shape}")
    if len(set(shas)) != len(shas):
        raise ValueError("a cover is given twice")
    count, dimension = vectors.shape
    index = _fresh_index(vectors)
    sha_bytes = np.array(list(shas), dtype="S64")
    library.index_dir.mkdir(parents=True, exist_ok=True)
    target = library.index_dir / f"{model_id}.faiss"
    with _beside(target) as beside:
        faiss.write_index(index, str(beside))
    with _beside(target.with_suffix(".npy")) as beside, beside.open("wb") as file:
        np.save(file, sha_bytes, allow_pickle=False)
    facts = IndexFacts(
        model_id=model_id,
        dimension=dimension,
        count=count,
        fingerprint=fingerprint,
        covers_check=_covers_check(sha_bytes),
        faiss_bytes=target.stat().st_size,
        faiss_sha256=_sha256(target),
        covers_sha256=_sha256(target.with_suffix(".npy")),
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        knots=calibration(index, vectors),
    )
    with _beside(target.with_suffix(".json")) as beside:
        beside.write_text(json.dumps(asdict(facts), indent=1))
    for other in library.index_dir.iterdir():
        if other.suffix in (".faiss", ".npy", ".json") and other.stem != model_id:
            other.unlink()
    return CoverIndex(facts, index, sha_bytes)


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
    index: Any
    if count < EXACT_BELOW:
        index = faiss.IndexFlatIP(dimension)
    else:
        index = faiss.index_factory(dimension, f"IVF{LISTS},SQ8", faiss.METRIC_INNER_PRODUCT)
        if faiss.get_num_gpus() > 0:  # training is the slow part
            index.clustering_index = faiss.index_cpu_to_all_gpus(faiss.IndexFlatIP(dimension))
        sample = np.random.default_rng(0).permutation(count)[: LISTS * 64]
        index.train(vectors[np.sort(sample)])
        index.nprobe = PROBES
    index.add(vectors)
    if count >= EXACT_BELOW:
        index.make_direct_map()
    return index


def _newest_json(index_dir: Path) -> Path | None:
    found = sorted(index_dir.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return found[-1] if found else None


def _read(json_path: Path) -> CoverIndex:
    import faiss

    path = json_path.with_suffix(".faiss")
    damaged = f"the cover index {path} is damaged"
    try:
        fields = json.loads(json_path.read_text())
        fields["knots"] = tuple((float(s), float(p)) for s, p in fields["knots"])
        facts = IndexFacts(**fields)
        size = path.stat().st_size
        if size != facts.faiss_bytes:
            raise LibraryError(f"{damaged} ({size:,} bytes instead of {facts.faiss_bytes:,}); {_REBUILD}")
        if _sha256(path) != facts.faiss_sha256 or _sha256(path.with_suffix(".npy")) != facts.covers_sha256:
            raise LibraryError(f"{damaged} (its content is not what was built); {_REBUILD}")
        # Only now, after the hashes agree, are the bytes given to a parser.
        sha_bytes = np.load(path.with_suffix(".npy"), allow_pickle=False)
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise LibraryError(
            f"{damaged} ({str(error).splitlines()[0][:200] if str(error) else error!r}); {_REBUILD}"
        ) from error
    if index.d != facts.dimension or not index.ntotal == facts.count == len(sha_bytes):
        raise LibraryError(
            f"{damaged} ({index.ntotal:,} vectors of {index.d}, its json says {facts.count:,} of "
            f"{facts.dimension}); {_REBUILD}"
        )
    return CoverIndex(facts, index, sha_bytes)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A name beside `target` to write to; renamed into place at the end, removed on an error."""
    beside = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        yield beside
        beside.replace(target)
    except OSError as error:
        raise LibraryError(f"cannot write {target}: {error.strerror or error}") from error
    except RuntimeError as error:  # as FAISS tells of a full disk: source line, both sizes, and why in parentheses
        why = str(error).strip().rpartition("(")[2].rstrip(")")
        raise LibraryError(f"cannot write {target}: {why[-200:]}") from error
    finally:
        beside.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _covers_check(sha_bytes: np.ndarray) -> int:
    """XOR of the covers' first 60 bits: equal for equal sets in any order, and SQL can compute it in
    milliseconds.
    """
    check = 0
    for sha in sha_bytes.tolist():
        check ^= int(sha[:15], 16)
    return check


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
