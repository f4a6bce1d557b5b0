"""The genres of a map: the most common ones have a colour and a digit, all others are grey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.style import Style
from textual.color import Color

from tui.palette import Palette, style

SHOWN = 8  # genres with a colour of their own; the digit after them stands for all others
ON_DARK = ("#f0715c", "#f2b134", "#f491c8", "#53c7ee", "#a596ff", "#cfe35c", "#55cf8d", "#cd8d5a")
ON_LIGHT = ("#b3261e", "#8f5f00", "#b0247a", "#00708c", "#5641c0", "#566b00", "#0b7442", "#7d4a1e")
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Genres:
    """Kinds of albums: kind k < len(names) is a genre with a colour, the last kind all the rest."""

    names: tuple[str, ...]  # the most common first
    counts: tuple[int, ...]  # albums of each kind, the rest last
    kinds: np.ndarray  # int64 [n], of each album

    @property
    def labels(self) -> tuple[str, ...]:
        """What the legend calls the kinds."""
        return (*self.names, OTHER)

    def style(self, kind: int, palette: Palette, *, bold: bool = False) -> Style:
        """The colour of a kind on the theme's ground."""
        if kind >= len(self.names):
            return palette.text("quiet", bold=bold)
        colors = ON_DARK if Color.parse(palette.background).brightness < 0.5 else ON_LIGHT
        return style(colors[kind], palette.background, bold)


def common_genres(genres: Sequence[str], counted: np.ndarray | None = None) -> Genres:
    """The genres of a library's albums ('' = unknown); `counted` (bool [n]): those that the map shows."""
    shown = range(len(genres)) if counted is None else np.flatnonzero(counted).tolist()
    counts = Counter(genres[row] for row in shown if genres[row])
    names = tuple(name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:SHOWN])
    number = {name: kind for kind, name in enumerate(names)}
    kinds = np.fromiter((number.get(genre, len(names)) for genre in genres), np.int64, len(genres))
    found = np.bincount(kinds if counted is None else kinds[counted], minlength=len(names) + 1)
    return Genres(names, tuple(found.tolist()), kinds)
