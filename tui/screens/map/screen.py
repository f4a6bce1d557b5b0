"""The map: alike sleeves close together, the most telling covers first; or every cover as a coloured dot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from store.errors import LibraryError
from store.neighbors.cover_map import LAYOUTS, CoverMap
from store.neighbors.regions import Region, regions
from tui.layout.edges import Cell
from tui.palette import Palette
from tui.pictures.cells import LITE
from tui.pictures.painter import CoverPainter
from tui.screens.map.draw import Drawn, dots, marks, names
from tui.screens.map.keys import KEYS, MAP_BINDINGS
from tui.screens.map.lasso import MapLasso
from tui.screens.map.plane import covers_on, dot_sizes, fill_cells, fits_grid, whole_view
from tui.screens.map.text import focus_line, heading, legend_line
from tui.screens.map.tiles import TELLING, Tiles
from tui.text import plain, wrap
from tui.walk.session import Session
from tui.widgets.album_panel import AlbumPanel
from tui.widgets.bars import KeysLine
from tui.widgets.canvas import Canvas, Picture
from tui.widgets.lines import Lines
from tui.workers.prefetch import Prefetch

Mapper = Callable[[], tuple[CoverMap, ...]]  # the one to be shown first before the others


AT_ONCE = 12  # covers read before a key is heard again
TILES = (4, 4)  # regions across and down that the whole map is named by


class MapScreen(MapLasso):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS[-2:]
    BINDINGS = MAP_BINDINGS

    @dataclass
    class Loaded(Message):
        """The map, or why there is none."""

        found: tuple[CoverMap, ...]
        why: str

    def __init__(self, session: Session, painter: CoverPainter, mapper: Mapper) -> None:
        super().__init__(session, painter)
        self.mapper = mapper
        self._ready: set[tuple[int, int, int]] = set()  # covers that are read: row, rows, quality
        self._prefetch = Prefetch(self.set_timer)
        self._names: Drawn = {}
        self._why = "laying out the map …"

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
        self.load()

    @work(thread=True, group="map", exclusive=True)
    def load(self) -> None:
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
            self.take_kinds()
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
        if self.map is None or self.genres is None or self.view is None:
            head = self.query_one("#map-head", Lines)
            head.show(
                [[(f" {row}", head.palette.text("accent"))] for row in wrap(plain(self._why), head.size.width, 1)]
            )
            self.draw_keys()
            return
        self._fill()
        self._place(Palette(self.app.theme_variables))
        with self.app.batch_update():
            self._paint()
            self._draw_text()
        self._prefetch.plan(self._read())

    def _fill(self) -> None:
        assert self.map is not None and self.genres is not None and self.view is not None
        kinds, shown = self.genres.kinds, self.shown
        self.cells = fill_cells(self.view, self.map.places, self._by_listeners, self._dots, kinds, shown)

    def _place(self, palette: Palette) -> None:
        """Find places for covers and names: tiles of covers, or once all in view have room each at its own place."""
        assert self.map is not None and self.cells is not None and self.view is not None and self._whole is not None
        places, grid = self.map.places, self.map.layout == LAYOUTS[0]
        here = self.session.snapshot.row(self.session.here.album_id)
        first = [row for row in (self.focus_row, here) if row is not None and self._cell(row) is not None]
        self.tiles = None
        if self.has_covers and not (grid and fits_grid(self.view)):
            wanted = TELLING if self.painter.tolerance < LITE else TELLING // 2
            self.tiles = Tiles.of(self.view, len(self.cells.visible), wanted)
            if first and (by := self.tiles.beyond(self.view, places[first[0]])) != (0, 0):
                self.view = self.view.pan(*by, self._whole)  # so that the album in focus has its cover
                self._fill()
                self.tiles = Tiles.of(self.view, len(self.cells.visible), wanted)
            self._names, taken = names(self.view, self._regions(), (), palette)
            self.covers = self.tiles.covers(self.view, places, self.cells.visible, first, taken)
            over = [name for name in taken if any(name.overlaps(rect) for rect in self.covers.values())]
            hidden = {(x, name.y) for name in over for x in range(name.x, name.right)}
            self._names = {cell: drawn for cell, drawn in self._names.items() if cell not in hidden}
        else:
            self.covers = dict(covers_on(self.view, places, self.cells.visible, first, grid=grid))
            self._names, _ = names(self.view, self._regions(), self.covers.values(), palette)

    def _key(self, row: int) -> tuple[int, int, int]:
        return row, self.covers[row].height, self.painter.tolerance

    def _read(self) -> Iterator[None]:
        """Read the covers that are to be shown, some at a time, the most telling first."""
        missing = [row for row in self.covers if self._key(row) not in self._ready]
        for start in range(0, len(missing), AT_ONCE):
            for row in missing[start : start + AT_ONCE]:
                rect = self.covers[row]
                self.painter.prepare(self.session.snapshot.album(row), rect.width, rect.height)
                self._ready.add(self._key(row))
            self._paint()
            yield

    def _paint(self) -> None:
        """Dots or covers that are read, names and marks."""
        assert self.cells is not None and self.genres is not None
        palette, ground = Palette(self.app.theme_variables), dict[Cell, tuple[str, Style]]()
        if not self.has_covers:
            ground = dots(self.cells, self.covers.values(), self.genres, palette, self._colorless)
        album, quality = self.session.snapshot.album, self.painter.tolerance
        ready = ((row, rect) for row, rect in self.covers.items() if self._key(row) in self._ready)
        blocks = [Picture(rect, album(row), quality) for row, rect in ready]
        self.query_one(Canvas).show(ground | self._names, blocks, self._marks(palette))

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
        found = marks(
            self.view,
            self.map.places,
            self.covers,
            self.session,
            self.focus_row,
            palette,
            ascii_only=self._colorless,
            dotted=not self.has_covers,
        )
        stops = "◇o"  # those give way to the names of regions
        found = {cell: mark for cell, mark in found.items() if cell not in self._names or mark[0] not in stops}
        return found | self.box_marks(palette)

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
