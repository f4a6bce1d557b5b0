"""Lettering looked for beside the open app, by a process of the lowest priority that ends with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WAIT = 10  # seconds until it begins: the app's first screen comes first
PATIENCE = 5.0  # seconds that it has to end


def lettering_command(library: Path) -> list[str]:
    """What looks for lettering. -P: a folder that the app was started in does not shadow our modules."""
    program = [sys.executable, "-P", "-m", "tui.cli", "--library", str(library), "lettering"]
    return [*program, "--wait", str(WAIT)]


class LetteringBeside:
    """The lettering that it found is seen when the library is opened again; what blends must not cut, at once."""

    def __init__(self, library: Path, command: list[str] | None = None) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command or lettering_command(library), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )

    @property
    def is_running(self) -> bool:
        """Whether it is at work, or waits to begin."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it: what it has not written yet is some seconds' work."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
