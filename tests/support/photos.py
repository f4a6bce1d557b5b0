"""Photos of sleeves as a phone takes them, made up: perspective, glare, shadow, blur, hands over corners, a table.

`photo(cover, seed)` is the same bytes for the same seed. Covers are uint8 [s, s, 3].
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

TILT = 25.0  # degrees, at most, that a sleeve is turned out of the picture's plane
ROLL = 12.0  # degrees, at most, in it
FIELD = 1.25  # focal length in units of the picture's longer side, a phone's main camera
SIZES = ((1200, 900), (1600, 1200), (2000, 1500), (3000, 2250))
_CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)  # of a sleeve, as one reads it

Pixels = NDArray[np.uint8]
Random = np.random.Generator


def photo(
    cover: Pixels, seed: int, others: Sequence[Pixels] = (), quality: int | None = None
) -> tuple[bytes, np.ndarray]:
    """(JPEG, the sleeve's corners [4, 2] in its pixels). `others` may lie around it as a background."""
    draw = np.random.default_rng(seed)
    width, height = SIZES[int(draw.choice(len(SIZES), p=(0.35, 0.35, 0.2, 0.1)))]
    if draw.random() < 0.7:
        width, height = height, width
    corners = _seen_corners(draw, width, height)
    picture = _background(draw, width // 2, height // 2, others).resize((width, height), Image.Resampling.BILINEAR)
    _paste(picture, cover, corners, draw)
    picture = _hands(draw, picture, corners)
    blurred = _lit(draw, picture, corners).filter(
        ImageFilter.GaussianBlur(draw.uniform(0, 2.2) * max(width, height) / 1600)
    )
    if draw.random() < 0.25:
        blurred = _shaken(draw, blurred)
    noisy = np.asarray(blurred, np.float32) + draw.standard_normal((height, width, 1), np.float32) * np.float32(
        draw.uniform(1, 6)
    )
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(
        out, "JPEG", quality=quality or int(draw.integers(60, 93))
    )
    return out.getvalue(), corners


def _seen_corners(draw: Random, width: int, height: int) -> np.ndarray:
    """A square turned in space and seen by a pinhole camera, whole in the picture."""
    focal = FIELD * max(width, height)
    while True:
        tilt, towards, roll = np.radians((draw.uniform(0, TILT), draw.uniform(0, 360), draw.uniform(-ROLL, ROLL)))
        axis = np.array((np.cos(towards), np.sin(towards), 0))
        cross = np.array([(0, 0, axis[1]), (0, 0, -axis[0]), (-axis[1], axis[0], 0)])
        turn = np.eye(3) + np.sin(tilt) * cross + (1 - np.cos(tilt)) * cross @ cross
        turn = turn @ np.array([(np.cos(roll), -np.sin(roll), 0), (np.sin(roll), np.cos(roll), 0), (0, 0, 1)])
        half = draw.uniform(0.27, 0.45) * min(width, height)
        space = np.c_[_CORNERS * half, np.zeros(4)] @ turn.T
        seen = space[:, :2] * focal / (focal + space[:, 2:])
        seen += (width / 2, height / 2) + draw.uniform(-0.5, 0.5, 2) * (width - 2 * half, height - 2 * half) * 0.7
        if (seen > 8).all() and (seen < (width - 8, height - 8)).all():
            return seen


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """[3, 3] that takes four points [4, 2] to four others."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
    return np.append(np.linalg.solve(np.array(rows), np.asarray(target, float).ravel()), 1).reshape(3, 3)


def _paste(picture: Image.Image, cover: Pixels, corners: np.ndarray, draw: Random) -> None:
    side = int(np.hypot(*(corners[1] - corners[0])))
    sleeve = Image.fromarray(cover).resize((side, side), Image.Resampling.LANCZOS)
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)], float)
    back = homography(corners, square)
    mask = Image.new("L", (side, side), 255)
    at = tuple(back.ravel()[:8])
    size, way = picture.size, Image.Transform.PERSPECTIVE
    shape = mask.transform(size, way, at, Image.Resampling.BICUBIC)
    shadow = shape.filter(ImageFilter.GaussianBlur(max(size) / 120))
    right, down = (int(v) for v in draw.uniform(-1, 1, 2) * max(size) / 100)
    picture.paste((10, 10, 10), (right, down), shadow.point(lambda v: int(v * 0.55)))
    picture.paste(sleeve.transform(size, way, at, Image.Resampling.BICUBIC), (0, 0), shape)


def _smooth(draw: Random, height: int, width: int, cells: tuple[int, int]) -> np.ndarray:
    """Noise without edges, float32 [height, width] in 0–1; `cells` (down, across) of it."""
    small = Image.fromarray((draw.random(cells) * 255).astype(np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255


def _background(draw: Random, width: int, height: int, others: Sequence[Pixels]) -> Image.Image:
    kind = int(draw.integers(6 if others else 5))
    if kind == 5:
        return _crate(draw, width, height, others)
    one, other = draw.uniform(0.1, 0.9, 3), draw.uniform(0.1, 0.9, 3)
    if kind == 0:  # wood: stretched noise, planks
        other = np.clip(np.array((0.55, 0.36, 0.2)) * draw.uniform(0.4, 1.5), 0, 1)
        grain = 0.6 * _smooth(draw, height, width, (90, 3)) + 0.4 * _smooth(draw, height, width, (300, 6))
        planks = (np.arange(height) // max(1, height // int(draw.integers(3, 8))) % 2)[:, None] * 0.12
        tone = other * (0.55 + 0.8 * grain - planks)[..., None]
    elif kind == 1:  # cloth: a weave
        rows, columns = np.mgrid[:height, :width]
        weave = np.sin(rows * 0.9) * np.sin(columns * 0.9) * 0.08 + _smooth(draw, height, width, (6, 6)) * 0.3
        tone = one * (0.75 + weave)[..., None]
    elif kind == 2:  # a wall with a fall of light
        fall = _smooth(draw, height, width, (2, 2))[..., None]
        tone = one * fall + other * (1 - fall)
    elif kind == 3:  # a table's edge and the floor beyond it
        rows, columns = np.mgrid[:height, :width]
        edge = rows > height * draw.uniform(0.2, 0.8) + (columns - width / 2) * draw.uniform(-0.3, 0.3)
        tone = np.where(edge[..., None], one, other) * (0.8 + 0.3 * _smooth(draw, height, width, (40, 40)))[..., None]
    else:  # a carpet of blots
        blots = _smooth(draw, height, width, (14, 14))[..., None] > 0.5
        tone = np.where(blots, one, other) * (0.7 + 0.4 * _smooth(draw, height, width, (200, 200)))[..., None]
    return Image.fromarray((np.clip(tone, 0, 1) * 255).astype(np.uint8))


def _crate(draw: Random, width: int, height: int, others: Sequence[Pixels]) -> Image.Image:
    """Other sleeves side by side."""
    side = int(draw.uniform(0.3, 0.6) * min(width, height))
    picture = Image.new("RGB", (width, height), tuple(int(v) for v in draw.integers(20, 120, 3)))
    for top in range(-side // 3, height, side + side // 20):
        for left in range(-side // 4, width, side + side // 20):
            other = Image.fromarray(others[int(draw.integers(len(others)))])
            picture.paste(other.resize((side, side), Image.Resampling.BICUBIC), (left, top))
    return picture


def _hands(draw: Random, picture: Image.Image, corners: np.ndarray) -> Image.Image:
    """Fingers over one or two corners in six photos of ten."""
    if draw.random() > 0.6:
        return picture
    middle, side = corners.mean(0), np.hypot(*(corners[1] - corners[0]))
    for at in draw.choice(4, int(draw.integers(1, 3)), replace=False):
        skin = np.array((224, 172, 140)) * draw.uniform(0.35, 1.05)
        layer = Image.new("L", picture.size, 0)
        pen = ImageDraw.Draw(layer)
        inwards = (middle - corners[at]) / np.hypot(*(middle - corners[at]))
        across = np.array((-inwards[1], inwards[0]))
        thick = side * draw.uniform(0.07, 0.11)
        for finger in range(int(draw.integers(1, 5))):
            start = corners[at] - inwards * side * 0.35 + across * thick * 1.15 * (finger - 1.5)
            tip = corners[at] + inwards * side * draw.uniform(0.03, 0.17) + across * thick * 1.1 * (finger - 1.5)
            pen.line([tuple(start), tuple(tip)], fill=255, width=int(thick))
            pen.ellipse([*(tip - thick / 2), *(tip + thick / 2)], fill=255)
        layer = layer.filter(ImageFilter.GaussianBlur(max(picture.size) / 700))
        shade = _smooth(draw, picture.height, picture.width, (8, 8))[..., None] * 0.35 + 0.75
        flesh = Image.fromarray(np.clip(skin * shade, 0, 255).astype(np.uint8))
        picture = Image.composite(flesh, picture, layer)
    return picture


def _lit(draw: Random, picture: Image.Image, corners: np.ndarray) -> Image.Image:
    """Colour of the light, a fall of it, a shadow's edge, glare; made at a quarter of the size, for it is smooth."""
    width, height = picture.width // 4, picture.height // 4
    corners = corners / 4
    light = np.ones((height, width, 3), np.float32) * (draw.uniform(0.75, 1.15) * draw.uniform(0.88, 1.12, 3))
    light *= (0.75 + 0.4 * _smooth(draw, height, width, (2, 2)))[..., None]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    side = float(np.hypot(*(corners[1] - corners[0])))
    if draw.random() < 0.5:  # somebody's shadow
        angle, soft = draw.uniform(0, 2 * np.pi), side * draw.uniform(0.02, 0.15)
        across = (columns - corners[:, 0].mean()) * np.cos(angle) + (rows - corners[:, 1].mean()) * np.sin(angle)
        shaded = 1 / (1 + np.exp(-np.clip((across - side * draw.uniform(-0.2, 0.4)) / soft, -30, 30)))
        light *= (1 - draw.uniform(0.25, 0.55) * shaded)[..., None]
    glare = np.zeros((height, width))
    for _ in range(int(draw.integers(0, 3))):  # lamps in the lamination
        centre = corners.mean(0) + draw.uniform(-0.45, 0.45, 2) * side
        angle = draw.uniform(0, np.pi)
        long, wide = side * draw.uniform(0.05, 0.3), side * draw.uniform(0.03, 0.09)
        x, y = columns - centre[0], rows - centre[1]
        along, over = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
        glare += np.exp(-((along / long) ** 2) - (over / wide) ** 2) * draw.uniform(0.5, 1.4)

    def large(values: np.ndarray, most: float) -> np.ndarray:
        small = Image.fromarray((np.clip(values / most, 0, 1) * 255).astype(np.uint8))
        return np.asarray(small.resize(picture.size, Image.Resampling.BILINEAR), np.float32) * (most / 255)

    pixels = np.asarray(picture, np.float32) * large(light, 1.5) + 255 * large(glare, 1.5)[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _shaken(draw: Random, picture: Image.Image) -> Image.Image:
    """Moved while it was taken."""
    reach = max(2, int(draw.uniform(0.001, 0.004) * max(picture.size)))
    pixels = np.asarray(picture, np.float32)
    axis = int(draw.integers(2))
    moved = np.asarray(sum(np.roll(pixels, step, axis) for step in range(reach))) / reach
    return Image.fromarray(moved.astype(np.uint8))
