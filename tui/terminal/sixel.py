"""Pictures drawn over the cells by the rectangle: sixel, and iTerm2's inline images.

VT330/VT340 Programmer Reference Manual, volume 2, chapter 14; https://iterm2.com/documentation-images.html.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections import OrderedDict
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tui.pictures.colors import Pixels
from tui.pictures.picture_table import PictureTable, Size
from tui.pictures.resample import resample

COLORS = 256  # registers, as many as terminals have
END = 255  # stands for the empty rest of a line, which is not written
SHARP = 256  # pixels of a side from which a cover, of 128, is drawn by blocks of two: half the characters, as sharp
QUALITY = 85  # of JPEG
KEPT = 24 * 1024 * 1024  # characters of drawn pictures that are kept


class Sixel:
    """Draws the cells of pictures."""

    def __init__(self, pictures: PictureTable, cell: tuple[int, int]) -> None:
        """`cell`: (width, height) of a cell in pixels."""
        self.pictures = pictures
        self.cell = cell
        self._kept: OrderedDict[tuple[int, Size, tuple[int, int, int, int]], str] = OrderedDict()
        self._length = 0

    def draw(self, number: int, size: Size, rows: tuple[int, int], columns: tuple[int, int]) -> str | None:
        """The rectangle from the first to before the last of `rows` and `columns` of a picture; None where it
        can no longer be read. The cursor has to be at its upper left.
        """
        key = number, size, (*rows, *columns)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        pixels = self.pictures.pixels(number)
        if pixels is None:
            return None
        code = self._kept[key] = self._code(pixels, size, rows, columns)
        self._length += len(code)
        while self._length > KEPT and len(self._kept) > 1:
            self._length -= len(self._kept.popitem(last=False)[1])
        return code

    def _code(self, pixels: Pixels, size: Size, rows: tuple[int, int], columns: tuple[int, int]) -> str:
        width, height = self.cell
        indexes, table = quantized(pixels, (size >> 8) * width, (size & 255) * height)
        return drawn(indexes[rows[0] * height : rows[1] * height, columns[0] * width : columns[1] * width], table)

    def resized(self, cell: tuple[int, int]) -> None:
        """The cells have another size in pixels."""
        if cell != self.cell:
            self.cell = cell
            self.forget()

    def forget(self) -> None:
        """Draw anew what is next shown."""
        self._kept.clear()
        self._length = 0

    def farewell(self) -> str:
        """Nothing stays when the screen is cleared."""
        return ""


class Inline(Sixel):
    """The same by iTerm2's protocol: each rectangle is a JPEG, a third of what its pixels are as PNG."""

    def _code(self, pixels: Pixels, size: Size, rows: tuple[int, int], columns: tuple[int, int]) -> str:
        height, width, _ = pixels.shape
        across, down = width / (size >> 8), height / (size & 255)  # pixels a cell
        box = (columns[0] * across, rows[0] * down, columns[1] * across, rows[1] * down)
        whole = max(1, round(box[2] - box[0])), max(1, round(box[3] - box[1]))
        file = io.BytesIO()
        Image.fromarray(pixels).resize(whole, Image.Resampling.BILINEAR, box).save(file, "JPEG", quality=QUALITY)
        data = b64encode(file.getvalue()).decode()
        cells = f"width={columns[1] - columns[0]};height={rows[1] - rows[0]};preserveAspectRatio=0"
        return f"\x1b]1337;File=inline=1;size={file.tell()};{cells};doNotMoveCursor=1:{data}\x07"


def quantized(pixels: Pixels, width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """[h, w, 3] as [height, width] indexes into a table [n, 3] of at most COLORS colours."""
    step = 2 if min(width, height) >= SHARP else 1
    small = resample(pixels, -(-width // step), -(-height // step))
    exact = Image.fromarray(small)
    table = exact.quantize(COLORS, Image.Quantize.FASTOCTREE)  # a hundredth of the time of the others
    image = exact.quantize(palette=table, dither=Image.Dither.FLOYDSTEINBERG)
    indexes = np.asarray(image).repeat(step, axis=0).repeat(step, axis=1)[:height, :width]
    return indexes, np.asarray(image.getpalette(), dtype=np.int64).reshape(-1, 3)


def drawn(indexes: NDArray[np.uint8], table: NDArray[np.int64]) -> str:
    """[h, w] indexes into `table` [n, 3] as one sixel picture.

    Six rows are a band: for every colour of it one line of characters from the left, "$" between the lines.
    """
    height, width = indexes.shape
    count = -(-height // 6)
    bits = np.zeros((count, len(table), width), dtype=np.uint8)
    columns = np.arange(width)
    for row, line in enumerate(indexes):
        bits[row // 6, line, columns] |= 1 << row % 6
    bands, colors = np.nonzero(bits.any(axis=2))
    texts = _lines(bits[bands, colors])
    breaks = np.append("", np.where(np.diff(bands) > 0, "-", "$")).tolist()
    body = "".join(f"{end}#{color}{text}" for end, color, text in zip(breaks, colors.tolist(), texts, strict=True))
    percents = (table * 100 + 127) // 255  # registers take percent
    registers = "".join("#{};2;{};{};{}".format(color, *percents[color]) for color in np.unique(colors).tolist())
    return f'\x1bP0;1;0q"1;1;{width};{height}{registers}{body}\x1b\\'


def _lines(bits: NDArray[np.uint8]) -> list[str]:
    """[lines, width] as characters, runs of one shortened, nothing after the last pixel."""
    count, width = bits.shape
    starts = np.ones((count, width), dtype=bool)
    starts[:, 1:] = bits[:, 1:] != bits[:, :-1]
    rows, at = np.nonzero(starts)
    ends = np.append(at[1:], 0)
    ends[ends == 0] = width
    values = bits[rows, at]
    values[(values == 0) & (ends == width)] = END
    runs = [_run(pair) for pair in (values.astype(np.int64) << 16 | ends - at).tolist()]
    firsts = np.append(np.flatnonzero(at == 0), len(runs)).tolist()
    return ["".join(runs[first:last]) for first, last in pairwise(firsts)]


@lru_cache(maxsize=1 << 14)
def _run(pair: int) -> str:
    """value << 16 | length as characters."""
    length, value = pair & 0xFFFF, pair >> 16
    if value == END:
        return ""
    return f"!{length}{chr(63 + value)}" if length > 3 else chr(63 + value) * length
