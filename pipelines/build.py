"""`build`: bring everything derived up to date — latents, the index, the neighbours table, the map. Idempotent.

Where nothing is new it says so without loading the model.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.embed import embed
from pipelines.progress import Progress
from pipelines.writing import patient_write
from store.catalogue.covers import CoverFiles
from store.catalogue.latents import (
    add_latents,
    add_model,
    forget_latents,
    latent_batches,
    latents_not_in,
    load_latents,
    missing_latents,
)
from store.database.library import Library
from store.database.schema import first_row
from store.errors import LibraryError
from store.index.cover_index import CoverIndex, Nearest, build_index, grow_index
from store.index.neighbor_table import (
    BURST,
    add_neighbors,
    begin_neighbors,
    extend_neighbors,
    finish_neighbors,
    growth_of,
    neighbors_are_current,
    write_neighbors,
)
from store.memory.album_arrays import read_arrays
from store.memory.arrays_file import LARGE, note_arrays, open_arrays, tables_fingerprint, write_arrays
from store.neighbors.cover_map import map_is_current, principal_places, write_map
from store.repair.rescue import copy_is_current, keep_copy
from vae.info import SHIPPED, WeightsInfo, read_info, search_matrix
from vae.search import search_vectors

if TYPE_CHECKING:
    from vae.codec import Codec


@dataclass(slots=True)
class BuildReport:
    """What a build did. All zero and False: there was nothing to do."""

    model_id: str
    embedded: int = 0  # covers
    embed_seconds: float = 0.0
    device: str = ""  # that embedded
    indexed: int = 0  # covers added to the index, or all where it was written anew
    neighbors: int = 0  # rows of the neighbours table, if it was written
    mapped: int = 0  # covers on the map, if it was written
    copied: int = 0  # albums in the copy of what a build cannot make, if it was renewed
    laid_out: int = 0  # albums in the file that a large library opens from, if it was written
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # (cover_sha256, why)
    seconds: float = 0.0

    @property
    def nothing_to_do(self) -> bool:
        return not (self.embedded or self.indexed or self.neighbors or self.mapped or self.laid_out)

    @property
    def rate(self) -> float:
        """Covers embedded a second."""
        return self.embedded / self.embed_seconds if self.embed_seconds else 0.0

    def summary(self) -> str:
        """One line for people."""
        if self.nothing_to_do:
            line = "nothing to do: latents, index, neighbours and map are up to date"
        else:
            parts = []
            if self.embedded:
                parts.append(f"{self.embedded:,} covers embedded ({self.rate:.0f} a second on {self.device})")
            if self.indexed:
                parts.append(f"{self.indexed:,} covers indexed")
            if self.neighbors:
                parts.append(f"{self.neighbors:,} neighbour pairs written")
            if self.mapped:
                parts.append(f"{self.mapped:,} covers put on the map")
            if self.laid_out:
                parts.append(f"{self.laid_out:,} albums laid out")
            line = ", ".join(parts)
        if self.copied:
            line += f"; a copy of {self.copied:,} albums is in backups/"
        if self.unreadable:
            line += f"; {len(self.unreadable):,} covers could not be read"
        return line

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "nothing_to_do": self.nothing_to_do, "rate": round(self.rate, 1)}


def build(
    library: Library,
    progress: Progress | None = None,
    *,
    weights: Path = SHIPPED,
    load_codec: Callable[[], Codec] | None = None,
) -> BuildReport:
    """Embed the covers that have no latent, then bring index, neighbours table and map up to date.

    A few new covers are added to what is there; many, or covers that have gone, make it be written anew.
    Killed and run again it goes on at the last batch. Raises BadWeights and LibraryError.
    """
    progress = progress or Progress()
    began = time.monotonic()
    info = read_info(weights)
    report = BuildReport(info.model_id)
    with library.read() as con:
        missing = missing_latents(con, info.model_id)
    if missing:
        _embed(library, missing, info, load_codec or _loader(weights), report, progress)
    index = _index_of_all(library, info.model_id, weights, report, progress)
    if index is not None:
        _renew_neighbors(library, index, report, progress)
        _renew_map(library, index, report, progress)
    _renew_arrays(library, report, progress)
    _renew_copy(library, report, progress)
    report.seconds = time.monotonic() - began
    return report


def _loader(weights: Path) -> Callable[[], Codec]:
    def load() -> Codec:
        from vae.codec import Codec  # imports torch: 2 s that a build with nothing to embed need not pay

        return Codec.load(weights)

    return load


def _embed(
    library: Library,
    missing: list[str],
    info: WeightsInfo,
    load_codec: Callable[[], Codec],
    report: BuildReport,
    progress: Progress,
) -> None:
    files = CoverFiles(library.covers_dir)
    absent = [sha for sha in missing if not files.has(sha)]
    report.unreadable += [(sha, f"{files.path(sha)} is missing") for sha in absent]
    present = sorted(set(missing) - set(absent))
    if not present:
        return
    progress.start("loading the model", None)
    codec = load_codec()
    report.device = codec.device.type
    with patient_write(library, progress) as con:
        config = info.config
        add_model(con, info.model_id, "sleevewalk", config.latent_dim, config.resolution, None, info.metrics)
        forget_latents(con, keep_model_id=info.model_id)
    began = time.monotonic()
    progress.start("embedding covers", len(present))
    for batch in embed(files, present, codec):
        report.unreadable += batch.unreadable
        if batch.shas:
            with patient_write(library, progress) as con:
                add_latents(con, info.model_id, batch.shas, batch.latents)
        report.embedded += len(batch.shas)
        progress.advance(len(batch.shas) + len(batch.unreadable))
    report.embed_seconds = time.monotonic() - began
    progress.finish()


def _index_of_all(
    library: Library, model_id: str, weights: Path, report: BuildReport, progress: Progress
) -> CoverIndex | None:
    """The library's index, brought up to date: as it is, with what is new added, or written anew."""
    try:
        index = CoverIndex.load(library, allow_stale=True)
    except LibraryError:  # absent parts, or damaged
        index = None
    if index is not None and index.model_id == model_id:
        with library.read() as con:
            if not index.why_stale(con):
                return index
            fresh, gone = latents_not_in(con, model_id, index.sha_bytes)
            shas, latents = load_latents(con, model_id, fresh) if not gone else ([], None)
        if latents is not None:
            vectors = search_vectors(latents, search_matrix(weights))
            grown = grow_index(library, index, shas, vectors, _digest(index.fingerprint, shas))
            if grown is not None:
                report.indexed = len(shas)
                return grown
    return _reindex(library, model_id, weights, report, progress)


