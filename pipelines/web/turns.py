"""Whose turn it is at a host, over all threads and processes of this person."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path


def turn_file(folder: Path, host: str) -> Path:
    return folder / re.sub(r"[^\w.-]", "_", host)[:200]


class next_turn:
    """A host's next free moment, in a file under a lock, so that other processes keep to it too."""

    def __init__(self, folder: Path, host: str) -> None:
        self._path = turn_file(folder, host)
        self.at = 0.0

    def __enter__(self) -> next_turn:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self.at = self._before = float(os.pread(self._file, 64, 0))
        except ValueError:
            self._before = 0.0
        return self

    def __exit__(self, *_: object) -> None:
        if self.at != self._before:
            os.pwrite(self._file, f"{self.at:<32.6f}".encode(), 0)
        os.close(self._file)
