"""What the terminal should show and what it does show, cell by cell, and the fewest bytes from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.color import Color, ColorSystem, ColorType
from rich.style import Style
from textual.geometry import Region

from tui.pictures.picture_table import boxes, read_style
from tui.terminal.kitty import Kitty
from tui.terminal.pen import (
    ATTRIBUTES,
    DEFAULT,
    LINK,
    PALETTE,
    PICTURE,
    SEEN_ON_SPACES,
    SPACE,
    TAIL,
    UNKNOWN,
    Grid,
    Pen,
    bridged,
)
from tui.terminal.pixel_strip import PixelStrip
from tui.terminal.sixel import Sixel

if TYPE_CHECKING:
    from textual.strip import Strip

    from tui.terminal.compositor import Painting

CLUSTERS = 0x110000  # glyphs from here are characters of several code points
FIELDS = 4  # glyph, foreground, background, attributes
HALVES = (ord("▀"), ord("▄"))
FEW = 2000  # cells of text that go out ordered by their ink
LONGEST_LINK = 2000  # bytes that common terminals take
TOGETHER = 4  # rows that are made ready to send at a time


def is_block(glyphs: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which glyphs are of pictures, where a strip's text has to tell: half blocks, quadrants, sextants, octants."""
    older = (glyphs >= ord("▖")) & (glyphs <= ord("▟")) | np.isin(glyphs, HALVES)
    newer: NDArray[np.bool_] = (glyphs >= 0x1CC00) & (glyphs < 0x1FC00) & ((glyphs < 0x1CF00) | (glyphs >= 0x1FB00))
    return older | newer


