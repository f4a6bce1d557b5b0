"""Where the covers go: a large one in the centre and a ring around it, for any size of screen.

The ring is a frame: a band of covers above and below, one or more columns on each side. Several frames fit
most screens; the one that shows the most picture wins. Everything here is a pure function of three numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from tui.layout.geometry import Rect

MIN_COVER = 3  # rows of a ring cover; a cover is twice as many columns wide, which makes it square
MIN_CAPTION = 10  # columns of a caption
MIN_RING, MAX_RING = 4, 24
RING_SIZES = (8, 12, 16, 20, 24)  # what a screen gets by default, if its covers stay large enough
COMFORTABLE = {8: 5, 12: 7, 16: 8, 20: 9, 24: 10}  # rows of a ring cover below which fewer are shown


@dataclass(frozen=True, slots=True)
class Place:
    """The cells of one cover and of its caption below."""

    cover: Rect
    caption: Rect

    @property
    def box(self) -> Rect:
        """Cover and caption together."""
        return self.cover.union(self.caption)


@dataclass(frozen=True, slots=True)
class RingLayout:
    """The centre and the slots of the ring, clockwise from the top left corner."""

    center: Place
    slots: tuple[Place, ...]

    def opposite(self, slot: int) -> int:
        """The slot on the other side of the centre: where the album goes that one walked away from."""
        vx, vy = self._direction(slot)
        others = [index for index in range(len(self.slots)) if index != slot]
        return min(others, key=lambda index: self._alignment(index, vx, vy), default=slot)

    def _alignment(self, slot: int, vx: float, vy: float) -> float:
        x, y = self._direction(slot)
        return (x * vx + y * vy) / (math.hypot(x, y) * math.hypot(vx, vy) or 1.0)

    def _direction(self, slot: int) -> tuple[float, float]:
        x, y = self.slots[slot].cover.center
        cx, cy = self.center.cover.center
        return x - cx, (y - cy) * 2  # a cell is twice as tall as wide


@dataclass(frozen=True, slots=True)
class _Frame:
    """One way to cut the screen: the numbers that `_place` turns into rectangles."""

    cover: int  # rows of a ring cover
    caption: int  # rows of its caption
    center: int  # rows of the centre cover
    top: int  # covers in the band above
    bottom: int
    side: int  # covers on each side
    columns: int  # columns of covers on each side
    side_rows: int

    def picture(self, count: int) -> float:
        """How much picture it shows; the centre counts up to three times the height of a ring cover."""
        center = min(self.center, 3 * self.cover)
        balance = 1.0 if self.top else 0.9
        return (count * self.cover**2 + 1.5 * center**2) * balance


def caption_rows(cover_rows: int) -> int:
    """Title only under a small cover, then the artist, then the year too."""
    return 1 if cover_rows < 6 else 2 if cover_rows < 9 else 3


@lru_cache(maxsize=256)
def ring_layout(width: int, height: int, count: int) -> RingLayout | None:
    """The best layout of `count` covers around one on `width` x `height` cells; None if they do not fit."""
    frames = [
        frame
        for cover in range(MIN_COVER, height // 2)
        for columns in (1, 2, 3)
        for bands in (1, 2)
        if (frame := _frame(width, height, count, cover, columns, bands)) is not None
    ]
    if not frames:
        return None
    return _place(width, height, max(frames, key=lambda frame: frame.picture(count)))


@lru_cache(maxsize=256)
def most(width: int, height: int) -> int:
    """The largest ring that fits on `width` x `height` cells; 0 where not even the smallest does."""
    for count in range(MAX_RING, MIN_RING - 1, -1):
        if ring_layout(width, height, count) is not None:
            return count
    return 0


@lru_cache(maxsize=256)
def default_count(width: int, height: int) -> int:
    """How many neighbours to show unless a person says otherwise: as many as stay comfortable to look at."""
    chosen = min(RING_SIZES[0], most(width, height))
    for count in RING_SIZES:
        layout = ring_layout(width, height, count)
        if layout is not None and layout.slots[0].cover.height >= COMFORTABLE[count]:
            chosen = count
    return chosen


def _gap(height: int) -> int:
    """Rows kept free between a band and the centre, for the edges."""
    return 1 if height < 30 else 2


def _slot_width(cover: int) -> int:
    return max(2 * cover, MIN_CAPTION)


def _frame(width: int, height: int, count: int, cover: int, columns: int, bands: int) -> _Frame | None:
    """The frame with these choices; None where `count` covers do not fit or leave the centre too small."""
    caption = caption_rows(cover)
    gap = _gap(height)
    pitch = _slot_width(cover) + 2
    per_band = width // pitch
    middle = height - bands * (cover + caption + gap)
    center_caption = 1 if height < 30 else 2
    side_rows = (middle + 1) // (cover + caption + 1)
    side_width = columns * pitch + 2
    center = min(middle - center_caption, (width - 2 * side_width) // 2)
    if side_rows < 1 or per_band < 2 or center < cover * 1.4:
        return None
    side = min(columns * side_rows, count // 2)
    in_bands = count - 2 * side
    while in_bands < bands * 2 and side > 1:  # a band of one looks forgotten
        side, in_bands = side - 1, in_bands + 2
    if in_bands > bands * per_band or side > columns * side_rows:
        return None
    if side <= (columns - 1) * side_rows:
        return None  # the same with fewer columns leaves the centre more room
    top = in_bands // 2 if bands == 2 else 0
    return _Frame(cover, caption, center, top, in_bands - top, side, columns, side_rows)


def _place(width: int, height: int, frame: _Frame) -> RingLayout:
    band = frame.cover + frame.caption
    gap = _gap(height)
    center_caption = 1 if height < 30 else 2
    top_edge = band + gap if frame.top else 0
    bottom_edge = height - band - gap
    spare = bottom_edge - top_edge - frame.center - center_caption
    center_y = top_edge + spare // 2
    center_x = (width - 2 * frame.center) // 2
    center = Place(
        Rect(center_x, center_y, 2 * frame.center, frame.center),
        Rect(center_x, center_y + frame.center, 2 * frame.center, center_caption),
    )
    top = [_slot(x, 0, frame) for x in _spread(frame.top, 0, width)]
    bottom = [_slot(x, height - band, frame) for x in _spread(frame.bottom, 0, width)]
    left = _side(frame, 0, center_x - 2, top_edge, bottom_edge)
    right = _side(frame, center.cover.right + 2, width, top_edge, bottom_edge)
    return RingLayout(center, (*top, *right, *reversed(bottom), *reversed(left)))


def _side(frame: _Frame, left: int, right: int, top: int, bottom: int) -> list[Place]:
    """The covers beside the centre, row by row; a last row with fewer stands in the middle."""
    rows = math.ceil(frame.side / frame.columns)
    places: list[Place] = []
    remaining = frame.side
    block = frame.cover + frame.caption
    for row, y in enumerate(_spread(rows, top, bottom)):
        in_row = min(frame.columns, math.ceil(remaining / (rows - row)))
        remaining -= in_row
        places += [_slot(x, math.floor(y - block / 2), frame) for x in _spread(in_row, left, right)]
    return places


def _spread(count: int, start: int, end: int) -> list[float]:
    """`count` middles at one whole-numbered distance, in the middle between `start` and `end`."""
    if count == 0:
        return []
    pitch = (end - start) // count
    first = start + (end - start - pitch * count) / 2 + pitch / 2
    return [first + index * pitch for index in range(count)]


def _slot(middle: float, top: int, frame: _Frame) -> Place:
    cover_width = 2 * frame.cover
    caption_width = _slot_width(frame.cover)
    caption_x = math.floor(middle - caption_width / 2 + 0.5)  # not round(): its halves would alternate
    cover_x = caption_x + (caption_width - cover_width) // 2
    return Place(
        Rect(cover_x, top, cover_width, frame.cover),
        Rect(caption_x, top + frame.cover, caption_width, frame.caption),
    )
