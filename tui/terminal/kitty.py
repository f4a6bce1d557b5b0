"""The kitty graphics protocol by Unicode placeholders: a picture is sent once, then placed by writing characters.

https://sw.kovidgoyal.net/kitty/graphics-protocol/ ("Unicode placeholders"). The id of a picture is given by the
foreground (a palette index, so that 256 colours are enough) and a third mark; its size by the underline's colour.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable

from PIL import Image

from pipelines.blends.png import encode_png
from tui.pictures.colors import Pixels
from tui.pictures.picture_table import PictureTable, Size
from tui.pictures.resample import resample

PLACEHOLDER = "\U0010eeee"
PIECE = 4096  # bytes of base64 in one command at most
SMALL, FEW = 96, 64  # pixels of a side up to which a picture is sent in so many colours
MEMORY = 64 * 1024 * 1024  # bytes of our pixels that the terminal keeps, four each
FIRST_LOW, LOWS = 16, 240  # the palette indexes that stand for an id; tmux writes those below 16 in another way
_MARKS = (  # kitty's rowcolumn-diacritics.txt: combining characters that stand for 0, 1, 2 …
    "305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1 5a8-5a9 5ab-5ac "
    "5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733 735-736 73a 73d 73f-741 743 745 "
    "747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 953-954 f82-f83 f86-f87 135d-135f 17dd 193a 1a17 "
    "1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 "
    "20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 "
    "aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f 10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244"
)


def _marks() -> list[str]:
    ends = (part.partition("-") for part in _MARKS.split())
    return [chr(code) for first, _, last in ends for code in range(int(first, 16), int(last or first, 16) + 1)]


MARKS = _marks()


class Kitty:
    """What the terminal was sent, and the codes for what it is to show."""

    def __init__(
        self,
        pictures: PictureTable,
        cell: tuple[int, int] | None = None,
        *,
        inside_tmux: bool = False,
        first: int = 0,
        memory: int = MEMORY,
    ) -> None:
        """`cell`: pixels of a cell, for pictures that fill theirs; `first`: the ids begin here, so that two
        programs in one terminal have different ones.
        """
        self.pictures = pictures
        self.cell = cell or (1, 2)
        self.inside_tmux = inside_tmux
        self.memory = memory
        self._next = first
        self._sent: OrderedDict[tuple[int, Size], tuple[int, int]] = OrderedDict()  # -> (id, bytes)
        self._old: list[int] = []  # sent, and perhaps lost by the terminal
        self._placed: set[tuple[int, Size]] = set()  # (id, size)
        self._sizes: dict[Size, int] = {}  # -> number of the placement

    def cells(self, number: int, size: Size, row: int, column: int, count: int) -> str | None:
        """`count` cells of a row of a picture that was sent; None where it was not. The colours stay set."""
        sent = self._sent.get(self._key(number, size))
        if sent is None:
            return None
        low, high = FIRST_LOW + sent[0] % LOWS, sent[0] // LOWS % 256
        begin = PLACEHOLDER + MARKS[row] + MARKS[column] + MARKS[high]
        line = "" if self.inside_tmux else f";58;5;{self._place(size)}"
        return f"\x1b[0;38;5;{low}{line}m{begin}{PLACEHOLDER * (count - 1)}\x1b[0m"

    def send(self, number: int, size: Size, in_use: Callable[[], Iterable[int]]) -> str:
        """Codes that have to come before the picture's cells: none where the terminal has it.

        Pictures over the limit are deleted, those not used for longest first, never one of `in_use`.
        """
        key = self._key(number, size)
        parts = self._take_old()
        if key not in self._sent:
            pixels = self.pictures.pixels(number)
            if pixels is None:
                return ""
            pixels = self._filling(pixels, size)
            self._sent[key] = self._next, pixels.shape[0] * pixels.shape[1] * 4
            self._next += 1
            parts += [*self._make_room(number, in_use), *transmission(_id(self._sent[key][0]), pixels)]
        self._sent.move_to_end(key)
        index = self._sent[key][0]
        if (index, size) not in self._placed:
            self._placed.add((index, size))
            columns, rows = size >> 8, size & 255
            parts.append(f"\x1b_Ga=p,U=1,i={_id(index)},p={self._place(size)},c={columns},r={rows},q=2\x1b\\")
        return self._passed(parts)

    def forget(self) -> None:
        """Send every picture again when it is next shown."""
        self._old += [index for index, _ in self._sent.values()]
        self._sent.clear()
        self._placed.clear()

    def farewell(self) -> str:
        """Delete all that was sent."""
        self.forget()
        return self._passed(self._take_old())

    def _take_old(self) -> list[str]:
        codes, self._old = [deletion(_id(index)) for index in self._old], []
        return codes

    def _key(self, number: int, size: Size) -> tuple[int, Size]:
        """tmux drops the underline's colour, which tells sizes apart: there each size is a picture of its own."""
        return number, size if self.inside_tmux else 0

    def _place(self, size: Size) -> int:
        return self._sizes.setdefault(size, FIRST_LOW + len(self._sizes) % LOWS)

    def _filling(self, pixels: Pixels, size: Size) -> Pixels:
        """The picture in the shape of its cells, since the terminal keeps proportions and would leave a margin."""
        columns, rows = size >> 8, size & 255
        height, width, _ = pixels.shape
        wanted = round(width * rows * self.cell[1] / (columns * self.cell[0]))
        return resample(pixels, width, wanted) if 0.5 < wanted / height < 2 else pixels

    def _make_room(self, number: int, in_use: Callable[[], Iterable[int]]) -> list[str]:
        total = sum(size for _, size in self._sent.values())
        if total <= self.memory:
            return []
        kept, codes = {number, *in_use()}, []
        for key in [key for key in self._sent if key[0] not in kept]:
            index, size = self._sent.pop(key)
            self._placed = {placed for placed in self._placed if placed[0] != index}
            codes.append(deletion(_id(index)))
            total -= size
            if total <= self.memory:
                break
        return codes

    def _passed(self, codes: list[str]) -> str:
        """`codes` as tmux passes them on to the terminal, one at a time, or as they are."""
        if not self.inside_tmux:
            return "".join(codes)
        return "".join("\x1bPtmux;" + code.replace("\x1b", "\x1b\x1b") + "\x1b\\" for code in codes)


def _id(index: int) -> int:
    """The protocol's id: its low byte is the foreground, its high byte the third mark."""
    return (index // LOWS % 256) << 24 | FIRST_LOW + index % LOWS


def transmission(image: int, pixels: Pixels) -> list[str]:
    """[h, w, 3] as the commands that store it under the id `image`, quietly.

    A small one, as for a slow link, has FEW colours: a third of the bytes.
    """
    if max(pixels.shape) <= SMALL:
        few = Image.fromarray(pixels).quantize(FEW, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
        few.save(file := io.BytesIO(), "PNG")
        png = file.getvalue()
    else:
        png = encode_png(pixels, {})
    data = b64encode(png).decode()
    commands, head = [], f"a=t,f=100,i={image},"
    for at in range(0, len(data), PIECE):
        more = int(at + PIECE < len(data))
        commands.append(f"\x1b_G{head}q=2,m={more};{data[at : at + PIECE]}\x1b\\")
        head = ""
    return commands


def deletion(image: int) -> str:
    """Delete a picture and what the terminal keeps of it."""
    return f"\x1b_Ga=d,d=I,i={image},q=2\x1b\\"
