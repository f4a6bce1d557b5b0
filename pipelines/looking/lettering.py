"""Lettering on covers: how much of the area it takes, and where. And what a blend must not cut, found ahead of time.

Lettering is what can be read at 128 pixels: titles, not the small print.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import batched
from pipelines.looking.whole import boxes_of
from pipelines.looking.words import SURE, probability, regions
from pipelines.progress import Progress
from pipelines.writing import patient_write
from store.catalogue.covers import CoverFiles
from store.catalogue.facts import add_lettering, missing_lettering
from store.database.library import Library
from store.errors import LibraryError
from store.looks import PLACES

SIDE = 256  # pixels that the detector sees a cover at; more finds hardly more in what was 128, and takes longer
_TALLEST = 0.2  # of the side; what is taller and wider than this is a figure or a frame, no word
_LONG = 1.8  # times as long as high, at least; what is rounder is mostly no word
_SURE_OF_ALL = 0.8  # mean probability of a word's pixels, at least
_MARGIN = 0.6  # of a word's height, that the detector leaves out around it (it finds the words' cores)
_MOST_OF = 0.7  # of the lettering, that makes a third of the cover its place
_BURST = 64  # covers written together: some seconds' work
MOST = 50_000  # covers that are looked at ahead of a blend: an hour or two of the lowest priority

Detector = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # cover [128, 128, 3] → probability of words [s, s], 0–1
Lettering = tuple[float, str | None]  # share of the area 0–1; one of PLACES, None: none, or all over


def _detect(cover: NDArray[np.uint8]) -> NDArray[np.float32]:
    return probability(cover, SIDE)


@dataclass(slots=True)
class LetteringReport:
    """What was looked at."""

    covers: int = 0
    with_lettering: int = 0
    left: int = 0  # not looked at yet
    seconds: float = 0.0

    def summary(self) -> str:
        """One line for people."""
        line = f"{self.covers:,} covers looked at, lettering on {self.with_lettering:,} of them"
        return line + (f"; {self.left:,} are left: run it again to continue" if self.left else "")


def find_lettering(
    library: Library, progress: Progress | None = None, limit: int | None = None, detector: Detector = _detect
) -> LetteringReport:
    """Look for lettering on the covers that have facts and were not looked at, a burst of them written at a time:
    killed, it loses some seconds' work.
    """
    began, progress, report = time.monotonic(), progress or Progress(), LetteringReport()
    with library.read() as con:
        missing = missing_lettering(con)
    wanted = missing[:limit]
    if not wanted:
        return report
    progress.start("lettering on covers", len(wanted))
    for found in _bursts(CoverFiles(library.covers_dir), wanted, detector):
        with patient_write(library, progress) as con:
            add_lettering(con, found)
        report.covers += len(found)
        report.with_lettering += sum(share > 0 for share, _ in found.values())
        progress.advance(len(found))
    report.left, report.seconds = len(missing) - len(wanted), time.monotonic() - began
    progress.finish(report.summary())
    return report


def _bursts(files: CoverFiles, shas: Sequence[str], detector: Detector) -> Iterator[dict[str, Lettering]]:
    for burst in batched(shas, _BURST):
        found: dict[str, Lettering] = {}
        for sha in burst:
            with suppress(LibraryError):  # `build` tells of a cover that cannot be read
                found[sha] = lettering_of(detector(files.pixels(sha)))
        yield found


def lettering_of(words: NDArray[np.float32]) -> Lettering:
    """Share and place of the lettering in a map of probabilities [s, s]."""
    side = len(words)
    drawn = np.zeros((side, side), bool)
    for top, left, bottom, right, mean in regions(words, SURE):
        short, long = sorted((bottom - top, right - left))
        if short > _TALLEST * side or long < _LONG * short or mean < _SURE_OF_ALL:
            continue
        margin = round(_MARGIN * short)
        drawn[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = True
    share = float(drawn.mean())
    if not share:
        return 0.0, None
    thirds = [float(part.sum()) for part in np.array_split(drawn, 3)]
    most = int(np.argmax(thirds))
    return round(share, 4), PLACES[most] if thirds[most] >= _MOST_OF * drawn.sum() else None


def look_ahead(library: Library, progress: Progress | None = None, limit: int | None = None) -> int:
    """Look for what a blend must not cut on covers that were not looked at, so that no blend waits for it; how many."""
    progress, files = progress or Progress(), CoverFiles(library.covers_dir)
    with library.read() as con:
        shas = [sha for (sha,) in con.execute("SELECT cover_sha256 FROM covers ORDER BY 1 LIMIT ?", [MOST]).fetchall()]
    wanted = [sha for sha in shas if not files.found_path(sha).is_file()][:limit]
    progress.start("words and faces on covers", len(wanted))
    for sha in wanted:
        with suppress(LibraryError):  # `build` tells of a cover that cannot be read
            large = files.large(sha)
            boxes_of(files, sha, files.pixels(sha) if large is None else large)
        progress.advance(1)
    progress.finish(f"{len(wanted):,} covers looked at for words and faces that a blend must not cut")
    return len(wanted)


def give_way() -> None:
    """Let every other program go first."""
    with suppress(OSError, AttributeError):  # Windows has no such thing
        os.nice(19)