def _digest(before: str, shas: list[str]) -> str:
    return hashlib.sha256(before.encode() + "".join(shas).encode()).hexdigest()


def _reindex(
    library: Library, model_id: str, weights: Path, report: BuildReport, progress: Progress
) -> CoverIndex | None:
    progress.start("indexing covers", None)
    matrix = search_matrix(weights)
    with library.read() as con:
        # Made batch by batch: the latents of a million covers would take 2 GB, and as much again in between.
        parts = [(some, search_vectors(latents, matrix)) for some, latents in latent_batches(con, model_id)]
    if not parts:
        return None
    sha_bytes = np.concatenate([some for some, _ in parts])
    order = np.argsort(sha_bytes)
    shas, vectors = sha_bytes[order].astype(str).tolist(), np.concatenate([some for _, some in parts])[order]
    del parts
    index = build_index(library, model_id, shas, vectors, _digest(model_id, shas))
    report.indexed = len(shas)
    progress.finish(f"{len(shas):,} covers")
    return index


def _renew_neighbors(library: Library, index: CoverIndex, report: BuildReport, progress: Progress) -> None:
    with library.read() as con:
        if neighbors_are_current(con, index):
            return
        progress.start("nearest covers", index.count)
        growth = growth_of(con, index)
    if growth is not None:
        with patient_write(library, progress) as con:
            report.neighbors = extend_neighbors(con, index, growth)
    else:
        nearest = index.nearest_covers(advance=progress.advance)
        report.neighbors = _rewrite_neighbors(library, index, nearest, progress)
    progress.finish(f"{report.neighbors:,} pairs")


def _rewrite_neighbors(library: Library, index: CoverIndex, nearest: Nearest, progress: Progress) -> int:
    """In one burst, or in several where one would hold the file for minutes; the rows written."""
    if index.count <= BURST:
        with patient_write(library, progress) as con:
            return write_neighbors(con, index, nearest)
    written = 0
    with patient_write(library, progress) as con:
        rewrite = begin_neighbors(con, index)
    progress.start("writing neighbours", index.count)
    for part in rewrite.parts:
        with patient_write(library, progress) as con:
            written += add_neighbors(con, index, rewrite, part, nearest)
        progress.advance(len(part))
    with patient_write(library, progress) as con:
        finish_neighbors(con, index, rewrite)
    return written


def _renew_map(library: Library, index: CoverIndex, report: BuildReport, progress: Progress) -> None:
    with library.read() as con:
        if map_is_current(con, index):
            return
    progress.start("the map", None)
    places = principal_places(index)
    with patient_write(library, progress) as con:
        report.mapped = write_map(con, index, places)
    progress.finish(f"{report.mapped:,} covers")


def _renew_copy(library: Library, report: BuildReport, progress: Progress) -> None:
    with library.read() as con:
        if copy_is_current(library, con):
            return
    progress.start("a copy to fall back on", None)
    with patient_write(library, progress, exclusive=True) as con:
        report.copied = keep_copy(library, con)
    progress.finish(f"{report.copied:,} albums")


def _renew_arrays(library: Library, report: BuildReport, progress: Progress) -> None:
    """What lets a large library open at once; small ones do without."""
    with library.read() as con:
        row = first_row(con, "SELECT count(*) FROM albums")
        if not row or row[0] < LARGE or open_arrays(con, library.index_dir) is not None:
            return
        progress.start("laying the albums out", None)
        fingerprint, arrays = tables_fingerprint(con), read_arrays(con)
    digest = write_arrays(arrays, library.index_dir)
    with patient_write(library, progress) as con:
        note_arrays(con, fingerprint, digest)
    report.laid_out = len(arrays.album_ids)
    progress.finish(f"{report.laid_out:,} albums")
