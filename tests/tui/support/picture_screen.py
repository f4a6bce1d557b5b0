"""A screen that draws pictures as kitty and sixel terminals do, and refuses what their specifications do not allow.

kitty: https://sw.kovidgoyal.net/kitty/graphics-protocol/; sixel: VT330/VT340 Programmer Reference Manual, chapter 14.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from wcwidth import wcwidth

from tui.pictures.colors import Pixels

PLACEHOLDER = "\U0010eeee"
SEQUENCE = re.compile(
    r"\x1b_(?P<apc>[^\x1b]*)\x1b\\"
    r"|\x1bP(?P<dcs>(?:[^\x1b]|\x1b\x1b)*)\x1b\\"
    r"|\x1b\[(?P<private>[?>=<]?)(?P<numbers>[\d;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b(?P<two>[^\[_P\]])"
)
BEGUN = re.compile(r"\x1b(?:\[[?>=<]?[\d;:]*[ -/]*|_[^\x1b]*\x1b?|\][^\x07\x1b]*\x1b?|P(?:[^\x1b]|\x1b\x1b)*\x1b?)?\Z")
# kitty's rowcolumn-diacritics.txt, as far as these screens reach
MARKS = [
    chr(code)
    for first, last in (
        *((0x305, 0x305), (0x30D, 0x30E), (0x310, 0x310), (0x312, 0x312), (0x33D, 0x33F), (0x346, 0x346)),
        *((0x34A, 0x34C), (0x350, 0x352), (0x357, 0x357), (0x35B, 0x35B), (0x363, 0x36F), (0x483, 0x487)),
        *((0x592, 0x595), (0x597, 0x599), (0x59C, 0x5A1), (0x5A8, 0x5A9), (0x5AB, 0x5AC), (0x5AF, 0x5AF)),
        *((0x5C4, 0x5C4), (0x610, 0x617), (0x657, 0x65B), (0x65D, 0x65E), (0x6D6, 0x6DC), (0x6DF, 0x6E2)),
        *((0x6E4, 0x6E4), (0x6E7, 0x6E8), (0x6EB, 0x6EC), (0x730, 0x730), (0x732, 0x733), (0x735, 0x736)),
        *((0x73A, 0x73A), (0x73D, 0x73D), (0x73F, 0x741), (0x743, 0x743), (0x745, 0x745), (0x747, 0x747)),
        *((0x749, 0x74A), (0x7EB, 0x7F1), (0x7F3, 0x7F3), (0x816, 0x819), (0x81B, 0x823), (0x825, 0x827)),
        *((0x829, 0x82D), (0x951, 0x951), (0x953, 0x954), (0xF82, 0xF83), (0xF86, 0xF87), (0x135D, 0x135F)),
        *((0x17DD, 0x17DD), (0x193A, 0x193A), (0x1A17, 0x1A17), (0x1A75, 0x1A7C), (0x1B6B, 0x1B6B)),
        *((0x1B6D, 0x1B73), (0x1CD0, 0x1CD2), (0x1CDA, 0x1CDB), (0x1CE0, 0x1CE0), (0x1DC0, 0x1DC1)),
        *((0x1DC3, 0x1DC9), (0x1DCB, 0x1DCC), (0x1DD1, 0x1DE6), (0x1DFE, 0x1DFE)),
        *((0x20D0, 0x20D1), (0x20D4, 0x20D7), (0x20DB, 0x20DC), (0x20E1, 0x20E1), (0x20E7, 0x20E7)),
        *((0x20E9, 0x20E9), (0x20F0, 0x20F0), (0x2CEF, 0x2CF1), (0x2DE0, 0x2DFF)),
    )
    for code in range(first, last + 1)
]


@dataclass(frozen=True)
class Place:
    """A placeholder cell: what of which picture."""

    image: int  # the low byte; `high` is the rest
    high: int
    placement: int
    row: int
    column: int


Cell = str | Place | Pixels  # text, a kitty placeholder, the pixels of a sixel picture


class PictureScreen:
    """Feed it what a program sends; `picture` is what a person would see of pictures."""

    def __init__(self, columns: int, rows: int, cell: tuple[int, int] = (8, 16), tmux: bool = False) -> None:
        self.columns, self.rows, self.cell, self.tmux = columns, rows, cell, tmux
        self.cells: dict[tuple[int, int], Cell] = {}  # (y, x)
        self.images: dict[int, Pixels] = {}
        self.placements: dict[tuple[int, int], tuple[int, int]] = {}  # (id, placement) -> (columns, rows)
        self.transmitted: list[int] = []
        self.deleted: list[int] = []
        self.sixels = 0
        self._y = self._x = 0
        self._fore: int | None = None  # palette index
        self._line = 0
        self._last: tuple[int, int] | None = None  # where the last character went
        self._held = ""
        self._open: tuple[dict[str, str], str] | None = None  # a transmission of which more is to come

    def feed(self, text: str) -> None:
        """Take in text and codes; one that is not whole waits for its rest."""
        text = self._held + text
        begun = BEGUN.search(text)
        self._held = text[begun.start() :] if begun else ""
        text = text[: len(text) - len(self._held)]
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found is None:
                self._character(text[at])
                at += 1
                continue
            at = found.end()
            if found["apc"] is not None:
                self._graphics(found["apc"])
            elif found["dcs"] is not None:
                self._device(found["dcs"])
            elif found["final"] is not None and not found["private"] and not found["between"]:
                self._control(found["numbers"], found["final"])
            elif found["private"] == "?" and found["final"] == "h" and found["numbers"] == "1049":
                self.cells.clear()

    # text

    def _character(self, character: str) -> None:
        if character in "\r\n\x0f\x0e":
            self._x, self._y = (0, self._y) if character == "\r" else (self._x, min(self._y + 1, self.rows - 1))
            return
        if character in MARKS and self._last in self.cells:
            self._mark(character)
            return
        width = max(0, wcwidth(character))
        if not width:
            return
        assert 0 <= self._y < self.rows and self._x + width <= self.columns, "text beyond the edge"
        if character == PLACEHOLDER:
            self._placeholder()
        else:
            for x in range(self._x, self._x + width):
                self.cells[self._y, x] = character
        self._last = self._y, self._x
        self._x += width

    def _placeholder(self) -> None:
        """With no marks it goes on from the cell to its left, where the colours are the same."""
        assert self._fore is not None, "a placeholder without the id of a picture"
        left = self.cells.get((self._y, self._x - 1))
        if isinstance(left, Place) and (left.image, left.placement) == (self._fore, self._line):
            place = Place(self._fore, left.high, self._line, left.row, left.column + 1)
        else:
            place = Place(self._fore, 0, self._line, 0, 0)
        self.cells[self._y, self._x] = place
        self._marks: list[int] = []

    def _mark(self, character: str) -> None:
        assert self._last is not None
        place = self.cells[self._last]
        if isinstance(place, Place):
            self._marks.append(MARKS.index(character))
            row, column, high = (*self._marks, None, None)[:3] if len(self._marks) < 3 else self._marks
            self.cells[self._last] = Place(place.image, high or 0, place.placement, row or 0, column or 0)

    def _control(self, numbers: str, final: str) -> None:
        values = [int(number or 0) for number in numbers.split(";")] if numbers else []
        if final == "H":
            self._y, self._x = (values[0] - 1, values[1] - 1) if len(values) > 1 else (0, 0)
        elif final == "C":
            self._x += values[0] if values else 1
        elif final == "K" and self.cells:
            self.cells = {place: cell for place, cell in self.cells.items() if place[0] != self._y}
        elif final == "J":
            self.cells.clear()
        elif final == "m":
            self._colors(values or [0])

    def _colors(self, values: list[int]) -> None:
        while values:
            value = values.pop(0)
            if value in (38, 48, 58):
                index = values[1] if values[0] == 5 else None
                del values[: 2 if values[0] == 5 else 4]
                if value == 38:
                    self._fore = index
                elif value == 58:
                    self._line = index or 0
            elif value in (0, 39):
                self._fore = None
                self._line = 0 if value == 0 else self._line
            elif value == 59:
                self._line = 0

    # kitty

    def _graphics(self, command: str) -> None:
        assert command.startswith("G"), f"an unknown application command {command[:20]!r}"
        head, _, payload = command[1:].partition(";")
        keys = dict(part.split("=", 1) for part in head.split(","))
        assert len(keys) == len(head.split(",")), "a key twice"
        if self._open is not None:
            assert keys.keys() <= {"m", "q"}, "only m and q may follow until the last piece"
            keys, payload = {**self._open[0], **keys}, self._piece(payload, keys) and self._open[1] + payload
            self._open = None
        else:
            assert not payload or self._piece(payload, keys)
        if keys.get("m") == "1":
            self._open = keys, payload
            return
        self._done(keys, payload)

    def _piece(self, payload: str, keys: dict[str, str]) -> bool:
        assert len(payload) <= 4096 and re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", payload)
        assert keys.get("m") in (None, "0", "1")
        assert keys.get("m") != "1" or len(payload) % 4 == 0, "a piece that is no whole number of bytes"
        return True

    def _done(self, keys: dict[str, str], payload: str) -> None:
        action = keys.get("a", "t")
        if action == "q":
            return
        assert keys.get("q") == "2", "an answer would be typed as keys"
        image = int(keys["i"])
        assert 0 < image < 1 << 32
        if action == "t":
            assert keys.keys() <= {"a", "f", "i", "q", "m", "s", "v", "t", "o"}
            self.images[image] = self._pixels(keys, base64.b64decode(payload, validate=True))
            self.transmitted.append(image)
        elif action == "p":
            assert keys.keys() <= {"a", "U", "i", "p", "c", "r", "q"} and keys["U"] == "1" and not payload
            assert image in self.images, "a placement of a picture that was not sent"
            self.placements[image, int(keys.get("p", 0))] = int(keys["c"]), int(keys["r"])
        else:
            assert action == "d" and keys["d"] == "I" and not payload
            del self.images[image]
            self.placements = {place: size for place, size in self.placements.items() if place[0] != image}
            self.deleted.append(image)

    def _pixels(self, keys: dict[str, str], data: bytes) -> Pixels:
        if keys.get("f") == "100":
            with Image.open(io.BytesIO(data)) as image:
                assert image.format == "PNG"
                return np.asarray(image.convert("RGB"))
        depth = {"24": 3, "32": 4}[keys.get("f", "32")]
        width, height = int(keys["s"]), int(keys["v"])
        return np.frombuffer(data, np.uint8).reshape(height, width, depth)[..., :3]

    # sixel

    def _device(self, text: str) -> None:
        if text.startswith("tmux;"):
            assert self.tmux, "codes for tmux where there is none"
            inner = text[5:]
            assert "\x1b" not in inner.replace("\x1b\x1b", ""), "an escape that is not doubled"
            held, self._held = self._held, ""
            self.feed(inner.replace("\x1b\x1b", "\x1b"))
            assert not self._held, "tmux passes on whole codes only"
            self._held = held
            return
        if text.startswith(("+q", "$q")):  # questions
            return
        head, _, body = text.partition("q")
        assert re.fullmatch(r"\d*(;\d*){0,2}", head), f"an unknown device control {text[:20]!r}"
        pixels, mask = read_sixel(body)
        self.sixels += 1
        height, width, _ = pixels.shape
        wide, high = self.cell
        assert mask.all(), "a pixel of the picture was never drawn"
        assert width % wide == 0 and height % high == 0
        for row in range(height // high):
            for column in range(width // wide):
                part = pixels[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
                y, x = self._y + row, self._x + column
                assert y < self.rows - 1 and x < self.columns, "a picture at the edge would scroll the screen"
                self.cells[y, x] = part

    # looking

    def picture(self) -> tuple[Pixels, NDArray[np.bool_]]:
        """(the pixels of all pictures, which cells are of pictures)."""
        wide, high = self.cell
        seen = np.zeros((self.rows * high, self.columns * wide, 3), np.uint8)
        there = np.zeros((self.rows, self.columns), bool)
        scaled: dict[tuple[int, tuple[int, int]], Image.Image] = {}
        for (y, x), cell in self.cells.items():
            if isinstance(cell, Place):
                cell = self._of_image(cell, scaled)
            if not isinstance(cell, str):
                there[y, x] = True
                seen[y * high : (y + 1) * high, x * wide : (x + 1) * wide] = cell
        return seen, there

    def _of_image(self, place: Place, scaled: dict[tuple[int, tuple[int, int]], Image.Image]) -> Pixels:
        image = place.high << 24 | place.image
        assert image in self.images, "cells of a picture that the terminal does not have"
        columns, rows = next(  # where none is named the terminal may take any
            size
            for (placed, placement), size in self.placements.items()
            if placed == image and place.placement in (0, placement)
        )
        wide, high = self.cell
        size = columns * wide, rows * high
        whole = scaled.get((image, size))
        if whole is None:
            whole = Image.fromarray(self.images[image]).resize(size, Image.Resampling.BILINEAR)
            scaled[image, size] = whole
        box = (place.column * wide, place.row * high, (place.column + 1) * wide, (place.row + 1) * high)
        return np.asarray(whole.crop(box))

    def text(self) -> str:
        """The text, row by row."""
        rows = []
        for y in range(self.rows):
            cells = (self.cells.get((y, x), " ") for x in range(self.columns))
            rows.append("".join(cell if isinstance(cell, str) else " " for cell in cells))
        return "\n".join(rows)


def read_sixel(body: str) -> tuple[Pixels, NDArray[np.bool_]]:
    """What follows the q: ([h, w, 3] pixels, which of them were drawn)."""
    raster = re.match(r'"(\d+);(\d+);(\d+);(\d+)', body)
    assert raster is not None, "no raster attributes"
    assert raster[1] == raster[2], "pixels that are not square"
    width, height = int(raster[3]), int(raster[4])
    pixels = np.zeros((height, width, 3), np.uint8)
    drawn = np.zeros((height, width), bool)
    registers: dict[int, tuple[int, int, int]] = {}
    color = x = y = 0
    at = raster.end()
    for match in re.finditer(r"#(\d+)(?:;(\d+);(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|([$-])|(.)", body[at:], re.S):
        register, kind, *levels = match.groups()[:5]
        if register is not None:
            color = int(register)
            assert color < 256
            if kind is not None:
                assert kind == "2" and all(int(level) <= 100 for level in levels)
                red, green, blue = (round(int(level) * 2.55) for level in levels)
                registers[color] = red, green, blue
            continue
        count, repeated, single, move, other = match.groups()[5:]
        assert other is None, f"an unknown character {other!r}"
        if move is not None:
            x, y = 0, y + 6 * (move == "-")
            continue
        bits, length = ord(repeated or single) - 63, int(count or 1)
        assert x + length <= width, "a line longer than the picture"
        for bit in range(6):
            if bits >> bit & 1:
                assert y + bit < height, "a pixel below the picture"
                pixels[y + bit, x : x + length] = registers[color]
                drawn[y + bit, x : x + length] = True
        x += length
    return pixels, drawn
