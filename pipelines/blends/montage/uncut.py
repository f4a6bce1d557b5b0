"""What a blend shows whole or not at all, words and heads, and labels that cut none of it where that can be.

Below a head is a body: neither is shown without the other where that can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.montage.filters import Planes

BODY = (2.0, 1.3)  # as wide as so many heads, and so far below the head
BARE, LOST = 4, 0.5  # pixels changed that a pixel of a body without its head is worth, and one that a head lacks
BARELY = 0.2  # of a body: where less is shown without its head nothing is wrong
CUT = 0.02  # of a unit: where less of it is shown, or hidden, it is not cut
FIXED, FIRM = 30.0, 12.0  # how strongly units, and bodies, stay where the rest moves
FORBIDDEN = 1 << 40  # a cost
LITTLE = 8  # places of 128 × 128, and no more than so many
STEPS = 2  # for each unit, of putting right what is cut
WITH = 0.8  # of how strongly a head is held together: its body

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
    head: bool = False  # of somebody whose body is below

    @property
    def area(self) -> float:
        """Of the cover."""
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def body(self) -> Unit:
        """A head's shoulders and chest, with the head."""
        middle, far = (self.left + self.right) / 2, BODY[0] * (self.right - self.left) / 2
        bottom = min(self.bottom + BODY[1] * (self.bottom - self.top), 1.0)
        return Unit(self.place, max(middle - far, 0.0), self.top, min(middle + far, 1.0), bottom)

    def on(self, side: int, margin: float = 0.0) -> Planes:
        """How much of each place [side, side] it covers, 0–1."""
        edges = np.arange(side)

        def cover(low: float, high: float) -> NDArray[np.float64]:
            inside = np.minimum((high + margin) * side, edges + 1) - np.maximum((low - margin) * side, edges)
            return np.clip(inside, 0, 1)

        return np.outer(cover(self.top, self.bottom), cover(self.left, self.right)).astype(np.float32)

    def held(self, side: int) -> Planes:
        """How strongly each place [side, side] is held together with the others, 0–1."""
        own = self.on(side)
        return np.maximum(own, np.float32(WITH) * self.body.on(side)) if self.head else own


@dataclass(frozen=True, slots=True)
class Holding:
    """How strongly units are held together."""

    pull: float = 8.0  # while areas form
    head: float = 0.35  # of a head that its cover has then, from which it is pulled in rather than out; of words a half
    large: float = 0.5  # and so much more where a unit is as large as its cover's share
    over: float = 0.05  # of the smaller of two units of a cover, from which they go together
    together: float = 0.45  # of the picture: what units that go together cover at most
    cutting: int = 12  # pixels changed that a pixel of a cut unit is worth
    drift: float = 2.0  # that a pixel more or less of a cover is worth
    off: float = 8.0  # and one below the first or beyond the second of these, of the area that a cover had
    bounds: tuple[float, float] = (0.5, 1.7)
    kept: float = 0.04  # of its area, that a cover has in the end at least
    tried: int = 8  # cut units that a step is looked for among
    patience: int = 16  # steps that make nothing better, after which it ends
    evened: bool = True  # whether at last what is not held makes up for the areas that units took


NOW = Holding()
BEFORE = Holding(
    5.0, 0.5, 0.0, 0.15, 1.0, 4, 0.5, 0.0, kept=0.12, tried=4, patience=1000, evened=False
)  # of recipes without bodies


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of labels: how many places of each unit are its own cover's, and of each cover; how many are not as they were."""

    shown: Places
    areas: Places
    changed: int

    def __add__(self, other: _Counts) -> _Counts:
        return _Counts(self.shown + other.shown, self.areas + other.areas, self.changed + other.changed)


@dataclass(frozen=True, slots=True)
class _Part:
    """Places that a step at a unit changes, and the masks beside them."""

    places: Places
    over: Places  # the masks
    owners: Labels
    inside: Mask  # [masks, places]
    sizes: Places  # of the masks in here
    shown: Places  # of them, by their own covers


@dataclass(frozen=True, slots=True)
class _Step:
    """Other labels at some places, and what that changes."""

    name: tuple[int, int]  # unit, number of its step
    places: Places
    labels: Labels | np.int8
    more: _Counts
    agreed: float  # how well the labels agree with the decoded blend


