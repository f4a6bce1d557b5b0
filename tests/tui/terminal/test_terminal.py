"""The app as a person runs it: a real library on disk, in a real pseudo-terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import duckdb
import pytest

from store.database.library import Library
from store.memory.snapshot import Snapshot
from tests.tui.support.slow_terminal import pictured
from tests.tui.support.terminal import BACKSPACE, CTRL_C, ENTER, ROOT, RUN, Terminal, centre, check_restored
from tui.opening import recorded_trail


@pytest.fixture
def terminal(library: Library) -> Iterator[Terminal]:
    terminal = Terminal([sys.executable, "-c", RUN, str(library.path)], 100, 30, ROOT)
    terminal.until(lambda text: "Enter begins" in text)  # nobody has walked this library yet
    terminal.keys(ENTER)
    yield terminal
    terminal.close()


def test_a_hop_there_and_back_beside_another_process_and_a_clean_end(terminal: Terminal, library: Library) -> None:
    text = terminal.until(lambda text: "here ──" in text and "▄" in text)
    assert "▄" in text  # covers
    assert "sleevewalk build" in text  # no index: said plainly
    terminal.until(lambda text: "here ──" in text and "Record" in text)
    start = terminal.text
    with duckdb.connect(str(library.db_path)) as con:  # the app holds no lock, and walks on while we do
        con.execute("INSERT INTO bookmarks SELECT album_id, '', now() FROM albums LIMIT 1")
        terminal.keys(ENTER)
        walked = terminal.until(lambda text: centre(text) != centre(start))
    terminal.keys(BACKSPACE)
    terminal.until(lambda text: centre(text) == centre(start))
    terminal.keys("q")
    assert terminal.wait() == 0
    check_restored(terminal)
    snapshot = Snapshot.load(library)  # the next walk goes on where this one was last walked to
    trail = recorded_trail(snapshot)
    assert trail is not None and len(trail.visits) == 2
    assert snapshot.album(snapshot.row(trail.here.album_id) or 0).title == centre(walked)
    with library.read() as con:
        steps = con.execute("SELECT count(*) FROM walks").fetchone()
    assert steps == (2,)


def test_what_counts_opens_whole_when_it_was_never_shown(terminal: Terminal) -> None:
    terminal.until(lambda text: "here ──" in text and "▄" in text)
    terminal.keys("\x1b")  # closes what is not open
    time.sleep(0.5)  # else the two keys are one, Alt-w
    terminal.keys("w")
    terminal.until(lambda text: "genre      any" in text and "only ──" in text)


def test_ctrl_c_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.until(lambda text: "here ──" in text)
    terminal.keys(CTRL_C)
    assert terminal.wait() == 0
    check_restored(terminal)


def test_what_was_sent_bit_by_bit_is_the_whole_screen(terminal: Terminal) -> None:
    terminal.until(lambda text: "here ──" in text)
    for key in ("\x1b[C", "j", ENTER, " ", "/", "d", "u", "\x7f", "\x1b", "l", ENTER, "]", "t", "?", "\x1b"):
        terminal.keys(key)
        terminal.quiet(0.2)
    terminal.quiet()
    before, sent = pictured(terminal.screen), len(terminal.sent)
    terminal.keys("\x0c")
    terminal.quiet()
    assert len(terminal.sent) > sent + 5000  # all of it came again
    assert pictured(terminal.screen) == before
