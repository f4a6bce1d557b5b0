"""What the keys and the mouse do on the map: the focus, the window, what is drawn, the walk's filter, the tray."""

from __future__ import annotations

from abc import abstractmethod
from typing import cast

import numpy as np
from numpy.typing import NDArray
from textual.worker import Worker

from store.neighbors.cover_map import CoverMap
from store.records import Album
from tui.keynames import key_names
from tui.layout.edges import Cell
from tui.layout.geometry import Rect, nearest_to
from tui.layout.navigation import OPPOSITE, Direction
from tui.palette import Palette
from tui.pictures.colors import COLORLESS
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.map.draw import Drawn, album_at, albums_at, cell_of, next_album
from tui.screens.map.genres import COLORINGS, Genres, kinds_of
from tui.screens.map.keys import GENRE_KEYS
from tui.screens.map.plane import Cells, View
from tui.screens.map.tiles import Tiles
from tui.walk.session import Session
from tui.widgets.bars import KeysLine
from tui.widgets.canvas import Canvas


class MapActions(DrawnScreen[str | None]):
    """A map, the part of it that is looked at, and what stands there."""

    def __init__(self, session: Session, painter: CoverPainter) -> None:
        super().__init__()
        self.session, self.painter = session, painter
        self.maps: tuple[CoverMap, ...] = ()
        self.map: CoverMap | None = None  # the one of them that is shown
        self.focus_row: int | None = None  # of the snapshot
        self.view: View | None = None
        self.cells: Cells | None = None
        self.covers: dict[int, Rect] = {}  # of the albums whose covers are drawn
        self.genres: Genres | None = None
        self.shown = np.ones(1, bool)  # by kind
        self.coloring = COLORINGS[0]
        self.tiles: Tiles | None = None  # of covers, where they are shown
        self._whole: View | None = None
        self._came: tuple[int, Direction] | None = None
        self._lettered: list[int] = []  # the albums that letters stand with

    @abstractmethod
    def _marks(self, palette: Palette) -> Drawn:
        """What stands over all else."""

    @abstractmethod
    def _draw_focus(self) -> None:
        """Say what is in focus."""

    @abstractmethod
    def load(self) -> Worker[None]:
        """Read the map anew, of the albums that pass the walk's filter."""

    @abstractmethod
    def on_canvas_resized(self) -> None:
        """The whole map in the room that there is."""

    @property
    def has_covers(self) -> bool:
        """Whether covers are shown, not dots; characters without colours make none that small."""
        return self.coloring == COLORINGS[0] and not self._colorless

    def _cell(self, row: int) -> Cell | None:
        assert self.view is not None and self.map is not None
        return cell_of(self.view, self.map.places, row)

    @property
    def _colorless(self) -> bool:
        return self.painter.mode in COLORLESS

    @property
    def looked_at(self) -> Album | None:
        """The album in focus."""
        return None if self.focus_row is None else self.session.snapshot.album(self.focus_row)

    def take_kinds(self) -> None:
        """What colours the dots now; all of it is shown."""
        assert self.map is not None
        self.genres = kinds_of(self.coloring, self.session.snapshot, np.isfinite(self.map.places[:, 0]))
        self.shown = np.ones(len(self.genres.labels), bool)

    def action_look(self, direction: str) -> None:
        """Move the focus."""
        if self.cells is None or self.focus_row is None or self.view is None or self.map is None:
            return
        came = self._came
        if came is not None and came[1] == OPPOSITE[cast("Direction", direction)]:
            target: int | None = came[0]
        else:
            target = self._next(cast("Direction", direction))
        if target is not None:
            self._came = (self.focus_row, cast("Direction", direction))
            self._focus(target)

    def _next(self, direction: Direction) -> int | None:
        assert self.cells is not None and self.view is not None and self.map is not None and self.focus_row is not None
        return next_album(
            self.view,
            self.map.places,
            self.cells,
            self.covers,
            self.focus_row,
            direction,
            dotted=not self.has_covers,
        )

    def _focus(self, row: int) -> None:
        """Put the focus on an album; the window follows where it has to."""
        assert self.view is not None and self._whole is not None and self.map is not None
        self.focus_row = row
        if self._cell(row) is None:
            x, y = self.view.cells(self.map.places[row : row + 1])[0]
            self.view = self.view.pan(x - self.view.columns / 2, y - self.view.rows / 2, self._whole)
            self.redraw()
        elif self.has_covers and row not in self.covers:
            self.redraw()  # it takes the place of another cover
        else:
            self.query_one(Canvas).show_marks(self._marks(Palette(self.app.theme_variables)))
            self._draw_focus()

    def action_pan(self, columns: int, rows: int) -> None:
        """Move the window by a third; a focus that is left behind goes to the middle."""
        if self.view is None or self._whole is None:
            return
        self.view = self.view.pan(columns * self.view.columns // 3, rows * self.view.rows // 3, self._whole)
        self._came = None
        self.redraw()
        if self.focus_row is not None and self._cell(self.focus_row) is None:
            self._focus_nearest(self.view.columns // 2, self.view.rows // 2)

    def action_zoom(self, steps: int) -> None:
        """About the focus."""
        if self.view is not None and self.focus_row is not None:
            self._zoom(steps, *self._middle())

    def _zoom(self, steps: int, column: float, row: float) -> None:
        assert self.view is not None and self._whole is not None
        self.view = self.view.zoom(steps, column, row, self._whole)
        self._came = None
        self.redraw()

    def action_whole(self) -> None:
        """Everything again."""
        self.view = self._whole
        self.redraw()

    def action_layout(self) -> None:
        """The same albums by the other layout, the whole of it."""
        if self.map is not None:
            if len(self.maps) == 1:
                self.query_one(KeysLine).show_message("this map has one layout: `sleevewalk build` makes the others")
                return
            self.map = self.maps[(self.maps.index(self.map) + 1) % len(self.maps)]
            self._came = None
            self.on_canvas_resized()

    def action_here(self) -> None:
        """Where the walk is."""
        row = self.session.snapshot.row(self.session.here.album_id)
        if self.map is not None and row is not None and np.isfinite(self.map.places[row, 0]):
            self._focus(row)
        elif self.map is not None:
            self.say("the album where you are has no cover, so it is not on the map")

    def _spot(self) -> list[int]:
        if self.focus_row is None or self.cells is None or self.map is None or self.view is None:
            return []
        places, visible = self.map.places, self.cells.visible
        if self.has_covers and self.tiles is not None and self.focus_row in self.covers:
            tiles = self.tiles.at(self.view, places[visible])
            own = self.tiles.at(self.view, places[self.focus_row : self.focus_row + 1])
            under: list[int] = visible[(tiles == own).all(axis=1)].tolist()
            return under
        return albums_at(self.view, places, self.cells, self.focus_row)

    def show_letters(self, letters: str) -> None:
        """With the covers, or the dots, nearest to the focus."""
        if self.cells is None or self.view is None:
            return
        inside = Rect(0, 0, self.view.columns, self.view.rows)
        dots = {
            row: Rect(*cell, 1, 1) for cell, row in self.cells.leaders.items() if inside.contains(Rect(*cell, 1, 1))
        }
        near = nearest_to(self.covers if self.has_covers else dots, self._middle(), len(letters))
        self._lettered = list(near) or self._lettered
        self.query_one(Canvas).show_letters(dict(zip(letters, near.values(), strict=False)))

    def letter_chosen(self, place: int) -> None:
        """Focus the album that has the letter."""
        if place < len(self._lettered):
            self._came = None
            self._focus(self._lettered[place])

    def _middle(self) -> tuple[float, float]:
        """Where the focus is, in cells."""
        assert self.view is not None
        cell = None if self.focus_row is None else self._cell(self.focus_row)
        return cell or (self.view.columns / 2, self.view.rows / 2)

    def action_next(self, step: int) -> None:
        """The next of several that share a spot."""
        spot = self._spot()
        if len(spot) > 1 and self.focus_row is not None:
            place = spot.index(self.focus_row) if self.focus_row in spot else -1
            self._focus(spot[(place + step) % len(spot)])

    def action_coloring(self, step: int) -> None:
        """Covers, or dots in other colours."""
        self.coloring = COLORINGS[(COLORINGS.index(self.coloring) + step) % len(COLORINGS)]
        if self.map is not None:
            self.take_kinds()
            self.redraw()

    def action_filter(self) -> None:
        """Walk among what is in view only; where that is the case, among all again."""
        if self.cells is None:
            return
        session = self.session
        if not session.filter.of_field("list"):
            self.keep(self.cells.visible)
            return
        session.set_filter(session.filter.without("list"))
        self.say("the walk leads to all albums again")
        self.load()

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Walk among these only; the map is of them alone then."""
        session = self.session
        these = [session.snapshot.album_ids[row] for row in rows.tolist()]
        session.only(f"{session.filter.text} list:{session.snapshot.own.give(these)}".strip())
        again = key_names(self)("map.filter")
        self.say(f"the walk leads to these {len(these):,} album{'s' if len(these) != 1 else ''} only; {again} for all")
        self.load()

    def action_tray(self) -> None:
        """Into the blend tray, or out of it."""
        album, names = self.looked_at, key_names(self)
        if album is None:
            return
        was, done = self.session.in_tray(album), self.session.toggle_tray(album)
        count = f"{len(self.session.tray)} in the tray"
        put = f"{count}: {album.title}" if done else f"the tray is full, {count}"
        self.say(f"{count}, no more {album.title}" if was else f"{put} · {names('map.bench')} blends two or more")

    def action_genre(self, place: int) -> None:
        """Hide or show the genre at a place of the legend; the last place is all that have none of their own."""
        if self.genres is None:
            return
        last = len(self.genres.labels) - 1
        kind = last if place == GENRE_KEYS - 1 else place
        if kind < last or place == GENRE_KEYS - 1:
            self.shown[kind] = not self.shown[kind]
            self.redraw()

    def action_all_genres(self) -> None:
        """None is hidden."""
        self.shown[:] = True
        self.redraw()

    def action_choose(self) -> None:
        """Answer with the album in focus."""
        if self.looked_at is not None:
            self.dismiss(self.looked_at.album_id)

    def on_canvas_pointed(self, message: Canvas.Pointed) -> None:
        """A click focuses, a second one walks."""
        self._focus_nearest(*message.cell)
        if message.twice:
            self.action_choose()

    def on_canvas_wheeled(self, message: Canvas.Wheeled) -> None:
        """Zoom about the pointer."""
        if self.view is not None:
            self._zoom(message.step, *message.cell)

    def _focus_nearest(self, column: float, row: float) -> None:
        if self.cells is None or self.view is None:
            return
        album = album_at(self.view, self.cells, self.covers, column, row)
        if album is not None:
            self._came = None
            self._focus(album)
