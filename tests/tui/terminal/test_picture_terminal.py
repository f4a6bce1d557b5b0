"""The app as it runs in terminals that draw pictures, answer late, never answer, or stand behind tmux."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from store.catalogue.covers import CoverFiles
from store.database.library import Library
from tests.tui.support.libraries import make_library
from tests.tui.support.measures import psnr
from tests.tui.support.picture_terminal import KITTY, PLAIN, SIXEL, SYNC, WHAT_ASKED, PictureTerminal
from tests.tui.support.terminal import CTRL_C, ENTER, ROOT, centre, check_restored
from tui.pictures.colors import Pixels
from tui.pictures.resample import resample

CELL = (8, 16)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return make_library(tmp_path_factory.mktemp("pictures") / "library")


@contextmanager
def running(library: Library, pictures: str, answers: dict[str, str], **more: Any) -> Iterator[PictureTerminal]:
    """The app in that terminal."""
    argv = [sys.executable, "-m", "tui.cli", "explore", "--library", str(library.path), "--pictures", pictures]
    unset = dict.fromkeys(("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "NO_COLOR", "COLUMNS", "LINES"), "")
    more = {"cwd": ROOT, **unset, "TERM": "xterm-256color", **more}
    argv = ["env", *(f"-u{name}" for name, value in more.items() if value == ""), *argv]
    terminal = PictureTerminal(argv, 100, 30, answers, **{name: value for name, value in more.items() if value != ""})
    try:
        yield terminal
    finally:
        terminal.close()


def begin(terminal: PictureTerminal) -> None:
    """Past the welcome, if there is one, to the walk at rest."""
    text = terminal.until(lambda text: "Enter begins" in text or "here ──" in text)
    if "Enter begins" in text:
        terminal.keys(ENTER)
    terminal.until(lambda text: "here ──" in text and "Record" in text)
    terminal.quiet()


def largest(terminal: PictureTerminal) -> Pixels:
    """The pixels of the largest picture: the rectangle of the most picture cells in the middle of the ring."""
    seen, there = terminal.pictures.picture()
    best = (0, 0, 0, 0)
    for top in range(there.shape[0]):
        for bottom in range(top + 4, there.shape[0] + 1):
            full = np.flatnonzero(np.diff(np.concatenate([[0], there[top:bottom].all(axis=0).astype(int), [0]])))
            for left, right in zip(full[::2].tolist(), full[1::2].tolist(), strict=True):
                if (bottom - top) * (right - left) > (best[1] - best[0]) * (best[3] - best[2]):
                    best = (top, bottom, left, right)
    top, bottom, left, right = best
    return seen[top * CELL[1] : bottom * CELL[1], left * CELL[0] : right * CELL[0]]


def in_quadrants(text: str) -> bool:
    """Whether covers stand there as quadrants, of which neither half blocks nor the app's own lines have any."""
    return not set("▘▝▖▗▚▞▙▛▜▟").isdisjoint(text)


def recognized(pixels: Pixels, library: Library) -> tuple[str, float]:
    """("Record N" of the cover that is most like the pixels, how like in decibels)."""
    files = CoverFiles(library.covers_dir)
    with library.read() as con:
        rows = con.execute("SELECT title, cover_sha256 FROM albums").fetchall()
    height, width, _ = pixels.shape
    likeness = {title: psnr(pixels, resample(files.pixels(sha), width, height)) for title, sha in rows}
    best = max(likeness, key=lambda title: likeness[title])
    return best, likeness[best]


@pytest.mark.parametrize(("pictures", "answers", "least"), [("kitty", KITTY, 27.0), ("sixel", SIXEL, 23.0)])
def test_pictures_are_the_covers_and_leave_nothing_behind(
    library: Library, pictures: str, answers: dict[str, str], least: float
) -> None:
    with running(library, pictures, {**answers, **SYNC}) as terminal:
        terminal.keys(ENTER)  # before the app is there: it ends the welcome, or hops
        begin(terminal)
        title, likeness = recognized(largest(terminal), library)
        assert title == centre(terminal.text) and likeness > least
        sent = len(terminal.pictures.transmitted), terminal.pictures.sixels
        terminal.keys("\x1b[C")
        terminal.quiet()
        assert (len(terminal.pictures.transmitted), terminal.pictures.sixels) == sent  # a focus draws no cover
        for key in "\rd?\x1bm+++\x1b/R\x1bw\x1b-\x1br":
            terminal.keys(key)
            terminal.quiet(0.2)
        terminal.quiet()
        title, likeness = recognized(largest(terminal), library)
        assert title == centre(terminal.text) and likeness > least
        images = len(terminal.pictures.transmitted)
        assert pictures == "sixel" or images == len(set(terminal.pictures.transmitted)) <= 12  # once each
        before = terminal.pictures.picture(), terminal.text
        terminal.keys("\x0c")
        terminal.quiet()
        after = terminal.pictures.picture(), terminal.text
        assert before[1] == after[1]
        assert all((one == other).all() for one, other in zip(before[0], after[0], strict=True))
        terminal.keys("q")
        assert terminal.wait() == 0
        check_restored(terminal)
        assert terminal.pictures.images == {}  # nothing stays in the terminal's memory


