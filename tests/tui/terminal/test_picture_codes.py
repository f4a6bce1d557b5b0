"""The codes for pictures against their specifications, and what the terminal says against what is asked for."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.color import ColorSystem
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.support.measures import photograph, psnr
from tests.tui.support.mirror import laid
from tests.tui.support.picture_screen import MARKS, PictureScreen, read_sixel
from tui.pictures.colors import Pixels
from tui.pictures.glyphs import KINDS
from tui.pictures.picture_table import PictureTable
from tui.pictures.resample import resample
from tui.terminal import kitty
from tui.terminal.brands import CELLS, CONSOLE, CellsChoice, Outer, choose_cells, known_name, multiplexer, tmux_client
from tui.terminal.choice import by_answers, without_asking
from tui.terminal.compositor import Painting
from tui.terminal.kitty import Kitty
from tui.terminal.look import TerminalLook
from tui.terminal.mirror import TerminalMirror
from tui.terminal.probe import AnswerFilter, Answers
from tui.terminal.sixel import Inline, Sixel, drawn, quantized

SIZE, CELL = 12 << 8 | 6, (8, 16)
ANSWERS = "\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.36)\x1b\\\x1b[6;20;10t\x1b[?62;4;22c"


def test_the_marks_are_those_of_the_specification() -> None:
    # "Mn;230;NSM" without a decomposition, in order, 297 of them
    assert len(kitty.MARKS) == 297 and sorted(kitty.MARKS) == kitty.MARKS
    assert all(unicodedata.combining(mark) == 230 and not unicodedata.decomposition(mark) for mark in kitty.MARKS)
    assert kitty.MARKS[: len(MARKS)] == MARKS


def noisy(seed: int) -> Pixels:
    """[128, 128, 3] that does not compress."""
    return np.random.default_rng(seed).integers(0, 256, (128, 128, 3), dtype=np.uint8)


def pictures_of(*pixels: Pixels) -> tuple[PictureTable, list[list[Strip]]]:
    """Each as strips of 12 x 6 cells; the first has number 1."""
    pictures = PictureTable()
    return pictures, [pictures.strips(at, lambda at=at: pixels[at], 12, 6) for at in range(len(pixels))]


@pytest.mark.parametrize("tmux", [False, True])
def test_a_kitty_picture_is_sent_once_in_pieces_and_placed_by_characters(tmux: bool) -> None:
    pictures, _ = pictures_of(noisy(1))
    codes = Kitty(pictures, CELL, inside_tmux=tmux, first=300)
    screen = PictureScreen(40, 12, CELL, tmux=tmux)
    screen.feed(codes.send(1, SIZE, tuple))
    for row in range(6):
        screen.feed(f"\x1b[{row + 3};5H{codes.cells(1, SIZE, row, 0, 12)}")
    seen, there = screen.picture()
    assert there[2:8, 4:16].all() and there.sum() == 72
    assert psnr(seen[32:128, 32:128], np.asarray(resample(noisy(1), 96, 96))) > 15  # another filter
    assert (next(iter(screen.images.values())) == noisy(1)).all()
    assert codes.send(1, SIZE, tuple) == ""
    screen.feed(codes.farewell())
    assert screen.images == {} and screen.placements == {}


def test_one_picture_in_two_sizes_is_sent_once_unless_tmux_drops_what_tells_them_apart() -> None:
    pictures, _ = pictures_of(noisy(1))
    for tmux, times in ((False, 1), (True, 2)):
        codes, screen = Kitty(pictures, CELL, inside_tmux=tmux), PictureScreen(40, 12, CELL, tmux=tmux)
        for size, y in ((SIZE, 1), (4 << 8 | 2, 9)):
            screen.feed(codes.send(1, size, tuple))
            screen.feed(f"\x1b[{y};1H{codes.cells(1, size, 0, 0, 4)}")
        assert len(screen.transmitted) == times
        seen, there = screen.picture()
        assert there.sum() == 8
        small = resample(noisy(1), 32, 32)
        assert psnr(seen[128:144, :32], small[:16]) > psnr(seen[:16, :32], small[:16]) + 1


def test_the_terminal_keeps_no_more_than_was_agreed_and_loses_nothing_that_is_shown() -> None:
    pictures, _ = pictures_of(*map(noisy, range(6)))
    codes, screen = Kitty(pictures, CELL, memory=3 * 128 * 128 * 4), PictureScreen(40, 12, CELL)
    for number in range(1, 7):
        screen.feed(codes.send(number, SIZE, lambda: [1]))
        assert len(screen.images) <= 3
        assert codes.cells(1, SIZE, 0, 0, 1)
    assert len(screen.transmitted) == 6 and len(screen.deleted) == 3
    screen.feed(codes.send(2, SIZE, lambda: [1]))
    assert len(screen.transmitted) == 7


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 30), st.integers(1, 256), st.integers(0, 1 << 30))
def test_a_sixel_read_back_is_what_was_drawn(width: int, height: int, colors: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    table = random.integers(0, 101, (colors, 3))
    indexes = random.integers(0, colors, (height, width), dtype=np.uint8).repeat(random.integers(1, 9), axis=1)
    code = drawn(indexes, np.rint(table * 2.55).astype(np.int64))
    assert code.startswith("\x1bP") and code.endswith("\x1b\\") and code.isascii()
    pixels, mask = read_sixel(code[2:-2].partition("q")[2])
    assert mask.all() and (pixels == np.round(table * 2.55).astype(np.uint8)[indexes]).all()


@pytest.mark.parametrize("side", [96, 320])
def test_a_sixel_cover_looks_like_the_cover(side: int) -> None:
    pixels, mask = read_sixel(drawn(*quantized(photograph(3), side, side))[2:-2].partition("q")[2])
    assert mask.all() and psnr(pixels, resample(photograph(3), side, side)) > 29


@pytest.mark.parametrize("kind", [Kitty, Sixel])
@pytest.mark.parametrize("limit", [1, 1 << 30])
def test_pictures_that_move_or_are_covered_leave_nothing_behind(kind: type[Kitty] | type[Sixel], limit: int) -> None:
    pictures, strips = pictures_of(noisy(1), photograph(2))
    mirror = TerminalMirror(40, 14, ColorSystem.TRUECOLOR, pictures=kind(pictures, CELL))
    screen = PictureScreen(40, 14, CELL)
    blank = Strip.blank(40)

    def shows(*placed: tuple[int, int, int, str]) -> Painting:
        """(picture, x, y, text written over its second row) each."""
        rows = [blank] * 14
        for picture, x, y, text in placed:
            for row, strip in enumerate(strips[picture]):
                if text and row == 1:
                    strip = Strip.join([strip.crop(0, 3), Strip.blank(len(text)), strip.crop(3 + len(text), 12)])
                line = rows[y + row]
                rows[y + row] = Strip.join([line.crop(0, x), strip, line.crop(x + 12, 40)])
        return laid([[row] for row in rows])

    for placed in (
        [(0, 2, 1, ""), (1, 20, 1, "")],
        [(0, 6, 3, ""), (1, 20, 1, "over")],
        [(1, 6, 3, ""), (0, 19, 2, "")],
        [(1, 6, 3, "over")],
        [],
        [(1, 6, 3, "")],
    ):
        mirror.paint(shows(*placed))
        while part := mirror.take(limit, Region(6, 3, 12, 6)):
            screen.feed(part)
        fresh = PictureScreen(40, 14, CELL)
        again = TerminalMirror(40, 14, ColorSystem.TRUECOLOR, pictures=kind(pictures, CELL))
        again.paint(shows(*placed))
        fresh.feed(again.take(1 << 30))
        for now, meant in zip(screen.picture(), fresh.picture(), strict=True):
            assert (now == meant).all()
        assert screen.picture()[1].sum() == sum(72 - len(text) for *_, text in placed)


def test_what_did_not_change_is_not_drawn_again() -> None:
    pictures, (strips, _) = pictures_of(noisy(1), noisy(2))
    for kind in (Kitty, Sixel):
        mirror = TerminalMirror(12, 8, ColorSystem.TRUECOLOR, pictures=kind(pictures, CELL))
        rows = [*strips, Strip.blank(12), Strip.blank(12)]
        mirror.paint(laid([[row] for row in rows]))
        assert len(mirror.take(1 << 30)) > 1000
        mirror.paint(laid([[row] for row in rows]))
        assert mirror.take(1 << 30) == ""


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 9), min_size=1), st.sampled_from(["", "q", "/love\x7f", "\x1b[C\x1b[6;5~", "\x1b[<0;3;4M"])
)
def test_answers_in_any_pieces_are_told_from_keys(pieces: list[int], keys: str) -> None:
    found, out, text, at = AnswerFilter(), "", keys + ANSWERS + keys, 0
    while at < len(text):
        for piece in pieces:
            out += found.feed(text[at : at + piece])
            at += piece
    assert out + found.release() == keys + keys
    assert found.answers == Answers(True, True, True, (10, 20), "kitty(0.36)") and found.over


def test_colours_ground_and_widths_are_heard() -> None:
    def heard(*answers: str) -> Answers:
        found = AnswerFilter()
        assert found.feed("".join(answers)) == ""
        return found.answers

    assert heard("\x1bP1+r524742=382F382F38\x1b\\").truecolor
    assert heard("\x1bP1$r0;48:2::1:2:3m\x1b\\").truecolor and heard("\x1bP1$r48;2;1;2;3m\x1b\\").truecolor
    assert not heard("\x1bP0+r524742\x1b\\", "\x1bP1$r0;48:5:16m\x1b\\", "\x1bP0$r\x1b\\").truecolor
    assert heard("\x1b]11;rgb:ffff/fafa/f0f0\x1b\\").light is True
    assert heard("\x1b]11;rgba:10/12/16/ff\x07").light is False
    assert heard("\x1b]11;rgb:1/2\x07").light is None
    assert heard("\x1b[1;1R\x1b[1;2R").widths == (0, 1)
    over = AnswerFilter()
    over.feed("\x1b[?62;c")
    assert over.feed("\x1b[1;2R") == "\x1b[1;2R"  # F3 with Shift


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kitty(0.26.5)", "sextants"),
        ("kitty(0.40.1)", "octants"),
        ("foot(1.13.1)", "sextants"),
        ("foot(1.20.2)", "octants"),
        ("ghostty 1.2.0", "octants"),
        ("VTE(7006)", "sextants"),
        ("VTE 7802", "octants"),
        ("WezTerm 20240203-110809-5046fc22", "sextants"),
        ("iTerm2 3.6.2", "sextants"),
        ("XTerm(379)", "quadrants"),
        ("Konsole 24.02.1", "quadrants"),
        ("kitty", "quadrants"),
        ("kitty(" + "9" * 90, "octants"),
        ("x.kitty(1.0)", "quadrants"),
        ("", "quadrants"),
    ],
)
def test_the_cells_are_the_finest_that_the_terminal_draws(name: str, kind: str) -> None:
    assert choose_cells("auto", "", name).kind == kind
    assert choose_cells("half", "--cells", name) == CellsChoice("half", "--cells")


def test_glyphs_that_would_tear_the_screen_are_not_drawn() -> None:
    assert choose_cells("auto", "", "kitty(0.40.1)", (0, 1)).kind == "sextants"  # tmux between knows no octants
    assert choose_cells("auto", "", "kitty(0.40.1)", (2, 2)).kind == "quadrants"
    asked = choose_cells("octants", "--cells", "kitty(0.40.1)", (0, 1))
    assert asked.kind == "quadrants" and asked.refused and "octants" in asked.why
    assert ("auto", *KINDS) == CELLS


def test_a_name_comes_from_the_answer_or_the_variables() -> None:
    assert known_name("foot(1.20.2)", {"TERM_PROGRAM": "x"}) == "foot(1.20.2)"
    assert choose_cells("auto", "", known_name("", {"TERM": "linux"})).kind == "half"
    assert known_name("", {"VTE_VERSION": "7802"}) == "VTE 7802"
    assert known_name("", {"TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.2.0"}) == "ghostty 1.2.0"


@pytest.mark.parametrize("inside", [{"STY": "1.x"}, {"ZELLIJ": "0"}, {"TERM": "tmux-256color"}, {"TMUX": "/tmp/x,1,0"}])
def test_inside_a_multiplexer_the_variables_of_the_terminal_say_nothing(inside: dict[str, str]) -> None:
    began_in = {"VTE_VERSION": "7802", "TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.2.0"}
    assert choose_cells("auto", "", known_name("", began_in | inside)).kind == "quadrants"
    assert choose_cells("auto", "", known_name("tmux 3.5", began_in | inside)).kind == "quadrants"


TERMINALS = """{tty}\tfoot(1.13.1)\t{term}
Terminal 0: xterm-256color for /dev/pts/1, flags=0x3d:
 197: RGB: [missing]
 208: setrgbf: [missing]
 223: Tc: [missing]