class TerminalMirror:
    """The screen that is wanted and the one that was sent."""

    def __init__(self, columns: int, rows: int, system: ColorSystem, pictures: Kitty | Sixel | None = None) -> None:
        self.columns, self.rows, self.system = columns, rows, system
        self.pictures = pictures
        self._wanted: Grid = np.zeros((FIELDS, rows, columns), dtype=np.int32)
        self._wanted[0], self._wanted[1:3] = UNKNOWN, DEFAULT
        self._shown = self._wanted.copy()
        self._art = np.zeros((2, rows, columns), dtype=bool)  # cells of a picture, as they are wanted and shown
        self._scratch: Grid = np.zeros((FIELDS, columns), dtype=np.int32)
        self._left: NDArray[np.bool_] | None = None  # what `_pending` found
        self._clusters: list[str] = []
        self._cluster_numbers: dict[str, int] = {}
        self._inks: dict[Style | None, tuple[int, int, int]] = {}
        self._links = [""]  # addresses by their number; 0 is no link

    def forget(self) -> None:
        """The terminal was cleared or written to by another: everything is sent again."""
        self._shown[0] = UNKNOWN
        self._left = None
        if self.pictures is not None:
            self.pictures.forget()

    def paint(self, painting: Painting) -> None:
        """Take over what a frame changes."""
        self._left = None
        for part in painting.parts:
            left, right = max(0, part.left), min(part.right, self.columns)
            if not 0 <= part.y < self.rows or left >= right:
                continue
            row = self._wanted[:, part.y]
            strip = part.strip
            if isinstance(strip, PixelStrip):
                self._pixels(row[:, left:right], strip, left - part.x)
                self._art[0, part.y, left:right] = True
                continue
            if part.x == left and strip.cell_length == right - left:
                self._text(row, left, strip)
            else:
                self._text_within(row, left, right, part.x, strip)
            self._art[0, part.y, left:right] = is_block(row[0, left:right])

    def _pixels(self, cells: NDArray[np.int32], strip: PixelStrip, start: int) -> None:
        """Put the strip from its cell `start` on into `cells` [FIELDS, columns]."""
        end = start + cells.shape[1]
        glyphs = strip.glyphs[start:end]
        cells = cells[:, : len(glyphs)]
        cells[0], cells[1], cells[2], cells[3] = glyphs, strip.ink[start:end], strip.ground[start:end], 0
        if strip.is_indexed:
            cells[1:3] += PALETTE
        cells[1, glyphs == SPACE] = DEFAULT

    def _text_within(self, row: Grid, left: int, right: int, x: int, strip: Strip) -> None:
        """Put what columns `left` up to `right` show of a strip that begins at column `x`."""
        self._scratch[0] = UNKNOWN
        self._text(self._scratch, x, strip)
        cells = self._scratch[:, left:right]
        if cells[0, 0] == TAIL and row[0, left - 1] != self._scratch[0, left - 1]:
            cells[0, 0] = SPACE  # of a wide character cut in half a space is left
        if right < self.columns and self._scratch[0, right] == TAIL and row[0, right] != TAIL:
            cells[0, -1] = SPACE
        known = cells[0] != UNKNOWN
        row[:, left:right][:, known] = cells[:, known]

    def _text(self, row: Grid, x: int, strip: Strip) -> None:
        """Put a strip's text into `row` [FIELDS, columns] from column `x` on."""
        for text, style, control in strip:
            if not control and text:
                x = self._segment(row, x, text, self._ink(style))

    def _segment(self, row: Grid, x: int, text: str, ink: tuple[int, int, int]) -> int:
        """Put `text` at column `x`; the column after it."""
        if text.isascii():
            if text.isspace() and not ink[2]:
                cells = row[:, x : x + len(text)]
                cells[0], cells[1], cells[2], cells[3] = SPACE, DEFAULT, ink[1], 0
                return x + len(text)
            glyphs = np.frombuffer(text.encode(), dtype=np.uint8)[: max(0, self.columns - x)].astype(np.int32)
            end = x + len(text)
        elif ink[2] == PICTURE:
            glyphs = np.frombuffer(text.encode("utf-32-le"), dtype=np.int32)[: max(0, self.columns - x)]
            end = x + len(text)
        else:
            numbers = self._glyphs(text)
            glyphs = np.array(numbers[: max(0, self.columns - x)], dtype=np.int32)
            end = x + len(numbers)
        cells = row[:, x : x + len(glyphs)]
        cells[0] = glyphs
        cells[1], cells[2], cells[3] = ink[0], ink[1], ink[2]
        if not ink[2] & SEEN_ON_SPACES:
            cells[1][glyphs == SPACE] = DEFAULT  # a space has no foreground
            cells[3][glyphs == SPACE] = 0
        return end

    def _glyphs(self, text: str) -> list[int]:
        """A number a cell; characters without a width of their own join the one before."""
        found: list[int] = []
        for character in text:
            cells = cell_len(character)
            if cells:
                found += [ord(character), TAIL][:cells]
            elif found:
                at = len(found) - 1 - (found[-1] == TAIL and len(found) > 1)
                found[at] = self._cluster(self._characters(found[at]) + character)
        return found

    def _cluster(self, text: str) -> int:
        if text not in self._cluster_numbers:
            self._cluster_numbers[text] = CLUSTERS + len(self._clusters)
            self._clusters.append(text)
        return self._cluster_numbers[text]

    def _characters(self, glyph: int) -> str:
        return self._clusters[glyph - CLUSTERS] if glyph >= CLUSTERS else chr(glyph)

    def _ink(self, style: Style | None) -> tuple[int, int, int]:
        """(foreground, background, attributes as bits of ATTRIBUTES and a link's number) of a style."""
        if style not in self._inks:
            if style is None:
                self._inks[style] = (DEFAULT, DEFAULT, 0)
            elif picture := read_style(style):
                self._inks[style] = (*picture, PICTURE)
            else:
                bits = sum(1 << bit for bit, name in enumerate(ATTRIBUTES) if getattr(style, name))
                bits |= self._link(style.link or "") << LINK
                self._inks[style] = (self._color(style.color), self._color(style.bgcolor), bits)
        return self._inks[style]

    def _link(self, address: str) -> int:
        """The number of a link, 0 for one that no terminal should be told."""
        if not address or len(address) > LONGEST_LINK or not address.isascii() or not address.isprintable():
            return 0
        if address not in self._links:
            self._links.append(address)
        return self._links.index(address)

    def _color(self, color: Color | None) -> int:
        if color is None:
            return DEFAULT
        color = color.downgrade(self.system)
        if color.type is ColorType.DEFAULT:
            return DEFAULT
        if color.number is not None:
            return PALETTE + color.number
        assert color.triplet is not None
        return color.triplet.red << 16 | color.triplet.green << 8 | color.triplet.blue

    # what is left to send

    def _pending(self) -> NDArray[np.bool_]:
        """[rows, columns]: what is wanted and not shown; kept up to date by `take` until something is painted."""
        if self._left is None:
            pending: NDArray[np.bool_] = (self._wanted != self._shown).any(axis=0)
            pending &= self._wanted[0] != UNKNOWN  # never painted yet
            tails = (self._wanted[0] == TAIL) | (self._shown[0] == TAIL)
            if tails.any():
                pending[:, :-1] |= pending[:, 1:] & tails[:, 1:]  # both cells of a wide character, old or new
                pending[:, 1:] |= pending[:, :-1] & tails[:, 1:]
            self._left = pending
        return self._left

    def take(self, limit: int, first: Region | None = None) -> str:
        """Codes for about `limit` bytes of what differs, and remember it as sent; "" when nothing is left.

        Text goes first, then the cells of `first`, then the other pictures, row by row.
        """
        pending = self._pending()
        if not pending.any():
            return ""
        pictures = self._wanted[3] == PICTURE
        text = ~(self._art.any(axis=0) | pictures)
        wide = ((self._wanted[0] == TAIL) | (self._shown[0] == TAIL)).any(axis=1)
        text[wide] = True  # the two cells of a wide character are never sent apart
        middle = np.zeros_like(text)
        if first is not None:
            middle[first.y : first.bottom, first.x : first.right] = True
        pen = Pen(self._characters, self.pictures, self.numbers, self._links)
        boxed = pictures if isinstance(self.pictures, Sixel) else np.zeros_like(pictures)
        for part in (text, middle, True):
            if pen.size > limit:
                return pen.text()
            mask = pending & part & ~boxed
            rows = np.flatnonzero(mask.any(axis=1)).tolist()
            if rows and mask.sum() <= FEW and not (self._art[0] | pictures)[mask].any():
                written = self._bridged(rows, mask)
                pen.by_ink(rows, written, self._wanted)
                self._sent(rows, written)
                continue
            while rows and pen.size <= limit:
                written = self._bridged(rows[:TOGETHER], mask)
                done = pen.rows(rows[:TOGETHER], written, self._wanted, limit)
                self._sent(rows[:done], written[:done])
                rows = rows[done:]
        if pen.size > limit:
            return pen.text()
        for box in boxes(pending & boxed, self._wanted, first):
            pen.box(box, self._wanted)
            area = (slice(box.y, box.bottom), slice(box.x, box.right))
            self._shown[:, *area] = self._wanted[:, *area]
            self._art[1, *area] = False
            pending[area] = False
            if pen.size > limit:
                break
        return pen.text()

    def _bridged(self, ys: list[int], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[len(ys), columns]: the cells of `mask` in these rows, and the short gaps that are written along."""
        return np.stack([bridged(mask[y], self._wanted[:, y]) for y in ys])

    def _sent(self, ys: list[int], written: NDArray[np.bool_]) -> None:
        """Remember the cells of `written` [len(ys), columns] as shown: all that was written, the gaps included."""
        rows, xs = np.nonzero(written)
        rows = np.array(ys, dtype=np.intp)[rows]
        self._shown[:, rows, xs] = self._wanted[:, rows, xs]
        self._art[1, rows, xs] = self._art[0, rows, xs]
        self._pending()[rows, xs] = False

    def numbers(self) -> set[int]:
        """The pictures that are shown, or are to be."""
        cells = [grid[1][grid[3] == PICTURE] for grid in (self._wanted, self._shown)]
        return set(np.unique(np.concatenate(cells)).tolist())
