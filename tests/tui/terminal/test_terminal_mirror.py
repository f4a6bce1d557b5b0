"""What is sent adds up to what was drawn, at any chunk size, and nothing is sent twice."""

from __future__ import annotations

import os
import re

import numpy as np
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.support.mirror import CONSOLE, laid
from tests.tui.support.slow_terminal import pictured
from tui.pictures.cells import picture, strips
from tui.pictures.colors import ColorMode
from tui.pictures.glyphs import KINDS
from tui.terminal.compositor import Painting, Part
from tui.terminal.display import Colorless
from tui.terminal.mirror import TerminalMirror
from tui.terminal.pixel_strip import pixel_strips

COLUMNS, ROWS = 40, 12
TEXTS = ("plain text", "長い題名 wide", "e\u0301te\u0301", "tab  and   gaps", "", "█▄ blocks ▀", "👩 one")


def drawn(seed: int) -> list[list[Strip]]:
    """A screen of pictures and text in many styles."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 4, (2 * ROWS, 20, 3), dtype=np.uint8) * 60
    mode = ColorMode.INDEXED if seed % 3 == 0 else ColorMode.TRUECOLOR
    cells = picture(noise, 20, ROWS, mode, 0, kind=list(KINDS)[seed % 4])
    painted = (strips, pixel_strips)[seed % 2](cells)
    rows = []
    for y in range(ROWS):
        style = Style(
            color=f"#{random.integers(0, 1 << 24):06x}",
            bgcolor="#101216",
            bold=bool(random.integers(2)),
            reverse=bool(random.integers(2)),
        )
        text = Strip([Segment(TEXTS[random.integers(len(TEXTS))], style)]).adjust_cell_length(20, Style(bgcolor="red"))
        rows.append([painted[y], text] if random.integers(2) else [text, painted[y]])
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


def pixels(strip: Strip) -> bool:
    return bool(strip.text.strip()) and not strip.text.startswith(tuple(filter(None, TEXTS)))


class Linked(pyte.Screen):
    """A terminal that keeps which link each cell was written with."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, ROWS)
        self.link = ""
        self.links = [[""] * COLUMNS for _ in range(ROWS)]
        self._stream = pyte.Stream(self)

    def draw(self, data: str) -> None:
        for char in data:
            y, x = self.cursor.y, min(self.cursor.x, COLUMNS - 1)
            super().draw(char)
            for at in range(x, self.cursor.x if self.cursor.x > x else x + 1):
                self.links[y][at] = self.link

    def show(self, codes: str) -> None:
        for place, part in enumerate(re.split(r"\x1b\]8;;(.*?)\x1b\\", codes)):
            if place % 2:
                self.link = part
            else:
                self._stream.feed(part)
        assert not self.link  # no chunk leaves one open


@pytest.mark.parametrize("limit", [1, 400, 100_000])
def test_cells_of_a_link_are_sent_with_it_and_no_others(limit: int) -> None:
    terminal, mirror = Linked(), TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
    random = np.random.default_rng(limit)
    addresses = ("", "https://example.org/1", "https://example.org/two?a=b")
    for seed in range(8):
        wanted, rows = [], drawn(seed)
        for row in rows:
            links = []
            for place, strip in enumerate(row):
                link = "" if pixels(strip) else addresses[random.integers(3)]
                row[place] = strip.apply_style(Style(link=link)) if link else strip
                links += [link] * strip.cell_length
            wanted.append(links)
        mirror.paint(laid(rows))
        for part in all_of(mirror, limit):
            terminal.show(part)
        assert terminal.links == wanted


