"""`shards index`: the index of a large library, filled from its shards by many workers.

For libraries so large that their index is coarse; `build` does the same on one machine.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.batches import batched
from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.shards.engines import cluster
from pipelines.shards.format import Manifest, read_manifest, read_shard
from store.database.atomic import leftovers
from store.database.library import Library
from store.errors import LibraryError
from store.index import cover_index
from store.index.coarse import TRAINING, lists_for
from store.index.index_shards import adopt_index, fill_part, merge_parts, train_index
from vae.info import SHIPPED, search_matrix
from vae.search import search_vectors

PART = 50_000  # covers, about, that one worker indexes at a time


@dataclass(slots=True)
class IndexReport:
    """What was indexed. No covers: the library is too small for it, or holds none of the shards' covers."""

    covers: int = 0
    parts: int = 0
    library_covers: int = 0  # that have latents
    seconds: float = 0.0

    def summary(self) -> str:
        """One line for people."""
        if not self.covers:
            return (
                f"nothing to do: {self.library_covers:,} covers of the shards are in the library, and below "
                f"{cover_index.EXACT_BELOW:,} `sleevewalk build` makes an exact index in seconds"
            )
        return f"{self.covers:,} covers indexed in {self.parts:,} parts in {self.seconds:.1f} s"

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class IndexPart:
    """What one worker indexes: of each shard those rows whose covers no other shard brings."""

    path: Path
    shards: tuple[tuple[str, tuple[int, ...]], ...]  # name, rows


def index_shards(
    library: Library,
    folder: Path,
    *,
    engine: str = "local",
    address: str | None = None,
    weights: Path = SHIPPED,
    progress: Progress | None = None,
) -> IndexReport:
    """Train on a sample, fill the parts, merge them into the library's index. SourceError for a folder that is no whole
    set of shards or of another model, LibraryError for a damaged shard.
    """
    began = time.monotonic()
    progress = progress or Progress()
    folder = folder.resolve()
    manifest = read_manifest(folder)
    matrix = search_matrix(weights)
    if matrix.shape[1] != manifest.latent_dim + 1:
        raise SourceError(f"{folder} holds latents of {manifest.latent_dim} numbers, {weights} gives others")
    with library.read() as con:
        rows = con.execute("SELECT cover_sha256 FROM latents WHERE model_id = ?", [manifest.model_id]).fetchall()
    shas, shards = _distinct(folder, manifest, {sha for (sha,) in rows})
    report = IndexReport(library_covers=len(shas))
    if len(shas) < cover_index.EXACT_BELOW:
        return report
    parts_folder = folder / "index"
    parts_folder.mkdir(exist_ok=True)
    leftovers(parts_folder, remove=True)
    parts = _parts(parts_folder, shards)
    progress.start("training the index", None)
    lists = lists_for(len(shas))
    trained = train_index(_sample(folder, shards, matrix, lists * TRAINING), lists)
    progress.start("indexing covers", len(shas))
    run = _fill_local(parts, folder, matrix, trained) if engine == "local" else _fill_ray(
        parts, folder, matrix, trained, address
    )  # fmt: skip
    for count in run:
        progress.advance(count)
    index = merge_parts(trained, [part.path for part in parts])
    digest = hashlib.sha256("".join([manifest.model_id, *shas]).encode()).hexdigest()
    adopt_index(library, manifest.model_id, index, np.array(shas, "S64"), digest)
    for part in parts:
        part.path.unlink(missing_ok=True)
    report.covers, report.parts, report.seconds = len(shas), len(parts), time.monotonic() - began
    progress.finish(report.summary())
    return report


Rows = tuple[str, tuple[int, ...]]  # a shard and some of its rows


def _distinct(folder: Path, manifest: Manifest, known: set[str]) -> tuple[list[str], list[Rows]]:
    """The covers of the shards that the library knows, each once, and where they are, in that order."""
    shas: list[str] = []
    shards: list[Rows] = []
    for name in manifest.shards:
        rows = []
        for at, sha in enumerate(read_shard(folder, name, ["cover_sha256"])["cover_sha256"].to_pylist()):
            if sha in known:
                known.discard(sha)
                shas.append(sha)
                rows.append(at)
        if rows:
            shards.append((name, tuple(rows)))
    return shas, shards


def _parts(folder: Path, shards: Sequence[Rows]) -> list[IndexPart]:
    size = max(1, PART * len(shards) // max(1, sum(len(rows) for _, rows in shards)))
    return [IndexPart(folder / f"{at:06d}.faiss", tuple(some)) for at, some in enumerate(batched(shards, size))]


def _vectors(folder: Path, shards: Sequence[Rows], matrix: np.ndarray) -> Iterator[np.ndarray]:
    """The search vectors (float32 [n, m]) of these rows, shard by shard."""
    for name, rows in shards:
        latents = read_shard(folder, name, ["latent"])["latent"].take(pa.array(rows)).combine_chunks()
        values = latents.flatten().to_numpy(zero_copy_only=False)
        yield search_vectors(values.reshape(len(rows), -1), matrix)


def _sample(folder: Path, shards: Sequence[Rows], matrix: np.ndarray, wanted: int) -> np.ndarray:
    """Vectors of `wanted` covers at random, out of some four times as many where there are more."""
    random = np.random.default_rng(0)
    some: list[Rows] = []
    count = 0
    for at in random.permutation(len(shards)):
        some.append(shards[at])
        count += len(shards[at][1])
        if count >= 4 * wanted:
            break
    share = min(1.0, wanted / count)
    return np.concatenate([
        vectors[random.permutation(len(vectors))[: max(1, round(share * len(vectors)))]]
        for vectors in _vectors(folder, some, matrix)
    ])  # fmt: skip


def _fill(part: IndexPart, folder: Path, matrix: np.ndarray, trained: np.ndarray) -> int:
    return fill_part(trained, _vectors(folder, part.shards, matrix), part.path)


def _fill_local(parts: Sequence[IndexPart], folder: Path, matrix: np.ndarray, trained: np.ndarray) -> Iterator[int]:
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(lambda part: _fill(part, folder, matrix, trained), parts)


def _fill_ray(
    parts: Sequence[IndexPart], folder: Path, matrix: np.ndarray, trained: np.ndarray, address: str | None
) -> Iterator[int]:
    with cluster(address) as ray:
        common = ray.put((list(parts), folder, matrix, trained))

        def fill(row: dict[str, int]) -> dict[str, Any]:
            parts, *rest = ray.get(common)
            try:
                return {"count": _fill(parts[row["part"]], *rest), "stop": ""}
            except LibraryError as error:
                return {"count": 0, "stop": str(error)}

        rows = ray.data.from_items([{"part": at} for at in range(len(parts))], override_num_blocks=len(parts))
        for row in rows.map(fill, num_cpus=1).iter_rows():
            if row["stop"]:
                raise LibraryError(row["stop"])
            yield row["count"]
