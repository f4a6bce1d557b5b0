"""The map: every cover as a point, alike sleeves close together, coloured by genre; nearer it shows the covers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from store.errors import LibraryError
from store.neighbors.cover_map import LAYOUTS, CoverMap
from store.neighbors.regions import Region, regions
from store.records import Album
from tui.layout.edges import Cell
from tui.layout.geometry import Rect
from tui.layout.navigation import OPPOSITE, Direction
from tui.palette import Palette
from tui.pictures.colors import COLORLESS
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.map.draw import Drawn, album_at, albums_at, cell_of, dots, marks, names, next_album
from tui.screens.map.genres import Genres, common_genres
from tui.screens.map.keys import GENRE_KEYS, KEYS, MAP_BINDINGS
from tui.screens.map.plane import Cells, View, covers_on, dot_sizes, fill_cells, whole_view
from tui.screens.map.text import focus_line, heading, legend_line
from tui.text import plain, wrap
from tui.walk.session import Session
from tui.widgets.album_panel import AlbumPanel
from tui.widgets.bars import KeysLine
from tui.widgets.canvas import Canvas, Picture
from tui.widgets.lines import Lines

Mapper = Callable[[], tuple[CoverMap, ...]]  # the one to be shown first before the others


TILES = (4, 4)  # regions across and down that the whole map is named by


class MapScreen(DrawnScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS[-2:]
    BINDINGS = MAP_BINDINGS

    @dataclass
    class Loaded(Message):
        """The map, or why there is none."""

        found: tuple[CoverMap, ...]
        why: str

    def __init__(self, session: Session, painter: CoverPainter, mapper: Mapper) -> None:
        super().__init__()
        self.session = session
        self.painter = painter
        self.mapper = mapper
        self.maps: tuple[CoverMap, ...] = ()
        self.map: CoverMap | None = None  # the one of them that is shown
        self.focus_row: int | None = None  # of the snapshot
        self.view: View | None = None
        self.cells: Cells | None = None
        self.covers: dict[int, Rect] = {}  # of the albums whose covers are drawn
        self.genres: Genres | None = None
        self.shown = np.ones(1, bool)  # by kind of genre
        self._why = "laying out the map …"
        self._whole: View | None = None
        self._came: tuple[int, Direction] | None = None

    def compose(self) -> ComposeResult:
        """Heading, map and the cover in focus, what it is, legend, keys."""
        yield Lines(id="map-head")
        with Horizontal(id="stage"):
            yield Canvas(self.painter, id="canvas")
            yield AlbumPanel(self.painter, id="album-panel")
        yield Lines(id="map-focus")
        yield Lines(id="map-legend")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Read or compute the places off the screen's thread."""
        self._load()

    @work(thread=True, group="map", exclusive=True)
    def _load(self) -> None:
        try:
            found, why = self.mapper(), ""
        except (LibraryError, OSError, ValueError) as error:
            found, why = (), str(error)
        self.post_message(self.Loaded(found, why))

    def on_map_screen_loaded(self, message: Loaded) -> None:
        """Show it, at the album where the walk is."""
        snapshot, chosen = self.session.snapshot, self.session.filter
        passing = chosen.rows(snapshot)
        if not message.found:
            self._why = f"no map: {message.why}"
        elif not message.found[0].count:
            self._why = "no map yet: no cover was looked at by the model; run `sleevewalk build`"
        elif passing is not None and not (passing & np.isfinite(message.found[0].places[:, 0])).any():
            self._why = f"nothing on the map passes the filter {chosen.text}"
        else:
            self.maps = message.found
            if passing is not None:
                self.maps = tuple(
                    replace(one, places=np.where(passing[:, None], one.places, np.nan)) for one in self.maps
                )
            self.map = self.maps[0]
            on_map = np.isfinite(self.map.places[:, 0])
            self.genres = common_genres(snapshot.genres, on_map)
            self.shown = np.ones(len(self.genres.labels), bool)
            self._dots = dot_sizes(snapshot.popularity)
            self._by_listeners = np.argsort(np.nan_to_num(snapshot.popularity, nan=-1.0), kind="stable")
            here = snapshot.row(self.session.focused.album_id)
            self.focus_row = here if here is not None and on_map[here] else int(np.flatnonzero(on_map)[0])
        self.on_canvas_resized()

    def resized(self) -> None:
        """The canvas tells when it has its room."""

    def on_canvas_resized(self) -> None:
        """The whole map in the new room."""
        canvas = self.query_one(Canvas)
        if self.map is not None and canvas.size.area:
            self._whole = self.view = whole_view(self.map.places, *canvas.size)
        self.redraw()

    def redraw(self) -> None:
        """Draw everything, such as after the view, the genres shown or the theme changed."""
        canvas = self.query_one(Canvas)
        if self.map is None or self.genres is None or self.view is None:
            head = self.query_one("#map-head", Lines)
            head.show(
                [[(f" {row}", head.palette.text("accent"))] for row in wrap(plain(self._why), head.size.width, 1)]
            )
            self.draw_keys()
            return
        places, view = self.map.places, self.view
        self.cells = fill_cells(view, places, self._by_listeners, self._dots, self.genres.kinds, self.shown)
        here = self.session.snapshot.row(self.session.here.album_id)
        first = [row for row in (self.focus_row, here) if row is not None]
        grid = self.map.layout == LAYOUTS[0]
        self.covers = dict(covers_on(view, places, self.cells.visible, first, grid=grid))
        palette = Palette(self.app.theme_variables)
        ground = dots(self.cells, self.covers.values(), self.genres, palette, self._colorless)
        ground |= names(view, self._regions(), self.covers.values(), palette)
        album, quality = self.session.snapshot.album, self.painter.tolerance
        blocks = [Picture(rect, album(row), quality) for row, rect in self.covers.items()]
        with self.app.batch_update():
            canvas.show(ground, blocks, self._marks(palette))
            self._draw_text()

    def _regions(self) -> list[Region]:
        """Named parts of what is in view: as many across the screen however near one looks."""
        assert self.map is not None and self.cells is not None and self.view is not None and self._whole is not None
        nearer = 2 ** int(np.log2(self.view.nearness))
        tile = (
            self._whole.across * self._whole.columns / TILES[0] / nearer,
            self._whole.down * self._whole.rows / TILES[1] / nearer,
        )
        return regions(self.session.snapshot, self.map.places, self.cells.visible, tile)

    def _marks(self, palette: Palette) -> Drawn:
        assert self.view is not None and self.map is not None
        return marks(
            self.view, self.map.places, self.covers, self.session, self.focus_row, palette, ascii_only=self._colorless
        )

    def _cell(self, row: int) -> Cell | None:
        assert self.view is not None and self.map is not None
        return cell_of(self.view, self.map.places, row)

    @property
    def _colorless(self) -> bool:
        return self.painter.mode in COLORLESS

    # text

    @property
    def looked_at(self) -> Album | None:
        """The album in focus."""
        return None if self.focus_row is None else self.session.snapshot.album(self.focus_row)

    def _draw_text(self) -> None:
        assert self.map is not None and self.cells is not None and self.view is not None and self.genres is not None
        head, legend = self.query_one("#map-head", Lines), self.query_one("#map-legend", Lines)
        seen = len(self.cells.visible)
        head.show([heading(head.palette, self.map, self.session, self.view, seen)])
        legend.show([legend_line(legend.palette, self.genres, self.shown, legend.size.width)])
        self._draw_focus()
        self.hints = KEYS
        self.draw_keys()

    def _draw_focus(self) -> None:
        """What is in focus and how many share its spot; nothing else changes when the focus moves."""
        line, spot = self.query_one("#map-focus", Lines), self._spot()
        shared = (spot.index(self.focus_row) + 1, len(spot)) if self.focus_row in spot else None
        line.show([] if self.looked_at is None else [focus_line(line.palette, self.looked_at, shared)])
        self.query_one(AlbumPanel).show_soon(self.looked_at)

    # keys

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
        return next_album(self.view, self.map.places, self.cells, self.covers, self.focus_row, direction)

    def _focus(self, row: int) -> None:
        """Put the focus on an album; the window follows where it has to."""
        assert self.view is not None and self._whole is not None and self.map is not None
        self.focus_row = row
        if self._cell(row) is None:
            x, y = self.view.cells(self.map.places[row : row + 1])[0]
            self.view = self.view.pan(x - self.view.columns / 2, y - self.view.rows / 2, self._whole)
            self.redraw()
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
            column, row = self._cell(self.focus_row) or (self.view.columns / 2, self.view.rows / 2)
            self._zoom(steps, column, row)

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
        return albums_at(self.view, self.map.places, self.cells, self.focus_row)

    def action_next(self, step: int) -> None:
        """The next of several that share a spot."""
        spot = self._spot()
        if len(spot) > 1 and self.focus_row is not None:
            place = spot.index(self.focus_row) if self.focus_row in spot else -1
            self._focus(spot[(place + step) % len(spot)])

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

    # mouse

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
