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
from tui.pictures.cells import LITE, Cells, picture, strips
from tui.pictures.colors import ColorMode, Pixels
from tui.pictures.picture_table import MOST, PictureTable
from tui.pictures.resample import resample
from tui.pictures.steady import steady
from tui.text import centered, initials

PACKED_KEPT = 1500  # pictures as cells: 10 KB each at 40x20; the strips share them
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

    def __contains__(self, key: Key) -> bool:
        return key in self._values

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
        self.kind = "quadrants"  # one of KINDS
        self.why = ""  # what chose that kind
        self.source = source
        self.draw_cells = draw_cells
        self.mode = mode
        self.tolerance = tolerance
        self.pictures: PictureTable | None = None  # where the terminal draws pictures itself
        self.heavy = False  # those pictures are too many bytes for a slow link
        self._read: Recent[Hashable, Pixels | None] = Recent(READ_KEPT)
        self.problems: dict[str, str] = {}  # cover_sha256 -> what is wrong with the file
        self._packed: Recent[tuple[str, int, int, int, str], Cells | None] = Recent(PACKED_KEPT)
        self._strips: Recent[tuple[str, int, int, int, str], list[Strip]] = Recent(STRIPS_KEPT)

    def use(self, pictures: PictureTable | None, kind: str, why: str, heavy: bool) -> None:
        """Draw cells of that kind, one of KINDS, chosen by `why`, where the terminal draws no `pictures` itself."""
        self.pictures, self.kind, self.why, self.heavy = pictures, kind, why, heavy

    def reading(self, source: CoverSource) -> CoverPainter:
        """One that draws in the same way what another source has."""
        other = CoverPainter(source, self.mode, self.tolerance, self.draw_cells)
        other.light = self.light
        other.use(self.pictures, self.kind, self.why, self.heavy)
        return other

    def with_cells(self, kind: str) -> CoverPainter:
        """One that draws the same covers as cells of that kind, one of KINDS."""
        other = CoverPainter(self.source, self.mode, self.tolerance, self.draw_cells)
        other.light, other.kind = self.light, kind
        return other

    def draw(self, album: Album, columns: int, rows: int, at_least: int = 0) -> list[Strip]:
        """`rows` strips of `columns` cells, merged with a tolerance of `at_least` that."""
        tolerance = max(self.tolerance, at_least)
        key = album.cover_sha256 or album.album_id, columns, rows, tolerance, self.kind
        return self._strips.get(key, lambda: self._draw(album, columns, rows, tolerance))

    def draw_pixels(
        self, pixels: Pixels, columns: int, rows: int, before: Cells | None = None
    ) -> tuple[list[Strip], Cells | None]:
        """Strips of a picture that is no album's cover, such as a blend, and its cells unless the terminal draws it.

        `before`: what was there, of which cells that still fit stay. Nothing is kept.
        """
        table = self._table(columns, rows)
        if table is not None:
            key = hashlib.blake2b(pixels.tobytes(), digest_size=16).digest()
            self._read.get(key, lambda: pixels)
            return table.strips(key, partial(self._read.peek, key), columns, rows), None
        cells = picture(pixels, columns, rows, self.mode, self.tolerance, self.light, self.kind)
        if before is not None:
            cells = steady(cells, before, pixels, self.tolerance)
        return self.draw_cells(cells), cells

    def prepare(self, album: Album, columns: int, rows: int) -> None:
        """Read and pack a cover before it is drawn."""
        if album.cover_sha256 is not None and self._table(columns, rows) is not None:
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
        table = self._table(columns, rows)
        if table is not None and album.cover_sha256 is not None:
            small = self.tolerance >= LITE  # not `tolerance`: what the terminal has already is the cheapest
            read = partial(self._pixels, album.cover_sha256, small)
            if read() is None:
                return placeholder(album, columns, rows)
            return table.strips((album.cover_sha256, small), read, columns, rows)
        cells = None if album.cover_sha256 is None else self._cells(album.cover_sha256, columns, rows, tolerance)
        if cells is None:
            return placeholder(album, columns, rows)
        return self.draw_cells(cells)

    def _table(self, columns: int, rows: int) -> PictureTable | None:
        """Where a picture of that size goes that the terminal draws; None where cells do."""
        slow = self.heavy and self.tolerance >= LITE
        return None if slow or max(columns, rows) > MOST else self.pictures

    def _cells(self, sha: str, columns: int, rows: int, tolerance: int) -> Cells | None:
        key = sha, columns, rows, tolerance, self.kind
        return self._packed.get(key, lambda: self._pack(sha, columns, rows, tolerance))

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
        return picture(pixels, columns, rows, self.mode, tolerance, self.light, self.kind)


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
