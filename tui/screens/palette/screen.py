"""Every action by name, typed as in find, over the screen that it acts on: no more than its own rows is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rapidfuzz import fuzz
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from store.text import key
from tui.keynames import Hint, key_name
from tui.screens.asking import LIKE, marked
from tui.screens.base import Overlay
from tui.text import cut, pad, width
from tui.widgets.bars import KeysLine
from tui.widgets.choices import Choices, Ink
from tui.widgets.lines import Span

NAME = 22  # columns of a name
KEYS = [
    Hint("type", "what you want"),
    Hint("↑↓", "choose", ("palette.previous", "palette.next")),
    Hint("Enter", "do it", ("palette.choose",)),
    Hint("Esc", "back", ("palette.back",)),
]


@dataclass(frozen=True, slots=True)
class Entry:
    """An action: what it is called, what it does, its keys, and how it is run."""

    name: str
    does: str
    keys: str
    action: str

    @classmethod
    def of(cls, binding: Binding) -> Entry:
        """Of a binding with the keys that the person has."""
        keys = dict.fromkeys(map(key_name, binding.key.split(",")))
        return cls(binding.description, binding.tooltip, " ".join(keys), binding.action)


class PaletteScreen(Overlay[str | None]):
    """Answers with the action to run, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", id="palette.back", tooltip="Back"),
        Binding("enter", "choose", "do it", id="palette.choose", tooltip="Do the chosen action", priority=True),
        Binding("down,ctrl+n", "move(1)", "next", id="palette.next", tooltip="The next action", priority=True),
        Binding("up,ctrl+p", "move(-1)", "previous", id="palette.previous", tooltip="The one before", priority=True),
        Binding("pagedown", "page(1)", "page down", id="palette.page-down", tooltip="A page down", priority=True),
        Binding("pageup", "page(-1)", "page up", id="palette.page-up", tooltip="A page up", priority=True),
    ]

    def __init__(self, place: str, entries: Sequence[Entry]) -> None:
        """`place`: what one is doing on the screen below, which the actions act on."""
        super().__init__()
        self.place, self.entries = place, entries
        self.words: tuple[str, ...] = ()
        self.found: Choices[Entry] = Choices(self._row, id="palette-list")

    def compose(self) -> ComposeResult:
        """The query, the actions, the keys."""
        query = Input(placeholder=f"{self.place}: every action", id="query", select_on_focus=False)
        query.cursor_blink = False
        with Vertical(id="palette") as box:
            box.styles.max_height = len(self.entries) + 3
            yield query
            yield self.found
            yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """All actions."""
        self.query_one(Input).focus()

    def redraw(self) -> None:
        """Draw what is asked for."""
        self._fill(self.query_one(Input).value, self.found.place)
        self.draw_keys()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The actions that answer, the best first."""
        self._fill(event.value, 0)

    def _fill(self, text: str, place: int) -> None:
        self.words = tuple(key(text).split())
        self.found.empty = "  no action here is called so, or does so" if text else "  nothing can be done here"
        self.found.fill(asked(self.entries, text), place)

    def action_move(self, step: int) -> None:
        """Choose another one."""
        self.found.move(step)

    def action_page(self, step: int) -> None:
        """One a page away."""
        self.found.move(step * self.found.page)

    def action_choose(self) -> None:
        """Answer with the chosen one."""
        if self.found.chosen is not None:
            self.dismiss(self.found.chosen.action)

    def on_choices_pointed(self, message: Choices.Pointed) -> None:
        """A click chooses, a second one does it."""
        if message.twice:
            self.action_choose()

    def _row(self, entry: Entry, _place: int, cells: int, ink: Ink) -> list[Span]:
        mark, keys = ink("accent", bold=True), f"{entry.keys} "
        name = marked(cut(entry.name, NAME - 2), self.words, ink(bold=True), mark)
        does = cut(entry.does, max(0, cells - NAME - width(keys) - 2))
        said = marked(does, self.words, ink("quiet"), mark)
        gap = cells - NAME - width(does) - width(keys)
        return [
            *name,
            (pad("", NAME - width(cut(entry.name, NAME - 2))), ink()),
            *said,
            (" " * gap, ink()),
            (keys, mark),
        ]


def asked(entries: Sequence[Entry], text: str) -> list[Entry]:
    """The actions that have every word of `text` in their name, else in what they do, or one like it; a key alone finds
    its action first.
    """
    words, pressed = key(text).split(), text.strip()
    scored = [
        (10 if pressed in entry.keys.split() else min((_score(entry, word) for word in words), default=1), entry)
        for entry in entries
    ]
    least = 2 if any(score > 1 for score, _ in scored) else 1  # what merely looks like it, where nothing answers
    return [entry for score, entry in sorted(scored, key=lambda one: -one[0]) if score >= least]


def _score(entry: Entry, word: str) -> int:
    """4 to 1: the name begins so, a word of it does, a word of what it does, one of them is like it; 0: none."""
    name, does = key(entry.name), key(entry.does).split()
    if name.startswith(word):
        return 4
    if any(part.startswith(word) for part in name.split()):
        return 3
    if any(part.startswith(word) for part in does):
        return 2
    return int(any(fuzz.ratio(part, word) >= LIKE for part in (*name.split(), *does)))
