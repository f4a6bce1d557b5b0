"""The cover index: nearest covers by the cosine of their latents, through FAISS. Derived; `sleevewalk
build` makes it. Its files are the business of `store.index.index_files`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from store.database.bulk import rows_of_hashes
from store.database.schema import first_row, first_value
from store.errors import StaleIndex
from store.index.calibration import calibration
from store.index.coarse import fresh_coarse
from store.index.flat import FlatIndex, needed_faiss
from store.index.hubness import local_scales, place_in, reference_rows
from store.index.index_files import REBUILD, IndexFacts, covers_array, newest_json, read_files, write_files
from store.index.scaled import ScaledIndex, normalized
from store.memory.texts import Texts

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library

EXACT_BELOW = 200_000  # covers; from there a new index is a coarse one, which answers many times as fast
GROWTH = 1.25  # how much an index may grow before it is built anew


class CoverIndex(ScaledIndex):
    """An opened index. Row numbers are its own; `shas[row]` names the cover. Safe for threads."""

    def __init__(self, facts: IndexFacts, index: Any, sha_bytes: np.ndarray, scales: np.ndarray) -> None:
        super().__init__(index, scales)
        self.model_id = facts.model_id
        self.fingerprint = facts.fingerprint
        self.facts = facts
        self.sha_bytes = sha_bytes  # S64 [count]: cover_sha256 of every row
        self.knots = np.array(facts.knots, dtype=np.float64).reshape(-1, 2)

    @classmethod
    def load(cls, library: Library, allow_stale: bool = False) -> CoverIndex | None:
        """The library's index, None where none was built. LibraryError for a damaged one, StaleIndex where covers came
        or went since (unless `allow_stale`).
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
        """What the library's latents have that the index has not, in a few words; '' where it is current."""
        newest = first_value(
            con,
            "SELECT model_id FROM models WHERE model_id IN (SELECT DISTINCT model_id FROM latents) "
            "ORDER BY added_at DESC, model_id LIMIT 1",
        )
        if newest not in (None, self.model_id):
            return f"it was built from model {self.model_id[:12]}, the library now has latents of {newest[:12]}"
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
        if not self.facts.scaled:
            return "it is of a version without the correction for hubs"
        return ""

    @cached_property
    def shas(self) -> list[str]:
        """cover_sha256 of every row."""
        return [sha.decode() for sha in self.sha_bytes.tolist()]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {sha: row for row, sha in enumerate(self.shas)}

    def grown(self, vectors: np.ndarray, index_dir: Path) -> Any:
        """The index with more vectors of length 1 behind its own."""
        if self._matrix is not None:
            return FlatIndex(np.concatenate([self._matrix, vectors]))
        # Not the mapped one: that cannot be written to.
        grown = needed_faiss().read_index(str(index_dir / f"{self.model_id}.faiss"))
        grown.add(vectors)
        return grown

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

    def percentile(self, similarity: np.ndarray) -> np.ndarray:
        """Corrected similarity as a score in 0–1, float64 of the same shape.

        Half the share of random pairs of covers that are less alike, half the share of near pairs (a cover
        and one of its 32 nearest) that are less alike: similarities crowd together, this spreads them.
        """
        return np.interp(similarity, self.knots[:, 0], self.knots[:, 1])


def build_index(
    library: Library, model_id: str, shas: Sequence[str], vectors: np.ndarray, fingerprint: str
) -> CoverIndex:
    """Write the index of `vectors` (float32 [n, m], one a cover of `shas`), exact below EXACT_BELOW; it is opened."""

    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}", model_id):
        raise ValueError(f"a model id names a file; {model_id[:120]!r} cannot")
    vectors = normalized(vectors)
    if vectors.ndim != 2 or len(vectors) != len(shas):
        raise ValueError(f"{len(shas)} covers but vectors of shape {vectors.shape}")
    if len(set(shas)) != len(shas):
        raise ValueError("a cover is given twice")
    index = _fresh_index(vectors)
    sha_bytes = np.array(list(shas), dtype="S64")
    reference = reference_rows(len(vectors))
    scales = local_scales(vectors, vectors[reference], place_in(reference, len(vectors)))
    covers = covers_array(sha_bytes, scales)
    knots = calibration(ScaledIndex(index, scales))
    facts = write_files(library.index_dir, index, covers, model_id, fingerprint, knots, len(shas))
    return CoverIndex(facts, index, sha_bytes, scales)


def grow_index(
    library: Library, index: CoverIndex, shas: Sequence[str], vectors: np.ndarray, fingerprint: str
) -> CoverIndex | None:
    """`index` with more covers (float32 [n, m], one a cover of `shas`) behind its own, written and opened.

    None where it is time to build anew: it has grown by more than a quarter since its scores were calibrated and its
    lists trained. An exact one stays exact until then, so that the hundredth thousand costs no rebuild.
    """
    count = index.count + len(shas)
    if not index.facts.scaled or count > GROWTH * (index.facts.calibrated or index.count):
        return None
    if index.row_of_any(shas):
        raise ValueError("a cover is in the index already")
    vectors = normalized(vectors)
    grown = index.grown(vectors, library.index_dir)
    sha_bytes = np.concatenate([index.sha_bytes, np.array(list(shas), dtype="S64")])
    calibrated = index.facts.calibrated or index.count
    # The scales of the covers that are there stay: measured against what was there, as those of the new ones are.
    scales = np.concatenate([index.scales, local_scales(vectors, index.vectors(reference_rows(calibrated)))])
    covers = covers_array(sha_bytes, scales)
    facts = write_files(
        library.index_dir, grown, covers, index.model_id, fingerprint, index.facts.knots, calibrated, index.facts
    )
    return CoverIndex(facts, grown, sha_bytes, scales)


def _fresh_index(vectors: np.ndarray) -> Any:
    return FlatIndex(vectors) if len(vectors) < EXACT_BELOW else fresh_coarse(vectors)
