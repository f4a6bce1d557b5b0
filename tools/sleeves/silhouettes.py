"""Things in outline, as masks: what stands in the landscapes, on the stages and on the posters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from tools.sleeves import canvas as c
from tools.sleeves.canvas import SIZE, Mask


def cactus(x: float, foot: float, height: float) -> Mask:
    """A saguaro with two arms."""
    w = height * 0.13
    arms = [[(x, foot), (x, foot - height)]]
    for side, low, high in ((-1, 0.42, 0.75), (1, 0.3, 0.62)):
        out = x + side * height * 0.24
        arms.append([(x, foot - height * low), (out, foot - height * (low + 0.04)), (out, foot - height * high)])
    mask = np.maximum(c.lines(arms[:1], w), c.lines(arms[1:], w * 0.72))
    for path, r in ((arms[0], w / 2), (arms[1], w * 0.36), (arms[2], w * 0.36)):
        mask = np.maximum(mask, c.disc(*path[-1], r))
    return mask


def pylon(x: float, foot: float, h: float) -> Mask:
    """A lattice mast with two cross-arms."""
    w = h * 0.13
    legs = [[(x - w, foot), (x, foot - h), (x + w, foot)]]
    for i in range(4):
        t0, t1 = i / 4, (i + 1) / 4
        legs.append([(x - w * (1 - t0), foot - h * t0), (x + w * (1 - t1), foot - h * t1)])
        legs.append([(x + w * (1 - t0), foot - h * t0), (x - w * (1 - t1), foot - h * t1)])
    legs += [[(x - w * k, foot - h * t), (x + w * k, foot - h * t)] for t, k in ((0.7, 2.2), (0.84, 1.7))]
    return c.lines(legs, max(0.005, h * 0.026))


def player(x: float, foot: float, h: float, facing: int, singer: bool) -> Mask:
    """A musician on a stage, legs apart, a guitar across the body, or with a microphone; `facing` is −1 or 1."""

    def at(u: float, v: float) -> tuple[float, float]:
        return x + facing * u * h, foot - v * h

    limbs = [[at(-0.17, 0), at(-0.07, 0.45)], [at(0.17, 0), at(0.06, 0.45)]]
    mask = np.maximum(c.lines(limbs, h * 0.11), c.polygon([at(-0.13, 0.4), at(0.13, 0.4), at(0.2, 0.8), at(-0.2, 0.8)]))
    mask = np.maximum(mask, c.disc(*at(0.02, 0.91), h * 0.1))
    mask = np.maximum(
        mask, c.polygon([at(-0.12, 0.96), at(0.0, 1.04), at(0.12, 0.97), at(-0.02, 0.88), at(-0.22, 0.7)])
    )
    if singer:
        arm = [
            [at(0.15, 0.77), at(0.33, 0.95), at(0.3, 1.12)],
            [at(-0.14, 0.77), at(-0.3, 0.62)],
            [at(0.24, 0), at(0.17, 0.86)],
        ]
        mask = np.maximum(mask, c.lines(arm[:2], h * 0.07))
        mask = np.maximum(mask, c.lines(arm[2:], h * 0.025))
    else:
        neck = [at(-0.12, 0.42), at(0.52, 0.78)]
        mask = np.maximum(mask, np.maximum(c.lines([neck], h * 0.04), c.disc(*at(-0.1, 0.44), h * 0.13)))
        mask = np.maximum(
            mask,
            c.lines([[at(0.15, 0.77), at(0.36, 0.68)], [at(-0.14, 0.77), at(-0.24, 0.55), at(-0.08, 0.46)]], h * 0.065),
        )
    return mask


def saxophone(cx: float, cy: float, scale: float, degrees: float) -> Mask:
    """A saxophone, its bell to the right."""
    body = [
        (-0.27, -0.34, 0.014),
        (-0.16, -0.37, 0.016),
        (-0.09, -0.34, 0.02),
        (-0.05, -0.2, 0.03),
        (0.0, 0.02, 0.042),
        (0.04, 0.18, 0.055),
        (0.1, 0.28, 0.062),
        (0.2, 0.26, 0.066),
        (0.25, 0.12, 0.07),
        (0.27, -0.02, 0.085),
        (0.29, -0.1, 0.115),
    ]
    mask = _tube(body, cx, cy, scale, degrees)
    for i in range(6):
        x, y = -0.085 + 0.022 * i, -0.16 + 0.06 * i
        mask = np.maximum(mask, _tube([(x, y, 0.017), (x - 0.03, y + 0.008, 0.021)], cx, cy, scale, degrees))
    return mask


def trumpet(cx: float, cy: float, scale: float, degrees: float) -> Mask:
    """A trumpet, its bell to the left."""
    horn = [
        (0.46, 0.0, 0.02),
        (0.42, 0.0, 0.013),
        (-0.12, 0.0, 0.017),
        (-0.28, 0.0, 0.03),
        (-0.36, 0.0, 0.06),
        (-0.4, 0.0, 0.1),
        (-0.42, 0.0, 0.13),
    ]
    loop = [
        (0.24, 0.0, 0.016),
        (0.31, 0.03, 0.016),
        (0.31, 0.13, 0.016),
        (0.24, 0.16, 0.016),
        (-0.1, 0.16, 0.016),
        (-0.17, 0.13, 0.016),
        (-0.17, 0.03, 0.016),
        (-0.1, 0.0, 0.016),
    ]
    mask = np.maximum(_tube(horn, cx, cy, scale, degrees + 14), _tube(loop, cx, cy, scale, degrees + 14))
    for x in (0.0, 0.07, 0.14):
        mask = np.maximum(
            mask, _tube([(x, -0.1, 0.026), (x, -0.08, 0.02), (x, 0.2, 0.026)], cx, cy, scale, degrees + 14)
        )
    return mask


def bass(cx: float, cy: float, scale: float, degrees: float) -> Mask:
    """A double bass with its sound holes cut out."""
    body = [
        (0, -0.12, 0.04),
        (0, -0.06, 0.13),
        (0, 0.02, 0.125),
        (0, 0.09, 0.11),
        (0, 0.16, 0.15),
        (0, 0.24, 0.18),
        (0, 0.3, 0.16),
    ]
    neck = [(0, 0.0, 0.022), (0, -0.5, 0.018), (0, -0.55, 0.03), (0.02, -0.6, 0.024)]
    mask = np.maximum(_tube(body, cx, cy, scale, degrees), _tube(neck, cx, cy, scale, degrees))
    for side in (-1, 1):
        hole = _tube(
            [(side * 0.075, 0.07, 0.014), (side * 0.06, 0.12, 0.008), (side * 0.085, 0.18, 0.014)],
            cx,
            cy,
            scale,
            degrees,
        )
        mask = mask * (1 - hole)
    return mask


def profile_head(x: float, y: float, size: float, facing: float, hair: int) -> Mask:
    """A head in profile with its neck and shoulders; the hair is the artist's."""
    face = [
        (-0.55, 0.25),
        (-0.85, -0.3),
        (-0.5, -0.95),
        (0.1, -1.08),
        (0.55, -0.8),
        (0.68, -0.38),
        (0.66, -0.2),
        (0.9, 0.12),
        (0.74, 0.2),
        (0.8, 0.34),
        (0.74, 0.44),
        (0.78, 0.58),
        (0.66, 0.82),
        (0.3, 0.86),
        (0.16, 1.1),
        (0.3, 1.4),
        (0.95, 1.75),
        (1.2, 2.6),
        (-1.5, 2.6),
        (-1.3, 1.75),
        (-0.6, 1.35),
        (-0.5, 0.8),
    ]
    head = c.polygon(c.curve([(x + facing * u * size * 0.72, y + v * size * 0.8) for u, v in face], 5))
    if hair == 0:
        return np.maximum(head, c.disc(x - facing * 0.08 * size, y - 0.45 * size, size * 0.8))
    if hair == 1:
        cap = [
            (-0.95, -0.45),
            (-0.8, -1.15),
            (0.0, -1.4),
            (0.6, -1.05),
            (0.66, -0.68),
            (1.25, -0.6),
            (1.2, -0.48),
            (0.5, -0.5),
        ]
        return np.maximum(head, c.polygon([(x + facing * u * size * 0.72, y + v * size * 0.8) for u, v in cap]))
    if hair == 2:
        flat = [(-0.72, 0.1), (-0.82, -1.35), (0.56, -1.45), (0.62, -0.6)]
        return np.maximum(head, c.polygon([(x + facing * u * size * 0.72, y + v * size * 0.8) for u, v in flat]))
    return head


def _tube(path: Sequence[tuple[float, float, float]], cx: float, cy: float, scale: float, degrees: float) -> Mask:
    """A pipe through (x, y, radius), relative to its own middle, turned and placed."""
    points = np.array(path)
    at = np.linspace(0, len(points) - 1, 90)
    x, y, r = (np.interp(at, np.arange(len(points)), points[:, i]) for i in range(3))
    soft = np.ones(9) / 9
    x, y = (np.convolve(np.pad(v, 4, "edge"), soft, "valid") for v in (x, y))
    a = math.radians(degrees)
    px, py = cx + scale * (x * math.cos(a) - y * math.sin(a)), cy + scale * (x * math.sin(a) + y * math.cos(a))
    image = Image.new("L", (SIZE * 2, SIZE * 2))
    draw = ImageDraw.Draw(image)
    for u, v, w in zip(
        (px * SIZE * 2).tolist(), (py * SIZE * 2).tolist(), (r * scale * SIZE * 2).tolist(), strict=True
    ):
        draw.ellipse((u - w, v - w, u + w, v + w), fill=255)
    return np.asarray(image.reduce(2), dtype=np.float32) / 255
