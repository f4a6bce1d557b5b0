"""What the map says in words: its heading, the legend of genres, the album in focus."""

from __future__ import annotations

import numpy as np

from store.neighbors.cover_map import LAYOUTS, CoverMap
from store.records import Album
from tui.palette import Palette
from tui.screens.map.genres import Genres
from tui.screens.map.plane import View
from tui.text import count, plain
from tui.walk.session import Session
from tui.widgets.album_panel import album_line
from tui.widgets.lines import Span

ROOMY = 126  # columns from which the legend says how many albums a genre has


def heading(palette: Palette, found: CoverMap, session: Session, view: View, seen: int) -> list[Span]:
    """How many albums that pass the filter are on the map, how near one looks and what is `seen` there."""
    passing = session.filter.rows(session.snapshot)
    off = (len(session.snapshot) if passing is None else int(passing.sum())) - found.count
    alike = "alike ones near" if found.layout == LAYOUTS[0] else "on their two principal axes"
    parts = [] if passing is None else [f"only {plain(session.filter.text)}"]
    parts += [f"{found.count:,} sleeves, {alike}"]
    whole = passing is None and view.nearness == 1
    parts += [f"{found.kept:.0%} of the ten nearest kept"] if found.kept is not None and whole else []
    parts += [f"×{view.nearness:.0f}, {seen:,} here"] if view.nearness > 1 else []
    parts += [f"{off:,} without a cover are not on it"] if off else []
    parts += [] if found.stored or view.nearness > 1 else ["`sleevewalk build` keeps this layout"]
    return [(" map ", palette.text("accent", bold=True)), (" · ".join(parts), palette.text("quiet"))]


def legend_line(palette: Palette, genres: Genres, shown: np.ndarray, cells: int) -> list[Span]:
    """The digits of the genres in their colours; those that are not `shown` (bool, by kind) stand in brackets."""
    row: list[Span] = []
    for kind, (label, albums) in enumerate(zip(genres.labels, genres.counts, strict=True)):
        on = bool(shown[kind])
        digit = "9" if kind == len(genres.names) else str(kind + 1)
        row.append((f" {digit}", genres.style(kind, palette, bold=True) if on else palette.text("quiet")))
        said = f"{plain(label)} {albums:,}" if cells >= ROOMY else plain(label)
        said = (f" {said}" if on else f" ({said})") + (" " if cells >= ROOMY else "")
        row.append((said, genres.style(kind, palette) if on else palette.text("quiet")))
    return row


def focus_line(palette: Palette, album: Album, shared: tuple[int, int] | None) -> list[Span]:
    """Title, artist and facts; `shared`: which one it is of how many at one spot."""
    listeners = count(album.listeners)
    more = [f"{listeners} listeners"] if listeners else []
    spot = f"   {shared[0]} of {shared[1]} at this spot" if shared is not None and shared[1] > 1 else ""
    return [*album_line(palette, album, *more), (spot, palette.text("quiet"))]
