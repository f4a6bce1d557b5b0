"""The library as a list: columns, sorted by any of them, kept to what the words above ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from textual import work
from textual.binding import Binding, BindingType
from textual.message import Message

from store.errors import LibraryError
from store.looks import summary
from store.neighbors.filters import Filter
from store.neighbors.find import by_title
from store.neighbors.query import parse
from store.records import Album
from store.text import key
from tui.keynames import Hint
from tui.pictures.painter import CoverPainter
from tui.screens.asking import Answer, AskingScreen, asking_keys, marked
from tui.text import count, cut, pad, plain, width
from tui.walk.session import Session
from tui.widgets.crate import Crate, Ink, Record
from tui.widgets.lines import Span

KEYS = [
    Hint("type", "words"),
    Hint("Tab", "sort by", ("list.sort",)),
    Hint("Shift-Tab", "turn round", ("list.turn",)),
    Hint("Enter", "walk there", ("list.choose",)),
    Hint("F2", "page", ("list.page",)),
    Hint("F3", "only these", ("list.only",)),
    Hint("F1", "keys", ("list.help",)),
]
COLUMNS = ("artist", "title", "year", "genre", "listeners", "added")
WIDTHS = {"year": 7, "genre": 14, "listeners": 10, "added": 11}  # columns of the screen; the others share the rest
NEEDS = {"year": 0, "listeners": 64, "genre": 84, "added": 100}  # is shown where there are so many beside the cover
Added = Callable[[], NDArray[np.datetime64]]  # when each row was added; reads the library


class ListScreen(AskingScreen[int]):
    """Answers with the album_id to walk to, or None. Items are rows of the snapshot."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        *asking_keys("list", "walk there"),
        Binding("tab", "sort(1)", "sort by", id="list.sort", tooltip="Sort by the next column", priority=True),
        Binding("shift+tab", "turn", "turn round", id="list.turn", tooltip="The other way round", priority=True),
    ]

    @dataclass
    class Dated(Message):
        """When each row was added, or why it is not known."""

        added: NDArray[np.datetime64] | None
        why: str = ""

    def __init__(self, session: Session, painter: CoverPainter, added: Added | None) -> None:
        super().__init__(session, painter, "all albums; words keep to some: tag:shoegaze year:1990-95 #dark")
        self.by, self.turned = "artist", False
        self._read_added = added
        self._added: NDArray[np.datetime64] | None = None

    def on_mount(self) -> None:
        """Read the dates off the screen's thread."""
        super().on_mount()
        self._date()

    @work(thread=True, group="dates")
    def _date(self) -> None:
        try:
            self.post_message(self.Dated(None if self._read_added is None else self._read_added()))
        except LibraryError as error:
            self.post_message(self.Dated(None, str(error)))

    def on_list_screen_dated(self, message: Dated) -> None:
        """Show them."""
        self._added = message.added
        if message.why:
            self.say(message.why, error=True)
        self.hits.draw()

    def resized(self) -> None:
        """Rows are lower than in find: here one looks through many."""
        super().resized()
        height = self.size.height
        self.hits.tall = 2 if height < 40 else 3 if height < 80 else 4
        self.redraw()

    def album_of(self, item: int) -> Album:
        """The album of a row."""
        return self.session.snapshot.album(item)

    def answer(self, text: str) -> Answer[int]:
        """The rows that the words ask for, in the order of the chosen column."""
        snapshot = self.session.snapshot
        query = parse(snapshot, text, self.session.bookmarks)
        chosen = Filter(query.every)
        passing = chosen.rows(snapshot)
        rows = np.arange(len(snapshot)) if passing is None else np.flatnonzero(passing)
        said = f"{len(rows):,} album{'s' if len(rows) != 1 else ''}"
        if not len(rows):
            said = f"{chosen.lacking(snapshot)}{'; / forgives typos' if query.name else ''}"
        words = tuple(key(query.name).split())
        return Answer(self._sorted(rows), query.problem or query.hint or said, bool(query.problem), words)

    def _sorted(self, rows: NDArray[np.int64]) -> list[int]:
        snapshot = self.session.snapshot
        if self.by == "artist":
            order = rows
        elif self.by == "title":
            order = rows[np.argsort(by_title(snapshot)[rows], kind="stable")]
        else:
            nameless = [code for code, name in enumerate(snapshot.genre_names) if not name]
            values = {
                "year": snapshot.years,
                "genre": np.where(np.isin(snapshot.genre_codes, nameless), np.nan, snapshot.genre_codes),
                "listeners": snapshot.listeners,
                "added": np.full(len(snapshot), np.nan) if self._added is None else _days(self._added),
            }[self.by][rows]
            unknown = np.isnan(values)
            known = np.argsort(values[~unknown], kind="stable")
            order = np.concatenate([rows[~unknown][known[::-1] if self.turned else known], rows[unknown]])
            return [int(row) for row in order.tolist()]
        return [int(row) for row in (order[::-1] if self.turned else order).tolist()]

    def action_sort(self, step: int) -> None:
        """By another column, what is most of it first where that is a number."""
        self._sort_by(COLUMNS[(COLUMNS.index(self.by) + step) % len(COLUMNS)])

    def action_turn(self) -> None:
        """The other way round."""
        self.turned = not self.turned
        self._ask()

    def _sort_by(self, column: str) -> None:
        self.by, self.turned = column, column in ("listeners", "added")
        self._ask()

    def on_choices_headed(self, message: Crate.Headed) -> None:
        """A click on a column's name sorts by it, a second one turns it round."""
        at = 0
        for name, cells in self._columns(self.hits.room):
            at += cells
            if message.x < at + self.hits.indent:
                self.action_turn() if name == self.by else self._sort_by(name)
                return

    def _columns(self, cells: int) -> list[tuple[str, int]]:
        """(column, how wide it is) of those that there is room for."""
        shown = [name for name in COLUMNS if cells >= NEEDS.get(name, 0) or name == self.by]
        if cells < NEEDS.get(self.by, 0) and "listeners" in shown and self.by != "listeners":
            shown.remove("listeners")  # for the one that counts now
        rest = cells - sum(WIDTHS.get(name, 0) for name in shown)
        artist = max(8, rest * 2 // 5)
        return [(name, WIDTHS.get(name) or (artist if name == "artist" else max(8, rest - artist))) for name in shown]

    def _head(self) -> None:
        super()._head()
        palette = self.hits.palette
        row: list[Span] = [(" " * self.hits.indent, palette.text())]
        for name, cells in self._columns(self.hits.room):
            arrow = (" ↑" if self.turned else " ↓") if name == self.by else ""
            style = palette.text("accent" if arrow else "quiet", bold=bool(arrow))
            row.append((pad(f"{cut(name, cells - 1 - len(arrow))}{arrow}", cells), style))
        self.hits.heading[-1] = row

    def record(self, item: int, place: int, cells: int, ink: Ink) -> Record:
        """A row of the columns; below it tags and what the sleeve looks like."""
        album = self.album_of(item)
        values = {
            "artist": plain(album.artist) or "unknown artist",
            "title": plain(album.title) or "untitled",
            "year": str(album.year or ""),
            "genre": plain(album.genre or ""),
            "listeners": count(album.listeners),
            "added": "" if self._added is None else str(self._added[item])[:10].replace("NaT", ""),
        }
        row: list[Span] = []
        for name, wide in self._columns(cells):
            is_name = name in ("artist", "title")
            style, text = ink("foreground" if is_name else "quiet", bold=name == "title"), cut(values[name], wide - 1)
            row += marked(text, self.words, style, ink("accent", bold=True)) if is_name else [(text, style)]
            row.append((" " * (wide - width(text)), style))
        look = summary(self.session.snapshot.look(item))
        below = [", ".join(map(plain, album.tags)), look] if album.tags else [look]
        return Record(album, [row, *([(cut(text, cells), ink("quiet"))] for text in below)])


def _days(added: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """As numbers, nan for not known."""
    return np.where(np.isnat(added), np.nan, added.astype("datetime64[s]").astype(np.int64).astype(np.float64))
