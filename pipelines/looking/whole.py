"""What a montage shows whole or not at all: the words and the faces of a cover. Found once and kept beside the cover.

One small file a cover, beside its larger picture, says which finder looked at which picture; where either is another
today the cover is looked at anew. These files are derived: to delete them costs time alone.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipelines.looking.faces import find_faces
from pipelines.looking.words import Box, find_words
from store.catalogue.covers import CoverFiles
from store.database.atomic import atomic_file
from store.errors import LibraryError
from store.shapes import BadShape, Count, Share, from_json, read_file

FINDER = "words-1.faces-1"  # another one finds other boxes, which make other pixels
_LONGEST = 1 << 17  # bytes of a file: hundreds of boxes


class _Found(Struct):
    """A file's content."""

    finder: str
    side: Count  # pixels of the picture that was looked at
    boxes: list[tuple[Share, Share, Share, Share]]


def boxes_of(files: CoverFiles, sha: str, picture: NDArray[np.uint8]) -> list[Box]:
    """The boxes of words and faces on a cover's picture uint8 [s, s, 3], which are looked for unless they are known."""
    path, side = files.found_path(sha), picture.shape[0]
    with suppress(OSError, BadShape):
        found = from_json(read_file(path, _LONGEST), _Found)
        if (found.finder, found.side) == (FINDER, side):
            return found.boxes
    boxes = find(picture)
    with suppress(OSError, LibraryError):  # of a library that nobody may write to it is found again
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        with atomic_file(path, durable=False) as new:
            new.write_bytes(msgspec.json.encode(_Found(FINDER, side, boxes)))
    return boxes


def find(picture: NDArray[np.uint8]) -> list[Box]:
    """The boxes of words and faces on uint8 [s, s, 3]."""
    found = [*find_words(picture), *find_faces(picture)]
    return [(round(a, 4), round(b, 4), round(c, 4), round(d, 4)) for a, b, c, d in found]
