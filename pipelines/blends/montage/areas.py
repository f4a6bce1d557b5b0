"""Which cover gives which place of a blend: a map of labels on 128×128, made without looking at a screen or a file.

After the photomontage of Agarwala et al. (SIGGRAPH 2004): each place takes the cover that agrees with the decoded blend
there, areas are few and smooth and follow the outlines in the covers, a cover's area follows its share, and what must
not be cut (a word, a face) is inside an area or outside. Solved by mean field (Krähenbühl and Koltun, 2011) in a fixed
number of rounds from a fixed start: the same input gives the same labels, and a little more of one cover moves seams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.montage.filters import BICUBIC, BOX, Guided, Planes, gaussian, planes, resized, softmax
from pipelines.blends.recipe import Pin

GRID, SIDE = 48, 128  # places a side while areas form, and of the labels in the end
ROUNDS, SETTLED = 14, 4  # of the mean field; from the latter on words and faces pull together
AGREE, COLOUR, BUSY = 1.0, 2.0, -0.10  # what counts: structure, colour, and calm places rather than busy ones
SHARPNESS, SMOOTH = 5.0, 2.2
OUTLINE = (4, 0.003)  # of the guided filter on the grid: radius, variance of half an edge
FINE = (5, 0.001)
NEARLY_HARD = 3.0  # areas are measured on labels made so much harder
LEAST = 2e-3  # share at which a cover gives nothing
WHOLE = 5.0  # how strongly a word is held together
PIN, PIN_SIZE = 12.0, 0.09  # how strongly, and how far (of the side) a pin holds
CRUMB = 0.012  # of the picture: smaller pieces go to what is around them
CUT = 0.02  # of a unit: where less of it is shown, or hidden, it is not cut
KEPT = 0.12  # of its area, that a cover has in the end at least
CUTTING = 4  # pixels changed that a pixel of a cut unit is worth
LITTLE = 8  # places of 128 × 128, and no more than so many
OVER = 0.15  # of the smaller of two units of a cover, from which they go together
STEPS = 2  # for each unit, of putting right what is cut
LARGEST = 0.6  # of a cover: what is larger leaves nothing to show where it is hidden
TRIED = 4  # cut units that a step is looked for among
WINDOW = 0.1  # of the side: within so much structure is compared

Labels = NDArray[np.int8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is shown whole or not at all: in the cover at `place`, a box from 0 to 1."""

    place: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Of the cover."""
        return (self.right - self.left) * (self.bottom - self.top)

    def on(self, side: int, margin: float = 0.0) -> Planes:
        """How much of each place [side, side] it covers, 0–1."""
        edges = np.arange(side)

        def cover(low: float, high: float) -> NDArray[np.float64]:
            inside = np.minimum((high + margin) * side, edges + 1) - np.maximum((low - margin) * side, edges)
            return np.clip(inside, 0, 1)

        return np.outer(cover(self.top, self.bottom), cover(self.left, self.right)).astype(np.float32)


def areas(
    guide: NDArray[np.uint8],
    covers: NDArray[np.uint8],
    shares: NDArray[np.floating],
    units: Sequence[Unit] = (),
    pins: Sequence[Pin] = (),
) -> Labels:
    """Labels [128, 128]: at each place the number of a cover.

    `guide` uint8 [128, 128, 3] is the decoded blend, `covers` [n, 128, 128, 3], `shares` [n] of the area, summing to 1.
    """
    shares = np.asarray(shares, np.float32)
    used = np.flatnonzero(shares > LEAST)
    if len(used) == 1:
        return np.full((SIDE, SIDE), used[0], np.int8)
    number = {int(old): new for new, old in enumerate(used)}
    units = [
        Unit(number[u.place], u.left, u.top, u.right, u.bottom) for u in units if u.place in number and u.area < LARGEST
    ]
    pins = [Pin(number[pin.place], pin.x, pin.y) for pin in pins if pin.place in number]
    fine = planes(covers[used])
    logits = _settled(planes(guide), fine, shares[used], units, _pulls(pins, len(used)))
    soft = Guided(fine.mean(1), *FINE)(resized(softmax(logits), SIDE, BICUBIC))
    labels = _uncrumbed(_portioned(soft, shares[used]))
    labels = _uncut(labels, soft, units)
    return used.astype(np.int8)[labels]


def _wishes(guide: Planes, covers: Planes) -> Planes:
    """How gladly each place would be each cover's, [n, GRID, GRID]."""
    window = GRID * WINDOW
    blended, own = _band(guide, window), _band(covers, window)
    both = gaussian((blended * own).sum(1), window)
    energy = gaussian(np.square(blended).sum(0), window) * gaussian(np.square(own).sum(1), window)
    apart = np.square(gaussian(guide, 2.0) - gaussian(covers, 2.0)).sum(1)
    luma = covers.mean(1)
    slopes = np.gradient(luma, axis=(1, 2))
    busy = gaussian(np.hypot(*slopes).astype(np.float32), 1.5)
    busy /= busy.mean((1, 2), keepdims=True) + np.float32(0.01)
    agree = both / (np.sqrt(energy) + np.float32(2e-3))
    return AGREE * agree - COLOUR * np.sqrt(apart + np.float32(1e-4)) + BUSY * np.log(busy + np.float32(0.2))


