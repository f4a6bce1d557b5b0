"""A terminal at the far end of a slow link: everything is taken at once and arrives late, as behind SSH."""

from __future__ import annotations

import os
import select
import time
from collections import deque
from typing import Any

import pyte

from tests.tui.support.terminal import Terminal
from tui.pictures.glyphs import INVERSES

ASK, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
PACKET = 1400
Seen = tuple[str, str, str]  # character, ink, ground


class SlowTerminal(Terminal):
    """`rate` bytes a second towards the screen, `delay` seconds each way; it answers what Textual asks."""

    def __init__(self, *args: Any, rate: float = 125_000, delay: float = 0.15, **environment: str) -> None:
        self.rate, self.delay = rate, delay
        self.shown_at: list[tuple[float, int]] = []  # (when, bytes on the screen by then)
        self._free = 0.0  # when the link has carried all that was read
        self._coming: deque[tuple[float, bytes]] = deque()
        self._going: deque[tuple[float, bytes]] = deque()
        self._read = b""
        super().__init__(*args, **environment)

    def keys(self, data: str) -> None:
        self._going.append((time.monotonic() + self.delay, data.encode()))

    def pump(self, seconds: float) -> int:
        """Carry what is due both ways; the bytes that reached the screen."""
        end, came = time.monotonic() + seconds, 0
        while (now := time.monotonic()) < end:
            while self._going and self._going[0][0] <= now:
                os.write(self.fd, self._going.popleft()[1])
            while self._coming and self._coming[0][0] <= now:
                data = self._coming.popleft()[1]
                asked = (self._read[-len(ASK) + 1 :] + data).count(ASK)
                self._read = data
                self._going.extend([(now + self.delay, ANSWER)] * asked)
                self.sent += data
                came += len(data)
                self._stream.feed(data)
                self.shown_at.append((now, len(self.sent)))
            ready, _, _ = select.select([self.fd], [], [], 0.005)
            if ready:
                try:
                    data = os.read(self.fd, 1 << 16)
                except OSError:  # the program left
                    break
                for at in range(0, len(data), PACKET):
                    packet = data[at : at + PACKET]
                    self._free = max(self._free, time.monotonic()) + len(packet) / self.rate
                    self._coming.append((self._free + self.delay, packet))
        return came


def pictured(screen: pyte.Screen) -> list[list[Seen]]:
    """What is seen in each cell: of a glyph and its inverse with colours exchanged always the same one."""
    rows = []
    for y in range(screen.lines):
        row: list[Seen] = []
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            fore, back = (cell.bg, cell.fg) if cell.reverse else (cell.fg, cell.bg)
            inverse = chr(INVERSES.get(ord(cell.data[:1] or " "), 0))
            if cell.data in ("█", " "):
                row.append((" ", *[fore if cell.data == "█" else back] * 2))
            elif len(cell.data) == 1 and "\0" < inverse < cell.data:
                row.append((inverse, back, fore))
            else:
                row.append((cell.data, fore, back))
        rows.append(row)
    return rows
