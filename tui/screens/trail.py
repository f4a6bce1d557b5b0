"""The trail: every stop of the walk as a tree, to go to any of them, and to export it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui.keynames import Hint
from tui.screens.exporting import Exporter, ExportingScreen, file_name
from tui.screens.walk.details import BOOKMARK
from tui.text import cut, pad, plain, width
from tui.walk.session import Session
from tui.walk.stops import stops_of
from tui.walk.trail import Visit, branch
from tui.widgets.bars import KeysLine
from tui.widgets.choices import Choices
from tui.widgets.lines import Span

if TYPE_CHECKING:
    pass

KEYS = [
    Hint("↑↓", "choose", ("trail.previous", "trail.next")),
    Hint("Enter", "go there", ("trail.choose",)),
    Hint("x", "export", ("trail.export",)),
    Hint("X", "this walk", ("trail.export-walk",)),
    Hint("n", "name", ("trail.name",)),
    Hint("Esc", "back to the walk", ("trail.back",)),
    Hint("?", "keys", ("trail.help",)),
]
ASKS = "a name for this walk; Enter keeps it, Esc does not"


class TrailScreen(ExportingScreen[int | None]):
    """Answers with the seq of the visit to go to, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next", id="trail.next", tooltip="The stop below"),
        Binding("up,k", "move(-1)", "previous", id="trail.previous", tooltip="The stop above"),
        Binding("pagedown", "page(1)", "page down", id="trail.page-down", tooltip="A page down"),
        Binding("pageup", "page(-1)", "page up", id="trail.page-up", tooltip="A page up"),
        Binding("enter", "choose", "go there", id="trail.choose", tooltip="Go to this stop, as you left it"),
        Binding("x", "export", "export", id="trail.export", tooltip="Write the whole trail: playlists, CSV, JSON …"),
        Binding("X", "export(True)", "export walk", id="trail.export-walk", tooltip="Write this stop's walk alone"),
        Binding("o", "hear(False)", "play", id="trail.play", tooltip="Play the walk that this stop belongs to"),
        Binding("O", "hear(True)", "queue", id="trail.queue", tooltip="Queue the walk that this stop belongs to"),
        Binding("n", "name", "name", id="trail.name", tooltip="Name the walk that this stop belongs to"),
        Binding("escape,q,g", "leave", "back", id="trail.back", tooltip="Back to the walk"),
        Binding("question_mark", "app.help", "keys", id="trail.help", tooltip="These keys"),
    ]

    def __init__(self, session: Session, exporter: Exporter) -> None:
        super().__init__(exporter)
        self.session = session
        self.stops: Choices[tuple[int, Visit]] = Choices(self._row, id="help-rows")
        self.stops.items = session.trail.tree()
        seqs = [visit.seq for _, visit in self.stops.items]
        self.stops.place = seqs.index(session.trail.position)
        # The first stop of each walk, where its name stands.
        self._began = {visit.walk_id: visit.seq for visit in reversed(session.trail.visits)}

    def compose(self) -> ComposeResult:
        """The tree and the keys."""
        yield self.stops
        name = Input(id="walk-name", placeholder=ASKS, disabled=True, select_on_focus=False)
        name.cursor_blink = False
        yield name
        yield KeysLine(id="keys")

    def action_move(self, step: int) -> None:
        """Another stop."""
        if not self.naming:
            self.stops.move(step)
            self.redraw()

    def action_page(self, step: int) -> None:
        """A stop one page away."""
        self.action_move(step * self.stops.page)

    def action_choose(self) -> None:
        """Go there."""
        self.dismiss(self.visit.seq)

    def action_export(self, alone: bool = False) -> None:
        """Write the trail in every format; `alone`: only the walk of the chosen stop."""
        stops = stops_of(self.session.trail, self.session.neighborhood, self.walk_id if alone else None)
        name = file_name(self.session.kept.name(self.walk_id)) if alone else "trail"
        self.export(stops, name)

    def action_hear(self, queue: bool) -> None:
        """Play the walk of the chosen stop in its order, or queue it."""
        session = self.session
        self.hear([session.album(one.album_id) for one in session.trail.visits if one.walk_id == self.walk_id], queue)

    @property
    def naming(self) -> bool:
        """Whether a name is being typed."""
        return self.has_class("-naming")

    @property
    def visit(self) -> Visit:
        """The chosen stop: a trail has one at least."""
        assert self.stops.chosen is not None
        return self.stops.chosen[1]

    @property
    def walk_id(self) -> str:
        """The walk of the chosen stop."""
        return self.visit.walk_id

    def action_name(self) -> None:
        """Open the line for the name of the chosen stop's walk, with the name that it has."""
        line = self.query_one(Input)
        line.value = self.session.kept.name(self.walk_id)
        line.cursor_position = len(line.value)
        line.disabled = False
        self.add_class("-naming")
        line.focus()

    def action_leave(self) -> None:
        """Out of the line for the name, else back to the walk."""
        if self.naming:
            self._close_name()
        else:
            self.dismiss(None)

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Keep the name."""
        name = self.session.name_walk(self.walk_id, submitted.value)
        self._close_name()
        self.say(f"this walk is {name}" if name else "this walk has no name")

    def _close_name(self) -> None:
        self.remove_class("-naming")
        self.query_one(Input).disabled = True
        self.set_focus(None)
        self.redraw()

    def _row(self, stop: tuple[int, Visit], _place: int, cells: int, text: Style, quiet: Style) -> list[Span]:
        session, palette = self.session, self.stops.palette
        depth, visit = stop
        album, here = session.album(visit.album_id), visit.seq == session.trail.position
        chosen = text == palette.focus
        accent = text if chosen else palette.text("accent")
        text = text if chosen or not here else palette.text(bold=True)
        start = "▪ " if visit.came_from is None else "  "
        title = f"{start}{branch(depth)}{plain(album.title) or 'untitled'}"
        title_cells = max(8, (cells - 15) * 55 // 100)
        starts = self._began[visit.walk_id] == visit.seq
        name = cut(plain(session.kept.name(visit.walk_id)), title_cells // 2) if starts else ""
        name_cells = width(name) + 2 if name else 0
        marks = (BOOKMARK if album.album_id in session.bookmarks else " ") + (" here" if here else "     ")
        return [
            (" ", text),
            (pad(title, title_cells - name_cells), text),
            (f" {name} " if name else "", accent),
            (pad(" " + cut(plain(album.artist), cells - title_cells - 15), cells - title_cells - 14), quiet),
            (pad(str(album.year or ""), 5), quiet),
            (marks, accent),
        ]

    def redraw(self) -> None:
        """Draw the tree."""
        count, named = len(self.stops.items), plain(self.session.kept.name(self.walk_id))
        head = f"the trail: {count} stop{'s' if count != 1 else ''}{' · walk: ' + named if named else ''}"
        self.stops.heading = [[(head, self.stops.palette.text("accent", bold=True))], []]
        self.stops.draw()
        self.draw_keys()
