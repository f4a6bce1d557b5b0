"""What the environment and the flags say of a terminal."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tui.commands.doctor import terminal_findings
from tui.terminal import choice as picture_choice
from tui.terminal.brands import Outer
from tui.terminal.look import TerminalLook, described, fewer_colors, terminal_look, told
from tui.terminal.probe import AnswerFilter, Answers


@pytest.mark.parametrize(
    ("environ", "color"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "truecolor"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "ascii"),
        ({}, "ascii"),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit", "NO_COLOR": "1"}, "gray"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "ascii"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "LANG": "de_DE.UTF-8"}, "mono"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "ascii"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
    ],
)
def test_colours(environ: dict[str, str], color: str) -> None:
    look = terminal_look("auto", None, environ)
    assert look.color == color and look.why


def test_a_colour_that_is_asked_for_goes_before_all() -> None:
    for environ in ({"TERM": "dumb"}, {"TERM": "xterm-kitty", "NO_COLOR": "1"}):
        look = terminal_look("16", None, environ)
        assert (look.color, look.why) == ("16", "--color")


def test_quality_and_ground() -> None:
    assert terminal_look("auto", None, {}).lite is False
    assert terminal_look("auto", None, {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}).lite is None
    assert terminal_look("auto", True, {}).lite is True
    assert terminal_look("auto", None, {"COLORFGBG": "0;15"}).light
    assert not terminal_look("auto", None, {"COLORFGBG": "15;0"}).light
    assert described(terminal_look("auto", True, {"TERM": "xterm-256color", "COLORFGBG": "0;15"})) == [
        (
            "colour",
            "256 colours (TERM=xterm-256color, COLORTERM=unset; --color truecolor if it can do more (SSH does not pass "
            "COLORTERM on))",
        ),
        ("quality", "lite (--lite)"),
        ("ground", "light (COLORFGBG); t changes it"),
    ]


def test_what_the_terminal_answers_adds_colours_and_the_ground() -> None:
    ssh = terminal_look("auto", None, {"TERM": "xterm-256color", "SSH_CONNECTION": "x"})
    assert told(ssh, Answers(True, truecolor=True)).color == "truecolor"
    assert told(ssh, Answers(True)).color == "256" and "--color truecolor" in fewer_colors(told(ssh, Answers(True)))
    assert told(ssh, Answers(), Outer(truecolor=True)).color == "truecolor"
    inside = terminal_look("auto", None, {"TERM": "tmux-256color", "COLORTERM": "truecolor"})
    less = told(inside, Answers(), Outer("", "xterm-256color", truecolor=False))
    assert less.color == "256" and "terminal-features ',xterm-256color:RGB'" in fewer_colors(less)
    assert told(inside, Answers(), Outer("", "xterm")) == inside
    forced = terminal_look("truecolor", None, {"TERM": "tmux-256color"})
    assert told(forced, Answers(), Outer("", "xterm", truecolor=False)) == forced
    chosen = terminal_look("256", None, {})
    assert told(chosen, Answers(True, truecolor=True)) == chosen and not fewer_colors(chosen)
    bare = terminal_look("auto", None, {"TERM": "xterm-256color", "NO_COLOR": "1"})
    assert told(bare, Answers(True, truecolor=True)) == bare
    light = Answers(True, ground=(0.98, 0.96, 0.9))
    assert told(ssh, light).light and "the terminal said so" in dict(described(told(ssh, light)))["ground"]


def test_doctor_tells_what_was_found_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    for name in ("TMUX", "STY", "ZELLIJ", "SSH_CONNECTION", "SSH_TTY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    said = AnswerFilter()
    said.feed("\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.40.1)\x1b\\\x1b[?62;c")
    monkeypatch.setattr(picture_choice, "can_ask", lambda: True)
    monkeypatch.setattr(picture_choice, "unechoed", nullcontext)
    monkeypatch.setattr(picture_choice, "ask", lambda **_: (said, ""))
    found = {finding.name: finding for finding in terminal_findings(TerminalLook(pictures="auto"))}
    assert found["pictures"].text.startswith("kitty (") and found["pictures"].ok
    assert "kitty yes, sixel no" in found["answers"].text
    assert found["cells"].text.startswith("octants (kitty(0.40.1)")
    assert "TERM=xterm-kitty" in found["says"].text and "none" in found["inside"].text
    found = {finding.name: finding for finding in terminal_findings(TerminalLook(pictures="sixel"))}
    assert found["pictures"].text.startswith("cells (") and not found["pictures"].ok
    monkeypatch.setenv("STY", "1.screen")
    found = {finding.name: finding for finding in terminal_findings(TerminalLook(pictures="kitty"))}
    assert "screen" in found["pictures"].text and found["answers"].text == "not asked"
