"""A program in a real pseudo-terminal, its screen kept by pyte."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[3]
RUN = (
    "import sys; from pathlib import Path; from store.database.library import Library\n"
    "from tui.opening import run_app; "
    "sys.exit(run_app(Library.open(Path(sys.argv[1]))))"
)
ENTER, BACKSPACE, CTRL_C = "\r", "\x7f", "\x03"


class Terminal:
    """Runs `argv` in a terminal of `columns` x `rows`; `pump` reads what it sent."""

    def __init__(self, argv: list[str], columns: int, rows: int, cwd: Path | None = None, **environment: str) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.sent = bytearray()  # every byte so far
        self._text = (-1, "")  # the screen's text after so many bytes
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if cwd is not None:
                os.chdir(cwd)
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment})
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes_before = termios.tcgetattr(self.fd)

    def pump(self, seconds: float) -> int:
        """Read for a while; the bytes that came."""
        end, came = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.fd], [], [], left)
            if not ready:
                break
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # the program left
                break
            if not data:
                break
            self.sent += data
            came += len(data)
            self._stream.feed(data)
        return came

    def until(self, true: Callable[[str], bool], seconds: float = 20.0) -> str:
        """Read until the screen's text makes `true`; the text."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(0.05)
            if true(text := self.text):
                return text
        raise AssertionError("the screen never showed it:\n" + self.text)

    def quiet(self, seconds: float = 0.6) -> None:
        """Read until nothing came and the program had nothing to do for that long."""
        still = time.monotonic()
        while time.monotonic() - still < seconds:
            if self.pump(0.05) or self.busy():
                still = time.monotonic()

    def busy(self) -> bool:
        """Whether any thread of the program runs or stands waiting for a processor, where the system tells."""
        for status in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            try:
                if status.read_text().rpartition(")")[2].split()[0] == "R":
                    return True
            except OSError:  # the thread has ended
                continue
        return False

    @property
    def text(self) -> str:
        """The screen, row by row."""
        if self._text[0] != len(self.sent):
            self._text = len(self.sent), self._rows()
        return self._text[1]

    def _rows(self) -> str:
        return "\n".join(self.screen.display)

    def keys(self, data: str) -> None:
        """Press keys, given as the bytes that a terminal sends for them."""
        os.write(self.fd, data.encode())

    def wait(self, seconds: float = 15.0) -> int:
        """Read until the program left; its exit status."""
        end = time.monotonic() + seconds
        while self.status is None and time.monotonic() < end:
            self.pump(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                self.pump(0.2)
        assert self.status is not None, "the program did not leave"
        return self.status

    def close(self) -> None:
        """End the program if it still runs."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        os.close(self.fd)


def centre(text: str) -> str:
    """The title that the details panel gives as here: the row below its heading."""
    rows = text.splitlines()
    row, column = next((y, row.index("here ──")) for y, row in enumerate(rows) if "here ──" in row)
    return rows[row + 1][column:].strip()


def check_restored(terminal: Terminal) -> None:
    """Main screen, cursor on, mouse off, no raw mode."""
    sent = bytes(terminal.sent)
    for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?1000h", b"\x1b[?1000l")):
        assert on in sent and sent.rindex(off) > sent.rindex(on)
    local = termios.tcgetattr(terminal.fd)[3]
    assert local & termios.ECHO and local & termios.ICANON
