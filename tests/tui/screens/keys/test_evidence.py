"""Every key of the evidence does what help says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.support.keys import HELP, PALETTE, Stage, becomes, check_keys, moved, next_theme, to
from tui.screens.evidence.screen import EvidenceScreen
from tui.screens.walk.screen import WalkScreen


def view(name: str) -> Callable[[Stage], None]:
    """The evidence at a view, at a pair with others on all sides."""

    def before(stage: Stage) -> None:
        stage.screen.view, stage.screen.chosen, stage.screen.shown = name, (1, 2), "artist"
        stage.screen.redraw()

    return before


def measuring(stage: Stage) -> None:
    stage.app.evidence.command = [sys.executable, "-c", "import time; time.sleep(60)"]
    stage.app.evidence.start()


def no_run(stage: Stage) -> None:
    stage.app.evidence.close()
    stage.app.evidence.command = [sys.executable, "-c", "import time; time.sleep(60)"]


CASES = {
    "left": moved(lambda s: s.screen.chosen[0], -1, view("pairs")),
    "right": moved(lambda s: s.screen.chosen[0], 2, view("pairs")),  # over the diagonal
    "up": moved(lambda s: s.screen.chosen[1], -2, view("pairs")),
    "down": moved(lambda s: s.screen.chosen[1], 1, view("pairs")),
    "view": becomes(lambda s: s.screen.view, "looks", view("pairs")),
    "view-before": becomes(lambda s: s.screen.view, "pairs", view("looks")),
    "folds": becomes(lambda s: s.screen.shown, "best", view("pairs")),
    "run": becomes(lambda s: s.app.evidence.is_running, True, no_run),
    "stop": becomes(lambda s: (s.app.evidence.is_running, "stopped;" in s.text), (False, True), measuring),
    "open": becomes(lambda s: "the report is" in s.text, True, view("pairs")),
    "theme": next_theme(),
    "palette": PALETTE,
    "help": HELP[EvidenceScreen],
    "back": to(WalkScreen),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("evidence", CASES, tmp_path, monkeypatch)
