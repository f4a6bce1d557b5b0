"""Both outputs draw the same; only the thrifty one uses Textual's private names; no terminal is said in one line."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import textual
from click.testing import CliRunner

from store.database.library import Library
from tests.tui.support.libraries import make_library
from tests.tui.support.slow_terminal import pictured
from tests.tui.support.terminal import Terminal
from tui.cli import sleevewalk
from tui.terminal import TEXTUAL
from tui.terminal.output import OUTPUTS, Output, chosen_output

ROOT = Path(__file__).parents[3]
ENTER = "\r"
PRIVATE_NAMES = {  # name -> (the oldest Textual release known to have it in this form, what it is needed for)
    "textual._compositor": ("0.20", "Compositor and CompositorUpdate: what changed since the last frame"),
    "textual._context": ("0.20", "visible_screen_stack, which Compositor.render_update has to set"),
    "textual._xterm_parser": ("0.80", "XTermParser with tick(): keys out of what is left when answers are taken out"),
    "_app": ("0.20", "Driver: the app that the terminal's answers are for"),
    "_batch_count": ("0.20", "App: nothing is drawn while updates are batched"),
    "_cell_length": ("0.20", "Strip: set without building the segments of a row of pixels"),
    "_closed": ("0.2", "MessagePump: nothing is drawn after the end"),
    "_compositor": ("0.2", "Screen: replaced by one that tells which part of which widget's row is seen"),
    "_debug": ("0.2", "Driver: passed on to XTermParser"),
    "_dirty_regions": ("0.2", "Compositor: the regions that changed"),
    "_display": ("0.20", "App: where a frame is written; here it goes to the mirror"),
    "_driver": ("0.2", "App: what codes are written with"),
    "_on_terminal_supports_synchronized_output": ("0.2", "App: the terminal has drawn what was sent before"),
    "_queue": ("0.20", "WriterThread: whether the last chunk was written, where the terminal answers nothing"),
    "_register": ("0.2", "App: a new screen gets its compositor before it draws"),
    "_regions_to_spans": ("0.2", "Compositor: regions as spans of rows"),
    "_running": ("0.2", "MessagePump: nothing is drawn before the start"),
    "_segments": ("0.20", "Strip: the segments of a row of pixels are built when something asks for them"),
    "_sync_available": ("0.2", "App: whether frames can be held back until they are complete"),
    "_writer_thread": ("0.20", "LinuxDriver: the thread that writes"),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return make_library(tmp_path_factory.mktemp("outputs") / "library")


def command(library: Library, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui.cli", "explore", "--library", str(library.path), *arguments]


def opened(library: Library, *arguments: str) -> Terminal:
    """The app past its welcome."""
    terminal = Terminal(command(library, *arguments), 100, 30, ROOT)
    text = terminal.until(lambda text: "Enter begins" in text or "tags by" in text or "Record" in text)
    if "Enter begins" in text:
        terminal.keys(ENTER)
    terminal.until(lambda text: "Record" in text)
    terminal.quiet()
    return terminal


@pytest.mark.parametrize("color", ["truecolor", "ascii"])
def test_both_outputs_draw_the_same(library: Library, color: str) -> None:
    seen = []
    for output in OUTPUTS:
        terminal = opened(library, "--output", output, "--color", color)
        try:
            shown = []
            for keys in ("l", "w", "\x1b"):
                terminal.keys(keys)
                terminal.quiet()
                shown.append(pictured(terminal.screen))
            terminal.keys("q")
            assert terminal.wait() == 0
            seen.append(shown)
        finally:
            terminal.close()
    assert seen[0] == seen[1]


def test_stock_imports_nothing_that_uses_private_names() -> None:
    check = (
        "import sys; from tui.app import SleevewalkApp; from tui.terminal.output import app_class\n"
        "assert app_class(SleevewalkApp, 'stock') is SleevewalkApp\n"
        "print([name for name in sys.modules if name.startswith('tui.terminal.')])"
    )
    said = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for module in ("thrifty", "compositor", "driver", "mirror", "pen", "pixel_strip"):
        assert f"tui.terminal.{module}'" not in said


def test_another_textual_is_drawn_by_stock_and_that_is_said() -> None:
    assert chosen_output("thrifty", "by default") == Output("thrifty", "by default")
    other = chosen_output("thrifty", "--output", textual="9.0.0")
    assert (other.name, other.refused) == ("stock", True) and "9.0.0" in other.why and TEXTUAL in other.why
    assert chosen_output("stock", "--output", textual="9.0.0") == Output("stock", "--output")


def test_the_pinned_textual_is_the_one_that_the_names_were_checked_with() -> None:
    assert version("textual") == TEXTUAL
    assert f"textual=={TEXTUAL}" in (ROOT / "pyproject.toml").read_text()


def private(names: Iterator[str]) -> set[str]:
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def attributes(folder: Path, *, stored: bool = False) -> dict[Path, set[str]]:
    """The private attributes that the files under a folder name, or only those that they set or define."""
    found = {}
    for path in folder.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        read = [n for n in nodes if isinstance(n, ast.Attribute) and ast.unparse(n.value) != "os"]
        named = [] if stored else [node.attr for node in read]
        named += [n.attr for n in nodes if stored and isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)]
        named += [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        found[path] = private(iter(named))
    return found


def test_private_names_of_textual_are_used_in_one_folder_and_listed_there() -> None:
    theirs = set().union(*attributes(Path(textual.__file__).parent, stored=True).values())
    ours = attributes(ROOT / "tui", stored=True)
    here = ROOT / "tui" / "terminal"
    used: set[str] = set()
    for path, names in attributes(ROOT / "tui").items():
        foreign = (names - ours[path]) & theirs
        if here in path.parents:
            used |= foreign | (names & PRIVATE_NAMES.keys())
        else:
            assert not foreign, path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and "._" in (node.module or ""):
                assert here in path.parents and node.module in PRIVATE_NAMES, path
                used.add(node.module or "")
    used |= {name for name in ("_queue", "_writer_thread") if f'"{name}"' in (here / "thrifty.py").read_text()}
    assert used == PRIVATE_NAMES.keys()


@pytest.mark.parametrize("arguments", [["demo"], ["explore"]])
def test_without_a_terminal_one_line_says_so(library: Library, arguments: list[str]) -> None:
    result = CliRunner().invoke(sleevewalk, ["--library", str(library.path), *arguments])
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr and result.stderr.count("\n") == 1 and not result.stdout


def test_a_terminal_without_a_full_screen_is_refused(library: Library) -> None:
    terminal = Terminal(command(library), 80, 24, ROOT, TERM="dumb")
    assert terminal.wait() == 2
    assert "TERM=dumb has no full screen" in terminal.text.replace("\n", "") and b"\x1b[" not in terminal.sent
    terminal.close()


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_terminal_that_went_away_ends_the_app_where_nobody_is_told(library: Library, output: str) -> None:
    ignoring = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command(library, "--output", output)]
    terminal = Terminal(ignoring, 100, 30, ROOT)
    terminal.until(lambda text: "Enter begins" in text or "here ──" in text)
    os.close(terminal.fd)
    end = time.monotonic() + 15
    pid = status = 0
    while not pid and time.monotonic() < end:
        time.sleep(0.1)
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
    if not pid:
        os.kill(terminal.pid, 9)
        os.waitpid(terminal.pid, 0)
    assert pid and os.waitstatus_to_exitcode(status) == 1