def test_late_answers_are_never_keys(library: Library) -> None:
    with running(library, "kitty", {**KITTY, **SYNC}, late=4.0, piece=3) as terminal:
        begin(terminal)
        terminal.until(lambda text: "drawn as cells" in text.splitlines()[-1])  # and why
        terminal.quiet()
        before = terminal.text
        while WHAT_ASKED not in terminal.answered or not terminal.silent:
            terminal.pump(0.1)
        terminal.quiet()
        assert terminal.text == before and not terminal.pictures.transmitted
        terminal.keys("?")
        terminal.until(lambda text: "walking" in text)
        terminal.keys("\x1b")  # Escape is still a key of its own
        terminal.until(lambda text: "here ──" in text)
        terminal.keys("q")
        assert terminal.wait() == 0
        check_restored(terminal)


def test_a_terminal_that_never_answers_gets_quadrants_and_all_keys(library: Library) -> None:
    with running(library, "sixel", {}) as terminal:
        terminal.keys(ENTER)  # while it is waited for an answer
        begin(terminal)
        assert in_quadrants(terminal.text)
        terminal.until(lambda text: "did not answer" in text)
        assert bytes(terminal.sent).count(b"\x1b[c") == 1 and not terminal.pictures.sixels
        terminal.keys("/")
        terminal.until(lambda text: "type artist" in text)
        terminal.keys("\x1b")
        terminal.until(lambda text: "here ──" in text)
        terminal.keys(CTRL_C)
        assert terminal.wait() == 0
        check_restored(terminal)


def test_by_themselves_only_terminals_known_for_it_draw_pictures(library: Library) -> None:
    with running(library, "auto", {**PLAIN, **SYNC}) as terminal:
        begin(terminal)
        assert WHAT_ASKED in terminal.answered and not terminal.pictures.transmitted
        assert in_quadrants(terminal.text)
        terminal.keys("q")
        assert terminal.wait() == 0
    with running(library, "auto", {**KITTY, **SYNC}, TERM="xterm-kitty") as terminal:
        begin(terminal)
        assert terminal.pictures.transmitted and not in_quadrants(terminal.text)
        terminal.keys("q")
        assert terminal.wait() == 0


def test_inside_tmux_pictures_are_passed_on_when_asked_for(library: Library, tmp_path: Path) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text("#!/bin/sh\necho on\n")
    tmux.chmod(0o755)
    around = {
        "TMUX": "/tmp/tmux,1,0",
        "TERM": "tmux-256color",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "tmux": True,
    }
    with running(library, "kitty", SYNC, **around) as terminal:
        begin(terminal)
        assert b"\x1b_Gi=31" not in terminal.sent  # tmux would take it for a title
        assert terminal.sent.count(b"\x1bPtmux;") > 12
        title, likeness = recognized(largest(terminal), library)
        assert title == centre(terminal.text) and likeness > 27
        terminal.keys("q")
        assert terminal.wait() == 0
        assert terminal.pictures.images == {}
    tmux.write_text("#!/bin/sh\necho off\n")
    with running(library, "kitty", SYNC, **around) as terminal:
        begin(terminal)
        terminal.until(lambda text: "allow-passthrough" in text and in_quadrants(text))
        assert b"\x1bPtmux;" not in terminal.sent


def words_of(text: str) -> list[str]:
    """All that is written; a cover's glyphs may be others of the same likeness once it is drawn afresh."""
    return re.findall(r"\w+", text)


def test_to_the_shell_and_back(library: Library) -> None:
    with running(library, "cells", {**PLAIN, **SYNC}) as terminal:
        begin(terminal)
        before = words_of(terminal.text)
        terminal.keys("\x1a")
        end = time.monotonic() + 15
        while Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            terminal.pump(0.05)
            assert time.monotonic() < end, "it did not stop"
        check_restored(terminal)
        terminal.pictures.feed("\x1b[2Jwhat the shell wrote")
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.until(lambda text: words_of(text) == before and in_quadrants(text))
        terminal.keys("q")
        assert terminal.wait() == 0
        check_restored(terminal)
