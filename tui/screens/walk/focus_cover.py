"""The cover in focus, large, in the rows of the panel that the details leave free."""

from __future__ import annotations

from textual.timer import Timer

from store.records import Album
from tui.layout.ring import RingLayout
from tui.pictures.cells import LITE
from tui.screens.walk.details import Details
from tui.walk.session import Session
from tui.widgets.cover import Cover

REST = 0.4  # seconds that the focus rests before its cover is drawn: a walk along the ring sends none
LARGER = 3  # rows that it has to have over the one in the ring


class FocusCover(Cover):
    """Stands at the bottom of the details; hidden where they need its rows, or the link is slow."""

    _waiting: Timer | None = None

    def follow(self, session: Session, details: Details, ring: RingLayout | None) -> None:
        """Show the neighbour in focus once the focus rests, where it is larger here than in the ring."""
        if self._waiting is not None:
            self._waiting.stop()
        columns, height = details.size
        rows = min(columns // 2, height - len(details.rows) - 2)
        slow = self.painter.pictures is None and self.painter.tolerance >= LITE
        neighbor = session.focused_neighbor
        if neighbor is None or ring is None or slow or rows < ring.slots[0].cover.height + LARGER:
            self.visible = False
            return
        album = neighbor.album
        if self.size.height > rows:
            self.visible = False  # until then: it would stand over text
        self._waiting = self.set_timer(REST, lambda: self._place(album, columns, height, rows))

    def _place(self, album: Album, columns: int, height: int, rows: int) -> None:
        self.styles.offset = ((columns - 2 * rows) // 2, height - rows - 1)
        self.styles.width, self.styles.height = 2 * rows, rows
        self.show(album)
        self.visible = True
