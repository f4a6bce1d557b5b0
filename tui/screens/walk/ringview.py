"""The graph: the centre cover, the ring around it, the edges between."""

from __future__ import annotations

from collections.abc import Iterator

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from tui.layout.edges import Cell, Edge, draw_edges
from tui.layout.geometry import Rect
from tui.layout.navigation import Direction, nearest
from tui.layout.ring import MAX_RING, RingLayout, default_count, most, ring_layout
from tui.palette import SIGNAL_LETTERS, Palette
from tui.pictures.painter import CoverPainter
from tui.screens.walk.caption import Caption
from tui.walk.session import Session
from tui.widgets.canvas import Field
from tui.widgets.cover import Cover, put

CENTER = -1  # stands for the centre where slots are counted
STRONG = 0.7  # a neighbour of at least this score has a double edge


class RingView(Container):
    """Draws a session's ring. Covers and captions are made once and moved only when the layout changes."""

    class Resized(Message):
        """The room changed, so another number of neighbours may fit."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.ring: RingLayout | None = None
        self._came: tuple[int, Direction] | None = None
        self._center = Cover(painter, slot=CENTER, id="center")
        self._center_caption = Caption(id="center-caption")
        self._covers = [Cover(painter, slot=slot, id=f"slot-{slot}") for slot in range(MAX_RING)]
        self._captions = [Caption(id=f"caption-{slot}") for slot in range(MAX_RING)]
        self._field = Field(id="field")

    def compose(self) -> ComposeResult:
        """The ground first, the covers above it."""
        yield self._field
        yield self._center
        yield self._center_caption
        yield from self._covers
        yield from self._captions

    def on_resize(self) -> None:
        """Let the screen choose the number of neighbours for the new room."""
        self.post_message(self.Resized())

    def fitting(self, wanted: int | None) -> int:
        """How many neighbours to show: what the person wants, or what suits the room; 0 where none fit."""
        room = most(*self.size)
        return min(room, default_count(*self.size) if wanted is None else wanted)

    def lay_out(self, count: int) -> None:
        """Move the covers to the layout for `count` neighbours."""
        layout = ring_layout(*self.size, count) if count else None
        if layout == self.ring:
            return
        self.ring = layout
        self._came = None
        places = [] if layout is None else [layout.center, *layout.slots]
        covers = [self._center, *self._covers]
        captions = [self._center_caption, *self._captions]
        for index, (cover, caption) in enumerate(zip(covers, captions, strict=True)):
            used = index < len(places)
            cover.display = caption.display = used
            if used:
                put(cover, *places[index].cover)
                put(caption, *places[index].caption)

    def show_session(self, session: Session) -> None:
        """Draw the ring as the session has it; what did not change is not sent."""
        layout = self.ring
        if layout is None:
            self._field.show_ground({})
            return
        palette = Palette(self.app.theme_variables)
        self._center.show(session.here)
        for slot in range(len(layout.slots)):
            neighbor = session.ring.slots[slot] if slot < len(session.ring.slots) else None
            self._covers[slot].show(None if neighbor is None else neighbor.album)
        self.show_focus(session, palette)

    def show_focus(self, session: Session, palette: Palette | None = None, labels: str = "") -> None:
        """Draw captions, edges and marks, no cover; with `labels` the letter of each slot in its caption."""
        layout = self.ring
        if layout is None:
            return
        palette = palette or Palette(self.app.theme_variables)
        focused = session.focused_slot
        self._center_caption.show_center(
            session.here,
            layout.center.caption.width,
            layout.center.caption.height,
            focused=focused is None,
            in_tray=session.in_tray(session.here),
        )
        for slot, place in enumerate(layout.slots):
            neighbor = session.ring.slots[slot] if slot < len(session.ring.slots) else None
            self._captions[slot].show_neighbor(
                neighbor,
                place.caption.width,
                focused=slot == focused,
                in_tray=neighbor is not None and session.in_tray(neighbor.album),
                label=labels[slot : slot + 1],
            )
        self._field.show_ground(ground(layout, session, palette))

    def readied(self, session: Session) -> Iterator[None]:
        """Ready the neighbours and the covers that Enter would show, in steps of some milliseconds."""
        layout, album = self.ring, session.focused
        if layout is None or session.focused_slot is None:
            return
        neighbors = session.neighbors_of(album.album_id)[: len(layout.slots)]
        yield
        center = layout.center.cover
        self.painter.prepare(album, center.width, center.height)
        for place, neighbor in zip(layout.slots, neighbors, strict=False):
            yield
            self.painter.prepare(neighbor.album, place.cover.width, place.cover.height)
        yield
        here = layout.slots[0].cover  # the album one walks away from is likely in the next ring
        self.painter.prepare(session.here, here.width, here.height)

    def look(self, session: Session, direction: Direction) -> bool:
        """Move the session's focus to the nearest cover that way; False where there is none."""
        layout = self.ring
        if layout is None:
            return False
        slots = [CENTER, *(slot for slot, neighbor in enumerate(session.ring.slots) if neighbor is not None)]
        points = [(layout.center if slot == CENTER else layout.slots[slot]).cover.center for slot in slots]
        current = CENTER if session.focused_slot is None else session.focused_slot
        came = self._came
        if came is not None and (came[0] not in slots or current == came[0]):
            came = None
        index = nearest(
            points,
            slots.index(current),
            direction,
            None if came is None else (slots.index(came[0]), came[1]),
        )
        if index is None:
            return False
        self._came = (current, direction)
        session.focus(None if slots[index] == CENTER else slots[index])
        return True

    def forget_way(self) -> None:
        """After a hop the opposite arrow has nowhere to lead back to."""
        self._came = None

    def opposite(self, slot: int) -> int:
        """The slot across the centre."""
        return slot if self.ring is None else self.ring.opposite(slot)


def ground(layout: RingLayout, session: Session, palette: Palette) -> dict[Cell, tuple[str, Style]]:
    """Edges tinted by the strongest reason, a spine with its letter beside each cover, marks at the focus."""
    edges = []
    taken = [layout.center.cover, layout.center.caption]
    spines: dict[Cell, tuple[str, Style]] = {}
    for place, neighbor in zip(layout.slots, session.ring.slots, strict=False):
        if neighbor is None:
            continue
        signal = neighbor.strongest.signal
        edges.append(Edge(place.cover, signal, neighbor.score >= STRONG))
        taken += [place.cover, place.caption]
        spines.update(_spine(place.cover, signal, palette))
    cells = {
        cell: (character, palette.signal(signal))
        for cell, (character, signal) in draw_edges(layout.center.cover, tuple(edges), tuple(taken)).items()
    }
    cells.update(spines)
    slot = session.focused_slot
    cells.update(_marks((layout.center if slot is None else layout.slots[slot]).cover, palette))
    return cells


def _spine(cover: Rect, signal: str, palette: Palette) -> dict[Cell, tuple[str, Style]]:
    x = cover.x - 1
    cells = {(x, y): ("▕", palette.signal(signal)) for y in range(cover.y + 1, cover.bottom)}
    cells[x, cover.y] = (SIGNAL_LETTERS[signal], palette.signal(signal, bold=True))
    return cells


def _marks(cover: Rect, palette: Palette) -> dict[Cell, tuple[str, Style]]:
    """A bar on either side of the cover; the letter of the spine stays readable."""
    style = palette.text("focus")  # bold would change no block, and cost bytes in each row
    cells = {(cover.right, y): ("▌", style) for y in range(cover.y, cover.bottom)}
    cells.update({(cover.x - 1, y): ("▐", style) for y in range(cover.y + 1, cover.bottom)})
    return cells
