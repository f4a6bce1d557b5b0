"""The map: every cover as a point, alike sleeves close together, coloured by genre; nearer it shows the covers."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, cast

import numpy as np
from rich.style import Style
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from store.cover_map import CoverMap
from store.errors import LibraryError
from store.records import Album
from tui.covers import CoverPainter
from tui.edges import BRAILLE, Cell
from tui.genres import Genres, common_genres
from tui.geometry import Rect
from tui.halfblocks import ColorMode
from tui.navigation import OPPOSITE, Direction, Point, nearest
from tui.palette import Palette
from tui.plane import Cells, View, covers_on, dot_sizes, fill_cells, whole_view
from tui.screens import BREAKPOINTS, HEIGHTS
from tui.session import Session
from tui.text import count, plain, wrap
from tui.widgets.bars import KeysLine
from tui.widgets.canvas import Canvas, Picture, frame
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span

KEYS = [
    ("arrows", "look"),
    ("+ -", "zoom"),
    ("Enter", "walk there"),
    ("1–9", "genres"),
    ("Tab", "next at this spot"),
    ("Esc", "back to the walk"),
    ("?", "keys"),
]
PREVIEW_DELAY = 0.15
REACHES = (16, 64, 10_000)  # cells searched for the next album, a wider circle if a narrow one has none
Mapper = Callable[[], CoverMap]


class MapScreen(Screen[str | None]):
    """Answers with the album_id to walk to, or None."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "look('left')", "look left", id="map.left", tooltip="Focus the next album to the left"),
        Binding("down,j", "look('down')", "look down", id="map.down", tooltip="Focus the next album below"),
        Binding("up,k", "look('up')", "look up", id="map.up", tooltip="Focus the next album above"),
        Binding("right,l", "look('right')", "look right", id="map.right", tooltip="Focus the next album to the right"),
        Binding("shift+left,H", "pan(-1, 0)", "pan left", id="map.pan-left", tooltip="Move the map's window left"),
        Binding("shift+down,J", "pan(0, 1)", "pan down", id="map.pan-down", tooltip="Move the map's window down"),
        Binding("shift+up,K", "pan(0, -1)", "pan up", id="map.pan-up", tooltip="Move the map's window up"),
        Binding("shift+right,L", "pan(1, 0)", "pan right", id="map.pan-right", tooltip="Move the map's window right"),
        Binding("plus,equals_sign", "zoom(1)", "nearer", id="map.nearer", tooltip="Nearer, until covers show (wheel)"),
        Binding("minus", "zoom(-1)", "farther", id="map.farther", tooltip="Farther (wheel)"),
        Binding("a", "whole", "whole map", id="map.whole", tooltip="The whole map"),
        Binding("c", "here", "where I am", id="map.here", tooltip="Focus the album where the walk is"),
        Binding("tab", "next(1)", "next here", id="map.next", tooltip="The next album at the same spot"),
        Binding("1,2,3,4,5,6,7,8,9", "genre", "genres", id="map.genre", tooltip="Hide or show a genre of the legend"),
        Binding("0", "all_genres", "all genres", id="map.all-genres", tooltip="Show every genre"),
        Binding("enter", "choose", "walk there", id="map.choose", tooltip="Walk to the album in focus"),
        Binding("t", "app.theme", "theme", id="map.theme", tooltip="The next theme"),
        Binding("ctrl+k,colon", "app.command_palette", "palette", id="map.palette", tooltip="Every action by name"),
        Binding("question_mark", "app.help", "keys", id="map.help", tooltip="These keys"),
        Binding("escape,q,m", "dismiss(None)", "back", id="map.back", tooltip="Back to the walk"),
    ]

    class Loaded(Message):
        """The map, or why there is none."""

        def __init__(self, found: CoverMap | None, why: str = "") -> None:
            super().__init__()
            self.found = found
            self.why = why

    def __init__(self, session: Session, painter: CoverPainter, mapper: Mapper) -> None:
        super().__init__()
        self.session = session
        self.painter = painter
        self.mapper = mapper
        self.map: CoverMap | None = None
        self.focus_row: int | None = None  # of the snapshot
        self.view: View | None = None
        self.cells: Cells | None = None
        self.covers: dict[int, Rect] = {}  # of the albums whose covers are drawn
        self.genres: Genres | None = None
        self.shown = np.ones(1, bool)  # by kind of genre
        self._why = "laying out the map …"
        self._whole: View | None = None
        self._came: tuple[int, Direction] | None = None
        self._preview: Timer | None = None

    def compose(self) -> ComposeResult:
        """Heading, map and the cover in focus, what it is, legend, keys."""
        yield Lines(id="map-head")
        with Horizontal(id="stage"):
            yield Canvas(self.painter, id="canvas")
            with Container(id="beside"):
                yield Cover(self.painter, id="beside-cover")
                yield Lines(id="beside-text")
        yield Lines(id="map-focus")
        yield Lines(id="map-legend")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Read or compute the places off the screen's thread."""
        self._load()

    @work(thread=True, group="map", exclusive=True)
    def _load(self) -> None:
        try:
            found: CoverMap | None = self.mapper()
            why = ""
        except (LibraryError, OSError, ValueError) as error:
            found, why = None, str(error)
        self.post_message(self.Loaded(found, why))

    def on_map_screen_loaded(self, message: Loaded) -> None:
        """Show it, at the album where the walk is."""
        if message.found is None:
            self._why = f"no map: {message.why}"
        elif not message.found.count:
            self._why = "no map yet: no cover was looked at by the model; run `sleevewalk build`"
        else:
            snapshot, self.map = self.session.snapshot, message.found
            on_map = np.isfinite(self.map.places[:, 0])
            self.genres = common_genres(snapshot.genres, on_map)
            self.shown = np.ones(len(self.genres.labels), bool)
            self._dots = dot_sizes(snapshot.listeners)
            self._by_listeners = np.argsort(np.nan_to_num(snapshot.listeners, nan=-1.0), kind="stable")
            here = snapshot.row(self.session.focused.album_id)
            self.focus_row = here if here is not None and on_map[here] else int(np.flatnonzero(on_map)[0])
        self.on_canvas_resized()

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
            self.query_one(KeysLine).show_keys(KEYS[-2:])
            return
        places, view = self.map.places, self.view
        self.cells = fill_cells(view, places, self._by_listeners, self._dots, self.genres.kinds, self.shown)
        here = self.session.snapshot.row(self.session.here.album_id)
        first = [row for row in (self.focus_row, here) if row is not None]
        self.covers = dict(covers_on(view, places, self.cells.visible, first))
        palette = Palette(self.app.theme_variables)
        hidden = {
            (x, y) for r in self.covers.values() for y in range(r.y, r.bottom) for x in range(r.x - 1, r.right + 1)
        }
        styles = [self.genres.style(kind, palette) for kind in range(len(self.shown))]
        ascii_only = self.painter.mode is ColorMode.ASCII
        digits = [str(kind + 1) for kind in range(len(self.shown) - 1)] + ["."]
        ground: dict[Cell, tuple[str, Style]] = {}
        for cell, bits in self.cells.bits.items():
            if cell not in hidden:
                kind = self.cells.kinds[cell]
                ground[cell] = (digits[kind] if ascii_only else chr(BRAILLE + bits), styles[kind])
        album, quality = self.session.snapshot.album, self.painter.tolerance
        blocks = [Picture(rect, album(row), quality) for row, rect in self.covers.items()]
        with self.app.batch_update():
            canvas.show(ground, blocks, self._marks(palette))
            self._draw_text()

    def _marks(self, palette: Palette) -> dict[Cell, tuple[str, Style]]:
        """The trail, where the walk is, and over all the focus."""
        assert self.view is not None
        plain_marks = self.painter.mode is ColorMode.ASCII
        session, accent = self.session, palette.text("accent", bold=True)
        found: dict[Cell, tuple[str, Style]] = {}
        stops = [(album_id, "o" if plain_marks else "◇") for album_id in reversed(session.trail.recent())]
        for album_id, mark in [*stops, (session.here.album_id, "@" if plain_marks else "◆")]:
            row = session.snapshot.row(album_id)
            if row is None or (cell := self._cell(row)) is None:
                continue
            rect = self.covers.get(row)
            found[cell if rect is None else (rect.x - 1, rect.y)] = (mark, accent)
        row = self.focus_row
        if row is not None and (rect := self.covers.get(row)) is not None:
            found.update(frame(rect, "▐", "▌", palette.text("focus", bold=True)))
        elif row is not None and (cell := self._cell(row)) is not None:
            x, y = cell
            ends = palette.text("focus", bold=True)
            found.update({(x - 1, y): ("[", ends), (x + 1, y): ("]", ends)})
            found[cell] = (found[cell][0] if cell in found else "X" if plain_marks else "●", palette.focus)
        return found

    def _cell(self, row: int) -> Cell | None:
        """The cell of an album; None where it is not on the map or not in view."""
        assert self.view is not None and self.map is not None
        x, y = self.view.cells(self.map.places[row : row + 1])[0]
        if not (0 <= x < self.view.columns and 0 <= y < self.view.rows):  # nan is neither
            return None
        return int(x), int(y)

    # text

    @property
    def looked_at(self) -> Album | None:
        """The album in focus."""
        return None if self.focus_row is None else self.session.snapshot.album(self.focus_row)

    def _draw_text(self) -> None:
        assert self.map is not None and self.cells is not None and self.view is not None
        head = self.query_one("#map-head", Lines)
        palette, total = head.palette, len(self.session.snapshot)
        off = total - self.map.count
        parts = [f"{self.map.count:,} sleeves, alike ones close together"]
        parts += [f"×{self.view.nearness:.0f}, {len(self.cells.visible):,} here"] if self.view.nearness > 1 else []
        parts += [f"{off:,} without a cover are not on it"] if off else []
        parts += [] if self.map.kept else ["laid out now: `sleevewalk build` keeps it"]
        head.show([[(" map ", palette.text("accent", bold=True)), (" · ".join(parts), palette.text("quiet"))]])
        self._draw_legend()
        self._draw_focus()
        self.query_one(KeysLine).show_keys(KEYS)

    def _draw_legend(self) -> None:
        assert self.genres is not None
        legend = self.query_one("#map-legend", Lines)
        palette, row = legend.palette, cast("list[Span]", [])
        last = len(self.genres.labels) - 1
        roomy = legend.size.width >= 126
        for kind, (label, albums) in enumerate(zip(self.genres.labels, self.genres.counts, strict=True)):
            on = bool(self.shown[kind])
            digit = "9" if kind == last else str(kind + 1)
            row.append((f" {digit}", self.genres.style(kind, palette, bold=True) if on else palette.text("faint")))
            said = f" {plain(label)} {albums:,} " if roomy else f" {plain(label)}"
            row.append((said, self.genres.style(kind, palette) if on else palette.text("faint")))
        legend.show([row])

    def _draw_focus(self) -> None:
        line, album = self.query_one("#map-focus", Lines), self.looked_at
        palette = line.palette
        if album is None:
            line.show([])
            return
        listeners, spot = count(album.listeners), self._spot()
        facts = [plain(album.genre or ""), str(album.year or ""), f"{listeners} listeners" if listeners else ""]
        said = " · ".join(fact for fact in facts if fact)
        if len(spot) > 1 and self.focus_row in spot:
            said += f"   {spot.index(self.focus_row) + 1} of {len(spot)} at this spot"
        title = plain(album.title) or "untitled"
        line.show(
            [
                [
                    (f" {title} ", palette.text(bold=True)),
                    (f"{plain(album.artist) or 'unknown artist'}  ", palette.text()),
                    (said, palette.text("quiet")),
                ]
            ]
        )
        if self._preview is not None:
            self._preview.stop()
        self._preview = self.set_timer(PREVIEW_DELAY, self._show_beside)

    def _show_beside(self) -> None:
        album, text = self.looked_at, self.query_one("#beside-text", Lines)
        self.query_one("#beside-cover", Cover).show(album)
        if album is not None:
            palette, cells = text.palette, max(8, text.size.width)
            rows = [[(row, palette.text(bold=True))] for row in wrap(plain(album.title) or "untitled", cells, 2)]
            rows += [[(row, palette.text())] for row in wrap(plain(album.artist), cells, 2)]
            rows += [[(r, palette.text("quiet"))] for r in wrap(", ".join(map(plain, album.tags)), cells, 4)]
            text.show(rows)

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
        """The album that an arrow leads to: of those drawn as a cover or a dot, the one that leads its cell."""
        assert self.cells is not None and self.view is not None and self.map is not None and self.focus_row is not None
        hidden = {(x, y) for r in self.covers.values() for y in range(r.y, r.bottom) for x in range(r.x, r.right)}
        points: dict[int, Point] = {row: cell for cell, row in self.cells.leaders.items() if cell not in hidden}
        points.update({row: (rect.center[0] - 0.5, rect.center[1] - 0.5) for row, rect in self.covers.items()})
        rect = self.covers.get(self.focus_row)
        x, y = self.view.cells(self.map.places[self.focus_row : self.focus_row + 1])[0]
        origin = (float(np.floor(x)), float(np.floor(y))) if rect is None else points[self.focus_row]
        points.pop(self.focus_row, None)
        for reach in REACHES:
            near = [
                row for row, (px, py) in points.items() if max(abs(px - origin[0]), 2 * abs(py - origin[1])) <= reach
            ]
            found = nearest([origin, *(points[row] for row in near)], 0, direction, center=None)
            if found is not None:
                return near[found - 1]
        return None

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

    def action_here(self) -> None:
        """Where the walk is."""
        row = self.session.snapshot.row(self.session.here.album_id)
        if self.map is not None and row is not None and np.isfinite(self.map.places[row, 0]):
            self._focus(row)
        elif self.map is not None:
            self.query_one(KeysLine).show_message("the album where you are has no cover, so it is not on the map")

    def _spot(self) -> list[int]:
        """The albums in the focus's cell, the most listened to first; under a cover only its own."""
        if self.focus_row is None or self.cells is None or self.map is None or self.view is None:
            return []
        cell = self._cell(self.focus_row)
        if cell is None:
            return []
        at = np.floor(self.view.cells(self.map.places[self.cells.visible]))
        return self.cells.visible[(at == np.array(cell)).all(axis=1)].tolist()

    def action_next(self, step: int) -> None:
        """The next of several that share a spot."""
        spot = self._spot()
        if len(spot) > 1 and self.focus_row is not None:
            place = spot.index(self.focus_row) if self.focus_row in spot else -1
            self._focus(spot[(place + step) % len(spot)])

    def action_genre(self) -> None:
        """The digit pressed says which; `on_key` has it."""

    def on_key(self, event: events.Key) -> None:
        """A digit hides or shows its genre."""
        if self.genres is None or event.character is None or event.character not in "123456789":
            return
        last = len(self.genres.labels) - 1
        kind = last if event.character == "9" else int(event.character) - 1
        if kind < last or event.character == "9":
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
        """The cover under a cell, or the dot nearest to it."""
        if self.cells is None or self.view is None:
            return
        for album, rect in self.covers.items():
            if rect.contains(Rect(int(column), int(row), 1, 1)):
                self._came = None
                self._focus(album)
                return
        size = self.view
        inside = [c for c in self.cells.leaders if 0 <= c[0] < size.columns and 0 <= c[1] < size.rows]
        if inside:
            best = min(inside, key=lambda cell: abs(cell[0] - column) + 2 * abs(cell[1] - row))
            self._came = None
            self._focus(self.cells.leaders[best])
