"""The network: the albums explored so far as small covers, joined by edges tinted by the strongest reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal

from store.records import Reason
from tui.layout.edges import Cell
from tui.layout.geometry import Rect, nearest_to
from tui.layout.navigation import Direction
from tui.palette import Palette
from tui.pictures.colors import COLORLESS
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.network.keys import KEYS, NETWORK_BINDINGS
from tui.screens.network.lattice import PATH, Window, draw_links, opening, whole
from tui.screens.network.text import bars, heading, why_line
from tui.text import cut, plain, width
from tui.walk.network import Link
from tui.walk.session import Session
from tui.widgets.album_panel import AlbumPanel, album_line
from tui.widgets.bars import KeysLine
from tui.widgets.canvas import Block, Canvas, Caption, Picture, frame
from tui.widgets.lines import Lines

LONGEST = 16  # columns of a title below a small cover
Drawn = dict[Cell, tuple[str, Style]]


class NetworkScreen(DrawnScreen[str | None]):
    """Answers with the album_id to walk to, or None."""

    hints = KEYS
    BINDINGS = NETWORK_BINDINGS

    def __init__(self, session: Session, painter: CoverPainter, focus: str) -> None:
        """`focus`: the album_id to begin at, one of the network."""
        super().__init__()
        self.session = session
        self.painter = painter
        self.network = session.network
        self.focused_id = focus
        self.other_id: str | None = None  # at the other end of the edge in focus
        self.every = False  # edge is drawn, not the focus's and the walk's only
        self.window: Window | None = None
        self._came: tuple[str, Direction] | None = None
        self._blocks: list[Block] = []
        self._lettered: list[str] = []  # the albums that letters stand with
        self._follow_edge(session.here.album_id)

    def compose(self) -> ComposeResult:
        """Heading, network and the cover in focus, what it is, why the edge, keys."""
        yield Lines(id="network-head")
        with Horizontal(id="stage"):
            yield Canvas(self.painter, id="canvas")
            yield AlbumPanel(self.painter, id="album-panel")
        yield Lines(id="network-focus")
        yield Lines(id="network-why")
        yield KeysLine(id="keys")

    def resized(self) -> None:
        """The canvas tells when it has its room."""

    def on_canvas_resized(self) -> None:
        """As much as suits the new room."""
        room, sites = self.query_one(Canvas).size, self.network.sites
        if room.area:
            self.window = opening(
                *room, sites.values(), sites[self.focused_id], sites[self.other_id or self.focused_id]
            )
            self.redraw()

    # drawing

    def redraw(self) -> None:
        """Draw everything, such as after the window, the network or the theme changed."""
        window = self.window
        if window is None:
            return
        palette = Palette(self.app.theme_variables)
        self._blocks = self._covers(window, palette)
        taken = [block.rect for block in self._blocks]
        pairs = self.network.pairs() if self.every else []
        room = Rect(0, 0, window.columns, window.rows)
        lines = [(self._rect(a), self._rect(b), link) for a, b, link in [*pairs, *self._walked()]]
        cells = draw_links(lines, taken, room, ascii_only=self._colorless)
        ground = {
            cell: (character, palette.text("accent" if signal == PATH else "faint"))
            for cell, (character, signal) in cells.items()
        }
        with self.app.batch_update():
            self.query_one(Canvas).show(ground, self._blocks, self._marks(window, palette))
            self._draw_text()

    def _walked(self) -> Iterator[tuple[str, str, Link]]:
        """The steps of the walk between albums that are here, each once, none where it turned back."""
        visits, sites, known = self.session.trail.visits, self.network.sites, set[frozenset[str]]()
        for visit in visits:
            if visit.came_from is None or visit.album_id not in sites:
                continue
            pair = frozenset((visit.album_id, before := visits[visit.came_from].album_id))
            if before in sites and len(pair) == 2 and pair not in known:
                known.add(pair)
                yield before, visit.album_id, Link(PATH, 1.0)

    def _covers(self, window: Window, palette: Palette) -> list[Block]:
        blocks: list[Block] = []
        for album_id, site in self.network.sites.items():
            if not window.touches(site):
                continue
            album, rect = self.session.album(album_id), window.rect(site)
            blocks.append(Picture(rect, album, self.painter.tolerance))
        return [*blocks, *self._titles(window, blocks, palette)]

    def _titles(self, window: Window, covers: list[Block], palette: Palette) -> Iterator[Caption]:
        """Titles below the covers, those of the walk first; where covers are small, as long as there is room."""
        level, taken, walked = (
            window.level,
            {c for block in covers for c in cells_of(block.rect)},
            self.network.explored,
        )
        sites = [(album_id, site) for album_id, site in self.network.sites.items() if window.touches(site)]
        for album_id, site in sorted(sites, key=lambda one: (one[0] != self.focused_id, one[0] not in walked)):
            rect = window.rect(site)
            title = cut(plain(self.session.album(album_id).title) or "untitled", rect.width)
            if not level.titled:
                if album_id not in walked:
                    continue  # too small to have a name each
                title = cut(plain(self.session.album(album_id).title) or "untitled", LONGEST)
            below = Rect(rect.x, rect.bottom, width(title), 1)
            around = set(cells_of(Rect(below.x - 1, below.y, below.width + 2, 1)))
            if level.titled or not around & taken:
                taken |= around
                yield Caption(below, title, palette.text("quiet"))

    def _marks(self, window: Window, palette: Palette) -> Drawn:
        """The edge in focus, the albums whose rings are open, where the walk is, and over all the focus."""
        found: Drawn = {}
        room, taken = Rect(0, 0, window.columns, window.rows), [block.rect for block in self._blocks]
        own = self.network.links[self.focused_id].items()
        edges = [(self._rect(self.focused_id), self._rect(other), link) for other, link in own]
        cells = draw_links(edges, taken, room, ascii_only=self._colorless)
        found.update({cell: (mark, palette.signal(signal, bold=True)) for cell, (mark, signal) in cells.items()})
        left, right = ("[", "]") if self._colorless else ("▐", "▌")
        if self.other_id is not None:
            link = self.network.links[self.focused_id][self.other_id]
            ends = self._rect(self.focused_id), self._rect(self.other_id)
            strong = palette.text("focus", bold=True)
            cells = draw_links([(*ends, link)], taken, room, ascii_only=self._colorless)
            found.update({cell: (character, strong) for cell, (character, _) in cells.items()})
            found.update(frame(ends[1], left, right, palette.signal(link.signal, bold=True)))
        here = self.session.here.album_id
        open_mark, here_mark = ("o", "@") if self._colorless else ("◇", "◆")
        for album_id in (*self.network.explored, here):
            if album_id in self.network.sites and window.touches(self.network.sites[album_id]):
                rect = self._rect(album_id)
                mark = here_mark if album_id == here else open_mark
                found[rect.x - 1, rect.y] = (mark, palette.text("accent", bold=True))
        framed = frame(self._rect(self.focused_id), left, right, palette.text("focus", bold=True))
        if window.level.cover > 1:  # beside a cover of one row the mark of where one is stays
            framed = {cell: drawn for cell, drawn in framed.items() if found.get(cell, (" ",))[0] not in "◇◆o@"}
        found.update(framed)
        return found

    def _rect(self, album_id: str) -> Rect:
        assert self.window is not None
        return self.window.rect(self.network.sites[album_id])

    @property
    def _colorless(self) -> bool:
        return self.painter.mode in COLORLESS

    # text

    def _draw_text(self) -> None:
        head, window = self.query_one("#network-head", Lines), self.window
        assert window is not None
        seen = sum(window.shows(site) for site in self.network.sites.values())
        head.show([heading(head.palette, self.network, seen, every=self.every, ascii_only=self._colorless)])
        self._draw_focus()
        self.draw_keys()

    def _draw_focus(self) -> None:
        """What is in focus and why it is joined to the other end of the edge in focus, by what counts now."""
        session, focused = self.session, self.session.album(self.focused_id)
        other = None if self.other_id is None else session.album(self.other_id)
        line, why = self.query_one("#network-focus", Lines), self.query_one("#network-why", Lines)
        line.show([album_line(line.palette, focused)])
        reasons: tuple[Reason, ...] = ()
        if other is not None:
            reasons = session.neighborhood.reasons(focused.album_id, other.album_id, session.weights)
        why.show([why_line(why.palette, self.network, focused, other, reasons, why.size.width)])
        self.query_one(AlbumPanel).show_soon(focused, partial(bars, "joined to", other, reasons))

    # keys

    def action_look(self, direction: str) -> None:
        """Move the focus."""
        way = cast("Direction", direction)
        target = self.network.arrow(self.focused_id, way, self._came)
        if target is not None:
            before = self.focused_id
            self._focus(target)
            self._came = (before, way)

    def _focus(self, album_id: str) -> None:
        """Put the focus on an album; the window follows where it has to."""
        if self.window is None:
            return
        before, self.focused_id, self._came = self.focused_id, album_id, None
        self._follow_edge(before)
        window = self.window.following(self.network.sites[album_id])
        if window != self.window:
            self.window = window
            self.redraw()
        else:
            self._refresh_focus()

    def _refresh_focus(self) -> None:
        if self.window is not None:
            self.query_one(Canvas).show_marks(self._marks(self.window, Palette(self.app.theme_variables)))
            self._draw_focus()

    def _follow_edge(self, before: str) -> None:
        """The edge in focus: to the album come from, else to the one whose ring this is in, else the best."""
        links, parent = self.network.links[self.focused_id], self.network.parents.get(self.focused_id)
        wanted = next((one for one in (before, parent) if one is not None and one in links), None)
        self.other_id = wanted or next(iter(self.network.joined(self.focused_id)), None)

    def show_letters(self, letters: str) -> None:
        """With the covers in view, from the focus outwards."""
        if self.window is not None:
            sites = self.network.sites.items()
            seen = {album_id: self.window.rect(site) for album_id, site in sites if self.window.shows(site)}
            near = nearest_to(seen, self._rect(self.focused_id).center, len(letters))
            self._lettered = list(near) or self._lettered
            self.query_one(Canvas).show_letters(dict(zip(letters, near.values(), strict=False)))

    def letter_chosen(self, place: int) -> None:
        """Focus the album that has the letter."""
        if place < len(self._lettered):
            self._focus(self._lettered[place])

    def action_edge(self, step: int) -> None:
        """Another edge of the album in focus."""
        edges = self.network.joined(self.focused_id)
        if self.other_id is not None:
            self.other_id = edges[(edges.index(self.other_id) + step) % len(edges)]
            self._refresh_focus()

    def action_expand(self) -> None:
        """The ring of the album in focus, too; what stands here already stays where it is."""
        added = self.session.expand(self.focused_id)
        if self.other_id is None or self.other_id not in self.network.links[self.focused_id]:
            self._follow_edge(self.focused_id)
        self.redraw()
        said = f"{added} more albums" if added != 1 else "1 more album"
        self.say(f"its ring is open: {said}" if added else "its whole ring is here already")

    def action_pan(self, columns: int, rows: int) -> None:
        """Move the window by a third; a focus that is left behind goes to the album nearest the middle."""
        window = self.window
        if window is None:
            return
        self.window = window.pan(columns * window.columns // 3, rows * window.rows // 3, self.network.sites.values())
        if self.window.shows(self.network.sites[self.focused_id]):
            self.redraw()
            return
        self.focused_id = self._nearest(window.columns / 2, window.rows / 2)
        self._came = None
        self._follow_edge(self.focused_id)
        self.window = self.window.following(self.network.sites[self.focused_id])
        self.redraw()

    def action_zoom(self, steps: int) -> None:
        """The focus comes to the middle; from farther off, at an end of the network, as near to it as leaves no room
        empty.
        """
        if self.window is not None:
            self._zoom(steps, *self._rect(self.focused_id).center, to_middle=True)

    def _zoom(self, steps: int, column: float, row: float, to_middle: bool = False) -> None:
        assert self.window is not None
        if steps > 0 and self.window.number >= self.window.nearest:
            self.dismiss(None)
            return
        self.window = self.window.zoom(steps, column, row)
        if to_middle:
            self.window = self.window.centered(self.network.sites[self.focused_id])
            if steps < 0:
                self.window = self.window.filled(self.network.sites.values())
        self.redraw()

    def action_edges(self) -> None:
        """Every edge, or those of the focus and the walk."""
        self.every = not self.every
        self.redraw()

    def action_whole(self) -> None:
        """Everything, or as much as fits of the smallest covers."""
        network, room = self.network, self.query_one(Canvas).size
        focus = network.sites[self.focused_id]
        self.window = whole(*room, network.sites.values()) or Window(*room).centered(focus).filled(
            network.sites.values()
        )
        self.redraw()

    def action_here(self) -> None:
        """Where the walk is."""
        if self.session.here.album_id in self.network.sites:
            self._focus(self.session.here.album_id)

    def action_choose(self) -> None:
        """Answer with the album in focus."""
        self.dismiss(self.focused_id)

    # mouse

    def on_canvas_pointed(self, message: Canvas.Pointed) -> None:
        """A click focuses, a second one walks."""
        if self.window is not None:
            self._focus(self._nearest(message.cell[0] + 0.5, message.cell[1] + 0.5))
            if message.twice:
                self.action_choose()

    def on_canvas_wheeled(self, message: Canvas.Wheeled) -> None:
        """Zoom about the pointer."""
        if self.window is not None:
            self._zoom(message.step, *message.cell)

    def _nearest(self, column: float, row: float) -> str:
        """The album whose cover stands nearest to a cell."""

        def distance(album_id: str) -> float:
            rect = self._rect(album_id)
            across = max(rect.x - column, column - rect.right, 0.0)
            return across + 2 * max(rect.y - row, row - rect.bottom, 0.0)

        return min(self.network.sites, key=distance)


def cells_of(rect: Rect) -> Iterator[Cell]:
    """Every cell of a rectangle."""
    return ((x, y) for y in range(rect.y, rect.bottom) for x in range(rect.x, rect.right))
