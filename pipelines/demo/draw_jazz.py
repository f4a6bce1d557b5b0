"""Jazz: printed in four inks. Colour blocks, cut shapes, instruments as silhouettes, and bold type."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from pipelines.demo import canvas as c
from pipelines.demo import lettering
from pipelines.demo.canvas import SIZE, Mask, Picture, X, Y
from pipelines.demo.sleeve import Motif, Sleeve

PALETTES = (
    "0b1320 12355b 1f7a9c f2a541 f4ead5",
    "14110f 7a1f1d d1492e e8b23a f5ecd7",
    "0f1a1c 1f4d4a 4f9d8f e4572e f6efdc",
    "101014 2a2d6e 5a6fd6 f3c13a f5f0e4",
    "17120d 6a4a1e c98b2b 2f6f8f f7eed8",
    "0e1210 2e4d26 86a83b f08a3c f5efd8",
    "160d18 5b2150 b5477f f2b134 f7eddc",
    "0c0c0c 39424e 9fb4c0 d9402f f3efe6",
    "0a1626 0f4c81 2e86de f6d04d f7f2e4",
)


def horn_and_type(s: Sleeve) -> Picture:
    """Hard bop: a block of colour, a horn in silhouette, the title as large as it goes."""
    p, rng = s.palette, s.rng
    light = s.house.random() < 0.5
    ground, block = (p.light, p.main) if light else (p.deep, p.accent)
    picture = c.fill(ground)
    split = rng.uniform(0.36, 0.46)
    upright = s.house.random() < 0.35
    field = c.box(0, 0, split + 0.12, 1) if upright else c.box(0, split, 1, 1)
    c.over(picture, block, field)
    second = c.box(0.8, 0, 1, split) if not upright else c.box(split + 0.12, 0.72, 1, 1)
    c.over(picture, p.accent if light else p.main, second)
    instrument = (_saxophone, _trumpet, _bass)[int(s.house.integers(0, 3))]
    mask = instrument(rng.uniform(0.52, 0.66), rng.uniform(0.6, 0.66), rng.uniform(0.9, 1.1), rng.uniform(-16, 16))
    c.multiply(picture, p.deep if light else p.dark, np.roll(mask, (6, 9), (0, 1)) * 0.55)
    c.over(picture, p.dark, mask)
    shine = mask * np.roll(1 - mask, (5, 6), (0, 1))
    c.over(picture, p.accent if light else p.light, shine)
    rows = lettering.wrap(s.title.upper(), 3)[:3]
    c.over(picture, p.dark if light else p.light, lettering.stack(rows, 0.06, 0.06, 0.7, split - 0.12, weight=6))
    c.over(picture, p.light if light else p.dark, lettering.line(s.artist, 0.06, 0.905, 0.045, weight=2, max_width=0.7))
    return _ink(s, picture)


def dot_grid(s: Sleeve) -> Picture:
    """Modal jazz: a grid of discs and half-discs turning by a rule, one of them another colour."""
    p, rng = s.palette, s.rng
    n = int(s.house.choice((3, 4, 5)))
    ground, ink, second = [(p.deep, p.main, p.light), (p.main, p.dark, p.light), (p.light, p.deep, p.main)][int(s.house.integers(0, 3))]
    picture = c.fill(ground)
    top = 0.24
    cell = 0.9 / n
    odd = (int(rng.integers(0, n)), int(rng.integers(0, n)))
    step, start = rng.choice((45, 90, 135)), rng.choice((0, 90, 180))
    for row in range(n):
        h = (0.95 - top) / n
        for col in range(n):
            x, y, r = 0.05 + (col + 0.5) * cell, top + (row + 0.5) * h, min(cell, h) * 0.46
            d = c.disc(x, y, r)
            _, v = c.rotated(x, y, start + step * (row + col))
            c.over(picture, second if (row * col) % 2 else ink, d)
            if (row, col) == odd:
                c.over(picture, p.accent, d)
            elif s.house.random() < 0.75:
                c.over(picture, ink if (row * col) % 2 else ground, d * c.inside(v))
    c.over(picture, p.accent if ground is not p.main else p.light, lettering.line(s.artist.upper(), 0.05, 0.06, 0.065, weight=4, max_width=0.9))
    c.over(picture, p.light if ground is not p.light else p.dark, lettering.line(s.title, 0.05, 0.15, 0.05, weight=1, max_width=0.9))
    return _ink(s, picture)


def cut_bars(s: Sleeve) -> Picture:
    """Cool jazz: bars of unequal length like keys or a skyline, a disc behind them."""
    p, rng = s.palette, s.rng
    picture = c.fill(p.light if s.house.random() < 0.6 else c.mix(p.main, p.light, 0.45))
    c.over(picture, p.accent, c.disc(rng.uniform(0.25, 0.75), rng.uniform(0.4, 0.6), s.house.uniform(0.22, 0.32)))
    n = int(s.house.integers(5, 9))
    inks = [p.dark, p.deep, p.main, p.deep, p.main, p.dark]
    hang = s.house.random() < 0.5
    edges = np.cumsum(rng.uniform(0.6, 1.6, n))
    edges = np.concatenate([[0], edges / edges[-1]])
    for i in range(n):
        x0, x1 = 0.04 + 0.92 * edges[i], 0.04 + 0.92 * edges[i + 1] - 0.02
        reach = rng.uniform(0.2, 0.72)
        skew = rng.uniform(-0.02, 0.02)
        if hang:
            bar = [(x0, 0), (x1, 0), (x1 + skew, reach), (x0 + skew, reach + rng.uniform(-0.03, 0.03))]
        else:
            bar = [(x0, 1), (x1, 1), (x1 + skew, 1 - reach), (x0 + skew, 1 - reach + rng.uniform(-0.03, 0.03))]
        c.multiply(picture, inks[int(rng.integers(0, 6))], c.polygon(bar) * 0.97)
    y = 0.8 if hang else 0.06
    rows = lettering.wrap(s.title.lower(), 2)
    c.over(picture, p.dark, lettering.stack(rows, 0.06, y, 0.6, 0.07 * len(rows), weight=4))
    return _ink(s, picture)


def shards(s: Sleeve) -> Picture:
    """Free jazz: splinters and brush arcs thrown at the page, overprinting each other."""
    p, rng = s.palette, s.rng
    picture = c.fill(p.light)
    cx, cy = rng.uniform(0.35, 0.65), rng.uniform(0.4, 0.6)
    for i in range(int(s.house.integers(9, 15))):
        a, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.2, 0.62)
        w = rng.uniform(0.05, 0.2)
        tip = (cx + reach * math.cos(a), cy + reach * math.sin(a))
        b = a + rng.uniform(-0.9, 0.9)
        foot = [(cx + w * math.cos(b + 1.6), cy + w * math.sin(b + 1.6)), (cx + w * math.cos(b - 1.6), cy + w * math.sin(b - 1.6))]
        c.multiply(picture, (p.main, p.accent, p.deep, p.main)[i % 4], c.polygon([tip, *foot]) * 0.95)
    for _ in range(int(rng.integers(1, 4))):
        x, y, r = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.uniform(0.16, 0.4)
        dry = np.clip(c.noise(rng, 40, 1) * 2.2 - 0.25, 0, 1)
        arc = c.ring(x, y, r, rng.uniform(0.03, 0.08)) * c.smooth(0.42, 0.3, np.abs(c.turns(x, y)))
        c.over(picture, p.dark, arc * np.maximum(dry, 0.4))
    word = lettering.line(s.artist.upper(), 0.5, 0.5, 0.075, weight=6, max_width=0.8, align="center", degrees=float(s.house.choice((0, 90, -12))))
    word = np.roll(word, (int(rng.integers(-80, 80)), 0), (0, 1))
    c.over(picture, p.dark, np.clip(c.blur(word, 0.015) * 3, 0, 1))
    c.over(picture, p.light, word)
    return _ink(s, picture)


def beach_waves(s: Sleeve) -> Picture:
    """Bossa nova: the waves of a paved promenade, a sun, leaves."""
    p, rng = s.palette, s.rng
    picture = c.fill(p.light if s.house.random() < 0.5 else p.accent)
    c.over(picture, p.main if s.house.random() < 0.5 else p.deep, c.disc(rng.uniform(0.25, 0.75), rng.uniform(0.24, 0.38), rng.uniform(0.15, 0.22)))
    top = rng.uniform(0.46, 0.56)
    n = int(s.house.integers(4, 7))
    inks = [p.dark, p.light, p.deep, p.light, p.main, p.light, p.dark]
    shift = rng.uniform(0, 6)
    swing = s.house.uniform(0.02, 0.045)
    for i in range(n):
        y = top + (1 - top) * i / n
        line = y + swing * np.sin(np.linspace(0, 1, SIZE) * 2 * math.pi * 2.5 + shift + (math.pi if i % 2 else 0.0))
        c.over(picture, inks[i % len(inks)], c.below(line.astype(np.float32)))
    if s.house.random() < 0.6:
        x, y = (0.0, 0.0) if rng.random() < 0.5 else (1.0, 0.0)
        fronds = []
        for i in range(6):
            a = math.pi * (0.06 + 0.42 * i / 5) if x == 0 else math.pi * (0.52 + 0.42 * i / 5)
            far = rng.uniform(0.36, 0.56)
            tip = (x + far * math.cos(a), y + far * math.sin(a))
            side = (0.05 * math.sin(a), -0.05 * math.cos(a))
            mid = ((x + tip[0]) / 2, (y + tip[1]) / 2)
            fronds.append(c.curve([(x, y), (mid[0] + side[0], mid[1] + side[1]), tip, (mid[0] - side[0], mid[1] - side[1])], 8))
        c.over(picture, p.deep, c.polygon(*fronds))
    place = 0.06 if s.house.random() < 0.5 else 0.36
    c.over(picture, p.dark, lettering.line(s.title.lower(), 0.94, place, 0.085, weight=5, max_width=0.62, align="right"))
    c.over(picture, p.dark, lettering.line(s.artist, 0.94, place + 0.115, 0.05, weight=1, max_width=0.6, align="right"))
    return _ink(s, picture)


def _tube(path: list[tuple[float, float, float]], cx: float, cy: float, scale: float, degrees: float) -> Mask:
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
    for u, v, w in zip((px * SIZE * 2).tolist(), (py * SIZE * 2).tolist(), (r * scale * SIZE * 2).tolist(), strict=True):
        draw.ellipse((u - w, v - w, u + w, v + w), fill=255)
    return np.asarray(image.reduce(2), dtype=np.float32) / 255


def _saxophone(cx: float, cy: float, scale: float, degrees: float) -> Mask:
    body = [(-0.27, -0.34, 0.014), (-0.16, -0.37, 0.016), (-0.09, -0.34, 0.02), (-0.05, -0.2, 0.03), (0.0, 0.02, 0.042), (0.04, 0.18, 0.055), (0.1, 0.28, 0.062), (0.2, 0.26, 0.066), (0.25, 0.12, 0.07), (0.27, -0.02, 0.085), (0.29, -0.1, 0.115)]
    mask = _tube(body, cx, cy, scale, degrees)
    for i in range(6):
        x, y = -0.085 + 0.022 * i, -0.16 + 0.06 * i
        mask = np.maximum(mask, _tube([(x, y, 0.017), (x - 0.03, y + 0.008, 0.021)], cx, cy, scale, degrees))
    return mask


def _trumpet(cx: float, cy: float, scale: float, degrees: float) -> Mask:
    horn = [(0.46, 0.0, 0.02), (0.42, 0.0, 0.013), (-0.12, 0.0, 0.017), (-0.28, 0.0, 0.03), (-0.36, 0.0, 0.06), (-0.4, 0.0, 0.1), (-0.42, 0.0, 0.13)]
    loop = [(0.24, 0.0, 0.016), (0.31, 0.03, 0.016), (0.31, 0.13, 0.016), (0.24, 0.16, 0.016), (-0.1, 0.16, 0.016), (-0.17, 0.13, 0.016), (-0.17, 0.03, 0.016), (-0.1, 0.0, 0.016)]
    mask = np.maximum(_tube(horn, cx, cy, scale, degrees + 14), _tube(loop, cx, cy, scale, degrees + 14))
    for x in (0.0, 0.07, 0.14):
        mask = np.maximum(mask, _tube([(x, -0.1, 0.026), (x, -0.08, 0.02), (x, 0.2, 0.026)], cx, cy, scale, degrees + 14))
    return mask


def _bass(cx: float, cy: float, scale: float, degrees: float) -> Mask:
    body = [(0, -0.12, 0.04), (0, -0.06, 0.13), (0, 0.02, 0.125), (0, 0.09, 0.11), (0, 0.16, 0.15), (0, 0.24, 0.18), (0, 0.3, 0.16)]
    neck = [(0, 0.0, 0.022), (0, -0.5, 0.018), (0, -0.55, 0.03), (0.02, -0.6, 0.024)]
    mask = np.maximum(_tube(body, cx, cy, scale, degrees), _tube(neck, cx, cy, scale, degrees))
    for side in (-1, 1):
        hole = _tube([(side * 0.075, 0.07, 0.014), (side * 0.06, 0.12, 0.008), (side * 0.085, 0.18, 0.014)], cx, cy, scale, degrees)
        mask = mask * (1 - hole)
    return mask


def _ink(s: Sleeve, picture: Picture) -> Picture:
    """Ink on uncoated paper: slightly uneven, slightly grained."""
    picture += ((c.noise(s.rng, 5, 3) - 0.5) * 0.05)[..., None]
    c.grain(picture, s.rng, 0.025)
    return picture


MOTIFS: dict[str, Motif] = {
    "hard bop": horn_and_type,
    "modal jazz": dot_grid,
    "cool jazz": cut_bars,
    "free jazz": shards,
    "bossa nova": beach_waves,
}
