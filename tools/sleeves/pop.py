"""Pop: light and gloss. Mesh gradients, spheres, inflated shapes, liquid colour, a mirror ball."""

from __future__ import annotations

import math

import numpy as np

from tools.sleeves import canvas as c
from tools.sleeves import lettering
from tools.sleeves.canvas import Mask, Picture, X, Y
from tools.sleeves.sleeve import Motif, Sleeve

PALETTES = (
    "3a0ca3 b5179e ff5fa2 ffd166 fff4f8",
    "0b3c8c 2d9cff ff8ad1 ffe45e ffffff",
    "5a189a ff4d8d ff9e6d ffe08a fff7ee",
    "006d77 1fc8b7 ff9aa2 fff07c fdfffb",
    "7a0045 ff2e63 ffb3c7 5ce1e6 fff5f7",
    "2b2d96 7b5cff 5ce1ff ff8fd8 f8f5ff",
    "8a2b06 ff6b35 ffc145 ff5fa2 fff6e5",
    "12513f 4bcf8b c5f277 ff7ab8 fbfff2",
    "4a1a8c c05cff ffa8e8 8affd6 fff8ff",
)


def mesh(s: Sleeve, softness: float = 0.3) -> Picture:
    """Five or six coloured lights melting into one another (inverse-distance weights)."""
    p, rng = s.palette, s.rng
    colors = [p.deep, p.main, p.accent, p.light, p.main, p.deep]
    total = np.zeros((*X.shape, 3), dtype=np.float32)
    weight = np.zeros_like(X)
    for tone in colors:
        x, y = rng.uniform(-0.1, 1.1, 2)
        w = np.exp(-((X - x) ** 2 + (Y - y) ** 2) / (softness**2)) + 1e-3
        total += tone * w[..., None]
        weight += w
    return total / weight[..., None]


def glossy_spheres(s: Sleeve) -> Picture:
    """Synthpop: polished balls afloat in coloured air."""
    p, rng = s.palette, s.rng
    picture = mesh(s, 0.4)
    sizes = sorted(rng.uniform(0.07, 0.2, int(s.house.integers(3, 7))))
    sizes[-1] = rng.uniform(0.25, 0.36)
    for i, r in enumerate(sizes):
        x, y = rng.uniform(0.15, 0.85), rng.uniform(0.15, 0.8)
        tones = [
            [p.dark, p.deep, p.main, p.light],
            [p.deep, p.main, p.accent, p.light],
            [p.dark, p.main, p.accent, p.light],
        ][i % 3]
        u, v = (X - x) / r, (Y - y) / r
        z = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
        lit = np.clip(-0.45 * u - 0.6 * v + 0.66 * z, 0, 1)
        c.multiply(picture, p.dark, 0.5 * np.exp(-(np.clip(c.radius(x + r * 0.2, y + r * 0.35) / r, 0.6, 3) - 0.6) * 4))
        ball = c.ramp(tones, 0.12 + lit * 0.8)
        bounce = np.clip(0.5 * u + 0.7 * v - 0.15, 0, 1) * (1 - z) * 1.6
        c.screen(ball, p.accent, np.clip(bounce, 0, 1))
        c.screen(ball, p.light, np.clip(lit - 0.86, 0, 1) * 7)
        c.over(picture, ball, c.disc(x, y, r))
    return _name(s, picture)


def supergraphic(s: Sleeve) -> Picture:
    """Dance pop: a rainbow of broad bands that bends across the sleeve."""
    p, rng = s.palette, s.rng
    kind = s.kind(3)
    ground = p.light if s.house.random() < 0.6 else p.deep
    picture = c.fill(ground)
    bands = [p.dark, p.deep, p.main, p.accent, c.mix(p.main, p.light, 0.5)]
    turn = int(rng.integers(0, 5))
    bands = bands[turn:] + bands[:turn]
    n = len(bands)
    if kind == 0:
        cx, cy = rng.choice((0.0, 0.25, 0.75, 1.0)), rng.choice((0.55, 0.85, 1.0))
        field, width, start = c.radius(cx, cy), 0.105, rng.uniform(0.12, 0.3)
    elif kind == 1:
        u, v = c.rotated(0.5, 0.5, rng.uniform(-50, 50))
        field, width, start = (
            v + 0.16 * np.sin(u * rng.uniform(4, 7) + rng.uniform(0, 6)) + 0.5,
            0.115,
            rng.uniform(0.12, 0.3),
        )
    else:
        bend = 0.3 + rng.uniform(0, 0.2)
        corner = np.hypot(np.clip(bend - X, 0, 1), np.clip(Y - (1 - bend), 0, 1))
        field = np.where((bend < X) | (1 - bend > Y), np.minimum(np.maximum(bend - X, Y - 1 + bend), 9), corner)
        field, width, start = field + rng.uniform(0.25, 0.4), 0.095, 0.12
    for i, tone in enumerate(bands):
        lo = start + i * width
        c.over(picture, tone, c.inside(np.abs(field - lo - width / 2) - width / 2 + 0.004))
    shine = np.clip(np.sin((field - start) / width * math.pi * 2) * 0.5 + 0.5, 0, 1)
    band_area = c.inside(np.abs(field - start - n * width / 2) - n * width / 2)
    c.screen(picture, p.light, band_area * shine**3 * 0.28)
    if s.house.random() < 0.6:
        x, y = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.4)
        c.over(picture, p.accent if kind else p.main, c.disc(x, y, 0.12) * (1 - band_area))
    return _name(s, picture)


