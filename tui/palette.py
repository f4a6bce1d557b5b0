"""Colours: the themes and the styles that text is drawn with, always foreground on background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

SIGNAL_LETTERS = {"cover": "C", "tags": "T", "artist": "A", "era": "E", "popularity": "P"}
DEFAULTS = {  # of the variables below, for themes that do not set them
    "signal-cover": "#e3a648",
    "signal-tags": "#5cb8a0",
    "signal-artist": "#bf86d8",
    "signal-era": "#6f9fe6",
    "signal-popularity": "#e0798a",
    "quiet": "#8a8f98",
    "faint": "#4a4f59",
    "focus": "#f4f0dc",
    "on-focus": "#17181c",
}
NIGHT = Theme(
    name="night",
    primary="#e3a648",
    secondary="#5cb8a0",
    accent="#e3a648",
    foreground="#dcdee3",
    background="#101216",
    surface="#101216",
    panel="#171a20",
    error="#ef7f7f",
    dark=True,
    variables=DEFAULTS,
)
PAPER = Theme(
    name="paper",
    primary="#8a5a00",
    secondary="#0f6b58",
    accent="#8a5a00",
    foreground="#24231f",
    background="#f6f2e9",
    surface="#f6f2e9",
    panel="#ebe5d8",
    error="#a32020",
    dark=False,
    variables={
        "signal-cover": "#955600",
        "signal-tags": "#0f766e",
        "signal-artist": "#86409f",
        "signal-era": "#2457a8",
        "signal-popularity": "#b02a4c",
        "quiet": "#6b665c",
        "faint": "#b9b1a1",
        "focus": "#24231f",
        "on-focus": "#f6f2e9",
    },
)
CONTRAST = Theme(
    name="contrast",
    primary="#ffd75f",
    secondary="#5fffd7",
    accent="#ffd75f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    error="#ff8787",
    dark=True,
    variables={
        "signal-cover": "#ffd75f",
        "signal-tags": "#5fffd7",
        "signal-artist": "#ff87ff",
        "signal-era": "#87afff",
        "signal-popularity": "#ff8787",
        "quiet": "#d0d0d0",
        "faint": "#8a8a8a",
        "focus": "#ffffff",
        "on-focus": "#000000",
    },
)
SLEEVE = replace(NIGHT, name="sleeve")  # and what `sleeve_colors` takes from the cover in the centre
THEMES = (NIGHT, PAPER, CONTRAST, SLEEVE)


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
