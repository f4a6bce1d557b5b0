"""Looking at a network: which cells a cover of the lattice takes at each zoom, and the lines between covers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from tui.layout.edges import BRAILLE, Cell, Edge, edge_cells
from tui.layout.geometry import Rect
from tui.walk.network import Link, Site

PATH = "path"  # in place of a signal: a step of the walk, drawn solid
QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
STRONG = 0.7  # a pair of at least this score has a double line, as on the walk


@dataclass(frozen=True, slots=True)
class Level:
    """A zoom: rows of a cover, cells from one site to the next, and whether titles stand below the covers."""

    cover: int
    across: int
    down: int
    titled: bool


LEVELS = (
    Level(1, 4, 1, False),
    Level(1, 5, 2, False),
    Level(2, 7, 3, False),
    Level(3, 10, 4, False),
    Level(4, 13, 6, True),
    Level(5, 16, 8, True),
    Level(7, 20, 10, True),
    Level(9, 26, 13, True),
    Level(12, 32, 16, True),
    Level(16, 42, 21, True),
)  # the smallest covers first
OPENED = 3  # the smallest level that a network opens at, even where not all of it is in view then


@dataclass(frozen=True, slots=True)
class Window:
    """`columns` x `rows` cells of the network; `left`, `top`: which of its cells stands in the corner."""

    columns: int
    rows: int
    number: int = 0  # of the level
    left: int = 0
    top: int = 0

    @property
    def level(self) -> Level:
        """The zoom."""
        return LEVELS[self.number]

    @property
    def nearest(self) -> int:
        """The number of the largest level that suits this room: more than one cover fits."""
        return max(number for number, level in enumerate(LEVELS) if level.cover <= max(3, self.rows // 3))

    def rect(self, site: Site) -> Rect:
        """The cells of the cover on a site; they may lie outside."""
        level = self.level
        x, y = site[0] * level.across - self.left, site[1] * level.down - self.top
        return Rect(x, y, 2 * level.cover, level.cover)

    def shows(self, site: Site) -> bool:
        """Whether all of the cover is in the window, with a column to either side for its marks."""
        rect = self.rect(site)
        return Rect(1, 0, self.columns - 2, self.rows).contains(rect)

    def touches(self, site: Site) -> bool:
        """Whether any of the cover is in the window."""
        return Rect(0, 0, self.columns, self.rows).overlaps(self.rect(site))

    def centered(self, site: tuple[float, float]) -> Window:
        """With a site in the middle; half sites count."""
        level = self.level
        left = round(site[0] * level.across + level.cover - self.columns / 2)
        return replace(self, left=left, top=round(site[1] * level.down + level.cover / 2 - self.rows / 2))

    def filled(self, sites: Iterable[Site]) -> Window:
        """Beside the end of a network as much of the rest as there is room for."""
        corner, end = (self.rect(site) for site in bounds(sites))
        return replace(
            self,
            left=self.left + _shift(corner.x - 1, end.right + 1, self.columns),
            top=self.top + _shift(corner.y, end.bottom + 1, self.rows),
        )

    def following(self, site: Site) -> Window:
        """The same where the cover is in view, else with it in the middle."""
        return self if self.shows(site) else self.centered(site)

    def zoom(self, steps: int, column: float, row: float) -> Window:
        """Nearer or farther; what stands at the cell (column, row) stays there."""
        number = min(max(self.number + steps, 0), self.nearest)
        old, new = self.level, LEVELS[number]
        x, y = (self.left + column - old.cover) / old.across, (self.top + row - old.cover / 2) / old.down
        left = round(x * new.across + new.cover - column)
        return replace(self, number=number, left=left, top=round(y * new.down + new.cover / 2 - row))

    def pan(self, columns: int, rows: int, sites: Iterable[Site]) -> Window:
        """Look further to the right and down; the middle stays within the network."""
        (x0, y0), (x1, y1) = bounds(sites)
        low, high = self.centered((x0, y0)), self.centered((x1, y1))
        left = min(max(self.left + columns, low.left), high.left)
        return replace(self, left=left, top=min(max(self.top + rows, low.top), high.top))


def _shift(first: int, last: int, room: int) -> int:
    """How far to look on so that cells `first` to `last` fill the room, or are in its middle where they are fewer."""
    if last - first <= room:
        return (first + last - room) // 2
    return max(first, 0) + min(last - room, 0)


def bounds(sites: Iterable[Site]) -> tuple[Site, Site]:
    """The corners of the lattice in use."""
    columns, rows = zip(*sites, strict=True)
    return (min(columns), min(rows)), (max(columns), max(rows))


def whole(columns: int, rows: int, sites: Collection[Site]) -> Window | None:
    """All of a network with covers as large as may be; None where even the smallest are too many."""
    (x0, y0), (x1, y1) = bounds(sites)
    for number in range(Window(columns, rows).nearest, -1, -1):
        window = Window(columns, rows, number).centered(((x0 + x1) / 2, (y0 + y1) / 2))
        if window.shows((x0, y0)) and window.shows((x1, y1)):
            return window
    return None


def opening(columns: int, rows: int, sites: Collection[Site], focus: Site, other: Site) -> Window:
    """All of a network if its covers can be told apart then, else the part around `focus` and, if it fits, `other`."""
    window = whole(columns, rows, sites)
    if window is not None and window.number >= OPENED:
        return window
    near = Window(columns, rows, OPENED).centered(((focus[0] + other[0]) / 2, (focus[1] + other[1]) / 2))
    return near.following(focus).filled(sites)


def draw_links(
    links: Iterable[tuple[Rect, Rect, Link]], taken: Iterable[Rect], room: Rect, *, ascii_only: bool = False
) -> dict[Cell, tuple[str, str]]:
    """The free cells of lines between covers as (character, signal), later ones over earlier ones.

    No cell of `taken` or outside `room` is drawn: the lines pass behind the covers. `ascii_only`: strokes
    instead of braille.
    """
    blocked = {(x, y) for rect in taken for y in range(rect.y, rect.bottom) for x in range(rect.x, rect.right)}
    drawn: dict[Cell, tuple[int | str, str]] = {}
    walked: dict[Cell, int] = {}
    for a, b, link in links:
        if not a.union(b).overlaps(room):
            continue
        stroke, solid = _stroke(a, b), link.signal == PATH and not ascii_only
        for cell, bits in edge_cells(a, Edge(b, link.signal, not solid and link.score >= STRONG)).items():
            if cell in blocked or not (0 <= cell[0] < room.width and 0 <= cell[1] < room.height):
                continue
            if solid:
                walked[cell] = walked.get(cell, 0) | bits
                continue
            before = drawn[cell][0] if cell in drawn else 0
            drawn[cell] = (stroke if ascii_only or isinstance(before, str) else before | bits, link.signal)
    found = {cell: (mark if isinstance(mark, str) else chr(BRAILLE + mark), key) for cell, (mark, key) in drawn.items()}
    return found | {cell: (_solid(bits), PATH) for cell, bits in walked.items()}


def _solid(bits: int) -> str:
    """The quarters of a cell that braille dots are in, filled."""
    return QUARTERS[sum(1 << place for place, dots in enumerate((0x03, 0x18, 0x44, 0xA0)) if bits & dots)]


def _stroke(a: Rect, b: Rect) -> str:
    """The character that comes closest to a line's slope."""
    dx, dy = b.center[0] - a.center[0], 2 * (b.center[1] - a.center[1])
    if abs(dy) < 0.4 * abs(dx):
        return "-"
    if abs(dx) < 0.4 * abs(dy):
        return "|"
    return "\\" if (dx > 0) == (dy > 0) else "/"