def _band(x: Planes, window: float) -> Planes:
    return gaussian(x, 0.8) - gaussian(x, window)


def _settled(guide: Planes, covers: Planes, shares: Planes, units: Sequence[Unit], pulls: Planes) -> Planes:
    """The logits of the labels, [n, GRID, GRID]."""
    small = resized(covers, GRID, BOX)
    wishes = _wishes(resized(guide, GRID, BOX), small) + pulls / np.float32(SHARPNESS)
    outline = Guided(small.mean(1), *OUTLINE)
    wanted = np.log(shares + np.float32(LEAST))[:, None, None]
    bias, held = wanted, np.zeros_like(wishes)
    boxes = np.stack([np.zeros((GRID, GRID), np.float32), *(unit.on(GRID) for unit in units)])[1:]
    places, sizes, full = [unit.place for unit in units], boxes.sum((1, 2)), np.minimum(boxes * np.float32(1.2), 1)
    soft = softmax(SHARPNESS * wishes + bias)
    for turn in range(ROUNDS):
        logits = SHARPNESS * (wishes + SMOOTH * gaussian(outline(soft), 0.8)) + held
        for _ in range(3):
            hard = softmax(NEARLY_HARD * (logits + bias))
            area = hard.mean((1, 2), keepdims=True)
            bias = bias + np.float32(0.25) * (wanted - np.log(area + np.float32(LEAST)))
        bias = bias - bias.mean()
        soft = softmax(logits + bias)
        if turn >= SETTLED:
            held = np.zeros_like(wishes)
            inside = (hard[places] * boxes).sum((1, 2)) / np.maximum(sizes, np.float32(1e-3))
            pull = np.float32(WHOLE) * np.tanh(6 * (inside - np.float32(0.5)))
            np.add.at(held, places, pull[:, None, None] * full)
    return logits + bias


def _pulls(pins: Sequence[Pin], n: int) -> Planes:
    pulls = np.zeros((n, GRID, GRID), np.float32)
    at = (np.arange(GRID) + 0.5) / GRID
    for pin in pins:
        near = np.exp(-((at - pin.y)[:, None] ** 2 + (at - pin.x)[None] ** 2) / (2 * PIN_SIZE**2))
        pulls[pin.place] += (PIN * near).astype(np.float32)
    return pulls


def _portioned(soft: Planes, shares: Planes) -> Labels:
    """Labels of soft ones [n, SIDE, SIDE], moved until each has its share of the area."""
    worth = np.log(np.maximum(soft, np.float32(1e-4)))
    bias = np.zeros((len(shares), 1, 1), np.float32)
    for step in (0.6, 0.6, 0.5, 0.5, 0.4, 0.4, 0.3, 0.3, 0.2, 0.2):
        labels = (worth + bias).argmax(0)
        area = np.bincount(labels.ravel(), minlength=len(shares)) / labels.size
        wrong = np.log((shares + LEAST) / (area + LEAST))
        bias += np.float32(step) * np.clip(wrong, -2, 2)[:, None, None].astype(np.float32)
    return (worth + bias).argmax(0).astype(np.int8)