class Wholes:
    """The units of a blend's covers on [side, side], those that lie over each other as one; at last the bodies."""

    def __init__(self, units: Sequence[Unit], side: int, how: Holding) -> None:
        self.how, heads = how, [unit for unit in units if unit.head]
        marked = [(one.place, one.on(side, margin=0.006) > 0.05) for one in units if not one.head]
        wholes = [*_together(marked, how), *((one.place, one.on(side, margin=0.006) > 0.05) for one in heads)]
        self.n, self.first = len(wholes), len(wholes) - len(heads)  # units, and the first head among them
        pairs = zip(heads, wholes[self.first :], strict=True)
        bodies = [(head.body.on(side) > 0.5) & ~mask for head, (_, mask) in pairs]
        self.covered = np.stack([*(mask.ravel() for _, mask in wholes), *(body.ravel() for body in bodies)])
        self.owners = np.array([place for place, _ in (*wholes, *wholes[self.first :])], np.int8)
        self.masks = [np.flatnonzero(mask) for mask in self.covered]
        self.sizes = np.array([len(mask) for mask in self.masks])
        self.slack = np.minimum(CUT * self.sizes[: self.n], LITTLE)
        self.reach = [*self.masks[: self.first]]  # the places of a unit, of a head with its body
        self.reach += [np.concatenate([self.masks[at], self.masks[self.body(at)]]) for at in range(self.first, self.n)]

    def body(self, at: int) -> int:
        """The number of a head's body's mask."""
        return at + self.n - self.first

    def held(self, labels: Labels, covers: int) -> Planes:
        """[covers, s, s]: how gladly each place of labels [s, s] stays whose it is, where others may move."""
        flat = labels.ravel()
        held = np.zeros((covers, flat.size), np.float32)
        for at in range(self.n):
            mask, own = self.masks[at], self.owners[at]
            shown = np.count_nonzero(flat[mask] == own)
            whole = shown >= self.sizes[at] - self.slack[at]
            if not whole and shown > self.slack[at]:  # cut: it stays as it is
                held[:, mask] -= np.float32(2 * FIXED)
                held[flat[mask], mask] += np.float32(2 * FIXED)
                continue
            held[own, mask] += np.float32(FIXED if whole else -FIXED)
            if at >= self.first:
                held[own, self.masks[self.body(at)]] += np.float32(FIRM if whole else -FIRM)
        return held.reshape(covers, *labels.shape)


def shown_heads(labels: Labels, units: Sequence[Unit]) -> Planes | None:
    """[s, s], 0–1: where labels show heads; None where there is none."""
    heads = [one.on(len(labels)) * (labels == one.place) for one in units if one.head]
    return np.max(heads, 0) if heads else None


def uncut(labels: Labels, soft: Planes, wholes: Wholes) -> Labels:
    """Labels that cut no unit where that can be: a cut one is shown whole, or what is seen of it goes to another cover.

    `labels` [s, s] out of `soft` [n, s, s]. One step at a time, each the one after which the least is cut and changed;
    of steps alike the one that agrees best.
    """
    search = _Search(labels, soft, wholes)
    done, least = search.flat, int(search.costs([search.now])[0])
    without = 0  # steps that made nothing better
    for _ in range(STEPS * len(wholes.masks)):
        steps = search.steps()
        if not steps or without == wholes.how.patience:
            break
        costs = search.costs([search.now + step.more for step in steps]).tolist()
        at = min(range(len(steps)), key=lambda one: (costs[one], -steps[one].agreed))
        if costs[at] == FORBIDDEN:
            break
        search.take(steps[at])  # even where it is worse: what follows may be better
        without += 1
        if costs[at] < least:
            least, done, without = costs[at], search.flat, 0
    return done.reshape(labels.shape)


