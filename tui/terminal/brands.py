"""Which block glyphs a terminal draws, by its name and version; where it is not known, those that all have.

Only terminals that draw the glyphs themselves are here: a font that has them is rare, and leaves gaps between cells.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

CELLS = ("auto", "half", "quadrants", "sextants", "octants")  # the kinds of tui.pictures.glyphs, which needs numpy
EVERYWHERE = "quadrants"
CONSOLE = "Linux console"
FINEST = ("octants", "sextants")
Version = tuple[int, ...]
_NAMED = re.compile(r"([A-Za-z][\w.]*)[\s(/]+(\d[\d.]*)")  # kitty(0.40.1), foot(1.20.2), ghostty 1.2.0


@dataclass(frozen=True, slots=True)
class Brand:
    """A terminal, by the beginning of its name in small letters; versions from which it draws a kind itself."""

    name: str
    sextants: Version | None
    octants: Version | None
    source: str


BRANDS = (
    Brand("kitty", (0, 19, 3), (0, 40), "kitty issue 3106; its changelog, 0.40.0"),
    Brand("ghostty", (1, 0), (1, 2), "ghostty pull requests 7732 and 7755; release notes, 1.2.0"),
    Brand("foot", (1, 7), (1, 20), "foot's changelog, 1.7.0 and 1.20.0"),
    Brand("vte", (0, 62), (0, 78), "vte's minifont, 0.61.90 and 0.77.91"),
    Brand("wezterm", (20210814,), (20250301,), "wezterm issue 584 and pull request 6502"),
    Brand("iterm", (3, 5), None, "iTerm2's release notes, 3.5"),
    Brand("contour", (0, 2), None, "contour issue 441"),
    Brand("alacritty", (0, 14), None, "alacritty pull request 7534"),
)


@dataclass(frozen=True, slots=True)
class CellsChoice:
    """The kind of cells, one of KINDS, and why."""

    kind: str
    why: str
    refused: bool = False  # the person asked for another


@dataclass(frozen=True, slots=True)
class Outer:
    """The terminal around tmux, as tmux knows it."""

    name: str = ""  # and its version
    term: str = ""  # its TERM
    truecolor: bool | None = None  # whether tmux sends it 24-bit colour; None: not known


def choose_cells(wanted: str, source: str, name: str, widths: tuple[int, ...] = ()) -> CellsChoice:
    """The kind that `source` asks for, one of CELLS; for "auto" the finest that the terminal `name` draws.

    `name` is as the terminal tells it, such as "kitty(0.40.1)", or "" where it did not. `widths`: the cells that it, or
    tmux between, gives an octant and a sextant; a glyph of another width than one would tear the screen.
    """
    torn = [kind for kind, cells in zip(FINEST, widths, strict=False) if cells != 1]
    if wanted in torn:
        return CellsChoice(EVERYWHERE, f"the terminal or what lies between does not give {wanted} one cell each", True)
    if wanted != "auto":
        return CellsChoice(wanted, source)
    if name == CONSOLE:
        return CellsChoice("half", "the font of the Linux console has no quadrants")
    for kind in (kind for kind in FINEST if kind not in torn):
        for brand in BRANDS:
            since: Version | None = getattr(brand, kind)
            if since is not None and since <= version_of(name, brand.name):
                return CellsChoice(kind, f"{name} draws them: {brand.source}")
    known = f"all that is sure in {name}" if name else "the terminal did not tell its name"
    return CellsChoice(EVERYWHERE, f"{known}; --cells decides, and the test card shows what it can")


def version_of(name: str, brand: str) -> Version:
    """The version in `name` where it is of that brand, else ()."""
    found = _NAMED.search(name)
    if found is None or not found[1].lower().startswith(brand):
        return ()
    numbers = tuple(int(number[:9]) for number in found[2].split(".") if number)
    if brand == "vte" and numbers[0] >= 1000:  # VTE(7802) and VTE_VERSION are 100 · minor + micro, of 0.x
        return 0, numbers[0] // 100, numbers[0] % 100
    return numbers


def multiplexer(environ: Mapping[str, str] = os.environ) -> str:
    """The name of the program between the app and the terminal, or ""."""
    term = environ.get("TERM", "")
    if environ.get("ZELLIJ") is not None:
        return "zellij"
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    return "screen" if environ.get("STY") or term.startswith("screen") else ""


def known_name(answered: str, environ: Mapping[str, str] = os.environ) -> str:
    """The name and version of the terminal, or of the multiplexer in it: as it answered, else by its variables.

    Inside a multiplexer the variables are those of a terminal that it may long have left.
    """
    if environ.get("TERM") == "linux":
        return CONSOLE
    if answered or multiplexer(environ):
        return answered
    if environ.get("VTE_VERSION"):
        return f"VTE {environ['VTE_VERSION']}"
    program, version = environ.get("TERM_PROGRAM", ""), environ.get("TERM_PROGRAM_VERSION", "")
    return f"{program} {version}".strip()


def tmux_client(environ: Mapping[str, str] = os.environ) -> Outer:
    """The terminal that tmux is in; nothing is known of it where tmux runs elsewhere or does not answer."""
    if not environ.get("TMUX") or shutil.which("tmux") is None:
        return Outer()
    fields = "#{client_tty}\t#{client_termtype}\t#{client_termname}"
    command = ["tmux", "display-message", "-p", fields, ";", "show-messages", "-T"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=1, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return Outer()
    first, _, terminals = answer.stdout.partition("\n")
    tty, name, term = ("".join(filter(str.isprintable, part))[:60] for part in (*first.split("\t"), "", "")[:3])
    truecolor = None
    for terminal in re.split(r"^Terminal ", terminals, flags=re.MULTILINE)[1:]:
        if f" for {tty}, " in terminal.partition("\n")[0]:
            truecolor = re.search(r": (?:RGB|Tc|setrgbf): \((?:flag\) true|string\))", terminal) is not None
    return Outer(CONSOLE if term == "linux" else name, term, truecolor)
