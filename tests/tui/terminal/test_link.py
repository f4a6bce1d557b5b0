"""When covers are drawn for a slow link by themselves, and when no longer."""

from __future__ import annotations

from tui.terminal.thrifty import SURE, Link

CHUNK = 6000


def test_one_slow_answer_makes_the_link_slow_and_only_several_fast_ones_make_it_fast_again() -> None:
    link = Link()
    assert not link.answered(CHUNK, CHUNK, 0.002) and not link.slow
    assert link.answered(CHUNK, 40_000, 0.4) and link.slow
    assert not link.answered(CHUNK, 40_000, 0.4)  # told once
    for _ in range(SURE - 1):
        assert not link.answered(CHUNK, CHUNK, 0.002)
    assert link.answered(CHUNK, CHUNK, 0.002) and not link.slow


def test_a_slow_answer_between_starts_the_count_again_and_small_ones_say_nothing() -> None:
    link = Link()
    link.answered(CHUNK, 40_000, 0.4)
    for _ in range(SURE - 1):
        link.answered(CHUNK, CHUNK, 0.002)
    link.answered(CHUNK, 40_000, 0.4)
    assert not link.answered(CHUNK, CHUNK, 0.002) and link.slow
    fresh = Link()
    assert not any(fresh.answered(100, 100, 1.0) for _ in range(20)) and not fresh.slow
