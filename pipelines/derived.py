"""What is made from covers and albums: each an object that knows whether it is current, how to make and write it."""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cover_layout import (
    GROWTH,
    NEAREST,
    can_lay_out,
    iterations,
    lay_out,
    place_new,
    side_of,
    wanted_places,
)
from pipelines.embed import Embedded, embed
from pipelines.progress import Progress
from pipelines.report import BuildReport
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
from store.database.schema import first_value
from store.errors import LibraryError
from store.index.cover_index import CoverIndex, build_index, grow_index
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
from store.index.scaled import Nearest
from store.memory.album_arrays import AlbumArrays, read_arrays
from store.memory.arrays_file import LARGE, note_arrays, open_arrays, tables_fingerprint, write_arrays
from store.neighbors.cover_map import (
    Layouts,
    earlier_cells,
    has_cells,
    map_is_current,
    principal_places,
    shares_kept,
    write_map,
)
from store.neighbors.prepared import ranking_is_current, write_ranking
from store.repair.rescue import copy_is_current, keep_copy
from vae.info import WeightsInfo, search_matrix
from vae.search import search_vectors

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vae.codec import Codec

MANY = 100  # covers; for fewer the import of PyTorch takes longer than it saves


@dataclass(slots=True)
class Work:
    """One build: what it works on, and what it has come to."""

    library: Library
    progress: Progress
    weights: Path
    info: WeightsInfo
    load_codec: Callable[[], Codec] | None
    report: BuildReport
    index: CoverIndex | None = None  # once it is up to date; None: the library has no latents
    nearest: Nearest | None = None  # of all covers of the index, where this build has looked for them

    def write(self, *, exclusive: bool = False) -> AbstractContextManager[DuckDBPyConnection]:
        return patient_write(self.library, self.progress, exclusive=exclusive)

    def codec(self, covers: int) -> Codec:
        """The model, to encode so many covers."""
        if self.load_codec is not None:
            return self.load_codec()
        from vae.codec import Codec

        return Codec.load(self.weights, many=covers >= MANY)


class Derived(ABC):
    """A thing that can be made from the rest of the library."""

    def __init__(self, work: Work) -> None:
        self.work, self.library, self.progress, self.report = work, work.library, work.progress, work.report

    @abstractmethod
    def is_current(self) -> bool:
        """Whether it is there and made from what the library holds now."""

    @abstractmethod
    def make(self) -> Iterator[Any]:
        """Its parts; each is written before the next is made, so that a kill costs one part. No file is held open."""

    @abstractmethod
    def write(self, part: Any) -> None:
        """Store a part in one burst and count it in the report."""


class Latents(Derived):
    """A latent for each cover, a batch of covers a part."""

    def is_current(self) -> bool:
        with self.library.read() as con:
            self.missing = missing_latents(con, self.work.info.model_id)
        return not self.missing

    def make(self) -> Iterator[Embedded]:
        files = CoverFiles(self.library.covers_dir)
        absent = [sha for sha in self.missing if not files.has(sha)]
        self.report.unreadable += [(sha, f"{files.path(sha)} is missing") for sha in absent]
        present = sorted(set(self.missing) - set(absent))
        if not present:
            return
        self.progress.start("loading the model", None)
        codec = self.work.codec(len(present))
        self.report.device = codec.device
        info, config = self.work.info, self.work.info.config
        with self.work.write() as con:
            add_model(con, info.model_id, "sleevewalk", config.latent_dim, config.resolution, None, info.metrics)
            stale = forget_latents(con, keep_model_id=info.model_id)
        began = time.monotonic()
        why = "embedding covers anew: the model has changed" if stale else "embedding covers"
        self.progress.start(why, len(present))
        yield from embed(files, present, codec)
        self.report.embed_seconds = time.monotonic() - began
        self.progress.finish()

    def write(self, part: Embedded) -> None:
        self.report.unreadable += part.unreadable
        if part.shas:
            with self.work.write() as con:
                add_latents(con, self.work.info.model_id, part.shas, part.latents)
        self.report.embedded += len(part.shas)
        self.progress.advance(len(part.shas) + len(part.unreadable))


class Index(Derived):
    """The index of the latents: as it is, with what is new added, or made anew."""

    def is_current(self) -> bool:
        try:
            index = CoverIndex.load(self.library, allow_stale=True)
        except LibraryError:  # absent parts, or damaged
            index = None
        self.old = index if index is not None and index.model_id == self.work.info.model_id else None
        if self.old is None:
            return False
        with self.library.read() as con:
            current = not self.old.why_stale(con)
        self.work.index = self.old if current else None
        return current

    def make(self) -> Iterator[tuple[CoverIndex, int]]:
        made = self._grown() or self._anew()
        if made:
            yield made

    def write(self, part: tuple[CoverIndex, int]) -> None:
        """Its file is written where it is made: it is too large to be held twice."""
        self.work.index, self.report.indexed = part

    def _grown(self) -> tuple[CoverIndex, int] | None:
        if self.old is None:
            return None
        model_id = self.work.info.model_id
        with self.library.read() as con:
            fresh, gone = latents_not_in(con, model_id, self.old.sha_bytes)
            if gone:
                return None
            shas, latents = load_latents(con, model_id, fresh)
        vectors = search_vectors(latents, search_matrix(self.work.weights))
        grown = grow_index(self.library, self.old, shas, vectors, _digest(self.old.fingerprint, shas))
        return (grown, len(shas)) if grown is not None else None

    def _anew(self) -> tuple[CoverIndex, int] | None:
        self.progress.start("indexing covers", None)
        model_id, matrix = self.work.info.model_id, search_matrix(self.work.weights)
        with self.library.read() as con:
            # Made batch by batch: the latents of a million covers would take 2 GB, and as much again in between.
            parts = [(some, search_vectors(latents, matrix)) for some, latents in latent_batches(con, model_id)]
        if not parts:
            return None
        sha_bytes = np.concatenate([some for some, _ in parts])
        order = np.argsort(sha_bytes)
        shas, vectors = sha_bytes[order].astype(str).tolist(), np.concatenate([some for _, some in parts])[order]
        del parts
        index = build_index(self.library, model_id, shas, vectors, _digest(model_id, shas))
        self.progress.finish(f"{len(shas):,} covers")
        return index, len(shas)


