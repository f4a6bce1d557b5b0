"""Lettering on covers: how much of the area it takes, and where. Found by a text detector that is an extra to install.

The detector is PaddleOCR's (PP-OCR, Apache-2.0), as the package rapidocr brings it. It sees what can be read at 128
pixels: titles, not the small print. Without it nothing is said of lettering.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.batches import batched
from pipelines.progress import Progress
from pipelines.writing import patient_write
from store.catalogue.covers import CoverFiles
from store.catalogue.facts import add_lettering, missing_lettering
from store.database.library import Library
from store.errors import LibraryError
from store.looks import PLACES

INSTALL = "pip install 'sleevewalk[words]'"
SIDE = 256  # pixels that the detector sees a cover at; more finds hardly more in what was 128, and takes longer
_SURE = 0.3  # probability from which a pixel is of a word
_TALLEST = 0.2  # of the side; what is taller and wider than this is a figure or a frame, no word
_LONG = 1.8  # times as long as high, at least; what is rounder is mostly no word
_SURE_OF_ALL = 0.8  # mean probability of a word's pixels, at least
_MARGIN = 0.6  # of a word's height, that the detector leaves out around it (it finds the words' cores)
_MOST_OF = 0.7  # of the lettering, that makes a third of the cover its place
_BURST = 64  # covers written together: some five seconds' work

Detector = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # cover [128, 128, 3] → probability of words [s, s], 0–1
Lettering = tuple[float, str | None]  # share of the area 0–1; one of PLACES, None: none, or all over


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


def can_find_lettering() -> bool:
    """Whether the detector is installed."""
    return find_spec("rapidocr") is not None and find_spec("scipy") is not None


def find_lettering(
    library: Library, progress: Progress | None = None, limit: int | None = None, detector: Detector | None = None
) -> LetteringReport:
    """Look for lettering on the covers that have facts and were not looked at, a burst of them written at a time:
    killed, it loses some seconds' work. LibraryError where the detector is not installed.
    """
    began, progress, report = time.monotonic(), progress or Progress(), LetteringReport()
    with library.read() as con:
        missing = missing_lettering(con)
    wanted = missing[:limit]
    if not wanted:
        return report
    detector = detector or open_detector()
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
    from scipy import ndimage

    side = len(words)
    regions, count = ndimage.label(words > _SURE)
    sure = ndimage.mean(words, regions, np.arange(1, count + 1))
    drawn = np.zeros((side, side), bool)
    for mean, (rows, columns) in zip(sure, ndimage.find_objects(regions), strict=True):
        short, long = sorted((rows.stop - rows.start, columns.stop - columns.start))
        if short > _TALLEST * side or long < _LONG * short or mean < _SURE_OF_ALL:
            continue
        margin = round(_MARGIN * short)
        drawn[
            max(0, rows.start - margin) : rows.stop + margin, max(0, columns.start - margin) : columns.stop + margin
        ] = True
    share = float(drawn.mean())
    if not share:
        return 0.0, None
    thirds = [float(part.sum()) for part in np.array_split(drawn, 3)]
    most = int(np.argmax(thirds))
    return round(share, 4), PLACES[most] if thirds[most] >= _MOST_OF * drawn.sum() else None


def open_detector() -> Detector:
    """The detector of the installed rapidocr, on one thread. LibraryError where there is none."""
    model = _model_file()
    if model is None:
        raise LibraryError(f"lettering is found by a detector that is not installed: {INSTALL}")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # beside the app, which wants the other cores
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    mean, spread = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)

    def detect(cover: NDArray[np.uint8]) -> NDArray[np.float32]:
        large = np.asarray(Image.fromarray(cover).resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.float32) / 255
        image = (large[..., ::-1] - mean) / spread  # blue, green, red, as it was trained
        return np.asarray(session.run(None, {name: image.transpose(2, 0, 1)[None]})[0][0, 0])

    return detect


def _model_file() -> Path | None:
    spec = find_spec("rapidocr") if can_find_lettering() else None
    folders = spec.submodule_search_locations if spec is not None else None
    found = [path for folder in folders or () for path in sorted(Path(folder).glob("models/*det*.onnx"))]
    return found[0] if found else None


def give_way() -> None:
    """Let every other program go first."""
    with suppress(OSError, AttributeError):  # Windows has no such thing
        os.nice(19)