def _uncrumbed(labels: Labels) -> Labels:
    """Pieces smaller than CRUMB go to what is around them."""
    pieces = _pieces(labels)
    sizes = np.bincount(pieces.ravel(), minlength=labels.size)
    small = (sizes < CRUMB * labels.size)[pieces]
    if small.all():
        return labels
    filled = labels.copy()
    while small.any():  # from its edge inwards
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            beside, there = np.roll(filled, step, axis), ~np.roll(small, step, axis)
            edge = 0 if step > 0 else -1
            there[(edge, slice(None)) if axis == 0 else (slice(None), edge)] = False
            now = small & there
            filled[now], small = beside[now], small & ~now
    return filled


def _pieces(labels: Labels) -> NDArray[np.int64]:
    """At each place the number of its piece: the least flat index among the places that hang together with it."""
    ids = np.arange(labels.size).reshape(labels.shape)
    across, down = labels[:, 1:] == labels[:, :-1], labels[1:] == labels[:-1]
    while True:
        before = ids.copy()
        for same, a, b in ((across, ids[:, 1:], ids[:, :-1]), (down, ids[1:], ids[:-1])):
            least = np.minimum(a, b)
            a[same] = least[same]
            b[same] = np.minimum(b, least)[same]
        ids = ids.ravel()[ids]  # and to what those point to
        if np.array_equal(ids, before):
            return ids


def _together(wholes: list[tuple[int, Mask]]) -> list[tuple[int, Mask]]:
    """(place, what must not be cut) with those of one cover that lie over each other as one: neither goes alone."""
    apart: list[tuple[int, Mask]] = []
    for place, mask in wholes:
        kept = []
        for other in apart:
            both = np.count_nonzero(other[1] & mask) if other[0] == place else 0
            if both > OVER * min(np.count_nonzero(other[1]), np.count_nonzero(mask)):
                mask = mask | other[1]
            else:
                kept.append(other)
        apart = [*kept, (place, mask)]
    return [one for one in apart if one[1].any()]


def _uncut(labels: Labels, soft: Planes, units: Sequence[Unit]) -> Labels:
    """Labels that cut no unit where that can be: a cut one is shown whole, or what is seen of it goes to another cover.

    One step at a time, each the one after which the least is cut and changed; of steps alike the one that agrees best.
    """
    if not units:
        return labels
    wholes = _together([(unit.place, unit.on(SIDE, margin=0.006) > 0.05) for unit in units])
    masks = [np.flatnonzero(mask) for _, mask in wholes]
    before, liked = labels.ravel(), soft.reshape(len(soft), -1)
    wanted = np.bincount(before, minlength=len(soft))
    sizes, places = np.array([len(mask) for mask in masks]), np.array([place for place, _ in wholes], np.int8)
    slack = np.minimum(CUT * sizes, LITTLE)
    every, owner, starts = np.concatenate(masks), np.repeat(places, sizes), np.cumsum(sizes) - sizes

    def worth(these: Labels) -> tuple[int, list[int]]:
        shown = np.add.reduceat(these[every] == owner, starts, dtype=np.int64)
        still = np.flatnonzero((shown > slack) & (shown < sizes - slack))
        areas = np.bincount(these, minlength=len(soft))
        if (areas < KEPT * wanted).any():
            return labels.size * len(units), []  # no cover goes for the sake of a word
        drift = int(np.abs(areas - wanted).sum()) // 2
        return CUTTING * int(sizes[still].sum()) + int(np.count_nonzero(these != before)) + drift, still.tolist()

    flat, done, tried_already = before, before, set[tuple[int, int]]()
    least, now = worth(flat)
    for _ in range(STEPS * len(masks)):
        best: tuple[int, float, tuple[int, int], Labels, list[int]] | None = None
        for at in now[:TRIED]:
            seen = masks[at][flat[masks[at]] == places[at]]
            others = liked[:, seen].copy()
            others[places[at]] = -1
            given = [(masks[at] if label == places[at] else seen, np.int8(label)) for label in range(len(soft))]
            for name, (step, label) in enumerate([*given, (seen, others.argmax(0).astype(np.int8))]):
                if (at, name) in tried_already:
                    continue
                tried = flat.copy()
                tried[step] = label
                cost, still = worth(tried)
                agreed = -float(liked[label, step].mean())
                if best is None or (cost, agreed) < best[:2]:
                    best = (cost, agreed, (at, name), tried, still)
        if best is None:
            break
        cost, _, name_of, flat, now = best  # even where it is worse: what follows may be better
        tried_already.add(name_of)
        if cost < least:
            least, done = cost, flat
    return done.reshape(labels.shape)
