"""Covers ready to draw: pixels from disk, shrunk and packed once, kept in caches of bounded size."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import Generic, Protocol, TypeVar

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from store.errors import LibraryError
from store.records import Album
from tui.pictures.colors import ColorMode, Pixels
from tui.pictures.halfblocks import LITE, Cells, picture, strips
from tui.pictures.picture_table import MOST, PictureTable
from tui.pictures.resample import resample
from tui.text import centered, initials

PACKED_KEPT = 1500  # pictures as packed colours: 6 KB each at 40x20 cells; the strips share them
STRIPS_KEPT = 72  # pictures as strips: about three screens' worth
READ_KEPT = 128  # pictures as read, 49 KB each, for a terminal that draws them itself
LITE_SIDE = 64  # pixels of a side of such a picture for a slow link

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class CoverSource(Protocol):
    """What draws need of `store.catalogue.covers.CoverFiles`."""

    def pixels(self, sha: str) -> Pixels:
        """uint8 [128, 128, 3]; raises LibraryError naming the file when it is missing or damaged."""
        ...


class Recent(Generic[Key, Value]):
    """The last `limit` values by key; the one not used for longest goes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of `key`, made now if it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        if len(self._values) > self.limit:
            self._values.popitem(last=False)
        return value

    def peek(self, key: Key) -> Value | None:
        """The value of `key` if it is kept."""
        return self._values.get(key)

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()


class CoverPainter:
    """Draws an album's cover at any size in cells; a plain placeholder where none can be read.

    `tolerance` may change at any time: what is drawn from then on has the new quality.
    """

    def __init__(
        self,
        source: CoverSource,
        mode: ColorMode = ColorMode.TRUECOLOR,
        tolerance: int = 0,
        draw_cells: Callable[[Cells], list[Strip]] = strips,
    ) -> None:
        """`draw_cells`: how the output takes a picture, one strip a row."""
        self.light = False  # the ground is light: characters without colour are ink, not light
        self.source = source
        self.draw_cells = draw_cells
        self.mode = mode
        self.tolerance = tolerance
        self.pictures: PictureTable | None = None  # where the terminal draws pictures itself
        self._read: Recent[Hashable, Pixels | None] = Recent(READ_KEPT)
        self.problems: dict[str, str] = {}  # cover_sha256 -> what is wrong with the file
        self._packed: Recent[tuple[str, int, int, int], Cells | None] = Recent(PACKED_KEPT)
        self._strips: Recent[tuple[str, int, int, int], list[Strip]] = Recent(STRIPS_KEPT)

    def draw(self, album: Album, columns: int, rows: int, at_least: int = 0) -> list[Strip]:
        """`rows` strips of `columns` cells, merged with a tolerance of `at_least` that."""
        key, tolerance = album.cover_sha256 or album.album_id, max(self.tolerance, at_least)
        return self._strips.get((key, columns, rows, tolerance), lambda: self._draw(album, columns, rows, tolerance))

    def draw_pixels(self, pixels: Pixels, columns: int, rows: int) -> list[Strip]:
        """Strips of a picture that is no album's cover, such as a blend; not kept."""
        if self.pictures is not None and max(columns, rows) <= MOST:
            key = hashlib.blake2b(pixels.tobytes(), digest_size=16).digest()
            self._read.get(key, lambda: pixels)
            return self.pictures.strips(key, partial(self._read.peek, key), columns, rows)
        return self.draw_cells(picture(pixels, columns, rows, self.mode, self.tolerance, self.light))

    def prepare(self, album: Album, columns: int, rows: int) -> None:
        """Read and pack a cover before it is drawn."""
        if album.cover_sha256 is not None and self.pictures is not None:
            self._pixels(album.cover_sha256, self.tolerance >= LITE)
        elif album.cover_sha256 is not None:
            self._cells(album.cover_sha256, columns, rows, self.tolerance)

    def pixels(self, album: Album) -> Pixels | None:
        """The cover, uint8 [128, 128, 3], or None where there is none that can be read."""
        return None if album.cover_sha256 is None else self._pixels(album.cover_sha256, False)

    def problem(self, album: Album) -> str | None:
        """Why the placeholder stands in for this album's cover, or None where the cover is drawn."""
        if album.cover_sha256 is None:
            return "no cover in this library"
        return self.problems.get(album.cover_sha256)

    def _draw(self, album: Album, columns: int, rows: int, tolerance: int) -> list[Strip]:
        if self.pictures is not None and max(columns, rows) <= MOST and album.cover_sha256 is not None:
            small = self.tolerance >= LITE  # not `tolerance`: what the terminal has already is the cheapest
            read = partial(self._pixels, album.cover_sha256, small)
            if read() is None:
                return placeholder(album, columns, rows)
            return self.pictures.strips((album.cover_sha256, small), read, columns, rows)
        cells = None if album.cover_sha256 is None else self._cells(album.cover_sha256, columns, rows, tolerance)
        if cells is None:
            return placeholder(album, columns, rows)
        return self.draw_cells(cells)

    def _cells(self, sha: str, columns: int, rows: int, tolerance: int) -> Cells | None:
        return self._packed.get((sha, columns, rows, tolerance), lambda: self._pack(sha, columns, rows, tolerance))

    def _pixels(self, sha: str, small: bool) -> Pixels | None:
        return self._read.get((sha, small), lambda: self._from_disk(sha, small))

    def _from_disk(self, sha: str, small: bool = False) -> Pixels | None:
        try:
            pixels = self.source.pixels(sha)
        except LibraryError as error:
            self.problems[sha] = str(error)
            return None
        return resample(pixels, LITE_SIDE, LITE_SIDE) if small else pixels

    def _pack(self, sha: str, columns: int, rows: int, tolerance: int) -> Cells | None:
        pixels = self._from_disk(sha)
        if pixels is None:
            return None
        return picture(pixels, columns, rows, self.mode, tolerance, self.light)


def placeholder(album: Album, columns: int, rows: int) -> list[Strip]:
    """A quiet sleeve with the album's initials, its colour fixed by the album."""
    digest = hashlib.sha256(album.album_id.encode()).digest()
    base = np.array([40 + digest[0] % 48, 40 + digest[1] % 48, 48 + digest[2] % 48])
    paper = Color.from_rgb(*base.tolist())
    ink = Color.from_rgb(*(base + 110).tolist())
    fill = Style.from_color(ink, paper)
    letters = Style(color=ink, bgcolor=paper, bold=True)
    framed = rows >= 5 and columns >= 6
    inner = columns - 2 if framed else columns
    ends = {0: ("╭", "─", "╮"), rows - 1: ("╰", "─", "╯")}
    lines: list[Strip] = []
    for row in range(rows):
        left, between, right = ends.get(row, ("│", " ", "│")) if framed else ("", " ", "")
        middle = Segment(between * inner, fill)
        if row == rows // 2:
            middle = Segment(centered(initials(album.artist, album.title), inner), letters)
        lines.append(Strip([Segment(left, fill), middle, Segment(right, fill)], columns))
    return lines
