"""Which cover gives which place of a blend: a map of labels on 128×128, made without looking at a screen or a file.

After the photomontage of Agarwala et al. (SIGGRAPH 2004): each place takes the cover that agrees with the decoded blend
there, areas are few and smooth and follow the outlines in the covers, a cover's area follows its share, and what must
not be cut (a word, a face) is inside an area or outside. Solved by mean field (Krähenbühl and Koltun, 2011) in a fixed
number of rounds from a fixed start: the same input gives the same labels, and a little more of one cover moves seams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.montage.filters import BICUBIC, BOX, Guided, Planes, gaussian, planes, resized, softmax
from pipelines.blends.montage.uncut import FIRM, NOW, Holding, Labels, Unit, Wholes, uncut
from pipelines.blends.recipe import Pin

GRID, SIDE = 48, 128  # places a side while areas form, and of the labels in the end
ROUNDS, SETTLED = 14, 4  # of the mean field; from the latter on words and faces pull together
AGREE, COLOUR, BUSY = 1.0, 2.0, -0.10  # what counts: structure, colour, and calm places rather than busy ones
SHARPNESS, SMOOTH = 5.0, 2.2
OUTLINE = (4, 0.003)  # of the guided filter on the grid: radius, variance of half an edge
FINE = (5, 0.001)
NEARLY_HARD = 3.0  # areas are measured on labels made so much harder
LEAST = 2e-3  # share at which a cover gives nothing
PIN, PIN_SIZE = 12.0, 0.09  # how strongly, and how far (of the side) a pin holds
CRUMB = 0.012  # of the picture: smaller pieces go to what is around them
LARGEST = 0.6  # of a cover: what is larger leaves nothing to show where it is hidden
WINDOW = 0.1  # of the side: within so much structure is compared


def areas(
    guide: NDArray[np.uint8],
    covers: NDArray[np.uint8],
    shares: NDArray[np.floating],
    units: Sequence[Unit] = (),
    pins: Sequence[Pin] = (),
    how: Holding = NOW,
) -> Labels:
    """Labels [128, 128]: at each place the number of a cover.

    `guide` uint8 [128, 128, 3] is the decoded blend, `covers` [n, 128, 128, 3], `shares` [n] of the area, summing to 1.
    """
    shares = np.asarray(shares, np.float32)
    used = np.flatnonzero(shares > LEAST)
    if len(used) == 1:
        return np.full((SIDE, SIDE), used[0], np.int8)
    number = {int(old): new for new, old in enumerate(used)}
    units = [replace(one, place=number[one.place]) for one in units if one.place in number and one.area < LARGEST]
    pins = [Pin(number[pin.place], pin.x, pin.y) for pin in pins if pin.place in number]
    fine = planes(covers[used])
    logits = _settled(planes(guide), fine, shares[used], units, _pulls(pins, len(used)), how)
    soft = Guided(fine.mean(1), *FINE)(resized(softmax(logits), SIDE, BICUBIC))
    worth = np.log(np.maximum(soft, np.float32(1e-4)))
    labels = _uncrumbed(_portioned(worth, shares[used]))
    if units:
        wholes = Wholes(units, SIDE, how)
        labels = uncut(labels, soft, wholes)
        labels = _evened(labels, worth, shares[used], wholes) if how.evened else labels
    return used.astype(np.int8)[labels]


def _evened(labels: Labels, worth: Planes, shares: Planes, wholes: Wholes) -> Labels:
    """Labels with the areas that covers should have, as far as no unit changes for it."""
    held = wholes.held(labels, len(shares))
    even = _portioned(worth + held, shares)
    clean = _uncrumbed(even)
    stays = (np.take_along_axis(held, clean[None].astype(np.intp), 0)[0] < -FIRM) | (held.max(0) > FIRM)
    return np.where(stays, even, clean)


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


def _settled(
    guide: Planes, covers: Planes, shares: Planes, units: Sequence[Unit], pulls: Planes, how: Holding
) -> Planes:
    """The logits of the labels, [n, GRID, GRID]."""
    small = resized(covers, GRID, BOX)
    wishes = _wishes(resized(guide, GRID, BOX), small) + pulls / np.float32(SHARPNESS)
    outline = Guided(small.mean(1), *OUTLINE)
    wanted = np.log(shares + np.float32(LEAST))[:, None, None]
    bias, held = wanted, np.zeros_like(wishes)
    boxes = np.stack([np.zeros((GRID, GRID), np.float32), *(unit.held(GRID) for unit in units)])[1:]
    places, sizes, full = [unit.place for unit in units], boxes.sum((1, 2)), np.minimum(boxes * np.float32(1.2), 1)
    halves = [how.head if unit.head else 0.5 for unit in units]
    larger = [how.large * min(1.0, unit.area / float(shares[unit.place])) for unit in units]
    enough = np.add(halves, larger, dtype=np.float32) if units else np.zeros(0, np.float32)
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
            pull = np.float32(how.pull) * np.tanh(6 * (inside - enough))
            for place, one, box in zip(places, pull, full, strict=True):
                held[place] += one * box
    return logits + bias


def _pulls(pins: Sequence[Pin], n: int) -> Planes:
    pulls = np.zeros((n, GRID, GRID), np.float32)
    at = (np.arange(GRID) + 0.5) / GRID
    for pin in pins:
        near = np.exp(-((at - pin.y)[:, None] ** 2 + (at - pin.x)[None] ** 2) / (2 * PIN_SIZE**2))
        pulls[pin.place] += (PIN * near).astype(np.float32)
    return pulls


def _portioned(worth: Planes, shares: Planes) -> Labels:
    """Labels of what places are worth to covers, [n, SIDE, SIDE], moved until each has its share of the area."""
    bias = np.zeros((len(shares), 1, 1), np.float32)
    for step in (0.6, 0.6, 0.5, 0.5, 0.4, 0.4, 0.3, 0.3, 0.2, 0.2):
        labels = _best(worth + bias)
        area = np.bincount(labels.ravel(), minlength=len(shares)) / labels.size
        wrong = np.log((shares + LEAST) / (area + LEAST))
        bias += np.float32(step) * np.clip(wrong, -2, 2)[:, None, None].astype(np.float32)
    return _best(worth + bias)


def _best(worth: Planes) -> Labels:
    """The first label of the highest worth: what argmax gives, in half the time."""
    most, labels = worth[0].copy(), np.zeros(worth.shape[1:], np.int8)
    for label in range(1, len(worth)):
        more = worth[label] > most
        labels[more] = label
        np.maximum(most, worth[label], out=most)
    return labels


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
    """At each place the number of its piece, of places that hang together: runs along rows, joined down columns."""
    starts = np.ones(labels.shape, np.bool_)
    starts[:, 1:] = labels[:, 1:] != labels[:, :-1]
    runs = starts.cumsum().reshape(labels.shape) - 1
    down = labels[1:] == labels[:-1]
    joins = down & (starts[1:] | starts[:-1] | ~np.roll(down, 1, axis=1))  # the first place that two runs share
    above, below = runs[:-1][joins], runs[1:][joins]
    pieces = np.arange(runs[-1, -1] + 1)
    while True:
        least, before = np.minimum(pieces[above], pieces[below]), pieces.copy()
        for ends in (pieces[above], pieces[below], above, below):
            np.minimum.at(pieces, ends, least)
        pieces = pieces[pieces]
        if np.array_equal(pieces, before):
            return np.asarray(pieces[runs])
