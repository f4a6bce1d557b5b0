"""Rectangles of cells, shared by the layout, the edges and the navigation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Rect:
    """Whole cells: `x`, `y` of the top-left one, `width`, `height`."""

    x: int
    y: int
    width: int
    height: int

    def __iter__(self) -> Iterator[int]:
        return iter((self.x, self.y, self.width, self.height))

    @property
    def right(self) -> int:
        """First column to the right of it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below it."""
        return self.y + self.height

    @property
    def center(self) -> tuple[float, float]:
        """Its middle, in cells."""
        return self.x + self.width / 2, self.y + self.height / 2

    def overlaps(self, other: Rect) -> bool:
        """Whether any cell belongs to both."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def contains(self, other: Rect) -> bool:
        """Whether all of `other` lies inside."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom

    def union(self, other: Rect) -> Rect:
        """The smallest rectangle around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)


def nearest_to(rects: Mapping[Key, Rect], middle: tuple[float, float], most: int) -> dict[Key, Rect]:
    """At most so many of the rectangles, from `middle` (column, row) outwards; rows count double."""

    def away(one: tuple[Key, Rect]) -> float:
        column, row = one[1].center
        return (column - middle[0]) ** 2 + 4 * (row - middle[1]) ** 2

    return dict(sorted(rects.items(), key=away)[:most])
