"""Which way pictures are drawn, and why: what the person asked for, where the app runs, what the terminal answered."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tui.terminal.look import TerminalLook
from tui.terminal.probe import WAIT, AnswerFilter, Answers, ask, can_ask, measured_cell, unechoed

PICTURES = ("auto", "halfblocks", "kitty", "sixel")
# WezTerm and Konsole answer for kitty's protocol too, and show boxes where a picture is placed by characters.
_PLACES_BY_CHARACTER = ("kitty", "ghostty")
_BOXES = ("wezterm", "konsole")


@dataclass(frozen=True, slots=True)
class Choice:
    """How pictures are drawn."""

    protocol: str  # one of PICTURES but "auto"
    why: str
    cell: tuple[int, int] | None = None  # of the terminal, in pixels
    refused: bool = False  # the person asked for another
    inside_tmux: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The choice, what the terminal answered if it was asked, and what has to reach the app."""

    choice: Choice
    answers: AnswerFilter | None = None
    keys: str = ""  # typed before the app started

    @property
    def found(self) -> str:
        """What the terminal said, for `doctor`."""
        return "not asked" if self.answers is None else str(self.answers.answers)


def multiplexer(environ: Mapping[str, str] = os.environ) -> str:
    """The name of the program between the app and the terminal, or ""."""
    term = environ.get("TERM", "")
    if environ.get("ZELLIJ") is not None:
        return "zellij"
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    return "screen" if environ.get("STY") or term.startswith("screen") else ""


@contextmanager
def chosen_pictures(
    wanted: str,
    source: str,
    look: TerminalLook,
    environ: Mapping[str, str] = os.environ,
    *,
    output: str = "thrifty",
    curious: bool = False,
) -> Iterator[Asked]:
    """The choice for as long as the app runs. `wanted` is one of PICTURES, `source` what said so, `output` one of
    OUTPUTS.

    The terminal is asked only where its answer decides, or where one is `curious` and nothing stands between; until
    the end its late answers are not shown.
    """
    choice = without_asking(wanted, source, look, environ)
    if output == "stock":  # Textual's driver would take late answers for keys
        choice = Choice("halfblocks", "--output stock draws covers as cells", refused=wanted in ("kitty", "sixel"))
    if choice is not None and not (curious and can_ask() and not multiplexer(environ)):
        yield Asked(choice)
        return
    if not can_ask():
        yield Asked(Choice("halfblocks", "there is no terminal to ask", refused=wanted != "auto"))
        return
    with unechoed():
        answers, keys = ask()
        yield Asked(choice or by_answers(wanted, source, answers.answers, measured_cell()), answers, keys)


def without_asking(wanted: str, source: str, look: TerminalLook, environ: Mapping[str, str]) -> Choice | None:
    """The choice where the terminal's answer would change nothing, else None."""
    around = multiplexer(environ)
    if wanted == "halfblocks":
        return Choice("halfblocks", source)
    if look.color not in ("truecolor", "256", "16"):
        return Choice("halfblocks", f"no colours: {look.why}", refused=wanted != "auto")
    if wanted == "auto":
        if around:
            return Choice("halfblocks", f"inside {around}; --pictures kitty or sixel where it passes them on")
        if look.lite or look.lite is None:
            return Choice("halfblocks", "for a slow link" if look.lite else "over SSH; --pictures decides")
        if not any(name in _names(environ) for name in _PLACES_BY_CHARACTER):
            return Choice("halfblocks", "by itself only kitty and Ghostty are asked; --pictures kitty or sixel decide")
    if wanted == "kitty" and around:
        if around != "tmux":
            return Choice("halfblocks", f"{around} does not pass kitty pictures on", refused=True)
        if not _tmux_passes(environ):
            return Choice("halfblocks", "tmux keeps them: run `tmux set -g allow-passthrough on`", refused=True)
        return Choice("kitty", f"{source}, passed on by tmux", measured_cell(), inside_tmux=True)
    return None


def by_answers(wanted: str, source: str, answers: Answers, measured: tuple[int, int] | None) -> Choice:
    """The choice from what the terminal said; `measured`: the size of a cell by its driver."""
    refused, cell = wanted != "auto", answers.cell or measured
    if not answers.complete:
        return Choice("halfblocks", f"the terminal did not answer within {WAIT:g} s", refused=refused)
    if wanted in ("auto", "kitty") and answers.kitty:
        said = "the terminal said it can" if wanted == "auto" else f"{source}, and the terminal said it can"
        if any(name in answers.name.lower() for name in _BOXES):
            said += "; where boxes stand for covers, this version cannot place them by characters"
        return Choice("kitty", said, cell)
    if wanted == "sixel" and answers.sixel:
        if cell is None:
            return Choice("halfblocks", "the terminal does not tell the size of its cells", refused=True)
        return Choice("sixel", f"{source}, and the terminal said it can", cell)
    name = "kitty" if wanted == "auto" else wanted
    return Choice("halfblocks", f"the terminal said it has no {name} pictures", refused=refused)


def _names(environ: Mapping[str, str]) -> str:
    names = " ".join(environ.get(name, "") for name in ("TERM", "TERM_PROGRAM"))
    return names.lower() + (" kitty" if environ.get("KITTY_WINDOW_ID") else "")


def _tmux_passes(environ: Mapping[str, str]) -> bool:
    """Whether tmux passes on what is not for it; believed where it runs elsewhere and cannot be asked."""
    if not environ.get("TMUX") or shutil.which("tmux") is None:
        return True
    command = ["tmux", "show", "-Apv", "allow-passthrough"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=1, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return answer.stdout.strip() in ("on", "all")
