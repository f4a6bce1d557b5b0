"""What counts: the weights of the signals, presets, and filters, changed while the ring ranks again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from store.neighbors.filters import NO_FILTER, Filter, decades_of, years_played
from store.neighbors.query import genres_of, looks_of
from store.neighbors.terms import PLAYED, POPULARITIES, popularity_bounds
from store.records import SIGNALS
from tui.keynames import Hint, key_names
from tui.palette import SIGNAL_LETTERS
from tui.text import cut, pad, plain, width, wrap
from tui.walk.session import PRESETS, Session
from tui.widgets.lines import Lines, Span, heading

POINTER, NAME = 2, 13  # columns before a signal's bar
NOTHING = "one of them has to count"
LEVELS = (0, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2)  # that a weight moves through
FILTERS = ("genre", "year", "listeners", "sleeve", "heard", "list", "is")  # fields of the query language, a row each
PRESET_IDS = ("counts.balanced", "counts.sleeve", "counts.ear")  # as PRESETS
COUNTS_KEYS = [
    Hint("↑↓", "choose", ("counts.up", "counts.down")),
    Hint("←→", "change", ("counts.less", "counts.more")),
    Hint("1 2 3", "presets", PRESET_IDS),
    Hint("e", "in words", ("counts.words",)),
    Hint("0", "no filter", ("counts.no-filter",)),
    Hint("w", "close", ("counts.close",)),
]
Value = TypeVar("Value")


class Counts(Lines, can_focus=True):
    """Stands over the details while it has the focus; the walk's other keys go on working."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", "up", id="counts.up", tooltip="What is above"),
        Binding("down,j", "choose(1)", "down", id="counts.down", tooltip="What is below"),
        Binding("left,h", "change(-1)", "less", id="counts.less", tooltip="Let it count less, or the choice before"),
        Binding("right,l", "change(1)", "more", id="counts.more", tooltip="Let it count more, or the next choice"),
        Binding("1", "preset(0)", "balanced", id="counts.balanced", tooltip="Balanced: all that is known counts"),
        Binding("2", "preset(1)", "sleeve", id="counts.sleeve", tooltip="By sleeve alone"),
        Binding("3", "preset(2)", "ear", id="counts.ear", tooltip="By ear alone: tags and artists"),
        Binding("e", "app.only", "in words", id="counts.words", tooltip="Say in words which albums may be neighbours"),
        Binding("0", "no_filter", "no filter", id="counts.no-filter", tooltip="Take all filters off"),
        Binding("w,escape", "screen.close", "close", id="counts.close", tooltip="Back to the details"),
    ]

    @dataclass
    class Changed(Message):
        """Other things count now; `problem` says where a change was refused."""

        problem: str = ""

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.session = session
        self.chosen = 0
        self._clicks: dict[int, Callable[[int], None]] = {}  # by row; told the column
        # What a person never told of has no row.
        own = {"heard": session.snapshot.plays, "list": session.snapshot.own.lists}
        self.filters = [name for name in FILTERS if own.get(name, True)]
        self._choices: dict[str, Sequence[str]] | None = None

    def on_resize(self) -> None:
        """As wide as the panel."""
        self.draw()

    def draw(self) -> None:
        """Show what counts now."""
        palette, cells, session = self.palette, self.container_size.width, self.session
        title = f"what counts · {session.preset or 'your own'}"  # the presets below tell it too
        rows = [heading(palette, title if width(title) + 2 < cells else "what counts", cells)]
        for place, signal in enumerate(session.signals):
            weight = getattr(session.weights, signal)
            track = max(4, cells - 20)
            full = round(min(weight, LEVELS[-1]) / LEVELS[-1] * track)
            self._clicks[len(rows)] = partial(self._weigh, place, track)
            rows.append(
                [
                    self._pointer(place),
                    (pad(f"{SIGNAL_LETTERS[signal]} {signal}", NAME), palette.signal(signal, bold=True)),
                    ("█" * full, palette.signal(signal)),
                    ("·" * (track - full), palette.text("faint")),
                    (f" {weight:<4g}", palette.text()),
                ]
            )
        rows += [[], heading(palette, "only", cells)]
        for place, name in enumerate(self.filters, len(session.signals)):
            said = plain(session.filter.of_field(name)) or "any"
            color = "quiet" if said == "any" else "accent"
            self._clicks[len(rows)] = partial(self._point, place)
            rows.append(
                [self._pointer(place), (pad(name, 11), palette.text()), (cut(said, cells - 13), palette.text(color))]
            )
        others = " ".join(term.text for term in session.filter.terms if term.field not in self.filters)
        rows += [[(f"  {row}", palette.text("accent"))] for row in wrap(plain(others), cells - 2, 2)]
        rows += [[], heading(palette, "presets", cells)]
        names = key_names(self)
        for binding_id, name in zip(PRESET_IDS, PRESETS, strict=True):
            on = name == session.preset
            self._clicks[len(rows)] = partial(self._preset, list(PRESETS).index(name))
            rows.append([(f"  {names(binding_id)} {name}", palette.text("accent" if on else "quiet", bold=on))])
        if not any(session.ring.slots):
            said = f"Nothing here passes: {names('counts.no-filter')} takes the filters off."
            rows += [[], *([(row, palette.text("error"))] for row in wrap(said, cells, 2))]
        self.show(rows)

    def on_click(self, event: events.Click) -> None:
        """Let a signal count as much as was clicked on its bar; choose a filter, and change the one that is chosen."""
        event.stop()
        if event.y in self._clicks:
            self._clicks[event.y](event.x)

    def _weigh(self, place: int, track: int, x: int) -> None:
        self.chosen = place
        if x < POINTER + NAME:
            self.draw()
            return
        wanted = (x - POINTER - NAME + 1) / track * LEVELS[-1]
        level = min(LEVELS, key=lambda one: abs(one - wanted)) if x > POINTER + NAME else 0
        done = self.session.set_weights(**{self.session.signals[place]: level})
        self.post_message(self.Changed("" if done else NOTHING))

    def _point(self, place: int, _x: int) -> None:
        again, self.chosen = self.chosen == place, place
        self.action_change(1) if again else self.draw()

    def _preset(self, number: int, _x: int) -> None:
        self.action_preset(number)

    def action_choose(self, step: int) -> None:
        """Another row."""
        self.chosen = (self.chosen + step) % (len(self.session.signals) + len(self.filters))
        self.draw()

    def action_change(self, step: int) -> None:
        """More or less of a weight; another choice of a filter."""
        name = (*self.session.signals, *self.filters)[self.chosen]
        if name in SIGNALS:
            weight = next_level(getattr(self.session.weights, name), step)
            done = self.session.set_weights(**{name: weight})
            self.post_message(self.Changed("" if done else NOTHING))
            return
        self._choices = self._choices or choices(self.session)
        known = self._choices[name]
        if len(known) == 1:
            self.post_message(self.Changed(f"this library knows no {name} to choose by"))
            return
        chosen = self.session.filter
        words = stepped(known, chosen.of_field(name), step)
        added = Filter.of(self.session.snapshot, words, self.session.bookmarks)
        self.session.set_filter(Filter(chosen.without(name).terms + added.terms))
        self.post_message(self.Changed())

    def action_preset(self, number: int) -> None:
        """Weights by name."""
        weights = list(PRESETS.values())[number]
        self.session.set_weights(**{signal: getattr(weights, signal) for signal in SIGNALS})
        self.post_message(self.Changed())

    def action_no_filter(self) -> None:
        """All albums may be neighbours."""
        self.session.set_filter(NO_FILTER)
        self.post_message(self.Changed())

    def _pointer(self, place: int) -> Span:
        return ("▸ " if place == self.chosen else "  ", self.palette.text("accent", bold=True))


