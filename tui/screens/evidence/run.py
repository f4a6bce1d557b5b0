"""A run of the experiment beside the open app: a process of its own, its progress line by line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

PATIENCE = 10.0  # seconds that a stopped run has to take its files away
_KEPT = 20  # lines of what it said


def report_folder(library: Path) -> Path:
    """Where a library's report lies."""
    return library / "evidence"


def validate_command(library: Path) -> list[str]:
    """What measures a library and says its progress in lines.

    -P: a folder that the app was started in does not shadow our modules with its own `store.py`.
    """
    program = [sys.executable, "-P", "-m", "tui.cli", "--library", str(library), "validate"]
    return [*program, "--plain-progress", "-o", str(report_folder(library))]


class EvidenceRun:
    """A command that was started; a thread of its own listens to it."""

    def __init__(self, command: list[str]) -> None:
        self.stopped = False
        self._lines: list[str] = []
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
        self._listener = threading.Thread(target=self._listen, daemon=True, name="evidence")
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.strip():
                self._lines = [*self._lines[1 - _KEPT :], line.strip()]
        self._process.wait()

    @property
    def is_running(self) -> bool:
        """Until all that it said was heard."""
        return self._listener.is_alive()

    @property
    def last(self) -> str:
        """What it said last."""
        return self._lines[-1] if self._lines else "starting"

    @property
    def failure(self) -> str | None:
        """Why it failed; None where it did not, was stopped or still runs."""
        if self.stopped or self.is_running or not self._process.returncode:
            return None
        told = [line for line in self._lines if line.startswith("sleevewalk: ")]
        return told[-1].removeprefix("sleevewalk: ") if told else self.last

    def stop(self) -> None:
        """End it and its workers; it takes back what it had begun to write. Waits for that, ten seconds at most."""
        self.stopped = True
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # workers that outlived it
        self._listener.join(PATIENCE)


class EvidenceDesk:
    """The report of one library and the run that makes it anew; outlives the screen that shows them."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.folder = folder
        self.command = command
        self.run: EvidenceRun | None = None

    @property
    def is_running(self) -> bool:
        return self.run is not None and self.run.is_running

    def start(self) -> None:
        """Begin a run, unless one is under way. OSError where the command cannot be started."""
        if not self.is_running:
            self.run = EvidenceRun(self.command)

    def close(self) -> None:
        """The app ends: so does the run."""
        if self.run is not None and self.run.is_running:
            self.run.stop()
