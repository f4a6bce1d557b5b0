"""Whose turn it is at a host, over all threads and processes of this person."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

LONGEST_PAUSE = 86400.0  # seconds; a later moment was written by a clock that went wrong, and is not believed
_POLL_SECONDS = 0.005  # the lock is held for the time of one small read and write


@dataclass(slots=True)
class Turn:
    """A host's next free moment, seconds since 1970; 0 where it was never asked. Set it to keep others waiting."""

    at: float


def turn_file(folder: Path, host: str) -> Path:
    """Where a host's next free moment is kept."""
    return folder / re.sub(r"[^\w.-]", "_", host)[:200]


@contextmanager
def next_turn(folder: Path, host: str) -> Iterator[Turn]:
    """A host's turn under a lock that other threads and processes wait for; a change is written when it ends."""
    path = turn_file(folder, host)
    # a lock file of its own: filelock may remove it, the moment must stay
    with FileLock(path.with_name(f"{path.name}.lock"), mode=0o600, poll_interval=_POLL_SECONDS):
        path.touch(0o600)
        with path.open("rb") as file:
            before = _moment(file.read(100))
        turn = Turn(before)
        yield turn
        if turn.at != before:
            path.write_text(f"{turn.at:.6f}")


def _moment(text: bytes) -> float:
    """0 for what is none: never asked, a process killed while it wrote, a clock that went wrong."""
    try:
        at = float(text)
    except ValueError:
        return 0.0
    return at if math.isfinite(at) and at <= time.time() + LONGEST_PAUSE else 0.0
