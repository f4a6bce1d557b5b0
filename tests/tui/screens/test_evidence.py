"""The evidence screen through Textual's Pilot, with a made-up report and commands that run for as long as wanted."""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.support.app import ready, screen_text, until
from tests.tui.support.evidence_report import make_evidence, write_report
from tests.tui.support.fakes import make_app
from tui.app import SleevewalkApp
from tui.screens.evidence.draw import braille_curve
from tui.screens.evidence.run import EvidenceDesk, EvidenceRun
from tui.screens.evidence.screen import READING, EvidenceScreen
from tui.screens.walk.screen import WalkScreen
from tui.widgets.cover import Cover


def evidence_app(folder: Path, code: str = "", report: bool = True) -> SleevewalkApp:
    app = make_app()
    if report:
        write_report(folder / "evidence")
    app.evidence = EvidenceDesk(folder / "evidence", [sys.executable, "-c", code])
    return app


async def opened(pilot: Pilot[Any]) -> EvidenceScreen:
    await ready(pilot)
    await pilot.press("E")
    await until(pilot, lambda: isinstance(pilot.app.screen, EvidenceScreen) and pilot.app.screen._why != READING)
    screen = pilot.app.screen
    assert isinstance(screen, EvidenceScreen)
    await pilot.pause()
    return screen


def shown(app: SleevewalkApp) -> str:
    return "\n".join(screen_text(app))


def test_a_curve_in_braille_runs_from_corner_to_corner() -> None:
    perfect, coin = braille_curve([0, 0, 1], [0, 1, 1], 10, 5), braille_curve([0, 1], [0, 1], 10, 5)
    assert len(perfect) == 5 and {len(line) for line in perfect} == {10}
    assert perfect[0].strip() == perfect[0] and perfect[2][0] != " " and coin[2][0] == " "
    assert coin[0][-1] != " " and coin[-1][0] != " "


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (60, 20)])
async def test_pairs_are_chosen_and_shown_in_four_ways(tmp_path: Path, size: tuple[int, int]) -> None:
    app = evidence_app(tmp_path)
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot)
        pair = make_evidence().pair("rock", "indie")
        assert pair is not None and screen.pair is not None and (screen.pair.a, screen.pair.b) == ("rock", "indie")
        await until(pilot, lambda: f"▸{pair.poster['plain'].auc:.2f}◂" in shown(app))
        await pilot.press("f")
        await until(pilot, lambda: f"▸{pair.poster['artist'].auc:.2f}◂" in shown(app))
        await pilot.press("f")
        await until(pilot, lambda: f"▸{pair.best.auc:.2f}◂" in shown(app))
        await pilot.press("f")
        await until(pilot, lambda: "▸0.77◂" in shown(app))
        assert size[0] < 76 or "some folder" in shown(app)
        seen = {(pair.a, pair.b)}
        for key in ("right", "right", "right", "down", "left", "down", "down", "up", "left", "left"):
            await pilot.press(key)
            assert screen.chosen[0] != screen.chosen[1]
            assert screen.pair is not None
            seen.add((screen.pair.a, screen.pair.b))
        assert len(seen) >= 4
        await pilot.press("down")
        await until(pilot, lambda: "▸-◂" in shown(app))
        assert size[0] < 76 or "No origin of labels" in shown(app)


async def test_looks_and_words(tmp_path: Path) -> None:
    app = evidence_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("tab")
        await until(pilot, lambda: sum(cover.display for cover in screen.query(Cover)) == 20)
        await until(pilot, lambda: "more rock" in shown(app) and "apart 0.25 sd" in shown(app))
        first = screen.query(Cover).first()
        assert first.pixels is not None and first.pixels[0, 0].tolist() == [0, 50, 0]
        await pilot.press("tab")
        await until(pilot, lambda: "A sleeve says very little here." in shown(app))
        await pilot.press("shift+tab", "shift+tab")
        await until(pilot, lambda: "AUC" in shown(app))
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))


async def test_without_a_report_it_shows_the_demos_and_with_a_damaged_one_says_what_to_do(tmp_path: Path) -> None:
    app = evidence_app(tmp_path, report=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "the demo's are drawn by genre; r measures yours" in shown(app))
        assert "162 sleeves of 4 genres of the demo, not of your library" in shown(app) and "electronic" in shown(app)
        await pilot.press("right", "f", "tab", "down", "o")
        assert "no report yet" in shown(app)
        await pilot.press("escape")
        (tmp_path / "evidence").mkdir()
        (tmp_path / "evidence" / "results.json").write_text("{")
        await opened(pilot)
        await until(pilot, lambda: "cannot be read" in shown(app))


async def test_a_run_shows_its_progress_and_its_report_while_the_walk_goes_on(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, time\n"
        "print('pairs of genres  3 of 9', file=sys.stderr, flush=True)\n"
        f"go = pathlib.Path({str(tmp_path / 'go')!r})\n"
        "while not go.exists(): time.sleep(0.02)\n"
    )
    app = evidence_app(tmp_path, code, report=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("r", "r")  # the second one changes nothing
        first = app.evidence.run
        await until(pilot, lambda: "pairs of genres 3 of 9" in shown(app))
        await pilot.press("escape", "right", "enter")  # walk meanwhile
        assert isinstance(app.screen, WalkScreen) and app.evidence.is_running
        await opened(pilot)
        assert app.evidence.run is first
        write_report(tmp_path / "evidence")
        (tmp_path / "go").touch()
        await until(pilot, lambda: "this is the new report" in shown(app) and "▸0.52◂" in shown(app))


async def test_a_run_is_stopped_and_a_failure_is_told(tmp_path: Path) -> None:
    app = evidence_app(tmp_path, "import time; time.sleep(60)")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("x")
        assert "r begins" in shown(app)
        await pilot.press("r", "x")
        await until(pilot, lambda: "as it was" in shown(app))
        assert not app.evidence.is_running
        told = "sleevewalk: too few albums of 'indie'"
        app.evidence.command = [sys.executable, "-c", f"import sys; sys.exit({told!r})"]
        await pilot.press("r")
        await until(pilot, lambda: "too few albums of 'indie'" in shown(app))
        app.evidence.command = ["/no/such/program"]
        await pilot.press("r")
        assert "could not be started" in shown(app)


def test_workers_end_with_their_run(tmp_path: Path) -> None:
    file = tmp_path / "worker"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(file)!r}, 'w').write(str(child.pid)); print('ready', file=sys.stderr, flush=True)\n"
        "time.sleep(60)\n"
    )
    run = EvidenceRun([sys.executable, "-c", code])
    while run.last != "ready":
        assert run.is_running
    run.stop()
    assert not run.is_running and run.failure is None
    worker = int(file.read_text())
    deadline = time.monotonic() + 30  # a killed process is gone once it has had its turn
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(worker)


def alive(process: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


async def test_the_report_opens_in_a_browser_only_where_there_is_a_desktop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_pages: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda page: opened_pages.append(page) or True)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    app = evidence_app(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        await opened(pilot)
        await pilot.press("o")
        assert "no desktop here" in shown(app) and not opened_pages
        monkeypatch.setitem(os.environ, "DISPLAY", ":0")
        await pilot.press("o")
        assert opened_pages == [(tmp_path / "evidence" / "report.html").resolve().as_uri()]