def liquid(s: Sleeve) -> Picture:
    """Electropop: colours folded into each other, with an oily sheen."""
    p, rng = s.palette, s.rng
    a, b = c.noise(rng, 2, 3), c.noise(rng, 2, 3)
    stretch = s.house.uniform(1.2, 2.6)
    field = np.sin((X + 0.9 * a) * 5 * stretch + (Y - 0.9 * b) * 4) + np.sin((Y + 0.8 * b) * 6 - (X * 0.6 + a) * 5)
    t = 0.5 + 0.25 * field
    picture = c.ramp([p.dark, p.deep, p.main, p.light, p.accent, p.main, p.deep], t)
    gy, gx = np.gradient(t * 22)
    sheen = np.clip((gx * 0.6 - gy * 0.8) / np.sqrt(1 + gx * gx + gy * gy), 0, 1)
    c.screen(picture, p.light, np.clip(sheen * 1.9 - 0.7, 0, 1))
    c.multiply(picture, p.deep, np.clip(-(gx * 0.6 - gy * 0.8) * 0.5, 0, 0.6))
    if s.house.random() < 0.5:
        x, y, r = rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65), rng.uniform(0.22, 0.32)
        inner = picture[::-1, ::-1].copy()
        c.multiply(picture, p.dark, 0.45 * np.exp(-(np.clip(c.radius(x, y + 0.03) - r, 0, 1) * 18)))
        c.over(picture, inner, c.disc(x, y, r))
        c.over(picture, p.light, c.ring(x, y, r, 0.012))
    return _name(s, picture)


def balloon(s: Sleeve) -> Picture:
    """Art pop: one shape blown up like foil: a star, a heart, a flower, or the title's first letter."""
    p, rng = s.palette, s.rng
    wall = p.accent if rng.random() < 0.35 else p.main
    picture = c.ramp(
        [c.mix(wall, p.light, 0.8), c.mix(wall, p.light, 0.35), wall],
        c.radius(rng.uniform(0.2, 0.8), rng.uniform(0.0, 0.5)),
    )
    kind = s.kind(4)
    tilt = rng.uniform(-22, 22)
    cx, cy = rng.uniform(0.45, 0.55), rng.uniform(0.46, 0.54)
    if kind == 0:
        shape = c.polygon(c.star(cx, cy, 0.42, 0.21, int(s.house.integers(5, 8)), tilt))
    elif kind == 1:
        a = np.linspace(0, 2 * math.pi, 60)
        hx, hy = 16 * np.sin(a) ** 3, -(13 * np.cos(a) - 5 * np.cos(2 * a) - 2 * np.cos(3 * a) - np.cos(4 * a))
        turn = math.radians(tilt)
        points = [
            (
                cx + 0.0235 * (x * math.cos(turn) - y * math.sin(turn)),
                cy - 0.03 + 0.0235 * (x * math.sin(turn) + y * math.cos(turn)),
            )
            for x, y in zip(hx.tolist(), hy.tolist(), strict=True)
        ]
        shape = c.polygon(points)
    elif kind == 2:
        petals = int(s.house.integers(5, 8))
        shape = c.inside(c.radius(cx, cy) - 0.3 - 0.11 * np.cos(c.turns(cx, cy) * 2 * math.pi * petals + tilt))
    else:
        shape = lettering.line(
            s.title[0].upper(), cx, cy - 0.34, 0.68, weight=13, max_width=0.8, align="center", degrees=tilt / 2
        )
    c.multiply(picture, p.deep, 0.75 * c.blur(c.shifted(shape, 8, 14), 0.03))
    skin = p.main if wall is p.accent else p.accent
    foil = _inflate(
        shape,
        0.045,
        [p.dark, p.deep, skin, c.mix(skin, p.light, 0.6), skin, p.deep, c.mix(skin, p.light, 0.5)],
        p.light,
    )
    c.over(picture, foil, np.clip(c.blur(shape, 0.012) * 3 - 1, 0, 1))
    if kind == 2:
        middle = c.disc(cx, cy, 0.13)
        c.over(picture, _inflate(middle, 0.03, [p.dark, p.main, p.light], p.light), middle)
    return _name(s, picture)


