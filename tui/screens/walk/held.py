"""A key that is held leads past many albums; only the one that it stops at is drawn in full."""

from __future__ import annotations

from typing import Protocol, cast

from tui.screens.base import DrawnScreen


class Keyed(Protocol):
    """An app that knows which keys wait."""

    repeats: bool  # the key that acts now is held: it has come again, and acts next


class HeldKeys(DrawnScreen[None]):
    """Knows whether something that a held key led to is still to be drawn."""

    behind = False

    def passes_by(self) -> bool:
        """Whether the key that acts comes again at once, so that what it leads to need not be drawn."""
        self.behind = cast(Keyed, self.app).repeats
        return self.behind

    def on_screen_resume(self) -> None:
        """Nothing is left undrawn where another screen came between."""
        if self.behind:
            self.behind = False
            self.redraw()
