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

WAIT = 1.0  # seconds at most
KITTY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty graphics protocol, "querying support"
NAME = "\x1b[>q"  # XTVERSION
CELL = "\x1b[16t"  # size of a cell in pixels (XTWINOPS)
WHAT = "\x1b[c"  # primary device attributes (DA1); 4 among them is sixel
WIPE = "\r\x1b[2K"  # a terminal that knows none of this may have printed some of it
QUESTIONS = KITTY + NAME + CELL + WHAT + WIPE

_ANSWER = re.compile(
    r"\x1b_G(?P<kitty>[^\x1b]{0,200})\x1b\\"
    r"|\x1bP>\|(?P<name>[^\x1b]{0,200})\x1b\\"
    r"|\x1b\[6;(?P<height>\d{1,5});(?P<width>\d{1,5})t"
    r"|\x1b\[\?(?P<what>[\d;]{0,200})c"
)
_BEGUN = re.compile(  # an answer of which the end is still to come
    r"\x1b(?:_(?:G[^\x1b]{0,200}\x1b?)?|P(?:>(?:\|[^\x1b]{0,200}\x1b?)?)?|\[(?:6(?:;[\d;]{0,12})?|\?[\d;]{0,200}\$?)?)?\Z"
)
_ESCAPE = "\x1b"  # a key as much as the begin of an answer


@dataclass(frozen=True, slots=True)
class Answers:
    """What the terminal said."""

    complete: bool = False  # the last question was answered
    kitty: bool = False
    sixel: bool = False
    cell: tuple[int, int] | None = None  # (width, height) in pixels
    name: str = ""

    def __str__(self) -> str:
        if not self.complete:
            return f"no answer within {WAIT:g} s"
        cell = f"cells of {self.cell[0]}×{self.cell[1]} pixels" if self.cell else "size of cells not told"
        kitty, sixel = ("yes" if able else "no" for able in (self.kitty, self.sixel))
        return f"{self.name or 'name not told'}; kitty {kitty}, sixel {sixel}; {cell}"


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
        elif found["what"] is not None:
            self.answers = replace(self.answers, complete=True, sixel="4" in found["what"].split(";")[1:])
        else:
            width, height = int(found["width"]), int(found["height"])
            self.answers = replace(self.answers, cell=(width, height) if width and height else None)
        return ""


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
def unechoed(read: int = 0) -> Iterator[None]:
    """Keys and answers are neither shown nor held until Enter; at the end all is as it was."""
    import termios

    before = termios.tcgetattr(read)
    now = termios.tcgetattr(read)
    now[0] &= ~termios.ICRNL  # Enter stays what the app takes for Enter
    now[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(read, termios.TCSANOW, now)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # it hung up
            termios.tcsetattr(read, termios.TCSANOW, before)


def ask(read: int = 0, write: int = 2, wait: float = WAIT) -> tuple[AnswerFilter, str]:
    """Ask, and listen until all is answered or `wait` seconds are over; (the answers so far, keys typed meanwhile).

    Call it where the terminal is `unechoed`, and where the answers are incomplete pass all later input through
    the filter.
    """
    os.write(write, QUESTIONS.encode())
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