def _digest(before: str, shas: list[str]) -> str:
    return hashlib.sha256(before.encode() + "".join(shas).encode()).hexdigest()


class Neighbors(Derived):
    """The table of nearest covers. A part is what one burst writes: a function of a connection to rows written."""

    def is_current(self) -> bool:
        if self.work.index is None:
            return True
        with self.library.read() as con:
            return neighbors_are_current(con, self.work.index)

    def make(self) -> Iterator[Callable[[DuckDBPyConnection], int]]:
        index = self.work.index
        assert index is not None
        with self.library.read() as con:
            self.progress.start("nearest covers", index.count)
            growth = growth_of(con, index)
        if growth is not None:
            yield lambda con: extend_neighbors(con, index, growth)
        else:
            nearest = self.work.nearest = index.nearest_covers(advance=self.progress.advance)
            if index.count <= BURST:
                yield lambda con: write_neighbors(con, index, nearest)
            else:
                yield from self._in_bursts(index, nearest)
        self.progress.finish(f"{self.report.neighbors:,} pairs")

    def _in_bursts(self, index: CoverIndex, nearest: Nearest) -> Iterator[Callable[[DuckDBPyConnection], int]]:
        with self.work.write() as con:
            rewrite = begin_neighbors(con, index)
        self.progress.start("writing neighbours", index.count)
        for rows in rewrite.parts:
            yield lambda con, rows=rows: add_neighbors(con, index, rewrite, rows, nearest)  # type: ignore[misc]
            self.progress.advance(len(rows))
        with self.work.write() as con:
            finish_neighbors(con, index, rewrite)

    def write(self, part: Callable[[DuckDBPyConnection], int]) -> None:
        with self.work.write() as con:
            self.report.neighbors += part(con)


class MapPlaces(Derived):
    """The places of all covers on the map. Covers that are on it stay where they are until it has grown by a quarter;
    then all are laid out anew, from where they lie.
    """

    def is_current(self) -> bool:
        if self.work.index is None:
            return True
        with self.library.read() as con:
            whole = has_cells(con) or not can_lay_out(self.work.index.count)
            return whole and map_is_current(con, self.work.index)

    def make(self) -> Iterator[Layouts]:
        index = self.work.index
        assert index is not None
        axes = principal_places(index)
        if not can_lay_out(index.count):
            yield Layouts(axes, kept=(None, *shares_kept(index, axes)))
            return
        with self.library.read() as con:
            cells, laid_out = earlier_cells(con, index)
        new = np.flatnonzero(np.isnan(cells[:, 0]))
        if laid_out and index.count <= GROWTH * laid_out:
            cells = place_new(cells, wanted_places(cells, index.nearest_to(new, NEAREST)[1]), side_of(laid_out))
        else:
            first = len(new) == index.count
            self.progress.start("the map", iterations(index.count, first))
            nearest = self.work.nearest or index.nearest_covers(NEAREST)
            start = axes if first else cells
            if not first:
                start[new] = wanted_places(cells, nearest[1][new])
            cells, laid_out = lay_out(start, nearest, first, self.progress.advance), index.count
        yield Layouts(axes, cells, laid_out, shares_kept(index, cells, axes))

    def write(self, part: Layouts) -> None:
        assert self.work.index is not None
        with self.work.write() as con:
            self.report.mapped = write_map(con, self.work.index, part)
        self.progress.finish(f"{self.report.mapped:,} covers")


class Arrays(Derived):
    """The albums as the app has them in memory: in the tables that SQL ranks by, and in the file that lets a large
    library open at once.
    """

    def is_current(self) -> bool:
        with self.library.read() as con:
            few = first_value(con, "SELECT count(*) FROM albums") < LARGE
            return ranking_is_current(con) and (few or open_arrays(con, self.library.index_dir) is not None)

    def make(self) -> Iterator[tuple[str, AlbumArrays]]:
        self.progress.start("laying the albums out", None)
        with self.library.read() as con:
            made = tables_fingerprint(con), read_arrays(con)
        yield made

    def write(self, part: tuple[str, AlbumArrays]) -> None:
        fingerprint, arrays = part
        digest = write_arrays(arrays, self.library.index_dir) if len(arrays.album_ids) >= LARGE else ""
        with self.work.write() as con:
            write_ranking(con, arrays, fingerprint)
            if digest:
                note_arrays(con, fingerprint, digest)
        self.report.laid_out = len(arrays.album_ids)
        self.progress.finish(f"{self.report.laid_out:,} albums")


class Backup(Derived):
    """A copy of what a build cannot make."""

    def is_current(self) -> bool:
        with self.library.read() as con:
            return copy_is_current(self.library, con)

    def make(self) -> Iterator[None]:
        self.progress.start("a copy to fall back on", None)
        yield None  # DuckDB copies from file to file

    def write(self, part: None) -> None:
        with self.work.write(exclusive=True) as con:
            self.report.copied = keep_copy(self.library, con)
        self.progress.finish(f"{self.report.copied:,} albums")
