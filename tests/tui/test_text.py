"""Text from outside: nothing that reaches the screen moves the cursor or is wider than it claims."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.text import MAX_COMBINING, centered, count, cut, cut_left, initials, pad, plain, width, wrap


@given(st.text(max_size=300))
def test_plain_keeps_no_control_or_direction_characters(text: str) -> None:
    assert not [c for c in plain(text) if unicodedata.category(c)[0] == "C"]
    assert plain(plain(text)) == plain(text)


def test_plain_limits_marks_and_length() -> None:
    assert len(plain("e" + "\u0301\u0302\u0303" * 50)) <= 1 + MAX_COMBINING
    assert len(plain("x" * 100_000)) <= 500
    assert plain("a\nb\tc") == "a b c"
    assert plain("\x1b[31mred\x1b[0m") == "[31mred[0m"


@given(st.text(max_size=80).map(plain), st.integers(0, 40))
def test_cut_and_pad_measure_cells(text: str, cells: int) -> None:
    assert width(cut(text, cells)) <= cells
    assert width(cut_left(text, cells)) <= cells
    assert width(pad(text, cells)) == cells
    assert width(centered(text, cells)) == cells


@given(st.text(max_size=120).map(plain), st.integers(2, 30), st.integers(0, 5))
def test_wrap_fits_its_block(text: str, cells: int, lines: int) -> None:
    rows = wrap(text, cells, lines)
    assert len(rows) <= lines
    assert all(width(row) <= cells for row in rows)


def test_wrap_says_when_it_cut() -> None:
    assert wrap("one two three four", 7, 5) == ["one two", "three", "four"]
    assert wrap("one two three four", 7, 2)[-1].endswith("…")
    assert wrap("abcdefghij", 4, 5) == ["abcd", "efgh", "ij"]


@pytest.mark.parametrize(
    ("number", "shown"), [(None, ""), (950, "950"), (1200, "1.2k"), (52_300, "52k"), (3_400_000, "3.4M")]
)
def test_count_is_short(number: int | None, shown: str) -> None:
    assert count(number) == shown


def test_initials_of_anything() -> None:
    assert initials("Slowdive", "Souvlaki") == "SS"
    assert initials("!!!", "\x1b[2J") == "?"
