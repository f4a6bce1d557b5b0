"""What a montage shows whole or not at all: the words and the heads of a cover. Found once and kept beside the cover.

One small file a cover, beside its larger picture, says which finder looked at which picture; where either is another
today the cover is looked at anew. These files are derived: to delete them costs time alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipelines.looking.faces import find_faces
from pipelines.looking.words import FIRST_LOOKS, Box, find_words
from store.catalogue.covers import CoverFiles
from store.database.atomic import atomic_file
from store.errors import LibraryError
from store.shapes import BadShape, Count, Share, from_json, read_file

FINDER = "words-2.heads-1"  # another one finds other boxes, which make other pixels
FIRST = "words-1.faces-1"  # it looked twice for words, and for faces that are surer
_SURE = 0.35  # of a face: of four that it finds more than at a half, three are heads
_LONGEST = 1 << 17  # bytes of a file: hundreds of boxes


class _Found(Struct):
    """A file's content."""

    finder: str
    side: Count  # pixels of the picture that was looked at
    words: list[tuple[Share, Share, Share, Share]]
    heads: list[tuple[Share, Share, Share, Share]]


class Boxes(NamedTuple):
    """Of a cover's words, and of its heads with faces."""

    words: Sequence[Box]
    heads: Sequence[Box]


def boxes_of(files: CoverFiles, sha: str, picture: NDArray[np.uint8], finder: str = FINDER) -> Boxes:
    """The boxes on a cover's picture uint8 [s, s, 3], which are looked for unless they are known."""
    path, side = files.found_path(sha), picture.shape[0]
    with suppress(OSError, BadShape):
        known = from_json(read_file(path, _LONGEST), _Found)
        if (known.finder, known.side) == (finder, side):
            return Boxes(known.words, known.heads)
    found = find(picture, finder)
    if finder != FINDER:
        return found  # for an old recipe: what is kept is today's
    with suppress(OSError, LibraryError):  # of a library that nobody may write to it is found again
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        with atomic_file(path, durable=False) as new:
            new.write_bytes(msgspec.json.encode(_Found(FINDER, side, list(found.words), list(found.heads))))
    return found


def find(picture: NDArray[np.uint8], finder: str = FINDER) -> Boxes:
    """The boxes on uint8 [s, s, 3]."""
    if finder == FIRST:
        return Boxes(_rounded(find_words(picture, FIRST_LOOKS, close=False)), _rounded(find_faces(picture)))
    return Boxes(_rounded(find_words(picture)), _rounded(find_faces(picture, sure=_SURE)))


def _rounded(boxes: Sequence[Box]) -> list[Box]:
    return [(round(a, 4), round(b, 4), round(c, 4), round(d, 4)) for a, b, c, d in boxes]
