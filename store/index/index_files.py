"""The three files of a cover index, each written whole or not at all: `<model>.faiss` the vectors, `<model>.npy` which
cover each row is and its scale, `<model>.json` what it was built from, the hashes of the other two, and the calibration
of similarity to score.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from store.database.atomic import atomic_file
from store.errors import LibraryError
from store.index.flat import FlatIndex, needed_faiss
from store.shapes import Count, from_json, read_file

REBUILD = "run `sleevewalk build`"


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What the json beside an index says."""

    model_id: str
    dimension: Count
    count: Count
    fingerprint: str  # of the latents it was built from, as the builder gave it
    covers_check: int  # of the set of covers, comparable with the library's (see `_covers_check`)
    faiss_bytes: Count
    faiss_sha256: str
    covers_sha256: str  # of the .npy file
    built_at: str
    knots: Annotated[tuple[tuple[float, float], ...], Meta(min_length=2)]  # (similarity, score), both increasing
    calibrated: Count = 0  # covers when the knots were made and the lists of the coarse index were trained
    grown_from: str = ""  # `identity` of the index that this one is, with covers added behind its own; else empty
    grown_at: Count = 0  # covers of that one
    scaled: bool = False  # whether the covers have scales (`store.index.hubness`)

    @property
    def identity(self) -> str:
        """What tells this index from every other, for what is derived from it."""
        return f"{self.fingerprint} {self.faiss_sha256[:16]} {self.covers_sha256[:16]}"


def newest_json(index_dir: Path) -> Path | None:
    """What describes the index that was written last, None where there is none."""
    found = sorted(index_dir.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return found[-1] if found else None


def covers_array(sha_bytes: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """What the .npy file holds: of every row its cover (S64) and its scale (float32)."""
    covers = np.empty(len(sha_bytes), [("sha", "S64"), ("scale", "<f4")])
    covers["sha"], covers["scale"] = sha_bytes, scales
    return covers


def read_files(json_path: Path) -> tuple[IndexFacts, Any, np.ndarray, np.ndarray]:
    """(facts, the exact index or a coarse one mapped from its file, hashes of the covers by row, their scales).

    LibraryError for a damaged one. The scales of an index from before the correction for hubs are 1: none.
    """
    path = json_path.with_suffix(".faiss")
    damaged = f"the cover index {path} is damaged"
    try:
        facts = from_json(read_file(json_path), IndexFacts)
        size = path.stat().st_size
        if size != facts.faiss_bytes:
            raise LibraryError(f"{damaged} ({size:,} bytes instead of {facts.faiss_bytes:,}); {REBUILD}")
        if sha256_of(path) != facts.faiss_sha256 or sha256_of(path.with_suffix(".npy")) != facts.covers_sha256:
            raise LibraryError(f"{damaged} (its content is not what was built); {REBUILD}")
        # Only now, after the hashes agree, are the bytes given to a parser.
        covers = np.load(path.with_suffix(".npy"), allow_pickle=False)
        sha_bytes = np.ascontiguousarray(covers["sha"]) if facts.scaled else covers
        scales = np.ascontiguousarray(covers["scale"]) if facts.scaled else np.ones(len(covers), np.float32)
        index = FlatIndex.read(path) or _mapped(path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise LibraryError(
            f"{damaged} ({str(error).splitlines()[0][:200] if str(error) else error!r}); {REBUILD}"
        ) from error
    if index.d != facts.dimension or not index.ntotal == facts.count == len(sha_bytes):
        raise LibraryError(
            f"{damaged} ({index.ntotal:,} vectors of {index.d}, its json says {facts.count:,} of "
            f"{facts.dimension}); {REBUILD}"
        )
    return facts, index, sha_bytes, scales


def _mapped(path: Path) -> Any:
    faiss = needed_faiss()
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


def write_files(
    index_dir: Path,
    index: Any,
    covers: np.ndarray,
    model_id: str,
    fingerprint: str,
    knots: tuple[tuple[float, float], ...],
    calibrated: int,
    grown: IndexFacts | None = None,
) -> IndexFacts:
    """Write an index, its covers and facts (`grown`: those before it grew); other models' indexes are removed."""
    index_dir.mkdir(0o700, parents=True, exist_ok=True)
    target = index_dir / f"{model_id}.faiss"
    write_index(index, target)
    written = io.BytesIO()
    np.save(written, covers, allow_pickle=False)
    with atomic_file(target.with_suffix(".npy")) as path:
        path.write_bytes(written.getbuffer())
    facts = IndexFacts(
        model_id=model_id,
        dimension=index.d,
        count=len(covers),
        fingerprint=fingerprint,
        covers_check=covers_check(covers["sha"]),
        faiss_bytes=target.stat().st_size,
        faiss_sha256=sha256_of(target),
        covers_sha256=sha256_of(target.with_suffix(".npy")),
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        knots=knots,
        calibrated=calibrated,
        grown_from=grown.identity if grown else "",
        grown_at=grown.count if grown else 0,
        scaled=True,
    )
    with atomic_file(target.with_suffix(".json")) as path:
        path.write_text(json.dumps(asdict(facts), indent=1))
    for other in index_dir.iterdir():
        if other.suffix in (".faiss", ".npy", ".json") and other.stem != model_id:
            other.unlink()
    return facts


def write_index(index: Any, target: Path) -> None:
    """Write an index. LibraryError where it cannot be written."""
    with atomic_file(target) as path:
        if isinstance(index, FlatIndex):
            index.write(path)
            return
        faiss = needed_faiss()
        try:
            faiss.write_index(index, str(path))
        except RuntimeError as error:  # FAISS tells of a full disk so: source line, both sizes, why in parentheses
            why = str(error).strip().rpartition("(")[2].rstrip(")")
            raise LibraryError(f"cannot write {target}: {why[-200:]}") from error


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def covers_check(sha_bytes: np.ndarray) -> int:
    """XOR of the covers' first 60 bits: equal for equal sets in any order, and quick in SQL too."""
    check = 0
    for sha in sha_bytes.tolist():
        check ^= int(sha[:15], 16)
    return check
