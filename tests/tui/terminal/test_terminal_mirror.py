"""What is sent adds up to what was drawn, at any chunk size, and nothing is sent twice."""

from __future__ import annotations

import numpy as np
import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.support.mirror import CONSOLE, laid
from tests.tui.support.slow_terminal import pictured
from tui.pictures.colors import ColorMode
from tui.pictures.halfblocks import dither, pack, picture, strips
from tui.terminal.mirror import TerminalMirror

COLUMNS, ROWS = 40, 12
TEXTS = ("plain text", "長い題名 wide", "e\u0301te\u0301", "tab  and   gaps", "", "█▄ blocks ▀", "👩 one")


def drawn(seed: int) -> list[list[Strip]]:
    """A screen of pictures and text in many styles."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 4, (2 * ROWS, 20, 3), dtype=np.uint8) * 60
    cells = strips(dither(noise, ColorMode.INDEXED) if seed % 3 == 0 else pack(noise))
    rows = []
    for y in range(ROWS):
        style = Style(
            color=f"#{random.integers(0, 1 << 24):06x}",
            bgcolor="#101216",
            bold=bool(random.integers(2)),
            reverse=bool(random.integers(2)),
        )
        text = Strip([Segment(TEXTS[random.integers(len(TEXTS))], style)]).adjust_cell_length(20, Style(bgcolor="red"))
        rows.append([cells[y], text] if random.integers(2) else [text, cells[y]])
    return rows


def shown(codes: list[str]) -> pyte.Screen:
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    for part in codes:
        stream.feed(part)
    return screen


def all_of(mirror: TerminalMirror, limit: int) -> list[str]:
    parts = []
    while part := mirror.take(limit, Region(3, 2, 10, 4)):
        parts.append(part)
    return parts


@pytest.mark.parametrize("limit", [1, 400, 100_000])
def test_what_is_sent_adds_up_to_what_was_drawn(limit: int) -> None:
    mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
    sent: list[str] = []
    for seed in range(12):
        update = drawn(seed)
        mirror.paint(laid(update))
        sent += all_of(mirror, limit)
        fresh = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
        fresh.paint(laid(update))
        assert pictured(shown(sent)) == pictured(shown(all_of(fresh, 1 << 30)))
    mirror.paint(laid(update))
    assert mirror.take(limit) == ""


def test_a_fresh_screen_is_what_textual_would_have_written() -> None:
    for seed in range(6):
        update = drawn(seed)
        mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
        mirror.paint(laid(update))
        stock = []
        for y, row in enumerate(update):
            stock.append(f"\x1b[{y + 1};1H" + "".join(strip.render(CONSOLE) for strip in row))
        assert pictured(shown(all_of(mirror, 1 << 30))) == pictured(shown(stock))


def test_frames_that_were_never_sent_cost_nothing() -> None:
    def bytes_of(seeds: list[int]) -> int:
        mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
        for seed in seeds:
            mirror.paint(laid(drawn(seed)))
        return sum(map(len, all_of(mirror, 300)))

    assert bytes_of([1, 2, 4, 5]) == bytes_of([5])


def test_the_picture_that_is_looked_at_goes_first() -> None:
    mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
    noise = np.random.default_rng(0).integers(0, 256, (2 * ROWS, COLUMNS, 3), dtype=np.uint8)
    mirror.paint(laid([[strip] for strip in strips(pack(noise))]))
    first = Region(10, 4, 8, 4)
    screen = shown([mirror.take(8 * 4 * 38, first)])
    assert all(screen.buffer[y][x].data != " " for y in range(4, 8) for x in range(10, 18))
    assert screen.buffer[11][0].data == " "


def test_after_forgetting_everything_is_sent_again() -> None:
    mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
    mirror.paint(laid(drawn(1)))
    before = all_of(mirror, 1 << 30)
    mirror.forget()
    assert pictured(shown(all_of(mirror, 1 << 30))) == pictured(shown(before))


def test_without_colours_there_are_none_and_nothing_but_ascii() -> None:
    mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.STANDARD, colorless=True, plain=True)
    photo = np.linspace(0, 255, 128 * 128 * 3).astype(np.uint8).reshape(128, 128, 3)
    art = strips(picture(photo, COLUMNS - 4, ROWS, ColorMode.ASCII, 0))
    focus = Style(color="#17181c", bgcolor="#f4f0dc")
    ends = Strip([Segment("▌⠤─›", focus)], 4)
    mirror.paint(laid([[row, ends] for row in art]))
    sent = "".join(all_of(mirror, 1 << 30))
    assert sent.isascii() and "38;" not in sent and "48;" not in sent
    screen = shown([sent])
    assert len({screen.buffer[y][0].data for y in range(ROWS)}) > 5  # dark to bright
    assert screen.buffer[3][COLUMNS - 1].reverse and not screen.buffer[3][0].reverse
