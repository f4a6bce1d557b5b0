"""Whether a cover is what a photo shows: the two are laid over each other as well as they can be, and compared.

The corners that were found are a few per cent wrong, enough to spoil any comparison of pixels. So each candidate is
shifted, turned and bent (a homography of eight numbers) until it fits best: Gauss-Newton on the differences of
brightness, the inverse compositional way of Baker and Matthews (2004), all candidates at once. Pixels that stay far
off (a hand, a lamp's glare) count less and less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 32  # pixels a side that covers are laid over the photo at
FINE = 64  # and compared at in the end: at 32 a glare hides what tells two dark sleeves apart
MARGIN = 0.25  # of the sleeve's side, that a view shows around it: corners may be so far off
VIEW = 96  # pixels a side of a view, margins included
_ROUNDS = (  # (pixels that are blurred, of which one is looked at, steps, detail below which a pair is given up)
    (7, 2, 7, 0.3),  # coarse ones reach far
    (3, 2, 5, 0.36),
    (1, 1, 4, 0.36),
)
_FAR = 1.5  # standard deviations of brightness; a pixel this far off counts half
_BOX = 9  # pixels of the neighbourhood whose brightness and contrast are taken out
_FAINT = 0.03  # contrast (0–1) that is added to that of a neighbourhood: noise is not blown up

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fit:
    """How well candidates fit, an array [n] each."""

    detail: Floats  # correlation of brightness with the light taken out, -1…1, at FINE pixels
    color: Floats  # root mean square difference of colour, the light's own colour taken out, 0–1
    warp: Floats  # [n, 3, 3]: where in the square (-1…1 both ways) each point of the cover lies


def fit(views: NDArray[np.uint8], covers: NDArray[np.uint8]) -> Fit:
    """`views` [n, VIEW, VIEW, 3] of a photo and `covers` [n, 128, 128, 3], pair by pair.

    Those that are given up on the way fit not at all.
    """
    sharp: Floats = np.divide(views, 255, dtype=np.float32)
    seen = _reduced(sharp, VIEW * SIDE // FINE)
    shown = _reduced(np.divide(covers, 255, dtype=np.float32), SIDE)
    gray, there = _brightness(seen), _brightness(shown)
    light, target = unlit(gray), unlit(there)
    best: Floats = np.tile(np.eye(3, dtype=np.float32), (len(covers), 1, 1))
    detail, left = _detail(gray, best, there, target), np.arange(len(covers))
    for box, step, times, least in _ROUNDS:
        moved = best[left]
        _settle(moved, _blurred(light[left], box), _blurred(target[left], box), (step, _BOX // 4 + box // 2), times)
        now = _detail(gray[left], moved, there[left], target[left])
        better = now > detail[left]  # a lamp's glare may have led astray
        best[left[better]], detail[left[better]] = moved[better], now[better]
        left = left[detail[left] >= least]
        if not len(left):
            break
    none = np.zeros(len(covers), np.float32)
    found = Fit(none, none + 1, best)
    if len(left):
        found.color[left] = _color(*_warped(seen[left], best[left], _grid(SIDE)), shown[left])
        found.detail[left], found.warp[left] = _fine(sharp[left], best[left], covers[left])
    return found


def _fine(sharp: Floats, warps: Floats, covers: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """`Fit.detail` [n] of views [n, VIEW, VIEW, 3] and covers, and `warps`, settled a last time on what is finest."""
    gray, there = _brightness(sharp), _brightness(_reduced(np.divide(covers, 255, dtype=np.float32), FINE))
    target, moved = unlit(there), warps.copy()
    _settle(moved, unlit(gray), target, (2, _BOX // 4), 4)
    before, after = _detail(gray, warps, there, target), _detail(gray, moved, there, target)
    return np.maximum(before, after), np.where((after > before)[:, None, None], moved, warps)


def _brightness(pixels: Floats) -> Floats:
    return pixels @ np.array([0.3, 0.59, 0.11], np.float32)


def _reduced(pixels: Floats, side: int) -> Floats:
    """[n, s, s, …] by means over squares to [n, side, side, …]."""
    step = pixels.shape[1] // side
    return pixels.reshape(len(pixels), side, step, side, step, *pixels.shape[3:]).mean((2, 4))


@cache
def _grid(side: int) -> Floats:
    """[side², 3] the centres of a sleeve's pixels, from -1 to 1 (homogeneous)."""
    at = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(at, at)
    return np.stack([x.ravel(), y.ravel(), np.ones(side * side, np.float32)], 1)


def _warped(seen: Floats, warps: Floats, grid: Floats) -> tuple[Floats, Floats]:
    """Views [n, s, s, …] where the warps [n, 3, 3] put points [p, 3] of a sleeve: ([n, p, …], inside 0 or 1)."""
    side = seen.shape[1]
    at = grid @ warps.transpose(0, 2, 1)
    with np.errstate(all="ignore"):
        at = at[..., :2] / at[..., 2:]
    at = np.nan_to_num(at, nan=9, posinf=9, neginf=-9)
    at = (at / (1 + 2 * MARGIN) + 1) * side / 2 - 0.5
    inside = ((at >= 0) & (at <= side - 1)).all(-1)
    at = np.clip(at, 0, side - 1.001)
    low = at.astype(np.int32)
    part = at - low
    if seen.ndim == 4:
        part = part[..., None, :]
    flat = seen.reshape(len(seen) * side * side, *seen.shape[3:])
    first = low[..., 1] * side + low[..., 0] + (np.arange(len(seen)) * side * side)[:, None]
    x, y = part[..., 0], part[..., 1]
    upper = flat[first] * (1 - x) + flat[first + 1] * x
    lower = flat[first + side] * (1 - x) + flat[first + side + 1] * x
    return upper * (1 - y) + lower * y, inside.astype(np.float32)