Terminal 1: foot for /dev/pts/10, flags=0x3d:
 197: RGB: [missing]
 208: setrgbf: (string) \\033[38:2::%p1%d:%p2%d:%p3%dm
 223: Tc: (flag) true
"""


@pytest.mark.parametrize(
    ("tty", "term", "said"),
    [
        ("/dev/pts/10", "foot", Outer("foot(1.13.1)", "foot", True)),
        ("/dev/pts/1", "xterm-256color", Outer("foot(1.13.1)", "xterm-256color", False)),
        ("/dev/pts/2", "linux", Outer(CONSOLE, "linux", None)),
    ],
)
def test_tmux_tells_the_terminal_that_it_is_in(
    tty: str, term: str, said: Outer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "said").write_text(TERMINALS.format(tty=tty, term=term))
    (tmp_path / "tmux").write_text(f"#!/bin/sh\nexec cat '{tmp_path}/said'\n")
    (tmp_path / "tmux").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert tmux_client({"TMUX": "/tmp/x,1,0"}) == said
    assert tmux_client({}) == Outer()


@pytest.mark.parametrize("model", ["61", "65"])
def test_vte_is_known_by_its_model_also_over_ssh(model: str) -> None:
    found = AnswerFilter()
    assert found.feed(f"a\x1b[>{model};70") + found.feed("06;1cb\x1b[?65;1;9c") == "ab"
    assert found.over and found.answers.name == "VTE(7006)" and found.answers.truecolor
    assert choose_cells("auto", "", found.answers.name).kind == "sextants"
    other = AnswerFilter()
    other.feed("\x1bP>|foot(1.13.1)\x1b\\\x1b[>1;011301;0c\x1b[?62;4c")
    assert other.answers.name == "foot(1.13.1)" and not other.answers.truecolor


def test_keys_that_begin_as_answers_do_are_given_back() -> None:
    found = AnswerFilter()
    assert found.feed("a\x1b") == "a" and found.release() == "\x1b"
    assert found.feed("\x1b_") == found.release() == ""  # its end may be on its way
    assert found.feed("x") == "\x1b_x"
    assert found.feed("\x1b_Gi=3") == "" and found.release() == ""
    assert found.feed("1;OK\x1b\\b") == "b" and found.answers.kitty


def test_what_the_terminal_answers_decides() -> None:
    able = Answers(True, True, True, (8, 16), "kitty(0.40)")
    assert by_answers("auto", "", able, None).protocol == "kitty"
    assert by_answers("sixel", "--pictures", able, None).protocol == "sixel"
    for wanted, answers in (
        ("kitty", Answers(True)),
        ("sixel", Answers(True)),
        ("sixel", Answers(True, sixel=True)),  # how large is a cell?
        ("kitty", Answers(False, True)),
    ):
        choice = by_answers(wanted, "--pictures", answers, None)
        assert choice.protocol == "cells" and choice.refused and choice.why
    assert by_answers("sixel", "", Answers(True, sixel=True), (9, 18)).cell == (9, 18)
    assert not by_answers("auto", "", Answers(True), None).refused
    unsure = Answers(True, True, True, (8, 16), "WezTerm 20240203")
    assert by_answers("auto", "", unsure, None).protocol == "cells"
    assert by_answers("iterm", "--pictures", unsure, None).protocol == "iterm"
    old = Answers(True, True, True, (8, 16), "kitty(0.26.5)")  # says yes, and shows boxes
    assert by_answers("auto", "", old, None).protocol == "cells"
    assert by_answers("kitty", "--pictures", old, None).refused


@pytest.mark.parametrize(
    ("wanted", "look", "environ", "asks"),
    [
        ("auto", {}, {"TERM": "xterm-kitty"}, True),
        ("auto", {}, {"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, True),
        ("auto", {}, {"TERM": "xterm-256color"}, True),
        ("auto", {"lite": None}, {"TERM": "xterm-kitty"}, True),
        ("auto", {"lite": True}, {"TERM": "xterm-kitty"}, False),
        ("auto", {}, {"TERM": "xterm-kitty", "TMUX": "x"}, False),
        ("auto", {}, {"TERM": "screen-256color"}, False),
        ("auto", {"color": "ascii"}, {"TERM": "xterm-kitty"}, False),
        ("cells", {}, {"TERM": "xterm-kitty"}, False),
        ("kitty", {"lite": None}, {"TERM": "xterm-256color"}, True),
        ("sixel", {}, {"TERM": "tmux-256color"}, True),
    ],
)
def test_the_terminal_is_asked_only_where_that_decides(
    wanted: str, look: dict[str, bool | str | None], environ: dict[str, str], asks: bool
) -> None:
    choice = without_asking(wanted, "--pictures", TerminalLook(**look), environ)  # type: ignore[arg-type]
    assert (choice is None) is asks
    if choice is not None:
        assert choice.protocol == "cells" and choice.why


def test_multiplexers_are_known_by_their_variables() -> None:
    assert multiplexer({"TMUX": "/tmp/x,1,0"}) == multiplexer({"TERM": "tmux-256color"}) == "tmux"
    assert multiplexer({"STY": "1.x"}) == multiplexer({"TERM": "screen.xterm"}) == "screen"
    assert multiplexer({"TERM": "xterm"}) == ""
    choice = without_asking("kitty", "--pictures", TerminalLook(), {"STY": "1.x"})
    assert choice is not None and choice.refused


def test_inline_images_are_the_pixels_over_their_cells() -> None:
    pictures, (strips, _) = pictures_of(photograph(1), photograph(2))
    mirror = TerminalMirror(12, 8, ColorSystem.TRUECOLOR, pictures=Inline(pictures, CELL))
    mirror.paint(laid([[row] for row in [*strips, Strip.blank(12), Strip.blank(12)]]))
    sent = mirror.take(1 << 30)
    code = r"\x1b\[(\d+);(\d+)H\x1b\]1337;File=inline=1;size=(\d+);width=(\d+);height=(\d+);[^:]*:([^\x07]*)\x07"
    found = re.findall(code, sent)
    assert len(found) == 1
    y, x, size, width, height, data = found[0]
    file = base64.b64decode(data, validate=True)
    assert (y, x, width, height) == ("1", "1", "12", "6") and len(file) == int(size)
    with Image.open(io.BytesIO(file)) as image:
        shown = np.asarray(image.convert("RGB"))
    assert shown.shape == (128, 128, 3) and psnr(shown, photograph(1)) > 28
