"""What the terminal should show and what it does show, cell by cell, and the fewest bytes from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.color import Color, ColorSystem, ColorType
from rich.style import Style
from textual.geometry import Region

from tui.halfblocks import LOWER_HALF, PixelStrip, color_code

if TYPE_CHECKING:
    from textual.strip import Strip

    from tui.terminal_compositor import Painting

UPPER_HALF = "▀"
LOWER, SPACE, TAIL, UNKNOWN = ord(LOWER_HALF), ord(" "), 0, -1  # TAIL: the second cell of a wide character
DEFAULT = -1  # the terminal's own colour
PALETTE = 1 << 25  # colours from here are indexes of the terminal's palette
CLUSTERS = 0x110000  # glyphs from here are characters of several code points
FIELDS = 4  # glyph, foreground, background, attributes
ATTRIBUTES = {"bold": "1", "dim": "2", "italic": "3", "underline": "4", "blink": "5", "reverse": "7", "strike": "9"}
REVERSE, UNDERLINE, STRIKE = (1 << list(ATTRIBUTES).index(name) for name in ("reverse", "underline", "strike"))
SEEN_ON_SPACES = REVERSE | UNDERLINE | STRIKE  # bold or dim change nothing where there is only ground
OFF = ("22", "22", "23", "24", "25", "27", "29")  # what ends each of ATTRIBUTES; bold and dim end together
BOLD_OR_DIM = 3
NEAR = 4  # cells that did not change are sent along rather than jumped over, where they cost no more than a jump
PLAIN = str.maketrans(  # what the screen is drawn with, for a terminal that has ASCII only
    {
        **dict.fromkeys(map(chr, range(0x2801, 0x2900)), "."),
        **dict.fromkeys(map(chr, range(0x2500, 0x2580)), "+"),
        **dict.fromkeys(map(chr, range(0x2580, 0x25A0)), "#"),
        **dict(zip("─━│┃▕▏▌▐…›▸←→↑↓⌫·“”×–—", '--||||[].>><>^v<.""x--', strict=True)),
    }
)
Grid = NDArray[np.int32]  # [FIELDS, rows, columns]


class TerminalMirror:
    """The screen that is wanted and the one that was sent."""

    def __init__(self, columns: int, rows: int, system: ColorSystem, colorless: bool = False) -> None:
        self.columns, self.rows, self.system = columns, rows, system
        self.colorless = colorless
        self._wanted: Grid = np.zeros((FIELDS, rows, columns), dtype=np.int32)
        self._wanted[0], self._wanted[1:3] = UNKNOWN, DEFAULT
        self._shown = self._wanted.copy()
        self._scratch: Grid = np.zeros((FIELDS, columns), dtype=np.int32)
        self._clusters: list[str] = []
        self._cluster_numbers: dict[str, int] = {}
        self._inks: dict[Style | None, tuple[int, int, int]] = {}

    def forget(self) -> None:
        """The terminal was cleared or written to by another: everything is sent again."""
        self._shown[0] = UNKNOWN

    def paint(self, painting: Painting) -> None:
        """Take over what a frame changes."""
        for part in painting.parts:
            left, right = max(0, part.left), min(part.right, self.columns)
            if not 0 <= part.y < self.rows or left >= right:
                continue
            row = self._wanted[:, part.y]
            strip = part.strip
            if isinstance(strip, PixelStrip):
                self._pixels(row[:, left:right], strip, left - part.x)
            elif part.x == left and strip.cell_length == right - left:
                self._text(row, left, strip)
            else:
                self._text_within(row, left, right, part.x, strip)

    def _pixels(self, cells: NDArray[np.int32], strip: PixelStrip, start: int) -> None:
        """Put the strip from its cell `start` on into `cells` [FIELDS, columns]."""
        end = start + cells.shape[1]
        lower, upper = strip.lower[start:end], strip.upper[start:end]
        cells = cells[:, : len(lower)]
        base = PALETTE if strip.is_indexed else 0
        flat = lower == upper
        cells[0] = np.where(flat, SPACE, LOWER)
        cells[1] = np.where(flat, DEFAULT, lower + base)
        cells[2] = upper + base
        cells[3] = 0

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
        if self.colorless:
            text = text.translate(PLAIN)
        if text.isascii():
            if text.isspace() and not ink[2]:
                cells = row[:, x : x + len(text)]
                cells[0], cells[1], cells[2], cells[3] = SPACE, DEFAULT, ink[1], 0
                return x + len(text)
            glyphs = np.frombuffer(text.encode(), dtype=np.uint8)[: max(0, self.columns - x)].astype(np.int32)
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
        """(foreground, background, attributes as bits of ATTRIBUTES) of a style."""
        if style not in self._inks:
            if style is None:
                self._inks[style] = (DEFAULT, DEFAULT, 0)
            else:
                bits = sum(1 << bit for bit, name in enumerate(ATTRIBUTES) if getattr(style, name))
                if self.colorless:
                    self._inks[style] = (DEFAULT, DEFAULT, bits | REVERSE * _dark_on_light(style))
                    return self._inks[style]
                self._inks[style] = (self._color(style.color), self._color(style.bgcolor), bits)
        return self._inks[style]

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
        pending: NDArray[np.bool_] = (self._wanted != self._shown).any(axis=0)
        pending &= self._wanted[0] != UNKNOWN  # never painted yet
        tails = (self._wanted[0] == TAIL) | (self._shown[0] == TAIL)
        pending[:, :-1] |= pending[:, 1:] & tails[:, 1:]  # both cells of a wide character, old or new
        pending[:, 1:] |= pending[:, :-1] & tails[:, 1:]
        return pending

    def take(self, limit: int, first: Region | None = None) -> str:
        """Codes for about `limit` bytes of what differs, and remember it as sent; "" when nothing is left.

        Text goes first, with the cells of `first`; the other pictures after, row by row.
        """
        pending = self._pending()
        if not pending.any():
            return ""
        early = (self._wanted[0] != LOWER) & (self._shown[0] != LOWER)
        wide = ((self._wanted[0] == TAIL) | (self._shown[0] == TAIL)).any(axis=1)
        early[wide] = True  # the two cells of a wide character are never sent apart
        if first is not None:
            early[first.y : first.bottom, first.x : first.right] = True
        pen = _Pen(self)
        for mask in (pending & early, pending):
            for y in np.flatnonzero(mask.any(axis=1)).tolist():
                columns = np.flatnonzero(mask[y])
                pen.row(y, bridged(columns, self._wanted[:, y]), self._wanted[:, y])
                self._shown[:, y, columns] = self._wanted[:, y, columns]
                mask[y] = pending[y] = False if mask is pending else pending[y] & ~mask[y]
                if pen.size > limit:
                    return pen.text()
        return pen.text()


def bridged(columns: NDArray[np.int64], row: Grid) -> NDArray[np.int64]:
    """`columns` with the short gaps between them filled, where all of it is drawn in the ink of its left neighbour."""
    plain = (row[0] >= SPACE) & (row[0] < 0x7F)
    wider = columns.tolist()
    for left, right in zip(columns[:-1].tolist(), columns[1:].tolist(), strict=True):
        if 1 < right - left <= NEAR:
            between = range(left + 1, right)
            ink = row[1:, left]
            if all(plain[x] and _same_ink(row, x, ink) for x in between):
                wider += between
    return columns if len(wider) == len(columns) else np.array(sorted(wider))


def _same_ink(row: Grid, x: int, ink: NDArray[np.int32]) -> bool:
    if row[0, x] == SPACE and not row[3, x]:
        return bool(row[2, x] == ink[1] and not ink[2] & SEEN_ON_SPACES)
    return bool((row[1:, x] == ink).all())


def _dark_on_light(style: Style) -> bool:
    if style.color is None or style.bgcolor is None:
        return False
    fore, back = (sum(color.get_truecolor()) for color in (style.color, style.bgcolor))
    return fore < back


class _Pen:
    """Writes cells with the codes that change; each chunk begins and ends with the terminal's own colours."""

    def __init__(self, mirror: TerminalMirror) -> None:
        self.mirror = mirror
        self.size = 0
        self._parts: list[str] = []
        self._fore = self._back = DEFAULT
        self._bits = 0

    def text(self) -> str:
        if self._fore != DEFAULT or self._back != DEFAULT or self._bits:
            self._parts.append("\x1b[0m")
        return "".join(self._parts)

    def row(self, y: int, columns: NDArray[np.int64], row: Grid) -> None:
        """The cells at `columns` of row `y`."""
        cells = row[:, columns]
        starts = np.ones(len(columns), dtype=bool)
        starts[1:] = (np.diff(columns) != 1) | (cells[:, 1:] != cells[:, :-1]).any(axis=0)
        at = np.flatnonzero(starts)
        lengths = np.diff(at, append=len(columns)).tolist()
        place = -1  # where the terminal's cursor is, where that is sure
        before = len(self._parts)
        for x, length, (glyph, fore, back, bits) in zip(
            columns[at].tolist(), lengths, cells[:, at].T.tolist(), strict=True
        ):
            if glyph == TAIL:
                continue  # its character was written one cell before
            if place != x:
                self._parts.append(f"\x1b[{y + 1};{x + 1}H" if place < 0 else f"\x1b[{x - place}C")
            self._parts.append(self._run(glyph, fore, back, bits, length))
            place = x + length if 0x20 <= glyph < 0x1100 or 0x2500 <= glyph < 0x2900 else -1
        self.size += sum(map(len, self._parts[before:]))

    def _run(self, glyph: int, fore: int, back: int, bits: int, length: int) -> str:
        if glyph == LOWER and not bits and self._turned(fore, back) < self._turned(back, fore):
            return self._ink(back, fore, 0) + UPPER_HALF * length
        if glyph == SPACE and not bits:
            if back == self._fore != DEFAULT and back != self._back and not self._bits:
                return "█" * length
            fore = self._fore
            bits = self._bits & ~SEEN_ON_SPACES
        return self._ink(fore, back, bits) + self.mirror._characters(glyph) * length

    def _turned(self, back: int, fore: int) -> int:
        """How many colours change for this pair."""
        return (back != self._back) + (fore != self._fore)

    def _ink(self, fore: int, back: int, bits: int) -> str:
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


def _code(color: int, layer: int) -> str:
    if color == DEFAULT:
        return str(layer + 1)
    return color_code(color - PALETTE if color >= PALETTE else color, layer, color >= PALETTE)
