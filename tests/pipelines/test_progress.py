"""Progress: honest figures, quiet where nobody looks."""

from __future__ import annotations

import io

import pytest

from pipelines.progress import Progress, StderrProgress, duration


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_rate_and_estimate() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.start("Covers", 1000)
    assert (progress.rate, progress.remaining) == (0, None)
    for _ in range(10):
        clock.now += 1
        progress.advance(20)
    assert progress.done == 200
    assert progress.rate == pytest.approx(20)
    assert progress.remaining == pytest.approx(40)
    for _ in range(100):  # it has become slower: the rate is of late, not of all time
        clock.now += 1
        progress.advance(1)
    assert progress.rate == pytest.approx(1, rel=0.1)
    assert progress.seconds == pytest.approx(110)


def test_an_unknown_total_has_no_estimate() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.start("Covers", None)
    clock.now += 1
    progress.advance(5)
    assert progress.remaining is None
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
