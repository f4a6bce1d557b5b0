"""Which part of which widget's row is seen where.

Textual's own compositor cuts every row at every widget's edge, so that each piece can be written as it is. Cells
that go through a mirror need no cutting, and that was the largest part of a frame; here only the rows that a
change touches are asked for, each from the widgets seen there, from the front to the back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual._compositor import Compositor, CompositorUpdate
from textual._context import visible_screen_stack
from textual.geometry import Region

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen
    from textual.strip import Strip

Span = tuple[int, int]  # first column and the one after the last


@dataclass(frozen=True, slots=True)
class Part:
    """A strip that begins at column `x` of row `y`, seen from column `left` up to `right`."""

    y: int
    x: int
    left: int
    right: int
    strip: Strip


class Painting(CompositorUpdate):
    """What a frame changes; no two parts overlap."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self.parts = tuple(parts)


class SparingCompositor(Compositor):
    """Textual's compositor, but for how an update is drawn."""

    def render_update(
        self, full: bool = False, screen_stack: list[Screen[object]] | None = None, simplify: bool = False
    ) -> Any:
        """A Painting of the regions that changed, or None where none did; exports (`simplify`) stay Textual's."""
        if simplify:
            return super().render_update(full, screen_stack, simplify)
        visible_screen_stack.set(screen_stack or [])
        screen = self.size.region
        regions = {screen} if full or screen in self._dirty_regions else self._dirty_regions.copy()
        self._dirty_regions.clear()
        wanted: dict[int, list[Span]] = {}
        for y, left, right in self._regions_to_spans(region.intersection(screen) for region in regions):
            if right > left:
                wanted.setdefault(y, []).append((left, right))
        return Painting(self._parts(wanted)) if wanted else None

    def _parts(self, wanted: dict[int, list[Span]]) -> Iterable[Part]:
        """The parts of every widget, the front one first, that are seen in these spans of rows."""
        for widget, (region, clip) in self.visible_widgets.items():
            area = region.intersection(clip)
            seen = {y: spans for y in area.line_range if (spans := within(wanted.get(y, ()), area.column_span))}
            if not seen:
                continue
            first, last = min(seen), max(seen)
            crop = Region(area.x - region.x, first - region.y, area.width, last + 1 - first)
            strips = widget.render_lines(crop)
            for y, spans in seen.items():
                if y - first < len(strips):
                    yield from (Part(y, area.x, left, right, strips[y - first]) for left, right in spans)
                wanted[y] = without(wanted[y], area.column_span)
                if not wanted[y]:
                    del wanted[y]
            if not wanted:
                return


def within(spans: Iterable[Span], area: Span) -> list[Span]:
    """What of `spans` lies inside `area`."""
    first, end = area
    return [(max(left, first), min(right, end)) for left, right in spans if left < end and right > first]


def without(spans: Iterable[Span], area: Span) -> list[Span]:
    """What of `spans` lies outside `area`."""
    first, end = area
    left_over: list[Span] = []
    for left, right in spans:
        if left < first:
            left_over.append((left, min(right, first)))
        if right > end:
            left_over.append((max(left, end), right))
    return left_over
