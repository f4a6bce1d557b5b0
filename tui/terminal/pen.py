"""Cells written as the fewest terminal codes: each colour and attribute only where it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from textual.geometry import Region

from tui.pictures.colors import color_code
from tui.pictures.glyphs import INVERSES, SPACE
from tui.pictures.picture_table import MARK
from tui.terminal.kitty import Kitty
from tui.terminal.sixel import Sixel

TAIL, UNKNOWN = 0, -1  # TAIL: the second cell of a wide character
DEFAULT = -1  # the terminal's own colour
PALETTE = 1 << 25  # colours from here are indexes of the terminal's palette
ATTRIBUTES = {"bold": "1", "dim": "2", "italic": "3", "underline": "4", "blink": "5", "reverse": "7", "strike": "9"}
REVERSE, UNDERLINE, STRIKE = (1 << list(ATTRIBUTES).index(name) for name in ("reverse", "underline", "strike"))
PICTURE = 1 << len(ATTRIBUTES)  # the cell of a picture: its number as foreground, its size as background
LINK = len(ATTRIBUTES) + 1  # the bits from here are the number of the link that the cell is of, 0 for none
LINKS = -1 << LINK
SEEN_ON_SPACES = REVERSE | UNDERLINE | STRIKE | LINKS  # bold or dim change nothing where there is only ground
OFF = ("22", "22", "23", "24", "25", "27", "29")  # what ends each of ATTRIBUTES; bold and dim end together
BOLD_OR_DIM = 3
NEAR = 4  # cells that did not change are sent along rather than jumped over, where they cost no more than a jump
Grid = NDArray[np.int32]  # [fields, rows, columns]; the fields are glyph, foreground, background, attributes
_Run = tuple[int, int, int, tuple[int, int, int, int]]  # index of the row, column, cells, fields


class Pen:
    """Writes cells with the codes that change; each chunk begins and ends with the terminal's own colours."""

    def __init__(
        self,
        characters: Callable[[int], str],
        pictures: Kitty | Sixel | None = None,
        in_use: Callable[[], Iterable[int]] = tuple,
        links: Sequence[str] = ("",),
    ) -> None:
        """`characters`: what stands for a glyph; `pictures`: what draws them, and `in_use` the numbers of those
        that are shown or are to be; `links`: addresses by their number.
        """
        self._characters = characters
        self._pictures = pictures
        self._in_use = in_use
        self.size = 0
        self._parts: list[str] = []
        self._fore = self._back = DEFAULT
        self._bits = 0
        self._links = links
        self._link = 0

    def text(self) -> str:
        """All that was written."""
        self._parts.append(self._linked(0))
        if self._fore != DEFAULT or self._back != DEFAULT or self._bits:
            self._parts.append("\x1b[0m")
        return "".join(self._parts)

    def rows(self, ys: list[int], mask: NDArray[np.bool_], grid: Grid, limit: int) -> int:
        """Write the cells of `mask` [len(ys), columns] in the rows `ys`, until there are over `limit` bytes; how many
        of the rows were written.
        """
        current, before = 0, len(self._parts)
        place = -1  # where the terminal's cursor is, where that is sure
        for row, x, length, cell in _runs(ys, mask, grid):
            if row != current:
                self.size += sum(map(len, self._parts[before:]))
                if self.size > limit:
                    return row
                before, current, place = len(self._parts), row, -1
            place = self._put(ys[row], x, length, cell, place)
        self.size += sum(map(len, self._parts[before:]))
        return len(ys)

    def by_ink(self, ys: list[int], mask: NDArray[np.bool_], grid: Grid) -> None:
        """Write all cells of `mask` [len(ys), columns], those of one ink together: a jump of the cursor costs less
        than a change of colour.
        """
        inks: dict[tuple[int, ...], list[_Run]] = {}
        chosen: tuple[int, ...] = ()
        back = DEFAULT - 1
        for run in _runs(ys, mask, grid):
            glyph, *ink = run[3]
            if not (glyph == SPACE and not ink[2] and ink[1] == back):  # a space has no foreground: any will do
                chosen, back = tuple(ink), ink[1]
            inks.setdefault(chosen, []).append(run)
        before = len(self._parts)
        for runs in inks.values():
            current = place = -1
            for row, x, length, cell in runs:
                place = self._put(ys[row], x, length, cell, place if row == current else -1)
                current = row
        self.size += sum(map(len, self._parts[before:]))

    def _put(self, y: int, x: int, length: int, cell: tuple[int, int, int, int], place: int) -> int:
        """Write one run; `place` and the answer: the cursor's column, or -1 where it is not sure in this row."""
        glyph, fore, back, bits = cell
        if glyph == TAIL:
            return place  # its character was written one cell before
        if bits == PICTURE:
            self._parts.append(
                f"{self._linked(0)}\x1b[{y + 1};{x + 1}H{self._placed(glyph - MARK, fore, back, length)}"
            )
            return -1
        if place != x:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H" if place < 0 or place > x else f"\x1b[{x - place}C")
        if glyph in INVERSES:
            if not bits and not self._bits and fore != DEFAULT and back != DEFAULT:
                glyph, fore, back = self._turned(glyph, fore, back)
            self._parts.append(self._ink(fore, back, bits) + chr(glyph) * length)
            return x + length
        self._parts.append(self._run(glyph, fore, back, bits, length))
        return x + length if 0x20 <= glyph < 0x1100 or 0x2500 <= glyph < 0x2900 else -1

    def box(self, box: Region, grid: Grid) -> None:
        """A rectangle of a picture that is drawn as a whole."""
        glyph, number, size, _ = grid[:, box.y, box.x].tolist()
        row, column = divmod(glyph - MARK, 256)
        code = None
        if isinstance(self._pictures, Sixel) and box.bottom < grid.shape[1]:  # at the bottom it would scroll the screen
            code = self._pictures.draw(number, size, (row, row + box.height), (column, column + box.width))
        if code is None:
            lines = [f"\x1b[{y + 1};{box.x + 1}H{' ' * box.width}" for y in range(box.y, box.bottom)]
            code = self._ink(DEFAULT, DEFAULT, 0) + "".join(lines)
        else:
            code = f"{self._linked(0)}\x1b[{box.y + 1};{box.x + 1}H{code}"
        self._parts.append(code)
        self.size += len(code)

    def _placed(self, place: int, number: int, size: int, count: int) -> str:
        """`count` cells of a picture's row, before them the picture where the terminal does not have it."""
        self._fore = self._back = DEFAULT
        self._bits = 0
        if isinstance(self._pictures, Kitty):
            sent = self._pictures.send(number, size, self._in_use)
            cells = self._pictures.cells(number, size, *divmod(place, 256), count)
            if cells is not None:
                return sent + cells
        return "\x1b[0m" + " " * count

    def _turned(self, glyph: int, fore: int, back: int) -> tuple[int, int, int]:
        """The cell or the same with ink and ground exchanged, whichever changes fewer colours."""
        kept = (fore == self._fore) + (back == self._back)
        if (back == self._fore) + (fore == self._back) > kept:
            return INVERSES[glyph], back, fore
        return glyph, fore, back

    def _run(self, glyph: int, fore: int, back: int, bits: int, length: int) -> str:
        if glyph == SPACE and not bits:
            if back == self._fore != DEFAULT and back != self._back and not self._bits and not self._link:
                return "█" * length
            fore = self._fore
            bits = self._bits & ~SEEN_ON_SPACES
        return self._ink(fore, back, bits) + self._characters(glyph) * length

    def _linked(self, link: int) -> str:
        """OSC 8: what is written from here on is that link."""
        if link == self._link:
            return ""
        self._link = link
        return f"\x1b]8;;{self._links[link]}\x1b\\"

    def _ink(self, fore: int, back: int, bits: int) -> str:
        return self._linked(bits >> LINK) + self._colored(fore, back, bits & ~LINKS)

    def _colored(self, fore: int, back: int, bits: int) -> str:
        codes: list[str] = []
        ended = self._bits & ~bits
        if ended and fore == DEFAULT and back == DEFAULT and not bits:
            self._fore = self._back = DEFAULT
            self._bits = 0
            return "\x1b[0m"
        if ended:
            codes += dict.fromkeys(code for bit, code in enumerate(OFF) if ended >> bit & 1)
            self._bits &= bits & ~(BOLD_OR_DIM if ended & BOLD_OR_DIM else 0)
        if bits != self._bits:
            codes += [code for bit, code in enumerate(ATTRIBUTES.values()) if (bits & ~self._bits) >> bit & 1]
        if fore != self._fore:
            codes.append(_code(fore, 38))
        if back != self._back:
            codes.append(_code(back, 48))
        self._fore, self._back, self._bits = fore, back, bits
        return f"\x1b[{';'.join(codes)}m" if codes else ""


def _runs(ys: list[int], mask: NDArray[np.bool_], grid: Grid) -> Iterator[_Run]:
    """The cells of `mask` [len(ys), columns] in the rows `ys` as runs of equal ones."""
    places, xs = np.nonzero(mask)
    cells = grid[:, np.array(ys)[places], xs]
    starts = np.ones(len(xs), dtype=bool)
    step = cells[3, 1:] == PICTURE  # a picture goes on where each cell is the next of its row
    starts[1:] = (np.diff(xs) != 1) | (np.diff(places) != 0) | (cells[0, 1:] != cells[0, :-1] + step)
    starts[1:] |= (cells[1:, 1:] != cells[1:, :-1]).any(axis=0)
    at = np.flatnonzero(starts)
    lengths = np.diff(at, append=len(xs)).tolist()
    return zip(places[at].tolist(), xs[at].tolist(), lengths, zip(*cells[:, at].tolist(), strict=True), strict=True)


def bridged(mask: NDArray[np.bool_], row: Grid) -> NDArray[np.bool_]:
    """`mask` [columns] with the short gaps filled where all of it is drawn in the ink of its left neighbour."""
    columns = np.flatnonzero(mask)
    gaps = np.diff(columns)
    short = np.flatnonzero((gaps > 1) & (gaps <= NEAR))
    if not len(short):
        return mask
    plain = (row[0] >= SPACE) & (row[0] < 0x7F)
    wider = mask.copy()
    for left, right in zip(columns[short].tolist(), columns[short + 1].tolist(), strict=True):
        ink = row[1:, left]
        if all(plain[x] and _same_ink(row, x, ink) for x in range(left + 1, right)):
            wider[left:right] = True
    return wider


def _same_ink(row: Grid, x: int, ink: NDArray[np.int32]) -> bool:
    if row[0, x] == SPACE and not row[3, x]:
        return bool(row[2, x] == ink[1] and not ink[2] & SEEN_ON_SPACES)
    return bool((row[1:, x] == ink).all())


def _code(color: int, layer: int) -> str:
    if color == DEFAULT:
        return str(layer + 1)
    return color_code(color - PALETTE if color >= PALETTE else color, layer, color >= PALETTE)
