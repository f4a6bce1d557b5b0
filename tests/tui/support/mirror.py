"""Strips laid out as a painting of the whole screen."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from textual.strip import Strip

from tui.terminal.compositor import Painting, Part

CONSOLE = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)


def laid(rows: Sequence[Sequence[Strip]]) -> Painting:
    """Rows of strips from the top left on."""
    parts = []
    for y, row in enumerate(rows):
        x = 0
        for strip in row:
            parts.append(Part(y, x, x, x + strip.cell_length, strip))
            x += strip.cell_length
    return Painting(parts)
