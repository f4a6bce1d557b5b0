"""Every key of a screen, from the same bindings that act on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from store.records import PERSONAL, SIGNALS
from tui.keynames import Hint, key_name, key_names
from tui.palette import SIGNAL_LETTERS, Palette
from tui.screens.base import TextScreen
from tui.text import pad
from tui.widgets.lines import Lines, Span

MORE = Hint("↑↓", "more", ("help.less", "help.more"))
SIGNALS_SAID = {
    "cover": "their sleeves look alike to the model",
    "tags": "people tag them with the same words",
    "artist": "the same artist, or artists heard by the same people",
    "era": "they came out in years close together",
    "popularity": "about as many people listen to them",
}


class HelpScreen(TextScreen):
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
        self.redraw()

    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """The keys that fit, and what joins two albums where there is room."""
        palette = lines.palette
        room = max(1, lines.size.height - 4)
        self._first = max(0, min(self._first, len(self.entries) - room))
        shown = self.entries[self._first : self._first + room]
        rows: list[list[Span]] = [[(f"keys: {self.heading}", palette.text("accent", bold=True))], []]
        for keys, does in shown:
            rows.append([(pad(keys, 18), palette.text(bold=True)), (does, palette.text("quiet"))])
        legend: list[list[Span]] = [[], [("why two albums are neighbours", palette.text("accent", bold=True))]]
        legend += signal_rows(palette, "", 18)
        if self.size.height >= len(rows) + len(legend) + 4:
            rows += legend
        hidden = len(self.entries) - len(shown)
        names = key_names(self)
        more = f"{hidden} more: {names.shown(MORE)}   " if hidden else ""
        leave = f"{names('help.back')} leads back"
        rows += [[], [(more, palette.text("accent", bold=True)), (leave, palette.text("quiet"))]]
        return rows


def signal_rows(palette: Palette, indent: str, cells: int) -> list[list[Span]]:
    """What each signal of any library means, its letter and name in `cells` cells."""
    common = [signal for signal in SIGNALS if signal not in PERSONAL]
    names = {signal: pad(f"{indent}{SIGNAL_LETTERS[signal]} {signal}", cells) for signal in common}
    said, quiet = SIGNALS_SAID, palette.text("quiet")
    return [[(name, palette.signal(signal, bold=True)), (said[signal], quiet)] for signal, name in names.items()]


def entries(bindings: Sequence[Binding]) -> list[tuple[str, str]]:
    """(keys, what they do) in the order of the bindings, one row for all that do the same."""
    rows: dict[str, list[str]] = {}
    for binding in bindings:
        keys = rows.setdefault(binding.tooltip or binding.description, [])
        keys += [key_name(key) for key in binding.key.split(",")]
    return [(_listed(keys), does) for does, keys in rows.items()]


def _listed(keys: list[str]) -> str:
    """Every key once; digits in a row as `1–9`."""
    keys = list(dict.fromkeys(keys))
    if len(keys) > 2 and "".join(keys) in "123456789":
        return f"{keys[0]}–{keys[-1]}"
    return "  ".join(keys)
