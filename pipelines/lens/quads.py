"""Where in a photo a sleeve may lie: pairs of pairs of straight edges that make a square seen at an angle.

Lines and not corners are looked for, since hands hold a sleeve by its corners: each edge pixel votes for the line
through it along its own direction (a Hough transform), and two lines cross where a corner is, seen or not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pipelines.lens.geometry import Corners

SIDE = 240  # pixels of the longer side that edges are looked for at
_DARK = 0.05  # brightness (0–1) below which differences are noise
_ANGLES = 90  # of lines, over 180 degrees
_LINES = 20  # at most that run rather upwards, and as many that run rather across
_APART = (3, 4)  # angles and pixels between two lines that are not the same
_LEAST = 0.22  # of the shorter side of the photo, that a sleeve's side has at least
_OPPOSITE = np.radians(32)  # between opposite edges, at most
_CROSSING = np.radians(52)  # between edges that meet, at least
_UNEQUAL = 1.7  # times as long as the opposite or the next edge, at most
_SAME = 0.1  # of a side: corners nearer than this are of the same square

Edges = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def find_quads(picture: Image.Image, most: int = 8) -> list[Corners]:
    """Corners in pixels of `picture` of what may be a sleeve, likeliest first."""
    scale = SIDE / max(picture.size)
    size = (max(24, round(picture.width * scale)), max(24, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.BOX)
    edges = _edges(small)
    lines = _lines(*edges)
    if len(lines) < 4:
        return []
    quads, seen = _quads(lines, _seen_along(lines, *edges), edges[0].shape)
    factor = np.array(picture.size) / small.size
    return [quad * factor for quad in _best(quads, seen, most)]


def _edges(small: Image.Image) -> Edges:
    """(strength 0–1 [h, w], its x and y [h, w]): the colour channel's gradient that is the steepest.

    Of logarithms: a dark sleeve on a dark table, or half of one in shadow, has edges like any other.
    """
    pixels = np.log(np.asarray(small.filter(ImageFilter.GaussianBlur(0.8)), np.float32) / 255 + _DARK)
    down, across = np.gradient(pixels, axis=(0, 1))
    channel = np.argmax(down**2 + across**2, axis=2)[..., None]
    y, x = np.take_along_axis(down, channel, 2)[..., 0], np.take_along_axis(across, channel, 2)[..., 0]
    strength = np.hypot(x, y)
    # What counts is where an edge runs, less how hard it is.
    strong = np.sqrt(np.minimum(strength / max(float(np.quantile(strength, 0.97)), 0.01), 1))
    unit = np.maximum(strength, 1e-6)
    return strong, x / unit, y / unit


def _lines(strong: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float64]:
    """[n, 3]: lines a·x + b·y = c with (a, b) of length 1, the most voted for first."""
    height, width = strong.shape
    rows, columns = np.nonzero(_thin(strong, x, y) > 0.35)
    weight, angle = strong[rows, columns], np.arctan2(y[rows, columns], x[rows, columns]) % np.pi
    reach = int(np.hypot(height, width)) + 2
    votes = np.zeros((_ANGLES, 2 * reach))
    nearest = np.round(angle / np.pi * _ANGLES).astype(int)
    for off in (-2, -1, 0, 1, 2):
        turned = (nearest + off) % _ANGLES
        normal = turned * np.pi / _ANGLES
        far = np.round(columns * np.cos(normal) + rows * np.sin(normal)).astype(int) + reach
        votes += np.bincount(turned * 2 * reach + far, weight * (1 - abs(off) / 4), votes.size).reshape(votes.shape)
    votes[:, 1:-1] += 0.5 * (votes[:, :-2] + votes[:, 2:])
    found = []
    least = 0.25 * _LEAST * min(height, width)
    room = {True: _LINES, False: _LINES}
    upright = np.abs(np.cos(np.arange(_ANGLES) * np.pi / _ANGLES)) > np.sqrt(0.5)
    while any(room.values()):
        most, at = divmod(int(np.argmax(votes)), 2 * reach)
        if votes[most, at] < least:
            break
        room[bool(upright[most])] -= 1
        if not room[bool(upright[most])]:  # a board's grain has lines without end
            votes[upright == upright[most]] = 0
        direction = most * np.pi / _ANGLES
        found.append((np.cos(direction), np.sin(direction), at - reach))
        for off in range(-_APART[0], _APART[0] + 1):
            line, place = most + off, at
            if not 0 <= line < _ANGLES:  # the same direction the other way around
                line, place = line % _ANGLES, 2 * reach - place
            votes[line, max(0, place - _APART[1]) : place + _APART[1] + 1] = 0
    return _fitted(columns, rows, weight, np.array(found).reshape(-1, 3))


def _thin(strong: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 but for where an edge is strongest across its own direction."""
    flat = np.abs(x) > np.abs(y)
    left, right = np.roll(strong, 1, 1), np.roll(strong, -1, 1)
    above, below = np.roll(strong, 1, 0), np.roll(strong, -1, 0)
    peak = np.where(flat, (strong >= left) & (strong >= right), (strong >= above) & (strong >= below))
    peak[[0, -1]] = peak[:, [0, -1]] = False
    return np.where(peak, strong, 0)


