"""A pseudo-terminal whose far end answers questions as a terminal with pictures does, at once, late or never."""

from __future__ import annotations

import codecs
import os
import select
import time
from typing import Any

from tests.tui.support.picture_screen import PictureScreen
from tests.tui.support.terminal import Terminal

KITTY_ASKED, CELL_ASKED, WHAT_ASKED, NAME_ASKED = "\x1b_Gi=31", "\x1b[16t", "\x1b[c", "\x1b[>q"
SYNC_ASKED = "\x1b[?2026$p"
KITTY = {KITTY_ASKED: "\x1b_Gi=31;OK\x1b\\", NAME_ASKED: "\x1bP>|kitty(0.36.4)\x1b\\", WHAT_ASKED: "\x1b[?62;c"}
SIXEL = {NAME_ASKED: "\x1bP>|foot(1.20.2)\x1b\\", CELL_ASKED: "\x1b[6;16;8t", WHAT_ASKED: "\x1b[?62;4;22c"}
PLAIN = {WHAT_ASKED: "\x1b[?1;2c"}
SYNC = {SYNC_ASKED: "\x1b[?2026;2$y"}


class PictureTerminal(Terminal):
    """Answers each question in `answers` after `late` seconds, in pieces of `piece` bytes; draws what comes."""

    def __init__(
        self,
        argv: list[str],
        columns: int,
        rows: int,
        answers: dict[str, str],
        late: float = 0.0,
        piece: int = 4096,
        tmux: bool = False,
        **more: Any,
    ) -> None:
        self.pictures = PictureScreen(columns, rows, tmux=tmux)
        self.answers, self.late, self.piece = answers, late, piece
        self.answered: list[str] = []
        self._due: list[tuple[float, bytes]] = []  # answers, each whole
        self._going = bytearray()  # what is on its way to the program, in pieces
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._unread = ""
        super().__init__(argv, columns, rows, **more)

    def keys(self, data: str) -> None:
        """Press keys; they never come in the middle of an answer."""
        self._going += data.encode()

    def pump(self, seconds: float) -> int:
        """Read for a while, and answer; the bytes that came."""
        end, came = time.monotonic() + seconds, 0
        while (now := time.monotonic()) < end:
            while self._due and self._due[0][0] <= now:
                self._going += self._due.pop(0)[1]
            if self._going:
                size = self.piece + self._going[: self.piece].endswith(b"\x1b")  # alone it would be the key
                os.write(self.fd, self._going[:size])
                del self._going[:size]
            ready, _, _ = select.select([self.fd], [], [], 0.005)
            if not ready:
                continue
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:  # the program left
                break
            self.sent += data
            came += len(data)
            text = self._decode(data)
            self.pictures.feed(text)
            self._answer(text, now)
        return came

    def _answer(self, text: str, now: float) -> None:
        self._unread += text
        while True:
            asked = [(self._unread.find(question), question) for question in self.answers]
            at, question = min(((at, question) for at, question in asked if at >= 0), default=(-1, ""))
            if at < 0:
                break
            self._unread = self._unread[at + len(question) :]
            when = now + (self.late if question != SYNC_ASKED else 0.0)
            self._due.append((when, self.answers[question].encode()))
            self.answered.append(question)
        self._due.sort(key=lambda due: due[0])
        self._unread = self._unread[-16:]

    def _rows(self) -> str:
        return self.pictures.text()

    @property
    def silent(self) -> bool:
        """Whether all answers were given."""
        return not self._due and not self._going
