"""What this terminal can show and how much may be sent to it, decided before Textual is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tui.terminal.brands import Outer
from tui.terminal.probe import Answers

COLORS = ("truecolor", "256", "16", "gray", "mono", "ascii")
FLAG = "--color"
NO_TMUX = Outer()
_TRUE_TERMS = ("kitty", "ghostty", "alacritty", "foot", "wezterm", "contour", "-direct")  # TERM crosses SSH
_TRUE_PROGRAMS = ("iTerm.app", "WezTerm", "vscode", "ghostty")
_BARE_TERMS = ("", "dumb", "unknown", "vt52", "vt100", "vt102", "vt220")
_TEXTUAL = {
    "truecolor": "truecolor",
    "256": "256",
    "16": "standard",
    "gray": "truecolor",
    "mono": "standard",
    "ascii": "standard",
}


@dataclass(frozen=True, slots=True)
class TerminalLook:
    """How to draw, and why so."""

    color: str = "truecolor"  # one of COLORS
    why: str = ""
    lite: bool | None = False  # None: fine until the link is measured to be slow
    lite_why: str = ""
    light: bool = False  # the terminal's background is light
    light_why: str = ""
    pictures: str | None = None  # one of PICTURES where the command line says so, else the config file decides
    output: str | None = None  # one of OUTPUTS likewise
    cells: str | None = None  # one of CELLS likewise


def terminal_look(
    color: str = "auto",
    lite: bool | None = None,
    environ: Mapping[str, str] = os.environ,
    pictures: str | None = None,
    output: str | None = None,
    cells: str | None = None,
) -> TerminalLook:
    """The look for what a person asked for (`color` "auto" or one of COLORS; `lite` None: automatic).

    COLORTERM, TERM, TERM_PROGRAM and NO_COLOR decide the colours, SSH_CONNECTION whether the link is measured,
    COLORFGBG whether the background is light.
    """
    why = FLAG if color != "auto" else ""
    if color == "auto":
        color, why = _detected(environ)
    ground = environ.get("COLORFGBG", "").rpartition(";")[2]
    if lite is not None:
        lite_why = "--lite" if lite else "--fine"
    elif "SSH_CONNECTION" in environ or "SSH_TTY" in environ:
        lite_why = "over SSH: lite once the link is measured to be slow; --lite and --fine decide"
    else:
        lite, lite_why = False, "no SSH; --lite for a slow link"
    light = ground in ("7", "15")
    light_why = "COLORFGBG" if ground else ""
    return TerminalLook(color, why, lite, lite_why, light, light_why, pictures, output, cells)


def told(look: TerminalLook, answers: Answers, outer: Outer = NO_TMUX) -> TerminalLook:
    """The look with what the terminal answered; `outer`: the one around tmux, as tmux knows it.

    What a flag, NO_COLOR or the variables decide stays; they do not decide that a terminal has no more colours.
    """
    if answers.light is not None:
        look = replace(look, light=answers.light, light_why="the terminal said so")
    if look.color == "truecolor" and look.why != FLAG and outer.truecolor is False:
        how = f"tmux set -as terminal-features ',{outer.term}:RGB'"
        return replace(look, color="256", why=f"tmux passes no more on; `{how}` does")
    if look.color in ("256", "16") and look.why != FLAG:
        if outer.truecolor:
            return replace(look, color="truecolor", why="tmux says that the terminal has 24-bit colour")
        if answers.truecolor and outer.truecolor is None:
            return replace(look, color="truecolor", why="the terminal said it has them")
        if answers.complete:
            why = f"{look.why.partition(';')[0]}, and the terminal did not say that it has 24-bit colour"
            return replace(look, why=f"{why}; --color truecolor if it does")
    return look


def fewer_colors(look: TerminalLook) -> str:
    """One line for a person whose terminal shows fewer colours than there are and did not ask for that, or ""."""
    if look.color not in ("256", "16") or look.why == FLAG:
        return ""
    return f"covers in {look.color} colours: {look.why}"


def prepare(look: TerminalLook) -> None:
    """Tell Textual, which reads these when it is imported; call this before."""
    os.environ["TEXTUAL_COLOR_SYSTEM"] = _TEXTUAL[look.color]
    if look.color == "gray":
        os.environ["NO_COLOR"] = "1"
    else:
        os.environ.pop("NO_COLOR", None)


def described(look: TerminalLook) -> list[tuple[str, str]]:
    """(name, what was found and why) for `doctor`."""
    colors = {
        "truecolor": "truecolor",
        "256": "256 colours",
        "16": "16 colours",
        "gray": "shades of grey",
        "mono": "no colour, blocks and shades",
    }
    quality = "automatic" if look.lite is None else "lite" if look.lite else "fine"
    return [
        ("colour", f"{colors.get(look.color, 'no colour, ASCII')} ({look.why})"),
        ("quality", f"{quality} ({look.lite_why})"),
        ("ground", f"{'light' if look.light else 'dark'} ({look.light_why or 'not told'}); t changes it"),
    ]


def _detected(environ: Mapping[str, str]) -> tuple[str, str]:
    color, why = _depth(environ)
    if environ.get("NO_COLOR"):
        bare = color if color == "ascii" else "mono" if _unicode(environ) else "ascii"
        return ("gray" if color == "truecolor" else bare), "NO_COLOR is set"
    return color, why


def _unicode(environ: Mapping[str, str]) -> bool:
    """Whether the terminal's characters go beyond ASCII, by the locale."""
    name = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return "utf8" in name.lower().replace("-", "")


def _depth(environ: Mapping[str, str]) -> tuple[str, str]:
    term, colorterm, program = (environ.get(name, "") for name in ("TERM", "COLORTERM", "TERM_PROGRAM"))
    said = f"TERM={term or 'unset'}, COLORTERM={colorterm or 'unset'}"
    if term in _BARE_TERMS:
        return "ascii", said
    if colorterm in ("truecolor", "24bit") or any(name in term for name in _TRUE_TERMS):
        return "truecolor", said
    if program in _TRUE_PROGRAMS:
        return "truecolor", f"TERM_PROGRAM={program}"
    more = f"{said}; --color truecolor if it can do more (SSH does not pass COLORTERM on)"
    return ("256" if "256" in term else "16"), more
