"""Labels that cut no word and no face, where that can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.montage.filters import Planes

CUT = 0.02  # of a unit: where less of it is shown, or hidden, it is not cut
KEPT = 0.12  # of its area, that a cover has in the end at least
CUTTING = 4  # pixels changed that a pixel of a cut unit is worth
LITTLE = 8  # places of 128 × 128, and no more than so many
OVER = 0.15  # of the smaller of two units of a cover, from which they go together
FORBIDDEN = 1 << 40  # a cost
STEPS = 2  # for each unit, of putting right what is cut
TRIED = 4  # cut units that a step is looked for among

Labels = NDArray[np.int8]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]


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


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of labels: how many places of each unit are its own cover's, and of each cover; how many are not as they were."""

    shown: Places
    areas: Places
    changed: int

    def __add__(self, other: _Counts) -> _Counts:
        return _Counts(self.shown + other.shown, self.areas + other.areas, self.changed + other.changed)


@dataclass(frozen=True, slots=True)
class _Step:
    """Other labels at some places, and what that changes."""

    name: tuple[int, int]  # unit, number of its step
    places: Places
    labels: Labels
    more: _Counts
    agreed: float  # how well the labels agree with the decoded blend


def uncut(labels: Labels, soft: Planes, units: Sequence[Unit]) -> Labels:
    """Labels that cut no unit where that can be: a cut one is shown whole, or what is seen of it goes to another cover.

    `labels` [s, s] out of `soft` [n, s, s]. One step at a time, each the one after which the least is cut and changed;
    of steps alike the one that agrees best.
    """
    if not units:
        return labels
    search = _Search(labels, soft, _together([(one.place, one.on(len(labels), margin=0.006) > 0.05) for one in units]))
    done, least = search.flat, search.cost(search.now)
    for _ in range(STEPS * len(search.masks)):
        steps = search.steps()
        if not steps:
            break
        costs = [search.cost(search.now + step.more) for step in steps]
        at = min(range(len(steps)), key=lambda one: (costs[one], -steps[one].agreed))
        if costs[at] == FORBIDDEN:
            break
        search.take(steps[at])  # even where it is worse: what follows may be better
        if costs[at] < least:
            least, done = costs[at], search.flat
    return done.reshape(labels.shape)


class _Search:
    """Labels that are changed a step at a time, with what is known of them."""

    def __init__(self, labels: Labels, soft: Planes, wholes: Sequence[tuple[int, Mask]]) -> None:
        self.flat = self._before = labels.ravel()
        self._liked = soft.reshape(len(soft), -1)
        self._covered = np.stack([mask.ravel() for _, mask in wholes])
        self._owners = np.array([place for place, _ in wholes], np.int8)
        self.masks = [np.flatnonzero(mask) for mask in self._covered]
        self._over = [np.flatnonzero(self._covered[:, mask].any(1)) for mask in self.masks]  # units that share a place
        self._sizes = np.array([len(mask) for mask in self.masks])
        self._slack = np.minimum(CUT * self._sizes, LITTLE)
        self._wanted = np.bincount(self.flat, minlength=len(soft))
        self.now = _Counts(np.count_nonzero(self._covered & (self.flat == self._owners[:, None]), 1), self._wanted, 0)
        self._known: dict[int, list[_Step]] = {}  # by unit
        self._taken = set[tuple[int, int]]()

    def cost(self, counts: _Counts) -> int:
        """How much is cut and changed."""
        if (counts.areas < KEPT * self._wanted).any():
            return FORBIDDEN  # no cover goes for the sake of a word
        drift = int(np.abs(counts.areas - self._wanted).sum()) // 2
        return CUTTING * int(self._sizes[self._cut(counts)].sum()) + counts.changed + drift

    def steps(self) -> list[_Step]:
        """Those of the first units that are cut which have not been taken yet."""
        units = np.flatnonzero(self._cut(self.now))[:TRIED].tolist()
        for at in units:
            if at not in self._known:
                self._known[at] = self._steps_of(at)
        return [step for at in units for step in self._known[at] if step.name not in self._taken]

    def take(self, step: _Step) -> None:
        """Change the labels."""
        self.flat, self.now = self.flat.copy(), self.now + step.more
        self.flat[step.places] = step.labels
        self._taken.add(step.name)
        for other in self._over[step.name[0]]:
            self._known.pop(int(other), None)

    def _cut(self, counts: _Counts) -> Mask:
        return np.asarray((counts.shown > self._slack) & (counts.shown < self._sizes - self._slack))

    def _steps_of(self, at: int) -> list[_Step]:
        """The unit shown whole, or what is seen of it given to one other cover, or to those that agree best."""
        mask, owner = self.masks[at], self._owners[at]
        seen = mask[self.flat[mask] == owner]
        others = self._liked[:, seen].copy()
        others[owner] = -1
        given = [(mask if label == owner else seen, np.int8(label)) for label in range(len(self._liked))]
        steps = [*given, (seen, others.argmax(0).astype(np.int8))]
        return [
            self._step((at, n), places, np.broadcast_to(label, places.shape)) for n, (places, label) in enumerate(steps)
        ]

    def _step(self, name: tuple[int, int], places: Places, labels: Labels) -> _Step:
        old, first, over = self.flat[places], self._before[places], self._over[name[0]]
        owners, inside = self._owners[over, None], self._covered[np.ix_(over, places)]
        shown = np.zeros_like(self.now.shown)
        shown[over] = np.count_nonzero(inside & (labels == owners), 1) - np.count_nonzero(inside & (old == owners), 1)
        n = len(self._liked)
        areas = np.bincount(labels, minlength=n) - np.bincount(old, minlength=n)
        changed = int(np.count_nonzero(labels != first)) - int(np.count_nonzero(old != first))
        return _Step(name, places, labels, _Counts(shown, areas, changed), float(self._liked[labels, places].mean()))


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