def _inflate(shape: Mask, depth: float, tones: list[c.Color], shine: c.Color) -> Picture:
    """A flat shape as a blown-up one, reflecting a sky of `tones`."""
    height = np.sqrt(np.clip(c.blur(shape, depth) * 1.6 - 0.6, 0, 1)) * 0.55 + 0.45 * c.blur(shape, depth * 2.4)
    gy, gx = np.gradient(_soft(height) * 58)
    length = np.sqrt(1 + gx * gx + gy * gy)
    nx, ny = -gx / length, -gy / length
    foil = c.ramp(tones, np.clip(0.5 - 0.45 * ny - 0.2 * nx, 0, 1))
    c.screen(foil, shine, np.clip((-nx * 0.5 - ny * 0.75) * 3 - 1.5, 0, 1))
    return foil


def _soft(height: Mask) -> Mask:
    """Smoothed without rounding to 8 bits, which would show as terraces in the shine."""
    for _ in range(3):
        height = (
            np.roll(height, 1, 0) + np.roll(height, -1, 0) + np.roll(height, 1, 1) + np.roll(height, -1, 1) + height
        ) / 5
    coarse = c.resized(np.ascontiguousarray(height[1::4, 1::4]))
    return (0.4 * height + 0.6 * coarse).astype(np.float32)


def mirror_ball(s: Sleeve) -> Picture:
    """Disco: a ball of mirrors and the beams that it throws."""
    p, rng = s.palette, s.rng
    x, y, r = rng.uniform(0.38, 0.62), rng.uniform(0.36, 0.5), s.house.uniform(0.24, 0.31)
    rays = int(s.house.integers(9, 15))
    spin = rng.uniform(0, 1)
    beam = np.abs(np.mod((c.turns(x, y) + spin) * rays, 1) - 0.5) * 2
    picture = c.ramp([p.dark, p.deep, p.main], 1 - c.radius(x, y) * 1.1)
    c.screen(picture, p.main, c.smooth(0.45, 0.9, beam) * 0.75)
    c.screen(picture, p.accent, c.smooth(0.8, 1.0, beam) * 0.5)
    c.screen(picture, p.accent, np.exp(-((c.radius(x, y) / (r * 1.4)) ** 2)) * 0.8)
    u, v = (X - x) / r, (Y - y) / r
    z = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    lat = np.arcsin(np.clip(v, -1, 1)) / math.pi * 15
    row = np.floor(lat)
    across = np.arctan2(u, z + 1e-6) / math.pi * 15 * np.maximum(np.cos((row + 0.5) / 15 * math.pi), 0.15)
    tile = (np.mod(row * 57 + np.floor(across) * 31, 97)).astype(int)
    spark = rng.random(97)[tile]
    lit = np.clip(0.55 * z - 0.4 * u - 0.45 * v, 0, 1)
    tone = np.clip(0.15 + 0.62 * lit + 0.5 * (spark - 0.5), 0, 1)
    mirrors = c.ramp([p.dark, p.deep, p.main, p.accent, p.light], tone)
    seam = np.maximum(np.abs(np.mod(lat, 1) - 0.5), np.abs(np.mod(across, 1) - 0.5)) > 0.44
    mirrors[seam] = p.dark
    c.over(picture, p.dark, c.box(x - 0.006, 0, x + 0.006, y - r))
    c.over(picture, mirrors, c.disc(x, y, r))
    for _ in range(5):
        a, q = rng.uniform(-math.pi, 0.3), rng.uniform(0.3, 0.95) * r
        sx, sy, size = x + q * math.cos(a), y + q * math.sin(a), rng.uniform(0.05, 0.11)
        c.over(picture, p.light, c.polygon(c.star(sx, sy, size, size * 0.1, 4)))
    c.screen(
        picture, p.light, c.blur((rng.random(X.shape) > 0.9993).astype(np.float32), 0.006) * 14 * (1 - c.disc(x, y, r))
    )
    return _name(s, picture)


def _name(s: Sleeve, picture: Picture) -> Picture:
    """The star's name: large and white at the foot, or small in a corner with the title."""
    p = s.palette
    kind = int(s.house.integers(0, 3))
    if kind == 0:
        rows = lettering.wrap(s.artist.upper(), 2)
        height = 0.115 * len(rows)
        mask = lettering.stack(rows, 0.06, 0.94 - height, 0.88, height, weight=7)
    elif kind == 1:
        mask = lettering.line(s.title.lower(), 0.5, 0.85, 0.085, weight=3, max_width=0.88, align="center")
    else:
        mask = lettering.line(s.artist, 0.06, 0.06, 0.075, weight=4, max_width=0.8)
    c.multiply(picture, p.dark, np.clip(c.blur(mask, 0.014) * 1.3, 0, 1) * 0.75)
    c.write(picture, mask, p.light)
    return picture


MOTIFS: dict[str, Motif] = {
    "synthpop": glossy_spheres,
    "dance pop": supergraphic,
    "electropop": liquid,
    "art pop": balloon,
    "disco": mirror_ball,
}
