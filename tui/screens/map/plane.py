"""The map without a screen: which part of the plane is looked at, and what stands in each of its cells.

Places are float32 [n, 2], x to the right and y upwards; a cell holds two columns and four rows of braille dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tui.layout.edges import DOTS
from tui.layout.geometry import Rect

ZOOM = 1.5  # a step nearer or farther
NEAREST = 3000.0  # times the whole map: nearer there is nothing to tell apart
MARGIN = 0.04  # of the map's width and height, kept free on each side
COVER_ROWS = (16, 12, 9, 7, 5, 4, 3)  # of a cover on the map, the largest that leaves room for most
CROWD = 8  # times as many albums as covers would fit: fewer, and their covers are drawn
_DOTS = np.array(DOTS)


@dataclass(frozen=True, slots=True)
class View:
    """`columns` x `rows` cells about the middle (`x`, `y`); a cell is `across` wide and `down` high on the plane."""

    x: float
    y: float
    across: float
    down: float
    columns: int
    rows: int
    nearness: float = 1.0  # 1: the whole map

    def cells(self, places: np.ndarray) -> np.ndarray:
        """float64 [n, 2], (column, row) of places, in parts of cells; nan for albums that are not on the map."""
        moved = (places.astype(np.float64) - (self.x, self.y)) / (self.across, -self.down)
        return moved + np.array([self.columns / 2, self.rows / 2])

    def zoom(self, steps: int, column: float, row: float, whole: View) -> View:
        """Nearer (`steps` > 0) or farther; the cell (column, row) stays over its place. Never beyond `whole`."""
        nearness = min(max(self.nearness * ZOOM**steps, 1.0), NEAREST)
        if nearness == 1.0:
            return whole
        factor = self.nearness / nearness
        x = self.x + (column - self.columns / 2) * self.across * (1 - factor)
        y = self.y - (row - self.rows / 2) * self.down * (1 - factor)
        across, down = self.across * factor, self.down * factor
        return replace(self, x=x, y=y, across=across, down=down, nearness=nearness).within(whole)

    def pan(self, columns: float, rows: float, whole: View) -> View:
        """Look further to the right and down; never beyond `whole`."""
        return replace(self, x=self.x + columns * self.across, y=self.y - rows * self.down).within(whole)

    def within(self, whole: View) -> View:
        """Moved so that no more than half of it is beyond the whole map."""
        half_x, half_y = whole.across * whole.columns / 2, whole.down * whole.rows / 2
        x = min(max(self.x, whole.x - half_x), whole.x + half_x)
        y = min(max(self.y, whole.y - half_y), whole.y + half_y)
        return replace(self, x=x, y=y)


def whole_view(places: np.ndarray, columns: int, rows: int) -> View:
    """The view that shows every place."""
    known = places[np.isfinite(places[:, 0])].astype(np.float64)
    low, high = (known.min(axis=0), known.max(axis=0)) if len(known) else (np.zeros(2), np.zeros(2))
    middle, span = (low + high) / 2, np.maximum(high - low, 1e-6) * (1 + 2 * MARGIN)
    return View(middle[0], middle[1], span[0] / columns, span[1] / rows, columns, rows)


@dataclass(frozen=True, slots=True)
class Cells:
    """What stands in the cells of a view and one screen around it, so that arrows lead on beyond the edge."""

    leaders: dict[tuple[int, int], int]  # (column, row) -> the album of most listeners there
    bits: dict[tuple[int, int], int]  # braille dots of the cells in view
    kinds: dict[tuple[int, int], int]  # the kind that most dots of a cell in view are of
    visible: np.ndarray  # int64 [m], rows of the albums in view, the most listened to first


def fill_cells(
    view: View, places: np.ndarray, by_listeners: np.ndarray, dots: np.ndarray, kinds: np.ndarray, shown: np.ndarray
) -> Cells:
    """`by_listeners`: rows of albums, fewest first; `dots` (1, 2 or 4 for each album) say how large it is drawn;
    `shown` (bool, by kind) which kinds are drawn at all.
    """
    cells = view.cells(places)
    size = np.array([view.columns, view.rows])
    with np.errstate(invalid="ignore"):
        around = ((cells >= -size) & (cells < 2 * size)).all(axis=1) & shown[kinds]
    rows = by_listeners[around[by_listeners]]
    at = np.floor(cells[rows]).astype(np.int64)
    leaders = {(x, y): row for (x, y), row in zip(at.tolist(), rows.tolist(), strict=True)}  # the last one stays
    in_view = ((at >= 0) & (at < size)).all(axis=1)
    rows, at = rows[in_view], at[in_view]
    spot = np.floor(cells[rows] * (2, 4)).astype(np.int64)
    flat = at[:, 1] * view.columns + at[:, 0]
    bits = np.zeros(view.columns * view.rows, np.int64)
    for number, (dx, dy) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        wide = dots[rows] > number
        # The second dot lies in the same cell as the first: on the free side of its row.
        x = spot[wide, 0] % 2 ^ dx
        y = (spot[wide, 1] % 4 + dy) % 4
        np.bitwise_or.at(bits, flat[wide], _DOTS[y, x])
    colored = len(shown)
    counts = np.bincount(flat * colored + kinds[rows], weights=dots[rows], minlength=len(bits) * colored).astype(float)
    counts = counts.reshape(-1, colored)
    counts[:, -1] = counts[:, -1] / 2  # grey gives way to a colour
    used = np.flatnonzero(bits)
    at_cell = [(int(cell % view.columns), int(cell // view.columns)) for cell in used]
    strongest = counts[used].argmax(axis=1).tolist()
    return Cells(
        leaders,
        dict(zip(at_cell, bits[used].tolist(), strict=True)),
        dict(zip(at_cell, strongest, strict=True)),
        rows[::-1],
    )


def dot_sizes(listeners: np.ndarray) -> np.ndarray:
    """int64 [n]: 1 dot, 2 for the third of most listeners, 4 for the twentieth; 1 where nothing is known."""
    known = listeners[~np.isnan(listeners)]
    if not len(known):
        return np.ones(len(listeners), np.int64)
    third, twentieth = np.quantile(known, (2 / 3, 0.95))
    with np.errstate(invalid="ignore"):
        return 1 + (listeners > third).astype(np.int64) + 2 * (listeners > twentieth)


def fits_grid(view: View) -> int:
    """Rows of a cover that fits between two places with whole numbers; 0 where even the smallest does not."""
    rows = int(min((1 / view.across - 1) / 2, 1 / view.down))
    return rows if rows >= COVER_ROWS[-1] else 0


def covers_on(
    view: View, places: np.ndarray, visible: np.ndarray, first: Sequence[int] = (), *, grid: bool = False
) -> list[tuple[int, Rect]]:
    """(album row, rectangle) of the covers to draw about their places, none over another, `first` before the rest.

    None while too many albums are in view; those without room stay dots. `grid`: places are whole numbers, no two the
    same, and once a cover fits between two of them all are drawn.
    """
    if not len(visible):
        return []
    area = view.columns * view.rows
    smallest = COVER_ROWS[-1]
    if len(visible) > CROWD * area / (2 * smallest * smallest * 2):
        return []
    if grid and (fitting := fits_grid(view)):
        rows = min(fitting, COVER_ROWS[0])
    else:
        rows = next((rows for rows in COVER_ROWS if len(visible) * rows * rows * 2 <= area * 0.5), smallest)
    order = list(dict.fromkeys([*(row for row in first if row in set(visible.tolist())), *visible.tolist()]))
    taken: list[Rect] = []
    found: list[tuple[int, Rect]] = []
    for row, (x, y) in zip(order, view.cells(places[order]).tolist(), strict=True):
        left = min(max(round(x) - rows, 1), view.columns - 1 - 2 * rows)
        top = min(max(round(y - rows / 2), 0), view.rows - rows)
        rect = Rect(left, top, 2 * rows, rows)
        apart = Rect(rect.x - 1, rect.y, rect.width + 2, rect.height)
        if not Rect(1, 0, view.columns - 2, view.rows).contains(rect) or any(apart.overlaps(other) for other in taken):
            continue
        taken.append(apart)
        found.append((row, rect))
    return found
