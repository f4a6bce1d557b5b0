"""The facts of a library's covers: what `build` makes for those from before they were made at ingest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain

import numpy as np

from pipelines.batches import ahead, batched
from pipelines.derived import Derived
from pipelines.facts import cover_facts
from pipelines.report import cover_pool
from store.catalogue.covers import CoverFiles
from store.catalogue.facts import add_facts, missing_facts
from store.errors import LibraryError
from store.looks import CoverFacts

_BATCH = 16  # covers: what one thread looks at at once stays in its processor's cache
_BURST = 128  # batches written together


class Facts(Derived):
    """What an eye would say of each cover, lettering left out: covers from before facts were made at ingest."""

    def is_current(self) -> bool:
        with self.library.read() as con:
            self.missing = missing_facts(con)
        return not self.missing

    def make(self) -> Iterator[dict[str, CoverFacts]]:
        files = CoverFiles(self.library.covers_dir)
        present = [sha for sha in self.missing if files.has(sha)]  # `Latents` tells of those that are not
        self.progress.start("facts of covers", len(present))
        yield from facts_of_covers(files, present)
        self.progress.finish(f"{self.report.facts:,} covers")

    def write(self, part: dict[str, CoverFacts]) -> None:
        with self.work.write() as con:
            add_facts(con, part)
        self.report.facts += len(part)
        self.progress.advance(len(part))


def facts_of_covers(files: CoverFiles, shas: Sequence[str]) -> Iterator[dict[str, CoverFacts]]:
    """The facts by cover_sha256, some 2,000 covers at a time; those that cannot be read are left out."""
    with cover_pool() as pool:
        working = (pool.submit(_facts, files, some) for some in batched(shas, _BATCH))
        for burst in batched(ahead(working, 4), _BURST):
            yield dict(chain.from_iterable(future.result() for future in burst))


def _facts(files: CoverFiles, shas: list[str]) -> list[tuple[str, CoverFacts]]:
    read: dict[str, np.ndarray] = {}
    for sha in shas:
        with suppress(LibraryError):  # told of where covers are embedded
            read[sha] = files.pixels(sha)
    return list(zip(read, cover_facts(np.stack(list(read.values()))), strict=True)) if read else []
