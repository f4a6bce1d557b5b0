"""The blend tray with its covers, where the screen is tall enough."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from tui.keynames import key_names
from tui.pictures.painter import CoverPainter
from tui.walk.session import TRAY_LIMIT, Session
from tui.widgets.cover import Cover, put
from tui.widgets.lines import Lines, Span, heading, wrapped

ROWS = 4  # of a small cover
PITCH = ROWS * 2 + 1


class TrayView(Container):
    """A heading, then as many small covers side by side as the panel is wide."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._covers = [Cover(painter) for _ in range(TRAY_LIMIT)]

    def compose(self) -> ComposeResult:
        """All covers are there from the start and stay invisible until used."""
        yield Lines(id="tray-text")
        for index, cover in enumerate(self._covers):
            put(cover, index * PITCH, 1, ROWS * 2, ROWS)
            cover.visible = False
            yield cover

    def show_session(self, session: Session) -> None:
        """Show what lies in the tray."""
        text = self.query_one(Lines)
        palette, cells = text.palette, self.size.width
        fitting = max(1, (cells + 1) // PITCH)
        for index, cover in enumerate(self._covers):
            used = index < min(fitting, len(session.tray))
            cover.visible = used
            if used:
                cover.show(session.tray[index])
        count = len(session.tray)
        rows: list[list[Span]] = [heading(palette, f"blend tray {count}" if count else "blend tray", cells)]
        if not count:
            names = key_names(self)
            put, blend, bench = names("walk.tray"), names("walk.blend"), names("walk.bench")
            hint = f"{put} puts albums here, {blend} blends two or more, {bench} opens the bench"
            rows += wrapped(hint, cells, 3, palette.text("quiet"))
        elif count > fitting:
            rows += [[]] * ROWS + [[(f"and {count - fitting} more", palette.text("quiet"))]]
        text.show(rows)
