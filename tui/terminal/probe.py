"""What the terminal says of itself when it is asked, once, before the app starts; its answers kept from the keys.

The last of the questions is one that every terminal answers (DA1), so its answer ends the wait: what was not
answered by then the terminal cannot do. Answers that come later, on a slow link, never reach the app as keys.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

WAIT = 1.0  # seconds at most
WAIT_HERE = 0.4  # and where no network stands between
KITTY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty graphics protocol, "querying support"
NAME = "\x1b[>q"  # XTVERSION
CELL = "\x1b[16t"  # size of a cell in pixels (XTWINOPS)
GROUND = "\x1b]11;?\x1b\\"  # its background (xterm's OSC 11)
COLORS = "\x1bP+q524742;5463\x1b\\"  # XTGETTCAP of RGB and Tc, the two names for 24-bit colour
TRY_COLOR = "\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m"  # sets one and asks what is set (DECRQSS)
MODEL = "\x1b[>c"  # secondary device attributes (DA2): VTE tells its version there, older ones by no other answer
WHAT = "\x1b[c"  # primary device attributes (DA1); 4 among them is sixel
WIPE = "\r\x1b[2K"  # a terminal that knows none of this may have printed some of it
WIDTHS = "\r\U0001cd00\x1b[6n\r\U0001fb00\x1b[6n"  # an octant and a sextant, and where the cursor is then (CPR)
QUESTIONS = KITTY + NAME + CELL + GROUND + COLORS + TRY_COLOR + WIDTHS + MODEL + WHAT + WIPE
INSIDE_TMUX = GROUND + WIDTHS + WHAT + WIPE  # it answers for itself, and takes kitty's question for a title

_ANSWER = re.compile(
    r"\x1b_G(?P<kitty>[^\x1b]{0,200})\x1b\\"
    r"|\x1bP>\|(?P<name>[^\x1b]{0,200})\x1b\\"
    r"|\x1b\]11;rgba?:(?P<ground>[0-9a-fA-F/]{0,40})(?:\x1b\\|\x07)"
    r"|\x1bP1\+r(?P<has>[^\x1b]{0,200})\x1b\\|\x1bP0\+r(?P<lacks>[^\x1b]{0,200})\x1b\\"
    r"|\x1bP[01]\$r(?P<set>[^\x1b]{0,200})\x1b\\"
    r"|\x1b\[\d{1,5};(?P<column>\d{1,5})R"
    r"|\x1b\[6;(?P<height>\d{1,5});(?P<width>\d{1,5})t"
    r"|\x1b\[\?(?P<what>[\d;]{0,200})c"
    r"|\x1b\[>(?P<model>[\d;]{0,60})c"
)
_BEGUN = re.compile(  # an answer of which the end is still to come
    r"\x1b(?:_(?:G[^\x1b]{0,200}\x1b?)?"
    r"|P(?:>(?:\|[^\x1b]{0,200}\x1b?)?|[01](?:[+$](?:r[^\x1b]{0,200}\x1b?)?)?)?"
    r"|\](?:1(?:1(?:;[rgba:0-9a-fA-F/]{0,45}\x1b?)?)?)?"
    r"|\[(?:\d{1,5}(?:;[\d;]{0,12})?|\?[\d;]{0,200}\$?|>[\d;]{0,60})?)?\Z"
)
_TRIED = re.compile(r"48[:;]2[:;]{1,2}1[:;]2[:;]3")
VTE, VTE_DIGITS = ("61", "65"), 4  # its models, and of a version such as 7006, which is 0.70.6: it has 24-bit colour
Modes = list[Any]  # of a terminal, as `termios.tcgetattr` gives them
_ESCAPE = "\x1b"  # a key as much as the begin of an answer


@dataclass(frozen=True, slots=True)
class Answers:
    """What the terminal said."""

    complete: bool = False  # the last question was answered
    kitty: bool = False
    sixel: bool = False
    cell: tuple[int, int] | None = None  # (width, height) in pixels
    name: str = ""
    truecolor: bool = False  # it has 24-bit colour
    ground: tuple[float, float, float] | None = None  # its background, 0–1
    widths: tuple[int, ...] = ()  # in cells, that it gives an octant and a sextant

    @property
    def light(self) -> bool | None:
        """Whether the background is light; None where it was not told."""
        if self.ground is None:
            return None
        return bool(0.299 * self.ground[0] + 0.587 * self.ground[1] + 0.114 * self.ground[2] > 0.5)

    def __str__(self) -> str:
        if not self.complete:
            return "no answer in time"
        cell = f"cells of {self.cell[0]}×{self.cell[1]} pixels" if self.cell else "size of cells not told"
        kitty, sixel = ("yes" if able else "no" for able in (self.kitty, self.sixel))
        color = "yes" if self.truecolor else "not told"
        told = f"{self.name or 'name not told'}; kitty {kitty}, sixel {sixel}; 24-bit colour {color}"
        return f"{told}; background {'not told' if self.light is None else 'light' if self.light else 'dark'}; {cell}"


class AnswerFilter:
    """Takes answers out of what comes from the terminal, however it is cut into pieces."""

    def __init__(self) -> None:
        self.answers = Answers()
        self._held = ""

    @property
    def over(self) -> bool:
        """Whether no more answers are to come."""
        return self.answers.complete and not self._held

    def feed(self, text: str) -> str:
        """The keys in `text`; the begin of an answer is held back until its end has come."""
        text = _ANSWER.sub(self._take, self._held + text)
        begun = _BEGUN.search(text)
        self._held = text[begun.start() :] if begun else ""
        return text[: len(text) - len(self._held)]

    def release(self) -> str:
        """The Escape that was held back and is a key after all, since nothing followed.

        More than that waits for what comes next: on a slow link answers come in pieces.
        """
        if self._held != _ESCAPE:
            return ""
        self._held = ""
        return _ESCAPE

    def _take(self, found: re.Match[str]) -> str:
        if found["kitty"] is not None:
            self.answers = replace(self.answers, kitty=found["kitty"].endswith(";OK"))
        elif found["name"] is not None:
            self.answers = replace(self.answers, name="".join(filter(str.isprintable, found["name"]))[:60])
        elif found["ground"] is not None:
            self.answers = replace(self.answers, ground=_color(found["ground"]))
        elif found["has"] is not None:
            self.answers = replace(self.answers, truecolor=True)
        elif found["set"] is not None:
            tried = self.answers.truecolor or bool(_TRIED.search(found["set"]))
            self.answers = replace(self.answers, truecolor=tried)
        elif found["column"] is not None:
            if self.answers.complete:
                return found[0]  # a key: F3 with Shift or the like
            self.answers = replace(self.answers, widths=(*self.answers.widths, int(found["column"]) - 1))
        elif found["model"] is not None:
            model, version = [*found["model"].split(";"), ""][:2]
            if model in VTE and len(version) == VTE_DIGITS and not self.answers.name:
                self.answers = replace(self.answers, name=f"VTE({version})", truecolor=True)
        elif found["lacks"] is not None:
            pass
        elif found["what"] is not None:
            self.answers = replace(self.answers, complete=True, sixel="4" in found["what"].split(";")[1:])
        else:
            width, height = int(found["width"]), int(found["height"])
            self.answers = replace(self.answers, cell=(width, height) if width and height else None)
        return ""


def _color(text: str) -> tuple[float, float, float] | None:
    """`ffff/8080/0000` as 0–1 each; None where it is none."""
    parts = text.split("/")[:3]
    if len(parts) < 3 or not all(0 < len(part) <= 4 for part in parts):
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in parts)
    return red, green, blue


def no_terminal(environ: Mapping[str, str] = os.environ, read: int = 0, write: int = 2) -> str:
    """Why no app can be shown here, or ""."""
    if environ.get("TERM") in ("dumb", "unknown"):
        return f"TERM={environ['TERM']} has no full screen"
    for fd, name in ((read, "standard input"), (write, "standard error")):
        if not os.isatty(fd):
            return f"the {name} is not one"
    return ""


def can_ask(read: int = 0, write: int = 2) -> bool:
    """Whether there is a terminal at both ends, of a kind that can be asked."""
    return os.name == "posix" and os.isatty(read) and os.isatty(write) and os.environ.get("TERM") != "linux"


@contextlib.contextmanager
def unechoed(read: int = 0) -> Iterator[Modes]:
    """Keys and answers are neither shown nor held until Enter; at the end all is as it was: the modes that it gives."""
    import termios

    before = termios.tcgetattr(read)
    now = termios.tcgetattr(read)
    now[0] &= ~termios.ICRNL  # Enter stays what the app takes for Enter
    now[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(read, termios.TCSANOW, now)
    try:
        yield before
    finally:
        with contextlib.suppress(termios.error):  # it hung up
            termios.tcsetattr(read, termios.TCSANOW, before)


def ask(read: int = 0, write: int = 2, wait: float = WAIT, questions: str = QUESTIONS) -> tuple[AnswerFilter, str]:
    """Ask, and listen until all is answered or `wait` seconds are over; (the answers so far, keys typed meanwhile).

    Call it where the terminal is `unechoed`, and where the answers are incomplete pass all later input through
    the filter.
    """
    os.write(write, questions.encode())
    answers, keys, end = AnswerFilter(), "", time.monotonic() + wait
    while not answers.over and (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([read], [], [], min(left, 0.05))
        if not ready:
            keys += answers.release()
            continue
        data = os.read(read, 4096)
        if not data:
            break
        keys += answers.feed(data.decode("utf-8", "replace"))
    return answers, keys


def measured_cell(fd: int = 2) -> tuple[int, int] | None:
    """(width, height) of a cell in pixels as the terminal's driver knows it, or None."""
    import fcntl
    import struct
    import termios

    try:
        size = fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return None
    rows, columns, width, height = struct.unpack("HHHH", size)
    cell = (width // columns, height // rows) if rows and columns else (0, 0)
    return cell if all(cell) else None
