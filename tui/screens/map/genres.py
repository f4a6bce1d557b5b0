"""What colours the dots of a map: genre, how well known, or the sleeve; each kind has a digit, the rest is grey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.style import Style
from textual.color import Color

from store.looks import COLORS
from store.memory.snapshot import Snapshot
from tui.palette import Palette, style

SHOWN = 8  # genres with a colour of their own; the digit after them stands for all others
ON_DARK = ("#f0715c", "#f2b134", "#f491c8", "#53c7ee", "#a596ff", "#cfe35c", "#55cf8d", "#cd8d5a")
ON_LIGHT = ("#b3261e", "#8f5f00", "#b0247a", "#00708c", "#5641c0", "#566b00", "#0b7442", "#7d4a1e")
OTHER = "other"
COLORINGS = ("covers", "genre", "known", "sleeve")  # what the map draws: covers, or dots coloured by these
KNOWN = ("least known", "little known", "known", "well known", "best known")  # a fifth of the library each
KNOWN_DARK = ("#8391de", "#4fa3d1", "#5cc28f", "#e6c14a", "#ff7a4d")
KNOWN_LIGHT = ("#4150a8", "#1f6f9c", "#1d7a4c", "#7a5f00", "#b93a10")
SLEEVES = {  # a colour that reads as the name of it, on a dark and on a light ground
    "black": ("#7a808c", "#1c1d20"), "grey": ("#9da3ad", "#5f646b"), "white": ("#e6e9ee", "#63686f"),
    "red": ("#ef6a5f", "#b3261e"), "orange": ("#ee9247", "#a85a10"), "brown": ("#b98658", "#6f4a2a"),
    "beige": ("#d3c09b", "#766038"), "yellow": ("#e2cb4a", "#6f5d00"), "olive": ("#a8a552", "#66641c"),
    "green": ("#66bb66", "#2c7a2c"), "teal": ("#45b5ad", "#0f6f69"), "blue": ("#6a9be8", "#2457a8"),
    "purple": ("#ad84e0", "#6a3fa8"), "pink": ("#ee93c0", "#a8327a"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Genres:
    """Kinds of albums: kind k < len(names) has a colour, the last kind is all the `rest`."""

    names: tuple[str, ...]  # the most common first
    counts: tuple[int, ...]  # albums of each kind, the rest last
    kinds: np.ndarray  # int64 [n], of each album
    rest: str = OTHER
    colors: tuple[tuple[str, ...], tuple[str, ...]] = (ON_DARK, ON_LIGHT)  # of the kinds, by the theme's ground

    @property
    def labels(self) -> tuple[str, ...]:
        """What the legend calls the kinds."""
        return (*self.names, self.rest)

    def style(self, kind: int, palette: Palette, *, bold: bool = False) -> Style:
        """The colour of a kind on the theme's ground."""
        if kind >= len(self.names):
            return palette.text("quiet", bold=bold)
        colors = self.colors[Color.parse(palette.background).brightness >= 0.5]
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


def kinds_of(coloring: str, snapshot: Snapshot, counted: np.ndarray) -> Genres:
    """The kinds of one of COLORINGS; `counted` (bool [n]): the albums that the map shows."""
    if coloring == "known":
        return known_kinds(snapshot.popularity, counted)
    return sleeve_kinds(snapshot, counted) if coloring == "sleeve" else common_genres(snapshot.genres, counted)


def known_kinds(popularity: np.ndarray, counted: np.ndarray) -> Genres:
    """How well known the albums are, by fifths of those that are counted anywhere (nan: not)."""
    known = popularity[~np.isnan(popularity)]
    bounds = np.quantile(known, (0.2, 0.4, 0.6, 0.8)) if len(known) else np.zeros(4)
    kinds = np.where(np.isnan(popularity), len(KNOWN), np.searchsorted(bounds, popularity, side="right"))
    return _counted(KNOWN, kinds.astype(np.int64), counted, "not known", (KNOWN_DARK, KNOWN_LIGHT))


def sleeve_kinds(snapshot: Snapshot, counted: np.ndarray) -> Genres:
    """The colour that most of a sleeve has, the most common ones."""
    mostly = {name: snapshot.looking([f"mostly {name}"]) for name in COLORS}
    names = sorted(mostly, key=lambda name: -int(mostly[name].sum()))[:SHOWN]
    kinds = np.full(len(counted), len(names))
    for kind in reversed(range(len(names))):
        kinds[mostly[names[kind]]] = kind
    dark, light = (tuple(SLEEVES[name][ground] for name in names) for ground in (0, 1))
    return _counted(tuple(names), kinds, counted, "of several", (dark, light))


def _counted(
    names: tuple[str, ...],
    kinds: np.ndarray,
    counted: np.ndarray,
    rest: str,
    colors: tuple[tuple[str, ...], tuple[str, ...]],
) -> Genres:
    return Genres(names, tuple(np.bincount(kinds[counted], minlength=len(names) + 1).tolist()), kinds, rest, colors)
