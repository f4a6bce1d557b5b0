"""What is written on a sleeve, where the reader is installed, and which albums are called so.

The reader is PaddleOCR's (PP-OCR, Apache-2.0), as the package rapidocr brings it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from store.memory.snapshot import Snapshot
from store.neighbors.find import find
from store.text import key

INSTALL = "pip install 'sleevewalk[words]'"
SIDE = 512  # pixels a side that a sleeve is read at
_SURE = 0.6  # of a line, at least
_ALIKE = 85  # of 100: a name that was read so
_ASIDE = re.compile(r"[(\[].*?[)\]]")  # (Live), [Deluxe]
_LETTERS = 8  # that artist and title have together at least: "U2 / War" is on many sleeves
_CANDIDATES = 12  # albums for each of the texts that are looked for
_LINES = 5  # looked for one by one, the longest

Reader = Callable[[NDArray[np.uint8]], list[str]]  # a sleeve [s, s, 3] → its lines


def can_read() -> bool:
    """Whether the reader is installed."""
    return find_spec("rapidocr") is not None


def open_reader() -> Reader | None:
    """The reader of the installed rapidocr, None where there is none. Loading it takes a second."""
    if not can_read():
        return None
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "critical"})
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)

    def read(sleeve: NDArray[np.uint8]) -> list[str]:
        found = engine(np.ascontiguousarray(sleeve[..., ::-1]))  # blue, green, red, as it was trained
        lines, scores = found.txts or (), found.scores or ()
        return [line for line, score in zip(lines, scores, strict=True) if score >= _SURE]

    return read


def albums_called(snapshot: Snapshot, lines: Sequence[str]) -> dict[int, bool]:
    """Rows of albums whose names may be among the lines that were read; True: all of artist and title is."""
    texts = [" ".join(lines), *sorted(lines, key=len, reverse=True)[:_LINES]]
    read = [word for line in lines for word in key(line).split()]
    rows = {snapshot.row(album.album_id) for text in texts for album, _ in find(snapshot, text, _CANDIDATES)}
    return {row: _is_read(snapshot, row, read) for row in rows if row is not None}


def _is_read(snapshot: Snapshot, row: int, read: Sequence[str]) -> bool:
    """Artist and title without what stands in brackets, wherever words were parted."""
    album, text = snapshot.album(row), "".join(read)
    names = ["".join(key(_ASIDE.sub("", name)).split()) for name in (album.artist, album.title)]
    if not all(names) or sum(map(len, names)) < _LETTERS:
        return False
    return all(len(name) <= len(text) and fuzz.partial_ratio(name, text) >= _ALIKE for name in names)
