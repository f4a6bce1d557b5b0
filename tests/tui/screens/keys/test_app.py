"""Every key of the whole app does what help says."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from rich.color import ColorSystem
from textual.drivers.headless_driver import HeadlessDriver

from tests.tui.support.keys import PALETTE, Case, Look, Stage, becomes, check_keys, leaves
from tests.tui.support.mirror import laid
from tui.terminal.mirror import TerminalMirror
from tui.widgets.bars import KeysLine


def written(pattern: str) -> Look:
    return lambda s: len(list((s.folder / "walks").glob(pattern))) if s.folder.joinpath("walks").exists() else 0


def sent(stage: Stage) -> list[str]:
    """Everything written to the terminal so far; its screen is up to date."""
    screen, app = stage.app.screen, stage.app
    if app._mirror is None:
        written: list[str] = []
        app._mirror = TerminalMirror(*app.size, ColorSystem.TRUECOLOR)
        app._mirror.paint(laid([[strip] for strip in screen._compositor.render_strips()]))
        while app._mirror.take(10_000_000):
            pass
        app._driver.write = written.append  # type: ignore[method-assign, union-attr, assignment]
    return app._driver.write.__self__.copy()  # type: ignore[no-any-return, union-attr, attr-defined]


def metered(stage: Stage) -> bool:
    """Whether a key's cost stands in the row of keys once something was sent for it."""
    sent(stage)
    stage.app._key = (0.0, stage.app.sent_bytes)
    stage.screen.draw_keys()
    stage.app.redraw()
    return "last key:" in stage.screen.query_one(KeysLine).rows[0]


SIGNALLED: list[tuple[int, int]] = []  # the signals sent, each with its process
CASES = {
    "redraw": Case(
        lambda s: (len("".join(sent(s))), "all keys" in "".join(sent(s))),
        lambda was, now: now[0] - was[0] > 10_000 and now[1],
    ),
    "meter": Case(metered, lambda was, now: now is not was),
    "suspend": becomes(lambda s: list(SIGNALLED), [(os.getpid(), signal.SIGTSTP)], lambda s: SIGNALLED.clear()),
    "palette": PALETTE,
    "quit": leaves(),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HeadlessDriver, "can_suspend", True)
    monkeypatch.setattr(os, "kill", lambda process, number: SIGNALLED.append((process, number)))
    await check_keys("app", CASES, tmp_path, monkeypatch)