def test_no_link_costs_no_bytes_and_no_odd_address_is_sent() -> None:
    plain = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
    plain.paint(laid(drawn(1)))
    before = all_of(plain, 1 << 30)
    assert "\x1b]8" not in "".join(before)
    for odd in ("https://e.org/\x1b\\x", "https://e.org/\n", "https://e.org/é", "https://e.org/" + "x" * 3000):
        mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
        texts = [[strip if pixels(strip) else strip.apply_style(Style(link=odd)) for strip in row] for row in drawn(1)]
        mirror.paint(laid(texts))
        assert all_of(mirror, 1 << 30) == before


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
    mirror.paint(laid([[strip] for strip in strips(picture(noise, COLUMNS, ROWS, ColorMode.TRUECOLOR, 0))]))
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
    mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.STANDARD)
    photo = np.linspace(0, 255, 128 * 128 * 3).astype(np.uint8).reshape(128, 128, 3)
    art = strips(picture(photo, COLUMNS - 4, ROWS, ColorMode.ASCII, 0))
    focus = Style(color="#17181c", bgcolor="#f4f0dc")
    ends = Strip([Segment("▌⠤─›", focus)], 4)
    plain = [[strip.apply_filter(Colorless(ascii_only=True), Color(0, 0, 0)) for strip in (row, ends)] for row in art]
    mirror.paint(laid(plain))
    sent = "".join(all_of(mirror, 1 << 30))
    assert sent.isascii() and "38;" not in sent and "48;" not in sent
    screen = shown([sent])
    assert len({screen.buffer[y][0].data for y in range(ROWS)}) > 4  # dark to bright
    assert screen.buffer[3][COLUMNS - 1].reverse and not screen.buffer[3][0].reverse


SEQUENCES = int(os.environ.get("SLEEVEWALK_FRAME_SEQUENCES", "60"))  # 10,000 were tried once
INKS = [Style(color="#dcdee3", bgcolor=back) for back in ("#101216", "#171a20")]
GROUNDS = [  # pictures over the whole screen, in every kind of cells, rough and smooth
    pixel_strips(picture(noise, COLUMNS, ROWS, ColorMode.TRUECOLOR, tolerance, kind=kind))
    for kind, tolerance in zip(KINDS, (0, 8, 24, 60), strict=True)
    for noise in (np.random.default_rng(tolerance).integers(0, 256, (8 * ROWS, 4 * COLUMNS, 3), dtype=np.uint8),)
]


def over_pictures(y: int, text: str, ink: Style, ground: list[Strip]) -> list[Part]:
    """A row of the ground with text over it; where there is a dot the ground is seen."""
    parts = []
    for run in re.finditer(r"\.+|[^.]+", text[:COLUMNS]):
        strip = ground[y] if run[0][0] == "." else Strip([Segment(run[0], ink)])
        parts.append(Part(y, 0 if run[0][0] == "." else run.start(), run.start(), run.end(), strip))
    return parts


@st.composite
def frames(draw: st.DrawFn) -> list[tuple[Painting, int]]:
    """Frames that put text over pictures, take it away or change the picture, and how many bytes of each are sent."""
    row = st.tuples(
        st.integers(0, ROWS - 1),
        st.text("ab ▌..", min_size=1, max_size=16),
        st.sampled_from(INKS),
        st.sampled_from(GROUNDS),
    )
    ground = GROUNDS[draw(st.integers(0, 3))]
    bare = (part for y in range(ROWS) for part in over_pictures(y, "." * COLUMNS, INKS[0], ground))
    found = [(Painting(bare), 1 << 30)]
    for _ in range(draw(st.integers(2, 6))):
        rows = {y: over_pictures(y, *more) for y, *more in draw(st.lists(row, min_size=1, max_size=4))}
        found.append((Painting(part for parts in rows.values() for part in parts), draw(st.integers(0, 400))))
    return found


@settings(max_examples=SEQUENCES)
@given(frames())
def test_however_frames_are_abandoned_the_terminal_ends_with_what_the_app_drew(
    drawn_frames: list[tuple[Painting, int]],
) -> None:
    mirror = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
    whole = TerminalMirror(COLUMNS, ROWS, ColorSystem.TRUECOLOR)
    sent = []
    for painting, budget in drawn_frames:
        mirror.paint(painting)
        whole.paint(painting)
        while budget > 0 and (part := mirror.take(10, Region(3, 2, 10, 4))):
            sent.append(part)
            budget -= len(part)
    sent += all_of(mirror, 1 << 30)
    assert pictured(shown(sent)) == pictured(shown(all_of(whole, 1 << 30)))
