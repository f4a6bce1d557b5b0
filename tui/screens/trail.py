"""The trail: every stop of the walk as a tree, to go to any of them, and to export it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from tui.keynames import Hint
from tui.pictures.painter import CoverPainter
from tui.screens.exporting import Exporter, ExportingScreen, file_name
from tui.screens.network.text import bars
from tui.screens.sheets import LETTERS_TIP
from tui.screens.walk.details import BOOKMARK
from tui.text import cut, plain, width
from tui.walk.session import Session
from tui.walk.stops import stops_of
from tui.walk.trail import DEEPEST, Visit, branch
from tui.widgets.album_panel import AlbumPanel
from tui.widgets.bars import KeysLine
from tui.widgets.crate import Crate, Ink, Record

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
TALL = 40  # rows of a screen from which a stop has three
ASKS = "a name for this walk; Enter keeps it, Esc does not"


class TrailScreen(ExportingScreen[int | None]):
    """Answers with the seq of the visit to go to, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next", id="trail.next", tooltip="The stop below"),
        Binding("up,k", "move(-1)", "previous", id="trail.previous", tooltip="The stop above"),
        Binding("pagedown", "page(1)", "page down", id="trail.page-down", tooltip="A page down"),
        Binding("pageup", "page(-1)", "page up", id="trail.page-up", tooltip="A page up"),
        Binding("f,apostrophe", "letters", "letters", id="trail.letters", tooltip=LETTERS_TIP),
        Binding("enter", "choose", "go there", id="trail.choose", tooltip="Go to this stop, as you left it"),
        Binding("x", "export", "export", id="trail.export", tooltip="Write the whole trail: playlists, CSV, JSON …"),
        Binding("X", "export(True)", "export walk", id="trail.export-walk", tooltip="Write this stop's walk alone"),
        Binding("o", "hear(False)", "play", id="trail.play", tooltip="Play the walk that this stop belongs to"),
        Binding("O", "hear(True)", "queue", id="trail.queue", tooltip="Queue the walk that this stop belongs to"),
        Binding("n", "name", "name", id="trail.name", tooltip="Name the walk that this stop belongs to"),
        Binding("escape,q,g", "leave", "back", id="trail.back", tooltip="Back to the walk"),
        Binding("question_mark", "app.help", "keys", id="trail.help", tooltip="These keys"),
    ]

    def __init__(self, session: Session, painter: CoverPainter, exporter: Exporter) -> None:
        super().__init__(exporter)
        self.session = session
        self.painter = painter
        self.stops: Crate[tuple[int, Visit]] = Crate(painter, self._record, id="trail-stops")
        self._firsts = session.trail.firsts()
        self.stops.items = session.trail.tree()
        seqs = [visit.seq for _, visit in self.stops.items]
        self.stops.place = seqs.index(session.trail.position)
        # The first stop of each walk, where its name stands.
        self._began = {visit.walk_id: visit.seq for visit in reversed(session.trail.visits)}

    def compose(self) -> ComposeResult:
        """The tree, the chosen stop's cover, the keys."""
        with Horizontal(id="stage"):
            yield self.stops
            yield AlbumPanel(self.painter, id="album-panel")
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

    def _record(self, stop: tuple[int, Visit], _place: int, room: int, ink: Ink) -> Record:
        session, firsts = self.session, self._firsts
        depth, visit = stop
        album, here = session.album(visit.album_id), visit.seq == session.trail.position
        forks = visit.came_from is not None and firsts[visit.came_from] != visit.seq
        dot = "◆ " if here else "▪ " if visit.came_from is None else "● "
        node = (dot, ink("accent" if here else "quiet", bold=True))
        below = branch(depth, False) + ("│ " if visit.seq in firsts else "  ")
        before = [[(branch(depth, forks), ink("quiet")), node], *[[(below, ink("quiet"))]] * (self.stops.tall - 1)]
        room -= 2 * (min(depth, DEEPEST) + 1)
        name = plain(session.kept.name(visit.walk_id)) if self._began[visit.walk_id] == visit.seq else ""
        name = f"  {cut(name, room // 2)} " if name else ""
        mark = f" {BOOKMARK}" if album.album_id in session.bookmarks else ""
        title = cut(plain(album.title) or "untitled", room - width(mark) - width(name))
        facts = " · ".join(filter(None, (plain(album.artist), str(album.year or ""), plain(album.genre or ""))))
        beside = [
            [(title, ink(bold=True)), (mark, ink("accent")), (name, ink("accent"))],
            [("here  " if here else "", ink("accent")), (cut(facts, room - 6 * here), ink("quiet"))],
        ]
        return Record(album, beside, before)

    def redraw(self) -> None:
        """Draw the tree."""
        count, named = len(self.stops.items), plain(self.session.kept.name(self.walk_id))
        palette = self.stops.palette
        said = f" {count} stop{'s' if count != 1 else ''}{' · walk: ' + named if named else ''}"
        self.stops.heading = [[("the trail", palette.text("accent", bold=True)), (said, palette.text("quiet"))], []]
        self.stops.tall = 3 if self.size.height >= TALL else 2
        self.stops.draw()
        self._draw_stop()
        self.draw_keys()

    def _draw_stop(self) -> None:
        """The chosen stop's cover, and why it was walked to."""
        session, visit = self.session, self.visit
        before = None if visit.came_from is None else session.album(session.trail.visits[visit.came_from].album_id)
        album = session.album(visit.album_id)
        reasons = (
            () if before is None else session.neighborhood.reasons(before.album_id, album.album_id, session.weights)
        )
        self.query_one(AlbumPanel).show_soon(album, partial(bars, "walked to from", before, reasons))

    def on_choices_pointed(self, message: Crate.Pointed) -> None:
        """A click chooses a stop, a second one goes there."""
        self.redraw()
        if message.twice:
            self.action_choose()
