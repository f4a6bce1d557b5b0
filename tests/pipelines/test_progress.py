"""Progress: honest figures, quiet where nobody looks."""

from __future__ import annotations

import io

import pytest

from pipelines.progress import StderrProgress, duration


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_rate_and_estimate_are_of_late() -> None:
    clock, out = Clock(), io.StringIO()
    progress = StderrProgress(out, clock, every=1.0)
    progress.start("Covers", 1000)
    for _ in range(10):
        clock.now += 1
        progress.advance(20)
    assert out.getvalue().splitlines()[-1] == "Covers  200 of 1,000  20 %  20/s  40 s left"
    for _ in range(100):  # it has become slower
        clock.now += 1
        progress.advance(1)
    assert out.getvalue().splitlines()[-1] == "Covers  300 of 1,000  30 %  1.0/s  12 min left"


def test_an_unknown_total_has_no_estimate() -> None:
    clock, out = Clock(), io.StringIO()
    progress = StderrProgress(out, clock, every=1.0)
    progress.start("Covers", None)
    for _ in range(2):
        clock.now += 1
        progress.advance(5)
    assert out.getvalue().splitlines()[-1] == "Covers  10  5.0/s"
    progress.start("Again", 3)
    assert (progress.done, progress.note) == (0, "")


def test_a_terminal_gets_one_line_that_is_drawn_seldom() -> None:
    clock, out = Clock(), Terminal()
    progress = StderrProgress(out, clock)
    progress.start("Covers", 1000)
    for _ in range(1000):
        clock.now += 0.001
        progress.advance()
    progress.finish("done well")
    text = out.getvalue()
    assert 5 <= text.count("\r") <= 15
    assert text.count("\n") == 1
    assert "\x1b[?25l" not in text  # the cursor stays: a killed run leaves the terminal as it was
    last = text.rsplit("\r", 1)[1]
    assert "1,000 of 1,000  100 %" in last
    assert "done well" in last


def test_a_long_line_is_cut_and_not_wrapped() -> None:
    clock, out = Clock(), Terminal()
    progress = StderrProgress(out, clock)
    progress.start("x" * 500, 10)
    progress.finish()
    assert all(len(line) < 90 for line in out.getvalue().split("\r"))


def test_a_log_gets_few_plain_lines() -> None:
    clock, out = Clock(), io.StringIO()
    progress = StderrProgress(out, clock)
    progress.start("Covers", 6000)
    for _ in range(600):
        clock.now += 0.1
        progress.advance(10)
    progress.finish("done")
    lines = out.getvalue().splitlines()
    assert 2 <= len(lines) <= 3  # one each half minute, and the end
    assert "\r" not in out.getvalue()
    assert "\x1b" not in out.getvalue()
    assert lines[-1].endswith("· done")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7500, "2 h 05 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
