"""What goes over the wire: how much at the start, nothing without a key, and on a slow link only what stays."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyte
import pytest
from numpy.typing import NDArray

from store.database.library import Library
from store.personal.records import Personal
from tests.tui.support.fakes import FakeCovers
from tests.tui.support.measures import shown
from tests.tui.support.slow_terminal import SlowTerminal, pictured
from tests.tui.support.terminal import ROOT, RUN, Terminal
from tui.pictures.cells import picture
from tui.pictures.colors import ColorMode
from tui.pictures.glyphs import KINDS, ink_of, inked_parts

HOPS = 24  # at random among twelve albums
BLOCKS = {glyph for kind in KINDS for glyph in inked_parts(kind, 8)}
REDRAW, ESCAPE = "\x0c", "\x1b"
Picture = NDArray[np.int64]  # [rows, columns, upper and lower half, RGB]; -1 where there is text


@pytest.fixture
def walked(library: Library) -> Library:
    """The library after a first walk, so that the app explains nothing."""
    with library.read() as con:
        row = con.execute("SELECT album_id FROM albums ORDER BY title LIMIT 1").fetchone()
    assert row is not None
    Personal(library).add_walk_step("before", 0, row[0], None)
    return library


@pytest.fixture
def terminal(walked: Library) -> Iterator[Terminal]:
    terminal = Terminal([sys.executable, "-c", RUN, str(walked.path)], 130, 50, ROOT)
    terminal.until(lambda text: "here ──" in text and "▄" in text)
    terminal.quiet()
    yield terminal
    terminal.close()


def test_the_start_sends_no_more_than_two_screens(terminal: Terminal) -> None:
    """A full screen's worth: what it takes to send every cell of the finished screen to a terminal that has none."""
    terminal.quiet()
    start = len(terminal.sent)
    terminal.keys(REDRAW)
    terminal.quiet()
    screen = len(terminal.sent) - start
    assert screen > 5000 and start <= 2 * screen


def test_nothing_is_sent_while_nobody_presses_a_key(terminal: Terminal) -> None:
    for keys in ("", "l", "/", "love", ESCAPE, "w"):
        terminal.keys(keys)
        terminal.quiet()  # a hit's cover comes a moment after it
        assert terminal.pump(1.1) == 0, keys


def test_on_a_slow_link_the_covers_of_the_hops_in_between_are_not_sent(walked: Library) -> None:
    terminal = SlowTerminal([sys.executable, "-c", RUN, str(walked.path)], 100, 30, ROOT)
    try:
        terminal.until(lambda text: "here ──" in text and "▄" in text)
        terminal.quiet()
        begun, before = len(terminal.shown_at), len(terminal.sent)
        for _ in range(HOPS):
            terminal.keys("r")
            terminal.pump(0.01)
        terminal.quiet()
        last, picture, drawn = seen(terminal.screen), pictured(terminal.screen), len(terminal.shown_at)
        terminal.keys(REDRAW)
        terminal.quiet()
        assert pictured(terminal.screen) == picture  # what came bit by bit is the whole screen
        hop = terminal.shown_at[-1][1] - terminal.shown_at[drawn - 1][1]  # as much as a hop that changes every cover
        terminal.keys("q")
        assert terminal.wait() == 0
    finally:
        terminal.close()
    with walked.read() as con:
        stops = con.execute(
            "SELECT title FROM walks JOIN albums USING (album_id) WHERE walk_id <> 'before' ORDER BY seq"
        ).fetchall()
    assert len(stops) == HOPS  # no key was lost
    numbers = [int(title.removeprefix("Record ")) for (title,) in stops]
    y, x, height, width = place_of(numbers[-1], last)
    covers = {number: halves(number, width, height) for number in range(12)}
    assert alike(covers[numbers[-1]], last[y : y + height, x : x + width])
    screen = pyte.Screen(100, 30)
    stream = pyte.ByteStream(screen)
    stream.feed(bytes(terminal.sent[:before]))
    centred: list[int] = []  # the albums that stood in the centre, in full, at any time
    fed = before
    for _, count in terminal.shown_at[begun:drawn]:
        stream.feed(bytes(terminal.sent[fed:count]))
        fed = count
        centre = seen(screen)[y : y + height, x : x + width]
        centred += [number for number in covers if number not in centred and alike(covers[number], centre)]
    between = set(numbers[:-1]) - {numbers[-1]}
    assert numbers[-1] in centred and len(between) >= 6
    assert terminal.shown_at[drawn - 1][1] - before < HOPS * hop / 3  # the first were on their way before the next key


def halves(number: int, width: int, height: int) -> Picture:
    """An album's cover of the library above at that many cells."""
    cells = picture(FakeCovers().pixels(str(number)), width, height, ColorMode.TRUECOLOR, 0, kind="quadrants")
    return shown(cells).reshape(height, 2, 4, width, 8, 3).mean(axis=(2, 4)).swapaxes(1, 2).astype(np.int64)


def seen(screen: pyte.Screen) -> Picture:
    """The colours of the upper and lower half of each cell on screen, -1 where there is text."""
    return np.array([[cell_halves(*cell) for cell in row] for row in pictured(screen)]).astype(np.int64)


@lru_cache(maxsize=1 << 14)
def cell_halves(glyph: str, ink: str, ground: str) -> tuple[tuple[float, ...], ...]:
    if len(ink) != 6 or len(ground) != 6 or "yellow" in (ink, ground) or ord(glyph) not in BLOCKS:
        return ((-1.0,) * 3,) * 2
    below, above = (np.array([int(name[at : at + 2], 16) for at in (0, 2, 4)]) for name in (ground, ink))
    shares = ink_of(np.array(ord(glyph)), 2).reshape(2, -1).mean(axis=1)
    return tuple(tuple((below + (above - below) * share).tolist()) for share in shares)


def alike(cover: Picture, region: Picture) -> bool:
    """Whether the region shows the cover, in any quality."""
    return region.shape == cover.shape and bool((region >= 0).all()) and float(np.abs(cover - region).mean()) < 12


def place_of(number: int, screen: Picture) -> tuple[int, int, int, int]:
    """Row, column, rows and columns of the large square where the screen looks most like an album's cover."""
    off: dict[tuple[int, int, int, int], float] = {}
    for height in range(10, 20):
        width = 2 * height
        cover = halves(number, width, height)
        for y in range(screen.shape[0] - height + 1):
            for x in range(screen.shape[1] - width + 1):
                part = screen[y : y + height, x : x + width]
                if part[0, 0, 0, 0] >= 0 and abs(part[0, 0] - cover[0, 0]).max() < 60:
                    off[y, x, height, width] = float(np.abs(part - cover).mean())
    return min(off, key=off.__getitem__)
