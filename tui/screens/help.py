"""Every key of a screen, from the same bindings that act on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import ClassVar

from textual.binding import Binding, BindingType

from store.records import PERSONAL, SIGNALS
from tui.keynames import Hint, key_name, key_names
from tui.palette import SIGNAL_LETTERS, Palette
from tui.screens.base import TextScreen
from tui.text import pad, width, wrap
from tui.widgets.lines import Lines, Span

KEYS, GAP = 12, 2  # cells of the keys' names, and between columns
LEAST, MOST = 58, 84  # cells of a column
Block = list[list[Span]]  # rows that stay together
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
        self.groups = grouped(bindings)
        self._first = 0

    def action_scroll(self, step: int) -> None:
        """Half a screen up or down."""
        last = sum(len(entries) for _, entries in self.groups) - 1
        self._first = max(0, min(last, self._first + step * max(1, self.query_one(Lines).size.height // 2)))
        self.redraw()

    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """The keys that fit, by what they are for, and what joins two albums where there is room."""
        palette = lines.palette
        columns = max(1, cells // LEAST)
        each = min(MOST, cells // columns)
        room = max(1, lines.size.height - 4)
        groups = self._told(palette, each - GAP)
        packed, hidden = _packed([list(chain.from_iterable(group)) for group in groups], columns, room)
        if hidden:
            keys = list(chain.from_iterable(groups))
            while self._first and not _packed(keys[self._first - 1 :], columns, room)[1]:
                self._first -= 1  # no further than to the last
            packed, hidden = _packed(keys[self._first :], columns, room)
        else:
            self._first = 0
        rows: list[list[Span]] = [[(f"keys: {self.heading}", palette.text("accent", bold=True))], []]
        for line in zip_longest(*packed, fillvalue=[]):
            rows.append([span for part in line for span in _filled(part, each, palette)])
        legend: list[list[Span]] = [[], [("why two albums are neighbours", palette.text("accent", bold=True))]]
        legend += signal_rows(palette, "", KEYS + GAP)
        if len(rows) + len(legend) <= room:
            rows += legend
        names = key_names(self)
        more = f"{hidden} more: {names.shown(MORE)}   " if hidden else ""
        more = more or (f"{names.shown(MORE)}   " if self._first else "")
        leave = f"{names('help.back')} leads back"
        rows += [[], [(more, palette.text("accent", bold=True)), (leave, palette.text("quiet"))]]
        return rows

    def _told(self, palette: Palette, cells: int) -> list[list[Block]]:
        """A block of rows for every entry of every group, `cells` wide; a group's first has its heading."""
        told = []
        for group, entries in self.groups:
            heading: Block = [[], [(group, palette.text("accent"))]] if group else [[]]
            blocks = []
            for keys, does in entries:
                lines = zip_longest(wrap(keys, KEYS - 1, 2), wrap(does, cells - KEYS, 2), fillvalue="")
                bold, quiet = palette.text(bold=True), palette.text("quiet")
                blocks.append([[(pad(key, KEYS), bold), (line, quiet)] for key, line in lines])
            blocks[0] = heading + blocks[0]
            told.append(blocks)
        return told


def _packed(blocks: Sequence[Block], columns: int, room: int) -> tuple[list[Block], int]:
    """(columns of whole blocks, as low as they can be and no higher than `room`; how many blocks are left over)."""
    for height in range(-(-sum(map(len, blocks)) // columns), room + 1):
        packed, left = _columns(blocks, columns, height)
        if not left:
            return packed, 0
    return _columns(blocks, columns, room)


def _columns(blocks: Sequence[Block], columns: int, height: int) -> tuple[list[Block], int]:
    packed: list[Block] = [[]]
    for place, block in enumerate(blocks):
        if packed[-1] and len(packed[-1]) + len(block) > height:
            if len(packed) == columns:
                return packed, len(blocks) - place
            packed.append([])
        packed[-1] += block if packed[-1] or block[0] else block[1:]  # no empty row at the top
    return packed, 0 if len(packed[-1]) <= height else 1


def _filled(line: list[Span], cells: int, palette: Palette) -> list[Span]:
    return [*line, (" " * max(0, cells - sum(width(text) for text, _ in line)), palette.text("quiet"))]


def signal_rows(palette: Palette, indent: str, cells: int) -> list[list[Span]]:
    """What each signal of any library means, its letter and name in `cells` cells."""
    common = [signal for signal in SIGNALS if signal not in PERSONAL]
    names = {signal: pad(f"{indent}{SIGNAL_LETTERS[signal]} {signal}", cells) for signal in common}
    said, quiet = SIGNALS_SAID, palette.text("quiet")
    return [[(name, palette.signal(signal, bold=True)), (said[signal], quiet)] for signal, name in names.items()]


def grouped(bindings: Sequence[Binding]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(group, its (keys, what they do)) in the order of the bindings, one entry for all that do the same."""
    groups: dict[str, dict[str, list[str]]] = {}
    for binding in bindings:
        entries = groups.setdefault(binding.group.description if binding.group else "", {})
        keys = entries.setdefault(binding.tooltip or binding.description, [])
        keys += [key_name(key) for key in binding.key.split(",")]
    return [(group, [(_listed(keys), does) for does, keys in entries.items()]) for group, entries in groups.items()]


def _listed(keys: list[str]) -> str:
    """Every key once; digits in a row as `1–9`."""
    keys = list(dict.fromkeys(keys))
    if len(keys) > 2 and "".join(keys) in "123456789":
        return f"{keys[0]}–{keys[-1]}"
    return " ".join(keys)
