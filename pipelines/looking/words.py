"""Where words are on a cover, not what they say. The network is PaddleOCR's (PP-OCRv6, Apache-2.0), see NOTICE."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.looking.nets import opened

Box = tuple[float, float, float, float]  # left, top, right, bottom, 0–1
_MEAN, _SPREAD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
LOOKS = ((512, False), (320, False), (192, False), (320, True))  # pixels a side, and whether turned: for words that
# run up or down the side. Very large words are seen in the smaller ones alone.
FIRST_LOOKS = ((512, False), (192, False))  # those of the first version
SURE = 0.3  # probability from which a pixel is of a word
_SURE_OF_ALL = 0.5  # mean probability of a word's pixels, at least
_LEAST = 3  # pixels: what is thinner is no word
_MOST = 0.5  # of the cover: what is larger is a figure
_WITHIN = 0.8  # of a box in another: the same words
_SLANTED = 0.35  # of its box that a region fills: where it is less the words are slanted
_STRIPS = 6  # boxes of slanted words, at most
_GROWN = 1.8  # the network draws the cores of words; so much of area / perimeter makes them whole


class Region(NamedTuple):
    """Pixels that hang together: where they are, the last ones excluded, and their mean."""

    top: int
    left: int
    bottom: int
    right: int
    mean: float


def probability(pixels: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """A cover uint8 [s, s, 3] → how likely each place is of a word, [side, side], 0–1. `side`: a multiple of 32."""
    if pixels.shape[0] != side:
        pixels = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))
    image = (pixels[..., ::-1].astype(np.float32) / 255 - _MEAN) / _SPREAD  # blue, green, red, as it was trained
    session = _session()
    return session.run(None, {session.get_inputs()[0].name: image.transpose(2, 0, 1)[None]})[0][0, 0]


def find_words(pixels: NDArray[np.uint8], looks: Sequence[tuple[int, bool]] = LOOKS, close: bool = True) -> list[Box]:
    """The boxes of the lines of words on a cover uint8 [s, s, 3].

    `close`: slanted words have boxes along them, which lie over each other, and titles over half of the cover have one.
    """
    boxes: list[Box] = []
    for side, turned in looks:
        found = _boxes(probability(np.rot90(pixels) if turned else pixels, side), close)
        if turned:
            found = [(1 - low, left, 1 - top, right) for left, top, right, low in found if right - left > low - top]
        boxes += [box for box in found if sum(_inside(box, other) for other in boxes) < 0.5]
    return [box for box in boxes if not any(_inside(box, other) > _WITHIN for other in boxes if other is not box)]


def _boxes(seen: NDArray[np.float32], close: bool) -> list[Box]:
    side, boxes = len(seen), []
    for top, left, bottom, right, mean in regions(seen, SURE):
        high, wide = bottom - top, right - left
        if min(high, wide) < _LEAST or mean < _SURE_OF_ALL:
            continue
        inked = seen[top:bottom, left:right] > SURE
        if close and inked.mean() < _SLANTED:
            boxes += [_box(*strip, side) for strip in _strips(inked, top, left)]
            continue
        more = _GROWN * high * wide / (2 * (high + wide))
        large = [(high + 2 * by) * (wide + 2 * by) > _MOST * side**2 for by in (more, more / 2)]
        if close and large[0]:
            more /= 2
        if not large[close]:
            boxes.append(_box(top, left, bottom, right, more, side))
    return boxes


def _box(top: float, left: float, bottom: float, right: float, more: float, side: int) -> Box:
    low, far = np.array([left, top]) - more, np.array([right, bottom]) + more
    return (*np.clip(low / side, 0, 1).tolist(), *np.clip(far / side, 0, 1).tolist())


def _strips(inked: NDArray[np.bool_], top: int, left: int) -> list[tuple[float, float, float, float, float]]:
    """Slanted words [h, w] that begin at `top`, `left`, piece by piece: top, left, bottom, right, how much more."""
    long, count = float(np.hypot(*inked.shape)), int(inked.sum())
    thick = count / long
    more = _GROWN * count / (2 * (long + thick))
    pieces = min(_STRIPS, max(2, round(long / max(thick, 1.0))))
    across = inked.shape[1] >= inked.shape[0]
    strips, at = [], 0
    for part in np.array_split(inked, pieces, axis=int(across)):
        rows, columns = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
        y, x = (top, left + at) if across else (top + at, left)
        if len(rows):
            strips.append((float(y + rows[0]), float(x + columns[0]), y + rows[-1] + 1.0, x + columns[-1] + 1.0, more))
        at += part.shape[int(across)]
    return strips


def _inside(box: Box, other: Box) -> float:
    """How much of a box lies in another, 0–1."""
    wide, high = min(box[2], other[2]) - max(box[0], other[0]), min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(0.0, wide) * max(0.0, high) / area if area > 0 else 1.0


def regions(plane: NDArray[np.float32], least: float) -> list[Region]:
    """The regions of [h, w] above `least`, joined along rows and columns, by their uppermost rows."""
    steps = np.diff(np.pad(plane > least, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    sums = np.pad(np.cumsum(np.where(plane > least, plane, 0), 1, dtype=np.float64), ((0, 0), (1, 0)))
    runs = list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))
    root = list(range(len(runs)))

    def first(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    above = 0
    for at, (row, start, end) in enumerate(runs):
        while runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] <= start):
            above += 1
        beside = above
        while runs[beside][0] == row - 1 and runs[beside][1] < end:
            low, high = sorted((first(beside), first(at)))
            root[high] = low
            beside += 1
    totals = (sums[rows, ends] - sums[rows, starts]).tolist()
    whole: dict[int, list[float]] = {}
    for at, ((row, start, end), total) in enumerate(zip(runs, totals, strict=True)):
        one = whole.setdefault(first(at), [row, start, row, end, 0.0, 0])
        one[1], one[2], one[3] = min(one[1], start), row + 1, max(one[3], end)
        one[4], one[5] = one[4] + total, one[5] + end - start
    return [Region(int(a), int(b), int(c), int(d), total / count) for a, b, c, d, total, count in whole.values()]


@cache
def _session() -> Any:
    return opened("words")
