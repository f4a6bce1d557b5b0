"""`ingest shards`: the albums, covers and latents of a folder of shards into a library.

By the rules of `ingest table`, of which this is the second half: one album is one however many tables bring it, what is
there already is left alone, and a run that was interrupted continues.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.batches import ahead
from pipelines.images import BadImage, PreparedCover
from pipelines.progress import Progress
from pipelines.report import IngestReport, SourceError, cover_pool, told
from pipelines.shards.format import SOURCE, Manifest, album_rows, covers_of, path_of, read_manifest, read_shard
from pipelines.sources.album_rows import AlbumRow
from pipelines.sources.table import Batch, TableJob, put_cover
from pipelines.writing import patient_write
from store.catalogue.covers import CoverFiles
from store.catalogue.latents import add_latents, add_model, forget_latents, missing_latents
from store.database.library import Library
from store.database.schema import first_row
from store.errors import LibraryError
from store.records import CoverRecord
from vae.info import SHIPPED, read_info

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_AHEAD = 2  # shards whose covers are in the making while one is committed

MadeCover = tuple[PreparedCover, str | None]  # with the address that it came from


@dataclass(frozen=True, slots=True)
class _Prepared:
    name: str
    batch: Batch
    shard: pa.Table  # cover_sha256, latent of the rows that have them


def ingest_shards(
    library: Library,
    folder: Path,
    progress: Progress | None = None,
    *,
    weights: Path = SHIPPED,
    source: str = SOURCE,
    any_model: bool = False,
) -> IngestReport:
    """Bring what the shards hold into the library, as albums of `source`. `build` then has nothing to embed.

    Latents of another model than `weights`, in the shards or in the library, are refused; with `any_model` those in the
    shards are left out and those in the library deleted, for a `build` that follows to make anew.

    SourceError where the folder is no whole set of shards or the models differ, LibraryError for a damaged shard,
    LibraryLocked after a patient wait; what was committed until then stays.
    """
    progress = progress or Progress()
    report = IngestReport(str(folder))
    manifest = read_manifest(folder)
    info = read_info(weights)
    fits = info.model_id == manifest.model_id
    if not (fits or any_model):
        raise SourceError(
            f"{folder} was made with model {manifest.model_id}, this library would be built with {info.model_id} "
            f"({weights}); make the shards again with these weights, or name those of the shards with --weights"
        )
    with patient_write(library, progress) as con:
        others = first_row(con, "SELECT model_id FROM latents WHERE model_id <> ? LIMIT 1", [info.model_id])
        if others and any_model:
            forget_latents(con, keep_model_id=info.model_id)
        elif others:
            raise SourceError(
                f"{library.path} holds latents of model {others[0]}, the shards those of {info.model_id}: "
                "make the shards with the weights of the first, or run `sleevewalk build` with those of the second"
            )
        config = info.config
        add_model(con, info.model_id, "sleevewalk", config.latent_dim, config.resolution, None, info.metrics)
        missing = set(missing_latents(con, info.model_id)) if fits else None
    with told(report, progress), cover_pool() as pool:
        state = f"{manifest.fingerprint} {manifest.model_id}"
        job = TableJob(library, manifest.table, state, pool, progress, report, source)
        progress.start(f"Albums from {folder.name}", manifest.rows)
        for one in ahead(_prepared(job, folder, manifest), _AHEAD):
            _commit(job, one, manifest, missing)
        job.close()
    return report


def _prepared(job: TableJob, folder: Path, manifest: Manifest) -> Iterator[_Prepared]:
    for name in manifest.shards:
        shard = read_shard(folder, name)
        covers = covers_of(shard)

        def find(row: AlbumRow, covers: dict[int, MadeCover | BadImage] = covers) -> MadeCover | BadImage:
            return covers[row.number]

        batch = job.prepare(album_rows(shard, job.source), find, partial(_store, files=job.files))
        embedded = shard.select(["cover_sha256", "latent"]).filter(pc.is_valid(shard["latent"]))
        yield _Prepared(str(path_of(folder, name)), batch, embedded)


def _store(covers: list[MadeCover], files: CoverFiles) -> list[CoverRecord | BadImage]:
    return [put_cover(cover, files, url) for cover, url in covers]


def _commit(job: TableJob, one: _Prepared, manifest: Manifest, missing: set[str] | None) -> None:
    """Write a shard's albums and covers, and the latents of those `missing` (None: none of them), at once."""
    stored = {
        cover.cover_sha256
        for _, loading in one.batch.loading
        for cover in loading.result()
        if isinstance(cover, CoverRecord)
    }
    shas: list[str] = one.shard["cover_sha256"].to_pylist()
    if not stored <= set(shas):
        raise LibraryError(
            f"{one.name} is damaged: its covers are not what it says; run `sleevewalk shards make` again"
        )
    wanted = stored | missing if missing is not None else set()
    rows = [at for at, sha in enumerate(shas) if sha in wanted]

    def add(con: DuckDBPyConnection) -> None:
        latents = one.shard["latent"].take(pa.array(rows)).combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = latents.astype(np.float32, copy=False).reshape(-1, manifest.latent_dim)
        add_latents(con, manifest.model_id, [shas[at] for at in rows], vectors)

    job.commit(one.batch, add if rows else None)
    if missing is not None:
        missing.difference_update(shas)
