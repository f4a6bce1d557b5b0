"""Lines between the centre and the ring, drawn with braille dots in the cells that no cover takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import floor

from tui.layout.geometry import Rect

Cell = tuple[int, int]  # column, row
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Unicode's bits for the braille dots, [row][column]
BRAILLE = 0x2800


@dataclass(frozen=True, slots=True)
class Edge:
    """One line from the centre: where to, the key of its colour, and whether it is drawn double."""

    box: Rect
    key: str
    strong: bool = False


def edge_cells(center: Rect, edge: Edge) -> dict[Cell, int]:
    """The braille bits of a straight line between the middles of `center` and of the edge's box, by cell."""
    x0, y0 = _dots(center)
    x1, y1 = _dots(edge.box)
    steep = abs(y1 - y0) > abs(x1 - x0)
    steps = max(1, round(max(abs(x1 - x0), abs(y1 - y0))))
    cells: dict[Cell, int] = {}
    for step in range(steps + 1):
        x = floor(x0 + (x1 - x0) * step / steps + 0.5)  # round() goes to the even one: a gap at every other dot
        y = floor(y0 + (y1 - y0) * step / steps + 0.5)
        for dx, dy in ((0, 0), (int(steep), int(not steep)), (-int(steep), -int(not steep)))[: 1 + edge.strong]:
            cell = ((x + dx) // 2, (y + dy) // 4)
            cells[cell] = cells.get(cell, 0) | DOTS[(y + dy) % 4][(x + dx) % 2]
    return cells


@lru_cache(maxsize=16)
def draw_edges(center: Rect, edges: tuple[Edge, ...], taken: tuple[Rect, ...]) -> dict[Cell, tuple[str, str]]:
    """Every edge's free cells as (character, colour key); where two cross, the dots join under the later key.

    No cell inside a rectangle of `taken` is drawn: the lines pass behind the covers. A moved focus asks for the
    same edges again, so the last few answers are kept: do not change them.
    """
    bits: dict[Cell, int] = {}
    keys: dict[Cell, str] = {}
    blocked = _cells_of(taken)
    for edge in edges:
        for cell, dots in edge_cells(center, edge).items():
            if cell not in blocked:
                bits[cell] = bits.get(cell, 0) | dots
                keys[cell] = edge.key
    return {cell: (chr(BRAILLE + dots), keys[cell]) for cell, dots in bits.items()}


@lru_cache(maxsize=16)
def _cells_of(rects: tuple[Rect, ...]) -> frozenset[Cell]:
    """Every cell of the rectangles; a layout asks for the same ones at each hop."""
    return frozenset((x, y) for rect in rects for y in range(rect.y, rect.bottom) for x in range(rect.x, rect.right))


def _dots(rect: Rect) -> tuple[float, float]:
    """The middle of `rect` in braille dots (two a column, four a row)."""
    x, y = rect.center
    return x * 2 - 0.5, y * 4 - 0.5
