"""Every key of a screen, from the same bindings that act on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.palette import SIGNAL_LETTERS
from tui.screens.telling import TellingScreen
from tui.text import pad
from tui.widgets.lines import Lines, Span

NAMES = {
    "slash": "/",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "Esc",
    "enter": "Enter",
    "backspace": "Backspace",
    "ctrl+r": "Ctrl-R",
    "ctrl+c": "Ctrl-C",
    "ctrl+k": "Ctrl-K",
    "ctrl+l": "Ctrl-L",
    "ctrl+n": "Ctrl-N",
    "ctrl+p": "Ctrl-P",
    "colon": ":",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "shift+left": "Shift-←",
    "shift+right": "Shift-→",
    "shift+up": "Shift-↑",
    "shift+down": "Shift-↓",
    "home": "Home",
    "end": "End",
    "f1": "F1",
    "f12": "F12",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}
SIGNALS_SAID = {
    "cover": "their sleeves look alike to the model",
    "tags": "people tag them with the same words",
    "artist": "the same artist, or artists heard by the same people",
    "era": "they came out in years close together",
    "popularity": "about as many people listen to them",
}


class HelpScreen(TellingScreen):
    """A full screen; the arrows show what does not fit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "app.pop_screen", "back", id="help.back", tooltip="Back"),
        Binding("down,j,pagedown,space", "scroll(1)", "more", id="help.more", tooltip="The keys below"),
        Binding("up,k,pageup", "scroll(-1)", "less", id="help.less", tooltip="The keys above"),
    ]

    def __init__(self, title: str, bindings: Sequence[Binding]) -> None:
        super().__init__()
        self.heading = title
        self.entries = entries(bindings)
        self._first = 0

    def action_scroll(self, step: int) -> None:
        """Half a screen up or down."""
        self._first += step * max(1, self.query_one(Lines).size.height // 2)
        self.draw()

    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """The keys that fit, and what joins two albums where there is room."""
        palette = lines.palette
        room = max(1, lines.size.height - 4)
        self._first = max(0, min(self._first, len(self.entries) - room))
        shown = self.entries[self._first : self._first + room]
        rows: list[list[Span]] = [[(f"keys: {self.heading}", palette.text("accent", bold=True))], []]
        for keys, does in shown:
            rows.append([(pad(keys, 18), palette.text(bold=True)), (does, palette.text("quiet"))])
        legend: list[list[Span]] = [
            [],
            [("why two albums are neighbours", palette.text("accent", bold=True))],
        ]
        for signal, letter in SIGNAL_LETTERS.items():
            name = pad(f"{letter} {signal}", 18)
            legend.append([(name, palette.signal(signal, bold=True)), (SIGNALS_SAID[signal], palette.text("quiet"))])
        if self.size.height >= len(rows) + len(legend) + 4:
            rows += legend
        hidden = len(self.entries) - len(shown)
        more = f"{hidden} more: ↑↓   " if hidden else ""
        rows += [[], [(more, palette.text("accent", bold=True)), ("Esc leads back", palette.text("quiet"))]]
        return rows


def key_name(keys: str) -> str:
    """The first of the keys of a binding as people call it."""
    first = keys.split(",")[0]
    return NAMES.get(first, first)


def entries(bindings: Sequence[Binding]) -> list[tuple[str, str]]:
    """(keys, what they do) in the order of the bindings, one row for each action."""
    rows: dict[str, tuple[list[str], str]] = {}
    for binding in bindings:
        keys, _ = rows.setdefault(binding.action, ([], binding.tooltip or binding.description))
        keys += [key_name(key) for key in binding.key.split(",")]
    return [("  ".join(dict.fromkeys(keys)), does) for keys, does in rows.values()]
