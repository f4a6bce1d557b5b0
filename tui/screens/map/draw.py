"""What the map draws in its cells, and where its arrows lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from rich.style import Style

from store.neighbors.regions import Region
from tui.layout.edges import BRAILLE, Cell
from tui.layout.geometry import Rect
from tui.layout.navigation import Direction, Point, nearest
from tui.palette import Palette
from tui.screens.map.genres import Genres
from tui.screens.map.plane import Cells, View
from tui.text import cut, plain, width
from tui.walk.session import Session
from tui.widgets.canvas import frame

REACHES = (16, 64, 10_000)  # cells searched for the next album, a wider circle if a narrow one has none
LONGEST = 24  # columns of a region's name
Drawn = dict[Cell, tuple[str, Style]]


def cell_of(view: View, places: np.ndarray, row: int) -> Cell | None:
    """The cell of an album; None where it is not on the map or not in view."""
    x, y = view.cells(places[row : row + 1])[0]
    if not (0 <= x < view.columns and 0 <= y < view.rows):  # nan is neither
        return None
    return int(x), int(y)


def dots(cells: Cells, covers: Iterable[Rect], genres: Genres, palette: Palette, ascii_only: bool) -> Drawn:
    """The dots between the covers in the colours of their genres; `ascii_only`: the genres' digits instead."""
    hidden = {(x, y) for rect in covers for y in range(rect.y, rect.bottom) for x in range(rect.x - 1, rect.right + 1)}
    styles = [genres.style(kind, palette) for kind in range(len(genres.labels))]
    digits = [str(kind + 1) for kind in range(len(genres.names))] + ["."]
    return {
        cell: (digits[kind] if ascii_only else chr(BRAILLE + cells.bits[cell]), styles[kind])
        for cell, kind in cells.kinds.items()
        if cell not in hidden
    }


def names(view: View, found: Iterable[Region], covers: Iterable[Rect], palette: Palette) -> tuple[Drawn, list[Rect]]:
    """The names of regions, the first before the rest, and where they stand; none over a cover or another name."""
    taken, put = list(covers), list[Rect]()
    drawn: Drawn = {}
    for region in found:
        text = f" {cut(plain(region.tag), LONGEST)} "
        if width(text) != len(text):  # a wide letter does not fit the cells
            continue
        x, y = np.floor(view.cells(np.array([[region.x, region.y]]))[0]).astype(int).tolist()
        rect = Rect(x - len(text) // 2, y, len(text), 1)
        if not Rect(0, 0, view.columns, view.rows).contains(rect) or any(rect.overlaps(other) for other in taken):
            continue
        taken.append(Rect(rect.x - 1, rect.y - 1, rect.width + 2, 3))
        put.append(rect)
        drawn |= {(rect.x + place, y): (letter, palette.text(bold=True)) for place, letter in enumerate(text)}
    return drawn, put


def marks(
    view: View,
    places: np.ndarray,
    covers: Mapping[int, Rect],
    session: Session,
    focus_row: int | None,
    palette: Palette,
    *,
    ascii_only: bool,
    dotted: bool = True,
) -> Drawn:
    """The trail, where the walk is, and over all the focus. `covers`: where the covers drawn stand, by row.

    `dotted` False: stops without a cover have no mark, for covers stand there.
    """
    accent, ends = palette.text("accent", bold=True), palette.text("focus", bold=True)
    found: Drawn = {}
    stops = [(album_id, "o" if ascii_only else "◇") for album_id in reversed(session.trail.recent())]
    for album_id, mark in [*stops, (session.here.album_id, "@" if ascii_only else "◆")]:
        row = session.snapshot.row(album_id)
        if row is None or (cell := cell_of(view, places, row)) is None:
            continue
        rect = covers.get(row)
        if rect is None and not dotted:
            continue
        found[cell if rect is None else (rect.x - 1, rect.y)] = (mark, accent)
    if focus_row is not None and (rect := covers.get(focus_row)) is not None:
        found.update(frame(rect, "[" if ascii_only else "▐", "]" if ascii_only else "▌", ends))
    elif focus_row is not None and (cell := cell_of(view, places, focus_row)) is not None:
        x, y = cell
        found.update({(x - 1, y): ("[", ends), (x + 1, y): ("]", ends)})
        found[cell] = (found[cell][0] if cell in found else "X" if ascii_only else "●", palette.focus)
    return found


def next_album(
    view: View,
    places: np.ndarray,
    cells: Cells,
    covers: Mapping[int, Rect],
    focus_row: int,
    direction: Direction,
    *,
    dotted: bool = True,
) -> int | None:
    """The album that an arrow leads to: of those drawn as a cover or a dot, the one that leads its cell.

    `dotted` False: no dots are drawn, so those count beyond the edges only.
    """
    whole = Rect(0, 0, view.columns, view.rows)
    shown = covers.values() if dotted or not covers else [whole]
    hidden = {(x, y) for r in shown for y in range(r.y, r.bottom) for x in range(r.x, r.right)}
    points: dict[int, Point] = {row: cell for cell, row in cells.leaders.items() if cell not in hidden}
    points.update({row: (rect.center[0] - 0.5, rect.center[1] - 0.5) for row, rect in covers.items()})
    rect = covers.get(focus_row)
    x, y = view.cells(places[focus_row : focus_row + 1])[0]
    origin = (float(np.floor(x)), float(np.floor(y))) if rect is None else points[focus_row]
    points.pop(focus_row, None)
    for reach in REACHES:
        near = [row for row, (px, py) in points.items() if max(abs(px - origin[0]), 2 * abs(py - origin[1])) <= reach]
        found = nearest([origin, *(points[row] for row in near)], 0, direction, center=None)
        if found is not None:
            return near[found - 1]
    return None


def album_at(view: View, cells: Cells, covers: Mapping[int, Rect], column: float, row: float) -> int | None:
    """The album of the cover under a cell, or of the dot nearest to it; None on an empty map."""
    for album, rect in covers.items():
        if rect.contains(Rect(int(column), int(row), 1, 1)):
            return album
    inside = [cell for cell in cells.leaders if 0 <= cell[0] < view.columns and 0 <= cell[1] < view.rows]
    best = min(inside, key=lambda cell: abs(cell[0] - column) + 2 * abs(cell[1] - row), default=None)
    return None if best is None else cells.leaders[best]


def albums_at(view: View, places: np.ndarray, cells: Cells, row: int) -> list[int]:
    """The albums in the same cell as that of a row, the most listened to first."""
    cell = cell_of(view, places, row)
    if cell is None:
        return []
    at = np.floor(view.cells(places[cells.visible]))
    found: list[int] = cells.visible[(at == np.array(cell)).all(axis=1)].tolist()
    return found