def _standard(values: Floats, weight: Floats) -> Floats:
    """[n, p] with weighted mean 0 and deviation 1."""
    total = weight.sum(1, keepdims=True) + 1e-6
    away = values - (values * weight).sum(1, keepdims=True) / total
    return away / (np.sqrt((away**2 * weight).sum(1, keepdims=True) / total) + 1e-3)


def _settle(warps: Floats, light: Floats, shown: Floats, looked_at: tuple[int, int], times: int) -> None:
    """Better `warps`, in place, so that views [n, v, v] show the covers [n, s, s].

    `looked_at`: one pixel of so many, and so many from the rim, into which the table around a sleeve is blurred.
    """
    (count, side, _), (step, rim) = shown.shape, looked_at
    kept = np.arange(rim, side - rim, step)
    some = (kept[:, None] * side + kept).ravel()
    grid = _grid(side)[some]
    down, across = np.gradient(shown, 2 / side, axis=(1, 2))
    spread = shown.reshape(count, -1).std(1) + 1e-3
    gx, gy = (part.reshape(count, -1)[:, some] / spread[:, None] for part in (across, down))
    x, y = grid[:, 0], grid[:, 1]
    lean = -(gx * x + gy * y)
    slopes = np.stack([gx * x, gx * y, gx, gy * x, gy * y, gy, lean * x, lean * y], 2)
    weight = np.ones((count, len(some)), np.float32)
    target = shown.reshape(count, -1)[:, some]
    for _ in range(times):
        found, inside = _warped(light, warps, grid)
        weight = weight * inside + 1e-4
        off = _standard(found, weight) - _standard(target, weight)
        weight = inside / (1 + (off / _FAR) ** 2)
        leant = slopes * weight[..., None]
        square = leant.transpose(0, 2, 1) @ slopes
        damped = square + np.eye(8, dtype=np.float32) * (
            0.01 * np.trace(square, axis1=1, axis2=2)[:, None, None] / 8 + 1e-3
        )
        move = np.linalg.solve(damped, (leant * off[..., None]).sum(1)[..., None])[..., 0]
        move = np.clip(move, -0.15, 0.15)
        change = np.concatenate([move, np.zeros((count, 1), np.float32)], 1).reshape(count, 3, 3) + np.eye(3)
        warps[:] = warps @ np.linalg.inv(change)
        warps /= warps[:, 2:, 2:]


def _detail(gray: Floats, warps: Floats, there: Floats, target: Floats) -> Floats:
    """[n]: correlation of brightness [n, v, v] with that of covers, with their light and without (`target`)."""
    found, inside = _warped(gray, warps, _grid(there.shape[1]))
    seen = found.reshape(there.shape)
    weight = _weighed(seen, there, inside)[2]
    return _correlation(unlit(seen).reshape(len(seen), -1), target.reshape(len(seen), -1), weight)


def _weighed(seen: Floats, there: Floats, inside: Floats) -> tuple[Floats, Floats, Floats]:
    """Brightness of both [n, p], and how much each pixel counts: less where it is far off, as under a finger."""
    a, b, weight = seen.reshape(len(seen), -1), there.reshape(len(seen), -1), inside
    for _ in range(3):
        off = _standard(a, weight) - _standard(b, weight)
        weight = inside / (1 + (off / _FAR) ** 2)
    return a, b, weight


def _correlation(one: Floats, other: Floats, weight: Floats) -> Floats:
    a, b = _standard(one, weight), _standard(other, weight)
    return (a * b * weight).sum(1) / (weight.sum(1) + 1e-6)


def unlit(light: Floats, box: int = _BOX) -> Floats:
    """Brightness [n, s, s] without the light that falls on it: less the mean of each neighbourhood, by its contrast."""
    mean = _blurred(light, box)
    spread = np.sqrt(np.maximum(_blurred(light**2, box) - mean**2, 0))
    return (light - mean) / (spread + _FAINT)


def _blurred(values: Floats, box: int) -> Floats:
    """Means over squares of `box` pixels, an odd number."""
    if box == 1:
        return values
    reach = box // 2
    padded = np.pad(values, ((0, 0), (reach + 1, reach), (reach + 1, reach)), "edge")
    summed = padded.cumsum(1, dtype=np.float64).cumsum(2)
    sums = summed[:, box:, box:] - summed[:, :-box, box:] - summed[:, box:, :-box] + summed[:, :-box, :-box]
    return (sums / box**2).astype(np.float32)


def _color(found: Floats, inside: Floats, shown: Floats) -> Floats:
    """`Fit.color` of pixels [n, p, 3] and covers [n, SIDE, SIDE, 3].

    Differences of the shares of red, green and blue, but for what all pixels differ by (the light's colour).
    """
    count = len(found)
    weight = _weighed(_brightness(found), _brightness(shown), inside)[2]
    shares = [np.log(pixels.reshape(count, -1, 3) + 0.1) for pixels in (found, shown)]
    shares = [share - share.mean(2, keepdims=True) for share in shares]
    off = shares[0] - shares[1]
    total = weight.sum(1)[:, None] + 1e-6
    off = off - ((off * weight[..., None]).sum(1) / total)[:, None]
    return np.sqrt((off**2 * weight[..., None]).sum((1, 2)) / total[:, 0])
