"""Whose turn it is at a host, over all threads and processes of this person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

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
        try:
            before = float(path.read_text())
        except ValueError:  # never asked, or a process killed while it wrote
            before = 0.0
        turn = Turn(before)
        yield turn
        if turn.at != before:
            path.write_text(f"{turn.at:.6f}")
