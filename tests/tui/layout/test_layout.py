"""The ring fits every screen, and the arrows reach every cover on it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.layout.edges import BRAILLE, DOTS, Edge, draw_edges
from tui.layout.geometry import Rect
from tui.layout.navigation import OPPOSITE, Direction, nearest
from tui.layout.ring import MAX_RING, RingLayout, default_count, most, ring_layout

DIRECTIONS: tuple[Direction, ...] = ("left", "right", "up", "down")
# the graph's share of 80x24 to 300x90
sizes = st.tuples(st.integers(54, 300), st.integers(20, 90))


def points(layout: RingLayout) -> list[tuple[float, float]]:
    return [layout.center.cover.center, *(place.cover.center for place in layout.slots)]


@settings(max_examples=150)
@given(sizes, st.integers(4, MAX_RING))
def test_every_layout_fits_and_overlaps_nothing(size: tuple[int, int], wanted: int) -> None:
    count = min(wanted, most(*size))
    layout = ring_layout(*size, count)
    assert layout is not None
    assert len(layout.slots) == count
    screen = Rect(0, 0, *size)
    boxes = [place.box for place in (layout.center, *layout.slots)]
    assert all(screen.contains(box) for box in boxes)
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])
    for place in (layout.center, *layout.slots):
        assert place.cover.width == 2 * place.cover.height
    assert layout.center.cover.height > layout.slots[0].cover.height
    assert all(place.cover.x >= 1 and place.cover.right < size[0] for place in layout.slots)  # spine, marks


@settings(max_examples=150)
@given(sizes, st.integers(4, MAX_RING))
def test_arrows_reach_every_cover_from_every_cover(size: tuple[int, int], wanted: int) -> None:
    layout = ring_layout(*size, min(wanted, most(*size)))
    assert layout is not None
    where = points(layout)
    forward: dict[int, set[int]] = {index: set() for index in range(len(where))}
    backward: dict[int, set[int]] = {index: set() for index in range(len(where))}
    for index in forward:
        for direction in DIRECTIONS:
            target = nearest(where, index, direction)
            if target is not None:
                forward[index].add(target)
                backward[target].add(index)
    assert reached(forward) == set(forward)
    assert reached(backward) == set(backward)  # and every cover leads to the centre


def reached(ways: dict[int, set[int]]) -> set[int]:
    seen, waiting = {0}, [0]
    while waiting:
        for target in ways[waiting.pop()] - seen:
            seen.add(target)
            waiting.append(target)
    return seen


@settings(max_examples=60)
@given(sizes, st.integers(0, MAX_RING), st.sampled_from(DIRECTIONS))
def test_the_opposite_arrow_undoes_a_move(size: tuple[int, int], start: int, direction: Direction) -> None:
    layout = ring_layout(*size, default_count(*size))
    assert layout is not None
    where = points(layout)
    start %= len(where)
    target = nearest(where, start, direction)
    if target is not None:
        assert nearest(where, target, OPPOSITE[direction], (start, direction)) == start


def test_an_arrow_goes_that_way() -> None:
    where = [(10.0, 10.0), (20.0, 10.0), (10.0, 4.0), (40.0, 10.0)]
    assert nearest(where, 0, "right") == 1
    assert nearest(where, 0, "up") == 2
    assert nearest(where, 0, "left") is None
    assert nearest(where, 0, "down") is None


def test_no_arrow_jumps_across_the_centre() -> None:
    assert nearest([(20.0, 8.0), (40.0, 5.0), (0.0, 5.0)], 1, "left") == 0
    assert nearest([(20.0, 40.0), (40.0, 5.0), (0.0, 5.0)], 1, "left") == 2  # a row far above the centre


@pytest.mark.parametrize(("size", "least"), [((54, 22), 8), ((90, 43), 12), ((180, 66), 20)])
def test_larger_screens_show_more(size: tuple[int, int], least: int) -> None:
    assert default_count(*size) >= least


def test_tiny_screens_show_nothing_rather_than_break() -> None:
    assert most(20, 6) == 0
    assert ring_layout(20, 6, 8) is None


def test_opposite_lies_across_the_centre() -> None:
    layout = ring_layout(120, 45, 12)
    assert layout is not None
    cx, cy = layout.center.cover.center
    for slot, place in enumerate(layout.slots):
        x, y = place.cover.center
        ox, oy = layout.slots[layout.opposite(slot)].cover.center
        assert (x - cx) * (ox - cx) + 4 * (y - cy) * (oy - cy) < 0


@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 9), st.integers(1, 9))
def test_a_line_has_no_gap(across: int, down: int, width: int, height: int) -> None:
    box = Rect(20 + 2 * across, 10 + down, width, height)
    cells = draw_edges(Rect(3, 2, width, height), (Edge(box, "tags"),), ())
    dots = {
        (2 * x + column, 4 * y + row)
        for (x, y), (character, _) in cells.items()
        for row, bits in enumerate(DOTS)
        for column, bit in enumerate(bits)
        if (ord(character) - BRAILLE) & bit
    }
    steep = max(y for _, y in dots) - min(y for _, y in dots) > max(x for x, _ in dots) - min(x for x, _ in dots)
    steps = sorted(y if steep else x for x, y in dots)
    assert steps == list(range(steps[0], steps[-1] + 1))
