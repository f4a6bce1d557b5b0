"""Pictures that the terminal draws itself, as text: each cell is one character that names its row and column.

So whatever Textual does with text (crop, join, cover, scroll) holds for pictures, and what goes out is found by
comparing cells as for text. Only the mirror of the screen turns these characters into what the terminal understands.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.pictures.colors import Pixels

MARK = 0x100000  # of private use, so no text from outside holds one: MARK + row * 256 + column of the picture
MOST = 255  # columns or rows of a picture
Read = Callable[[], Pixels | None]  # None: can no longer be read
Size = int  # columns * 256 + rows


class PictureTable:
    """The pictures by number: 1 for the first that is drawn, and so on."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._reads: dict[int, Read] = {}

    def strips(self, key: Hashable, read: Read, columns: int, rows: int) -> list[Strip]:
        """The picture that `key` stands for, drawn over that many cells (at most MOST); read when it is sent."""
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        self._reads[number] = read
        style = Style(
            color=Color.from_rgb(number >> 16, number >> 8 & 255, number & 255),
            bgcolor=Color.from_rgb(0, columns, rows),
            frame=True,
        )
        return [
            Strip([Segment("".join(chr(MARK + row * 256 + column) for column in range(columns)), style)], columns)
            for row in range(rows)
        ]

    def pixels(self, number: int) -> Pixels | None:
        """[h, w, 3] of a picture, or None where it can no longer be read."""
        return self._reads[number]()


def read_style(style: Style) -> tuple[int, Size] | None:
    """(number, size) of the picture whose cells have this style; None for the style of text."""
    if not style.frame or style.color is None or style.bgcolor is None:
        return None
    ink, ground = style.color.triplet, style.bgcolor.triplet
    if ink is None or ground is None:
        return None
    return ink.red << 16 | ink.green << 8 | ink.blue, ground.green << 8 | ground.blue


def boxes(pending: NDArray[np.bool_], cells: NDArray[np.int32], first: Region | None) -> Iterator[Region]:
    """`pending` [rows, columns] cells of pictures as rectangles, each of one picture; what meets `first` comes first.

    `cells` [3 or more, rows, columns]: their characters, numbers and sizes. A rectangle with a hole, such as
    around a label, goes row by row.
    """
    ys, xs = np.nonzero(pending)
    inside = cells[0, ys, xs] - MARK
    places = np.stack([ys - inside // 256, xs - inside % 256, cells[1, ys, xs], cells[2, ys, xs]], axis=1)
    found: list[Region] = []
    for place in np.unique(places, axis=0):
        own = (places == place).all(axis=1)
        found += _rectangles(ys[own], xs[own])
    yield from sorted(found, key=lambda box: first is None or not first.overlaps(box))


def _rectangles(ys: NDArray[np.int64], xs: NDArray[np.int64]) -> list[Region]:
    whole = Region.from_corners(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    if whole.area == len(ys):
        return [whole]
    found = []
    for y in np.unique(ys).tolist():
        columns = xs[ys == y]
        runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
        found += [Region(int(run[0]), y, len(run), 1) for run in runs]
    return found
