"""Colours: the themes and the styles that text is drawn with, always foreground on background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

SIGNAL_LETTERS = {"cover": "C", "tags": "T", "artist": "A", "era": "E", "popularity": "P", "plays": "Y"}
_COLORS = {  # of the themes night, paper and contrast
    "accent": ("#e3a648", "#8a5a00", "#ffd75f"),
    "secondary": ("#5cb8a0", "#0f6b58", "#5fffd7"),
    "foreground": ("#dcdee3", "#24231f", "#ffffff"),
    "background": ("#101216", "#f6f2e9", "#000000"),
    "panel": ("#171a20", "#ebe5d8", "#1c1c1c"),
    "error": ("#ef7f7f", "#a32020", "#ff8787"),
    "signal-cover": ("#e3a648", "#955600", "#ffd75f"),
    "signal-tags": ("#5cb8a0", "#0f766e", "#5fffd7"),
    "signal-artist": ("#bf86d8", "#86409f", "#ff87ff"),
    "signal-era": ("#6f9fe6", "#2457a8", "#87afff"),
    "signal-popularity": ("#e0798a", "#b02a4c", "#ff8787"),
    "signal-plays": ("#b4bf62", "#5c6600", "#d7ff5f"),
    "quiet": ("#8a8f98", "#6b665c", "#d0d0d0"),
    "faint": ("#4a4f59", "#b9b1a1", "#8a8a8a"),
    "focus": ("#f4f0dc", "#24231f", "#ffffff"),
    "on-focus": ("#17181c", "#f6f2e9", "#000000"),
}
_SIXTEEN = {  # of a dark theme and a light one where the terminal has 16 colours: their numbers there
    "accent": (11, 3),
    "secondary": (14, 6),
    "foreground": (15, 0),
    "background": (0, 15),
    "panel": (8, 7),
    "error": (9, 1),
    "signal-cover": (11, 3),
    "signal-tags": (14, 6),
    "signal-artist": (13, 5),
    "signal-era": (12, 4),
    "signal-popularity": (9, 1),
    "signal-plays": (10, 2),
    "quiet": (7, 8),
    "faint": (8, 7),
    "focus": (15, 0),
    "on-focus": (0, 15),
}
_BASIC = (  # as Rich takes colours for one of the 16
    *("#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa"),
    *("#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff"),
)
_OURS = list(_COLORS)[6:]  # variables that Textual does not know


def _theme(name: str, colors: dict[str, Any], dark: bool) -> Theme:
    ours = {use: colors.pop(use) for use in _OURS}
    return Theme(name, colors["accent"], surface=colors["background"], **colors, dark=dark, variables=ours)


def in_sixteen(theme: Theme) -> Theme:
    """A theme of ours for a terminal with 16 colours: the nearest of its colours would make its grounds one, and most
    of its signals.
    """
    column = 0 if theme.dark else 1
    colors = {use: _BASIC[each[column]] for use, each in _SIXTEEN.items()}
    return _theme(theme.name, colors, theme.dark)


NIGHT, PAPER, CONTRAST = (
    _theme(name, {use: each[column] for use, each in _COLORS.items()}, name != "paper")
    for column, name in enumerate(("night", "paper", "contrast"))
)
DEFAULTS = NIGHT.variables  # of our own variables, for themes that do not set them
SLEEVE = replace(NIGHT, name="sleeve")  # and what `sleeve_colors` takes from the cover in the centre
THEMES = (NIGHT, PAPER, CONTRAST, SLEEVE)


def theme_after(name: str) -> str:
    """The name of the theme after one of ours; of the first after another."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


@lru_cache(maxsize=4096)
def style(foreground: str, background: str, bold: bool = False, italic: bool = False) -> Style:
    """A style of two colours (`#rrggbb`)."""
    return Style(
        color=Color.parse(foreground).rich_color,
        bgcolor=Color.parse(background).rich_color,
        bold=bold or None,
        italic=italic or None,
    )


class Palette:
    """The styles of the theme in use, by what they are for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = {**DEFAULTS, **variables}
        self.background = self._variables["background"]

    def text(self, name: str = "foreground", *, bold: bool = False, on: str = "background") -> Style:
        """The variable `name` on the variable `on`."""
        return style(self._variables[name], self._variables[on], bold)

    def signal(self, signal: str, *, bold: bool = False, on: str = "background") -> Style:
        """The colour of a signal."""
        return self.text(f"signal-{signal}", bold=bold, on=on)

    @property
    def focus(self) -> Style:
        """What is in focus."""
        return self.text("on-focus", on="focus", bold=True)