def _fitted(
    columns: NDArray[np.int64], rows: NDArray[np.int64], weight: NDArray[np.float32], lines: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The lines [n, 3] laid through the edge pixels that are near to each, by least squares."""
    x, y = columns.astype(float), rows.astype(float)
    near = np.where(np.abs(lines[:, :2] @ np.stack([x, y]) - lines[:, 2:]) < 2, weight, 0)
    moments = near @ np.stack([np.ones(len(x)), x, y, x * x, x * y, y * y], 1)
    total = np.maximum(moments[:, 0], 1e-6)
    across, down, xx, xy, yy = moments[:, 1:].T / total
    along = np.arctan2(2 * (xy - across * down), xx - across**2 - yy + down**2) / 2  # the direction of most spread
    normal = np.stack([-np.sin(along), np.cos(along)], 1)
    fitted = np.c_[normal, normal[:, 0] * across + normal[:, 1] * down]
    little = np.abs((normal * lines[:, :2]).sum(1)) > np.cos(np.radians(4))  # else other edges led astray
    return np.where((little & (np.count_nonzero(near, 1) >= 4))[:, None], fitted, lines)


def _seen_along(
    lines: NDArray[np.float64], strong: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float64]:
    """[n, 2 r + 1]: the edge that runs along each line, summed up from its one end to each pixel of it."""
    height, width = strong.shape
    reach = width + height
    normal, direction = lines[:, :2].astype(np.float32), np.stack([-lines[:, 1], lines[:, 0]], 1).astype(np.float32)
    along = np.arange(-reach, reach + 1, dtype=np.float32)
    points = (normal * lines[:, 2:].astype(np.float32))[:, None] + direction[:, None] * along[:, None]
    line, place = np.nonzero(((points > -1) & (points < (width, height))).all(2))
    points, normal = points[line, place], normal[line]
    best = np.zeros(len(line), np.float32)
    for off in (-1, 0, 1):  # the line may run a pixel beside the edge
        at = np.rint(points + off * normal).astype(np.int32)
        column, row = np.clip(at[:, 0], 0, width - 1), np.clip(at[:, 1], 0, height - 1)
        across = np.abs(x[row, column] * normal[:, 0] + y[row, column] * normal[:, 1])
        best = np.maximum(best, np.where(across > 0.8, strong[row, column] * across, 0))
    seen = np.zeros((len(lines), 2 * reach + 1))
    seen[line, place] = best
    return np.concatenate([np.zeros((len(lines), 1)), seen.cumsum(1)], 1)


def _quads(
    lines: NDArray[np.float64], sums: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """([n, 4, 2], [n]): the squares seen at an angle that four of the lines make, and how much speaks for each.

    A sleeve is photographed some way up: of the lines two are nearer to upright than to level, and two are not.
    """
    height, width = shape
    angle = np.arctan2(lines[:, 1], lines[:, 0]) % np.pi
    apart = np.abs(angle[:, None] - angle)
    apart = np.minimum(apart, np.pi - apart)
    at_middle = lines[:, :2] @ (width / 2, height / 2) - lines[:, 2]
    at_middle = at_middle * np.where(np.abs(lines[:, 0]) > np.sqrt(0.5), np.sign(lines[:, 0]), np.sign(lines[:, 1]))
    between = np.abs(at_middle[:, None] - at_middle)
    pairs = np.argwhere(np.triu((apart < _OPPOSITE) & (between > 0.7 * _LEAST * min(width, height)), 1))
    upright = np.abs(np.cos(angle)) > np.sqrt(0.5)  # edges at the left and the right
    sides, ends = pairs[upright[pairs].all(1)], pairs[~upright[pairs].any(1)]
    one, other = np.repeat(sides, len(ends), 0), np.tile(ends, (len(sides), 1))
    corners = np.stack(
        [_crossings(lines[one[:, i]], lines[other[:, j]]) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))], 1
    )
    edge = 0.04 * max(width, height)
    inside = ((corners > -edge) & (corners < (width + edge, height + edge))).all((1, 2))
    one, other, corners = one[inside], other[inside], corners[inside]
    met = np.minimum.reduce([apart[one[:, i], other[:, j]] for i in (0, 1) for j in (0, 1)])
    kept = (met > _CROSSING) & _can_be_sleeves(corners, width, height)
    one, other, corners = one[kept], other[kept], corners[kept]
    seen = np.zeros((len(corners), 4))
    for number, (a, b, line) in enumerate(
        ((0, 1, other[:, 0]), (1, 2, one[:, 1]), (2, 3, other[:, 1]), (3, 0, one[:, 0]))
    ):
        ends_at = [lines[line, 0] * corners[:, end, 1] - lines[line, 1] * corners[:, end, 0] for end in (a, b)]
        low, high = np.sort(np.rint(ends_at).astype(int) + width + height, 0)
        seen[:, number] = (sums[line, high] - sums[line, low]) / np.maximum(high - low, 1)
    large = size_of(corners) / np.sqrt(width * height)
    return _upright(corners), seen.mean(1) * 0.6 + seen.min(1) * 0.4 + 0.45 * large


def _crossings(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, 2] where lines [n, 3] cross."""
    across = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    across = np.where(np.abs(across) < 1e-9, 1e-9, across)
    x = (one[:, 2] * other[:, 1] - one[:, 1] * other[:, 2]) / across
    y = (one[:, 0] * other[:, 2] - one[:, 2] * other[:, 0]) / across
    return np.stack([x, y], 1)


def _upright(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same squares from the upper left corner clockwise."""
    first = corners[:, 0] + corners[:, 3] - corners[:, 1] - corners[:, 2]
    corners = np.where((first[:, 0] > 0)[:, None, None], corners[:, [1, 0, 3, 2]], corners)
    down = corners[:, 2] + corners[:, 3] - corners[:, 0] - corners[:, 1]
    return np.where((down[:, 1] < 0)[:, None, None], corners[:, [3, 2, 1, 0]], corners)


def _can_be_sleeves(corners: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """[n]: whether corners are those of a square, large enough, not bent inwards and not seen from too far aside."""
    step = np.roll(corners, -1, 1) - corners
    long = np.hypot(step[..., 0], step[..., 1])
    after = np.roll(step, -1, 1)
    turn = step[..., 0] * after[..., 1] - step[..., 1] * after[..., 0]
    convex = (turn > 0).all(1) | (turn < 0).all(1)
    large = long.min(1) > _LEAST * min(width, height)
    opposite = np.maximum(long[:, :2], long[:, 2:]) / np.maximum(np.minimum(long[:, :2], long[:, 2:]), 1e-6)
    both = long[:, :2] + long[:, 2:]
    return convex & large & (opposite < _UNEQUAL).all(1) & (both.max(1) < 1.35 * both.min(1))


def size_of(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n]: the side of a square of the same area."""
    one, other = quads[..., 2, :] - quads[..., 0, :], quads[..., 3, :] - quads[..., 1, :]
    return np.sqrt(0.5 * np.abs(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]))


def _best(quads: NDArray[np.float64], support: NDArray[np.float64], most: int) -> list[Corners]:
    order = np.argsort(-support, kind="stable")
    quads = quads[order]
    kept: list[Corners] = []
    while len(quads) and len(kept) < most:
        kept.append(quads[0])
        off = np.hypot(*(quads - quads[0]).transpose(2, 0, 1)).max(1)
        quads = quads[off > _SAME * size_of(quads[0])]
    return kept
