"""The shelf: bookmarks, the blend tray and the walks so far, each as a sheet of covers with what was written of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from store.records import Album, Weights
from tui.keynames import Hint, key_names, keys_of
from tui.palette import SIGNAL_LETTERS, Palette
from tui.pictures.painter import CoverPainter
from tui.screens.sheets import SheetScreen, arrows, sheet_keys
from tui.text import plain, wrap
from tui.walk.session import Session
from tui.walk.trail import Visit
from tui.widgets.album_panel import AlbumPanel
from tui.widgets.bars import KeysLine
from tui.widgets.lines import Lines, Span, wrapped
from tui.widgets.sheet import Card, Sheet

KEYS = [
    Hint("arrows", "choose", arrows("shelf")),
    Hint("Enter", "go there", ("shelf.choose",)),
    Hint("Tab", "next shelf", ("shelf.tab",)),
    Hint("n", "note", ("shelf.note",)),
    Hint("x", "take away", ("shelf.remove",)),
    Hint("u", "undo", ("shelf.undo",)),
    Hint("Esc", "back", ("shelf.back",)),
    Hint("?", "keys", ("shelf.help",)),
]
key = keys_of("shelf")
SHELF_BINDINGS: list[BindingType] = [
    *sheet_keys("shelf"),
    key("tab", "tab(1)", "next shelf", "tab", "The next of bookmarks, tray and walks"),
    key("shift+tab", "tab(-1)", "shelf before", "tab-before", "The one before"),
    key("n", "note", "note", "note", "Write a note on the bookmark or the walk"),
    key("N", "name", "name", "name", "Name the walk"),
    key("x,delete", "remove", "take away", "remove", "Take off the mark, or the walk's name, or out of the tray"),
    key("u", "undo", "undo", "undo", "Put back what was last taken away here"),
    key("o", "hear(False)", "play", "play", "Play the album, or the walk"),
    key("O", "hear(True)", "queue", "queue", "Queue the album, or the walk"),
    key("escape,q,S", "leave", "back", "back", "Back to the walk"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
]
TABS = ("bookmarks", "tray", "walks")
EMPTY = {"bookmarks": "walk.bookmark", "tray": "walk.tray", "walks": "walk.walk"}  # the key on the walk that fills it
LISTED = 12  # stops of a walk named beside it


@dataclass(frozen=True, slots=True)
class Thing:
    """An album, or a walk with its last album."""

    album: Album
    walk: tuple[Visit, ...] = ()


class ShelfScreen(SheetScreen[str | int | None]):
    """Answers with the album_id to walk to, the seq of the visit to go to, or None."""

    hints = KEYS
    BINDINGS = SHELF_BINDINGS

    def __init__(self, session: Session, painter: CoverPainter) -> None:
        super().__init__()
        self.session, self.painter = session, painter
        self.sheet: Sheet[Thing] = Sheet(painter, self._card, id="sheet")
        self.tab = next((tab for tab in TABS if self._things(tab)), TABS[0])
        self._asked: Callable[[str], object] | None = None  # what becomes of the line that is typed
        self._undo: list[Callable[[], object]] = []

    def compose(self) -> ComposeResult:
        """The shelves' names, the sheet, what is said of the chosen thing, a line to write in."""
        yield Lines(id="shelf-head")
        with Horizontal(id="shelf-body"):
            yield self.sheet
            yield AlbumPanel(self.painter, id="album-panel")
        yield Lines(id="shelf-why")
        line = Input(id="walk-name", disabled=True, select_on_focus=False)
        line.cursor_blink = False
        yield line
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Open the first shelf that has something."""
        self._open(0)

    # what is there

    def _things(self, tab: str) -> list[Thing]:
        session = self.session
        if tab == "bookmarks":
            return [Thing(session.album(album_id)) for album_id in session.bookmarks]
        if tab == "tray":
            return [Thing(album) for album in session.tray]
        walks: dict[str, list[Visit]] = {}
        for visit in session.trail.visits:
            walks.setdefault(visit.walk_id, []).append(visit)
        found = [Thing(session.album(walk[-1].album_id), tuple(walk)) for walk in reversed(walks.values())]
        return sorted(found, key=lambda thing: not session.kept.name(thing.walk[0].walk_id))  # the named ones first

    def _open(self, place: int) -> None:
        fills, names = key_names(self)(EMPTY[self.tab]), key_names(self)
        filled = {
            "bookmarks": f"no bookmarks yet: {fills} on the walk marks the album in focus",
            "tray": f"the tray is empty: {fills} on the walk puts the album in focus into it",
            "walks": f"no walks yet: {fills} walks to the album in focus, {names('walk.trail')} names the walk",
        }
        self.sheet.empty = filled[self.tab]
        self.sheet.fill(self._things(self.tab), place)
        self.redraw()

    def _called(self, thing: Thing) -> str:
        if not thing.walk:
            return plain(thing.album.title) or "untitled"
        return plain(self.session.kept.name(thing.walk[0].walk_id)) or f"to {plain(thing.album.title)}"

    def _below(self, thing: Thing) -> str:
        stops = len(thing.walk)
        return f"{stops} stop{'s' if stops > 1 else ''}" if stops else plain(thing.album.artist)

    def _note(self, thing: Thing) -> str:
        kept = self.session.kept
        return plain(kept.note(thing.walk[0].walk_id) if thing.walk else kept.bookmarks.get(thing.album.album_id, ""))

    def _weights(self, thing: Thing) -> Weights | None:
        named = self.session.kept.walks.get(thing.walk[0].walk_id) if thing.walk else None
        return None if named is None else named.weights

    # drawing

    def _card(self, thing: Thing, _place: int) -> Card:
        palette, note = Palette(self.app.theme_variables), self._note(thing)
        words = (
            (self._called(thing), palette.text()),
            (note or self._below(thing), palette.text("accent" if note else "quiet")),
        )
        return Card(thing.album, words)

    def redraw(self) -> None:
        """Draw the sheet and what is said beside it."""
        self.sheet.draw()
        self.moved()
        self.draw_keys()

    def moved(self) -> None:
        """Say which shelf this is, and what was written of the chosen thing."""
        head, why, thing = self.query_one("#shelf-head", Lines), self.query_one("#shelf-why", Lines), self.sheet.chosen
        palette = head.palette
        row: list[Span] = [(" ", palette.text())]
        for tab in TABS:
            row.append(
                (f" {tab} {len(self._things(tab))} ", palette.focus if tab == self.tab else palette.text("quiet"))
            )
        head.show([[*row, (f"  {self.sheet.pages}", palette.text("quiet"))]])
        said = "" if thing is None else self._note(thing)
        name = "" if thing is None else f" {self._called(thing)} · {self._below(thing)}  "
        why.show([[(name, palette.text(bold=True)), (said, palette.text("accent"))]])
        more = None if thing is None else partial(self._more, thing)
        self.query_one(AlbumPanel).show_soon(None if thing is None else thing.album, more)

    def _more(self, thing: Thing, palette: Palette, cells: int) -> list[list[Span]]:
        """Below the album: the note, what counted on the walk, and its stops, the latest first."""
        rows: list[list[Span]] = [[], *wrapped(self._note(thing), cells, 4, palette.text("accent"))]
        if (weights := self._weights(thing)) is not None:
            row: list[Span] = [("walked with ", palette.text("quiet"))]
            for signal in self.session.signals:
                row.append((f"{SIGNAL_LETTERS[signal]}", palette.signal(signal, bold=True)))
                row.append((f"{getattr(weights, signal):g} ".replace("0.", "."), palette.text("quiet")))
            rows.append(row)
        for visit in thing.walk[-1 : -LISTED - 1 : -1]:
            title = wrap(plain(self.session.album(visit.album_id).title) or "untitled", cells, 1)
            rows.append([(title[0] if title else "", palette.text("quiet"))])
        return rows

    # keys

    def action_tab(self, step: int) -> None:
        """Another shelf."""
        self.tab = TABS[(TABS.index(self.tab) + step) % len(TABS)]
        self._open(0)

    def action_choose(self) -> None:
        """To the album, or to the end of the walk with what counted on it."""
        thing = self.sheet.chosen
        if thing is None or self._asked is not None:
            return
        if (weights := self._weights(thing)) is not None:
            self.session.weights = weights  # going there ranks by them
        self.dismiss(thing.walk[-1].seq if thing.walk else thing.album.album_id)

    def action_hear(self, queue: bool) -> None:
        """Play it, or queue it."""
        if (thing := self.sheet.chosen) is not None:
            walked = [self.session.album(visit.album_id) for visit in thing.walk]
            self.hear(walked or [thing.album], queue)

    def action_remove(self) -> None:
        """Off the shelf; a walk loses its name only."""
        session, thing = self.session, self.sheet.chosen
        if thing is None:
            return
        album_id, kept = thing.album.album_id, session.kept
        if thing.walk:
            walk_id, note = thing.walk[0].walk_id, kept.note(thing.walk[0].walk_id)
            name, weights = kept.name(walk_id), self._weights(thing)
            kept.name_walk(walk_id, "", "", None)
            self._undo.append(lambda: kept.name_walk(walk_id, name, note, weights))
        elif self.tab == "bookmarks":
            note = kept.bookmarks[album_id]
            session.toggle_bookmark(album_id)
            self._undo.append(lambda: session.toggle_bookmark(album_id, note))
        else:
            session.tray.remove(thing.album)
            self._undo.append(lambda: session.into_tray(thing.album))
        self._open(self.sheet.place)
        self.say(f"taken away, {key_names(self)('shelf.undo')} puts it back: {self._called(thing)}")

    def action_undo(self) -> None:
        """Put the last one back."""
        if self._undo:
            self._undo.pop()()
            self._open(self.sheet.place)
        else:
            self.say("nothing was taken away here")

    def action_note(self) -> None:
        """Ask for a note."""
        thing = self.sheet.chosen
        if thing is None or self.tab == "tray":
            return
        kept, album_id = self.session.kept, thing.album.album_id
        if not thing.walk:
            self._ask("a note on this bookmark", self._note(thing), lambda note: kept.note_bookmark(album_id, note))
        elif not kept.name(thing.walk[0].walk_id):
            self.say(f"name the walk first: {key_names(self)('shelf.name')}")
        else:
            walk_id = thing.walk[0].walk_id
            name, weights = kept.name(walk_id), self._weights(thing)
            keep = partial(kept.name_walk, walk_id, name, weights=weights)
            self._ask("a note on this walk", self._note(thing), lambda note: keep(note=note))

    def action_name(self) -> None:
        """Ask for the walk's name."""
        if (thing := self.sheet.chosen) is not None and thing.walk:
            walk_id = thing.walk[0].walk_id
            self._ask("a name for this walk", self.session.kept.name(walk_id), partial(self.session.name_walk, walk_id))

    # the line to write in

    def _ask(self, what: str, now: str, then: Callable[[str], object]) -> None:
        line = self.query_one(Input)
        line.placeholder, line.value = f"{what}; Enter keeps it, Esc does not", now
        line.cursor_position, line.disabled, self._asked = len(now), False, then
        self.add_class("-naming")
        line.focus()

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Keep what was written."""
        if self._asked is not None:
            self._asked(submitted.value)
        self._close_line()
        self._open(self.sheet.place)

    def _close_line(self) -> None:
        self._asked = None
        self.remove_class("-naming")
        self.query_one(Input).disabled = True
        self.set_focus(None)

    def action_leave(self) -> None:
        """Out of the line, else back to the walk."""
        if self._asked is not None:
            self._close_line()
        else:
            self.dismiss(None)