class _Search:
    """Labels that are changed a step at a time, with what is known of them."""

    def __init__(self, labels: Labels, soft: Planes, wholes: Wholes) -> None:
        self.flat = self._before = labels.ravel()
        self._liked, self._wholes, self._how = soft.reshape(len(soft), -1), wholes, wholes.how
        self._wanted = np.bincount(self.flat, minlength=len(soft))
        shown = np.count_nonzero(wholes.covered & (self.flat == wholes.owners[:, None]), 1)
        self.now = _Counts(shown, self._wanted, 0)
        self._known: dict[int, list[_Step]] = {}  # by unit
        self._over: dict[int, Places] = {}  # by unit, the masks that share a place with it
        self._beside: dict[int, Mask] = {}  # and the places of those
        self._taken = set[tuple[int, int]]()

    def costs(self, counts: Sequence[_Counts]) -> Places:
        """How much is cut, bare and changed, in pixels, [len(counts)]."""
        how, wanted, sizes = self._how, self._wanted, self._wholes.sizes[: self._wholes.n]
        areas, shown = np.stack([one.areas for one in counts]), np.stack([one.shown for one in counts])
        off = np.maximum(how.bounds[0] * wanted - areas, areas - how.bounds[1] * wanted)
        drift = how.drift * np.abs(areas - wanted).sum(1) + how.off * np.maximum(off, 0).sum(1)
        bare, lost = self._bare(shown)
        cost = how.cutting * (self._cut(shown) * sizes).sum(1) + [one.changed for one in counts]
        cost += drift.astype(np.int64) + (BARE * bare.sum(1) + LOST * lost.sum(1)).astype(np.int64)
        gone = (areas < how.kept * wanted).any(1)  # no cover goes for the sake of a word
        return np.where(gone, FORBIDDEN, cost)

    def _bare(self, shown: Places) -> tuple[Places, Places]:
        """Of [..., heads] the places of a body that are shown without its head, and those that a shown head lacks."""
        w = self._wholes
        whole = shown[..., w.first : w.n] >= w.sizes[w.first : w.n] - w.slack[w.first :]
        body = shown[..., w.n :]
        return np.where(whole, 0, body), np.where(whole, w.sizes[w.n :] - body, 0)

    def steps(self) -> list[_Step]:
        """Those of the first units that are cut which have not been taken yet."""
        wrong = self._cut(self.now.shown)
        wrong[self._wholes.first :] |= self._bare(self.now.shown)[0] > BARELY * self._wholes.sizes[self._wholes.n :]
        units = np.flatnonzero(wrong)[: self._how.tried].tolist()
        for at in units:
            if at not in self._known:
                self._known[at] = self._steps_of(at)
        return [step for at in units for step in self._known[at] if step.name not in self._taken]

    def take(self, step: _Step) -> None:
        """Change the labels."""
        self.flat, self.now = self.flat.copy(), self.now + step.more
        self.flat[step.places] = step.labels
        self._taken.add(step.name)
        for other in self._over[step.name[0]].tolist():  # of a body: its head
            self._known.pop(other if other < self._wholes.n else other - self._wholes.n + self._wholes.first, None)

    def _cut(self, shown: Places) -> Mask:
        seen, sizes, slack = shown[..., : self._wholes.n], self._wholes.sizes[: self._wholes.n], self._wholes.slack
        return np.asarray((seen > slack) & (seen < sizes - slack))

    def _steps_of(self, at: int) -> list[_Step]:
        """The unit shown whole, or what is seen of it given to one other cover, or to those that agree best.

        With a head that goes goes its body; it comes alone or with it.
        """
        mask, owner, reach = self._wholes.masks[at], self._wholes.owners[at], self._wholes.reach[at]
        seen = reach[self.flat[reach] == owner]
        seen = seen if len(seen) else reach
        others = self._liked[:, seen].copy()
        others[owner] = -1
        away, whole = self._part(at, seen), self._part(at, mask)
        steps = [(whole if label == owner else away, np.int8(label)) for label in range(len(self._liked))]
        steps.append((away, others.argmax(0).astype(np.int8)))
        if at >= self._wholes.first:
            steps.append((self._part(at, reach), owner))
        return [self._step((at, n), part, labels) for n, (part, labels) in enumerate(steps)]

    def _part(self, at: int, places: Places) -> _Part:
        if at not in self._over:
            self._over[at] = np.flatnonzero(self._wholes.covered.take(self._wholes.reach[at], 1).any(1))
            self._beside[at] = self._wholes.covered[self._over[at]]
        over, inside = self._over[at], self._beside[at].take(places, 1)
        owners = self._wholes.owners[over]
        shown = np.count_nonzero(inside & (self.flat[places] == owners[:, None]), 1)
        return _Part(places, over, owners, inside, np.count_nonzero(inside, 1), shown)

    def _step(self, name: tuple[int, int], part: _Part, labels: Labels | np.int8) -> _Step:
        places, n = part.places, len(self._liked)
        old, first = self.flat[places], self._before[places]
        shown = np.zeros_like(self.now.shown)
        if isinstance(labels, np.int8):  # quicker
            shown[part.over] = np.where(part.owners == labels, part.sizes, 0) - part.shown
            areas = -np.bincount(old, minlength=n)
            areas[labels] += len(places)
            agreed = self._liked[labels][places].mean()
        else:
            shown[part.over] = np.count_nonzero(part.inside & (labels == part.owners[:, None]), 1) - part.shown
            areas = np.bincount(labels, minlength=n) - np.bincount(old, minlength=n)
            agreed = self._liked[labels, places].mean()
        changed = int(np.count_nonzero(labels != first)) - int(np.count_nonzero(old != first))
        return _Step(name, places, labels, _Counts(shown, areas, changed), float(agreed))


def _together(wholes: list[tuple[int, Mask]], how: Holding) -> list[tuple[int, Mask]]:
    """(place, what must not be cut) with those of one cover that lie over each other as one: neither goes alone."""
    apart: list[tuple[int, Mask]] = []
    for place, mask in wholes:
        kept = []
        for other in apart:
            both = np.count_nonzero(other[1] & mask) if other[0] == place else 0
            less = min(np.count_nonzero(other[1]), np.count_nonzero(mask))
            if both > how.over * less and np.count_nonzero(other[1] | mask) <= how.together * mask.size:
                mask = mask | other[1]
            else:
                kept.append(other)
        apart = [*kept, (place, mask)]
    return [one for one in apart if one[1].any()]
