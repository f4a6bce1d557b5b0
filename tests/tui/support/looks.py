"""A screen's colours as text: a letter for each cell's ink and ground, so that a change of colour is read in a diff.

Every role of the theme has a letter of its own, so that a new shade of a role changes one line of the legend.
Cells of pictures show the nearest of ten plain colours as a digit: ink is the upper half of the cell, ground the lower.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import count

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.strip import Strip

from tui.palette import DEFAULTS
from tui.pictures.colors import Pixels

ROLES = {  # by letter; of two roles with one colour the first gives the letter
    "f": "foreground",
    "q": "quiet",
    "-": "faint",
    "C": "signal-cover",
    "T": "signal-tags",
    "A": "signal-artist",
    "E": "signal-era",
    "P": "signal-popularity",
    "Y": "signal-plays",
    "X": "focus",
    "o": "on-focus",
    "!": "error",
    "$": "accent",
    " ": "background",
    ":": "panel",
}
OTHERS = "abcdeghijklmnprstuvwxyzBDFGHIJKLMNOQRSUVWZ"  # colours that are no role's, as they come
PICTURE = ((0, 0, 0), (128, 128, 128), (255, 255, 255), (230, 30, 30), (240, 220, 30))
PICTURE += ((30, 170, 60), (40, 210, 220), (30, 60, 220), (220, 40, 200), (250, 140, 20))
HALVES = {"▀": 1, "▄": -1}


def plain_cover(sha: str) -> Pixels:
    """uint8 [128, 128, 3]: four fields, each in one of the ten colours."""
    picks = hashlib.sha256(sha.encode()).digest()
    cover = np.empty((128, 128, 3), np.uint8)
    for number, (rows, columns) in enumerate(
        (rows, columns) for rows in (slice(0, 70), slice(70, 128)) for columns in (slice(0, 50), slice(50, 128))
    ):
        cover[rows, columns] = PICTURE[picks[number] % len(PICTURE)]
    return cover


class Look:
    """Letters of the colours of one screen."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        known = {**DEFAULTS, **variables}
        self._letters: dict[tuple[int, ...], str] = {}
        self._names: dict[str, str] = {}
        for letter, role in ROLES.items():
            color = tuple(bytes.fromhex(known[role][1:7]))
            self._letters.setdefault(color, letter)
            self._names.setdefault(self._letters[color], role)
        self._others = (OTHERS[number % len(OTHERS)] for number in count())
        self._used: set[tuple[int, ...]] = set()

    def letter(self, color: tuple[int, ...]) -> str:
        """The role's letter, or the next one that is free."""
        if color not in self._letters:
            self._letters[color] = next(self._others)
        self._used.add(color)
        return self._letters[color]

    def cell(self, char: str, style: Style) -> tuple[str, str, str]:
        """Ink, ground and weight of a cell."""
        ink, ground = (_rgb(color) for color in (style.color, style.bgcolor))
        if style.reverse:
            ink, ground = ground, ink
        if char in HALVES or (char == " " and ground not in self._letters):
            upper, lower = (ground, ground) if char == " " else (ink, ground)[:: HALVES[char]]
            return self._picture(upper), self._picture(lower), " "
        if char == " ":
            return " ", self.letter(ground), " "
        marks = [mark for mark, on in (("b", style.bold), ("u", style.underline), ("i", style.italic)) if on]
        return self.letter(ink), self.letter(ground), marks[0] if marks else " "

    def _picture(self, color: tuple[int, ...]) -> str:
        if color in self._letters and ROLES.get(self._letters[color]) in ("background", "panel"):
            return self.letter(color)
        return str(int(np.square(np.array(PICTURE) - color).sum(axis=1).argmin()))

    def legend(self) -> Iterable[str]:
        """A line for each colour in use that is not a picture's."""
        for color, letter in self._letters.items():
            if color in self._used:
                value = "the terminal's" if color == (-1,) else f"#{bytes(color).hex()}"
                yield f"{letter} {value} {self._names.get(letter, '')}".rstrip()


def look_of(strips: list[Strip], variables: Mapping[str, str]) -> str:
    """Ink, ground and weight of every row, and the legend. Rows where nothing is to be seen are left out."""
    look = Look(variables)
    layers: dict[str, list[str]] = {"ink": [], "ground": [], "weight": []}
    for strip in strips:
        styled = [(char, segment.style or Style()) for segment in strip for char in segment.text]
        cells = [look.cell(char, style) for char, style in styled for _ in range(cell_len(char))]
        for layer, letters in zip(layers.values(), zip(*cells, strict=True), strict=True):
            layer.append("".join(letters).rstrip())
    lines = []
    for name, rows in layers.items():
        lines += [f"== {name}", *(f"{y:2}|{row}" for y, row in enumerate(rows) if row)]
    return "\n".join([*lines, "== colours", *look.legend(), ""])


def _rgb(color: Color | None) -> tuple[int, ...]:
    """(-1,) where the terminal's own colour is left as it is."""
    return (-1,) if color is None else tuple(color.get_truecolor())