def choices(session: Session) -> dict[str, Sequence[str]]:
    """The words that each filter goes through in this library; the first are none."""
    snapshot = session.snapshot
    low, _ = popularity_bounds(snapshot)
    found = {
        "genre": [f'genre:"{genre}"' if " " in genre else f"genre:{genre}" for genre in genres_of(snapshot)],
        "year": [f"year:{decade}s" for decade in decades_of(snapshot)],
        "listeners": [f"listeners:{name}" for name in POPULARITIES] if low == low else [],
        "sleeve": [f"#{look.replace(' ', '-')}" for look in looks_of(snapshot)],
        "heard": [f"heard:{name}" for name in (*PLAYED, *years_played(snapshot))],
        "list": [f'list:"{name}"' if " " in name else f"list:{name}" for name in snapshot.own.lists],
        "is": ["is:bookmarked", "is:other"],
    }
    return {name: ["", *words] for name, words in found.items()}


def next_level(weight: float, step: int) -> float:
    """The next of LEVELS above (`step` 1) or below (−1) a weight; the last one at the end."""
    if step > 0:
        return next((level for level in LEVELS if level > weight), LEVELS[-1])
    return next((level for level in reversed(LEVELS) if level < weight), LEVELS[0])


def stepped(values: Sequence[Value], value: Value, step: int) -> Value:
    """The value `step` places on, around the end."""
    place = values.index(value) if value in values else 0
    return values[(place + step) % len(values)]
