"""Which way pictures are drawn, and why: what the person asked for, where the app runs, what the terminal answered."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tui.terminal.brands import (
    EVERYWHERE,
    CellsChoice,
    Outer,
    choose_cells,
    known_name,
    multiplexer,
    tmux_client,
    version_of,
)
from tui.terminal.look import TerminalLook, fewer_colors, told
from tui.terminal.probe import (
    INSIDE_TMUX,
    QUESTIONS,
    WAIT,
    WAIT_HERE,
    AnswerFilter,
    Answers,
    Modes,
    ask,
    can_ask,
    measured_cell,
    unechoed,
)

PICTURES = ("auto", "cells", "kitty", "sixel", "iterm")
# WezTerm and Konsole answer for kitty's protocol too, and show boxes where a picture is placed by characters.
_PLACES_BY_CHARACTER = ("kitty", "ghostty")
Wanted = tuple[str, str]  # (what, what said so)
PLACEHOLDERS = (0, 28)  # the version of kitty that has them, by its changelog
_BOXES = ("wezterm", "konsole")
_INLINE = ("iterm", "wezterm", "mintty", "konsole")  # have iTerm2's inline images


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
    """What is drawn and how, what the terminal answered if it was asked, and what has to reach the app."""

    look: TerminalLook = field(default_factory=TerminalLook)
    choice: Choice = Choice("cells", "not asked")
    cells: CellsChoice = field(default_factory=partial(CellsChoice, EVERYWHERE, "not asked"))
    answers: AnswerFilter | None = None
    keys: str = ""  # typed before the app started
    modes: Modes | None = None  # of the terminal before it was asked

    @property
    def remark(self) -> str:
        """What a person should know of it at the start, in one line, or ""."""
        if self.choice.refused:
            return f"covers are drawn as cells: {self.choice.why}"
        if self.cells.refused:
            return f"covers are drawn in {self.cells.kind}: {self.cells.why}"
        return fewer_colors(self.look)

    @property
    def found(self) -> str:
        """What the terminal said, for `doctor`."""
        return "not asked" if self.answers is None else str(self.answers.answers)


@contextmanager
def asked_terminal(
    look: TerminalLook,
    pictures: Wanted = ("auto", "by default"),
    cells: Wanted = ("auto", "by default"),
    environ: Mapping[str, str] = os.environ,
    *,
    output: str = "thrifty",
) -> Iterator[Asked]:
    """What to draw and how for as long as the app runs: what is wanted of PICTURES and of CELLS and what said so.

    Textual's driver (`output` "stock") takes late answers for keys: there the variables decide, as in multiplexers but
    tmux, which answers for itself and tells what it is in. Until the end the terminal's late answers are not shown.
    """
    choice = without_asking(*pictures, look, environ)
    if output == "stock":
        refused = pictures[0] not in ("auto", "cells")
        choice = Choice("cells", "--output stock draws covers as cells", refused=refused)
    around = multiplexer(environ)
    outer = tmux_client(environ) if around == "tmux" else Outer()
    asks = can_ask() and output != "stock" and (around in ("", "tmux") or choice is None)
    if not asks:
        choice = choice or Choice("cells", "there is no terminal to ask", refused=pictures[0] != "auto")
        yield Asked(told(look, Answers(), outer), choice, choose_cells(*cells, outer.name or known_name("", environ)))
        return
    with unechoed() as modes:
        questions = INSIDE_TMUX if around == "tmux" and choice is not None else QUESTIONS
        answers, keys = ask(wait=WAIT if look.lite is None else WAIT_HERE, questions=questions)
        found = answers.answers
        yield Asked(
            told(look, found, outer),
            choice or by_answers(*pictures, found, measured_cell()),
            choose_cells(*cells, outer.name or known_name(found.name, environ), found.widths),
            answers,
            keys,
            modes,
        )


def without_asking(wanted: str, source: str, look: TerminalLook, environ: Mapping[str, str]) -> Choice | None:
    """The choice where the terminal's answer would change nothing, else None."""
    around = multiplexer(environ)
    if wanted == "cells":
        return Choice("cells", source)
    if look.color not in ("truecolor", "256", "16"):
        return Choice("cells", f"no colours: {look.why}", refused=wanted != "auto")
    if wanted == "auto":
        if around:
            return Choice("cells", f"inside {around}; --pictures kitty or sixel where it passes them on")
        if look.lite:
            return Choice("cells", "for a slow link")
    if wanted == "kitty" and around:
        if around != "tmux":
            return Choice("cells", f"{around} does not pass kitty pictures on", refused=True)
        if not _tmux_passes(environ):
            return Choice("cells", "tmux keeps them: run `tmux set -g allow-passthrough on`", refused=True)
        return Choice("kitty", f"{source}, passed on by tmux", measured_cell(), inside_tmux=True)
    return None


def by_answers(wanted: str, source: str, answers: Answers, measured: tuple[int, int] | None) -> Choice:
    """The choice from what the terminal said; `measured`: the size of a cell by its driver."""
    refused, cell = wanted != "auto", answers.cell or measured
    if not answers.complete:
        return Choice("cells", "the terminal did not answer in time", refused=refused)
    if wanted == "auto" and not any(name in answers.name.lower() for name in _PLACES_BY_CHARACTER):
        return Choice("cells", "by themselves kitty and Ghostty draw pictures; --pictures decides elsewhere")
    if wanted in ("auto", "kitty") and () < version_of(answers.name, "kitty") < PLACEHOLDERS:
        return Choice("cells", f"{answers.name} cannot place pictures by characters; 0.28 can", refused=refused)
    if wanted in ("auto", "kitty") and answers.kitty:
        said = "the terminal said it can" if wanted == "auto" else f"{source}, and the terminal said it can"
        if any(name in answers.name.lower() for name in _BOXES):
            said += "; where boxes stand for covers, this version cannot place them by characters"
        return Choice("kitty", said, cell)
    if wanted == "sixel" and answers.sixel:
        if cell is None:
            return Choice("cells", "the terminal does not tell the size of its cells", refused=True)
        return Choice("sixel", f"{source}, and the terminal said it can", cell)
    if wanted == "iterm" and any(name in answers.name.lower() for name in _INLINE):
        return Choice("iterm", f"{source}, and {answers.name} has them", cell)
    name = "kitty" if wanted == "auto" else wanted
    return Choice("cells", f"the terminal said it has no {name} pictures", refused=refused)


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
