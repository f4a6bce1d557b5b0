"""Ambient: pale and ordered. Fields of tone, quarter circles, a planet's limb, phases, raked sand; Swiss type."""

from __future__ import annotations

import math

import numpy as np

from tools.sleeves import canvas as c
from tools.sleeves import lettering
from tools.sleeves.canvas import PIXEL, Picture, X, Y
from tools.sleeves.sleeve import Motif, Sleeve

PALETTES = (
    "2b2f33 6f7f86 a9b9bd d9a27c eef0ec",
    "2a2c38 67708c a7b0c9 e6b8a2 f1eff0",
    "2f332c 77856c b3bfa2 d8b26e f2f0e6",
    "2d2a2e 7d7480 b8adb8 c98686 f3eeee",
    "24343a 4f8087 9cc2c1 e8d3a2 f0f3ee",
    "33302b 8c7f6a c6b99f 6f8fa6 f4efe4",
    "262b2f 5a7a94 9db9cf f0c7a1 f2f4f3",
    "352b28 9a6f5f d3ac98 7f9c95 f6efe8",
)


def fields(s: Sleeve) -> Picture:
    """Drone: two or three wide fields of tone with soft edges, one above another."""
    p, rng = s.palette, s.rng
    picture = c.fill(c.mix(p.light, p.main, 0.35 * s.house.random()))
    tones = [p.main, p.deep, p.accent, p.main]
    turn = int(rng.integers(0, 3))
    tones = tones[turn:] + tones[:turn]
    count = int(s.house.integers(2, 4))
    cuts = np.cumsum(rng.uniform(0.6, 1.6, count))
    cuts = 0.22 + 0.72 * np.concatenate([[0], cuts / cuts[-1]])
    wobble = (c.noise(rng, 10, 4) - 0.5) * 0.03
    for i in range(count):
        y0, y1 = cuts[i] + 0.012, cuts[i + 1] - 0.012
        d = np.maximum(np.maximum(y0 - Y, Y - y1), np.maximum(0.07 - X, X - 0.93)) + wobble
        cloud = 0.82 + 0.3 * c.noise(rng, 3, 4, 2)
        c.over(picture, tones[i], c.inside(d, 0.03) * np.clip(cloud, 0, 1))
    return _caption(s, picture)


def quarters(s: Sleeve) -> Picture:
    """Modern classical: quarter circles and blocks on a strict grid."""
    p, rng = s.palette, s.rng
    picture = c.fill(p.light)
    n = (3, 2, 4)[s.kind(3)]
    top = 0.24
    cell = 0.71 / n
    left = rng.choice((0.05, 0.24))
    inks = [p.deep, p.main, p.accent, p.dark]
    for row in range(n):
        for col in range(n):
            x0, y0 = left + col * cell, top + row * cell
            ink = inks[int(rng.choice((0, 0, 1, 1, 2, 3)))]
            square = c.box(x0, y0, x0 + cell, y0 + cell)
            bare = c.box(x0 - PIXEL, y0 - PIXEL, x0 + cell + PIXEL, y0 + cell + PIXEL)
            kind = int(rng.integers(0, 5))
            fx, fy = int(rng.integers(0, 2)), int(rng.integers(0, 2))
            r = c.radius(x0 + fx * cell, y0 + fy * cell)
            if kind < 3:
                c.over(picture, ink, square * c.inside(r - cell))
                if kind == 1:
                    c.over(picture, p.light, bare * c.inside(r - cell * 0.5))
                elif kind == 2:
                    c.over(picture, p.accent, square * c.inside(r - cell * 0.5))
            elif kind == 3:
                c.over(picture, ink, square)
            else:
                c.over(picture, ink, square * c.inside(c.radius(x0 + cell / 2, y0 + cell / 2) - cell / 2))
    return _caption(s, picture)


def limb(s: Sleeve) -> Picture:
    """Space ambient: the edge of a world, its air, a small moon."""
    p, rng = s.palette, s.rng
    night = s.house.random() < 0.5
    sky = [p.dark, p.deep, p.main] if night else [p.light, c.mix(p.light, p.main, 0.6), p.main]
    picture = c.ramp(sky, Y * 0.9)
    cx, cy, r = rng.uniform(0.2, 0.8), rng.uniform(1.0, 1.25), rng.uniform(0.55, 0.75)
    d = c.radius(cx, cy)
    if s.kind(2) == 1:
        cx, cy, r = rng.uniform(0.4, 0.6), rng.uniform(0.55, 0.62), rng.uniform(0.26, 0.33)
        d = c.radius(cx, cy)
    c.screen(picture, p.accent, np.exp(-np.clip(d - r, 0, 2) * 14) * 0.9)
    lit = np.clip(0.5 - ((X - cx) * rng.choice((-1, 1)) * 0.8 + (Y - cy)) / (1.5 * r), 0, 1)
    bands = 0.1 * (c.noise(rng, 6, 4, 3) - 0.5) * 2
    c.over(picture, c.ramp([p.dark, p.deep, p.main, p.accent, p.light], lit + bands - 0.05), c.inside(d - r, 2 * PIXEL))
    if s.kind(2) == 1 and s.house.random() < 0.7:
        tilt, flat = rng.uniform(-0.3, 0.3), 0.24
        u, v = (X - cx) + tilt * (Y - cy), (Y - cy) - tilt * (X - cx)
        e = np.hypot(u, v / flat)
        hoop = c.inside(np.abs(e - r * 1.5) - 0.045, 2 * PIXEL) * np.where((v < 0) & (d < r), 0, 1)
        c.over(picture, p.light if night else p.deep, hoop * 0.85)
    x, y, q = rng.uniform(0.12, 0.88), rng.uniform(0.24, 0.36), rng.uniform(0.03, 0.06)
    c.over(picture, p.light if night else p.deep, c.disc(x, y, q))
    c.grain(picture, rng, 0.035)
    return _caption(s, picture, p.light if night else p.dark)


def phases(s: Sleeve) -> Picture:
    """Minimalism: one figure repeated with a small change each time."""
    p, rng = s.palette, s.rng
    picture = c.fill(p.light)
    kind = s.kind(3)
    if kind == 0:
        n = int(s.house.integers(7, 12))
        for i in range(n):
            x = 0.06 + 0.88 * i / n
            w = (
                0.88
                / n
                * (0.15 + 0.8 * (0.5 + 0.5 * math.sin(math.pi * 2 * i / n * rng.choice((1, 2)) + rng.uniform(0, 0.4))))
            )
            tone = p.accent if i == int(s.house.integers(0, n)) else (p.dark, p.deep)[i % 2]
            c.over(picture, tone, c.box(x, 0.26, x + w, 0.94))
    elif kind == 1:
        n = int(s.house.integers(4, 7))
        shift = rng.uniform(-0.05, 0.05)
        for i in range(n, 0, -1):
            t = i / n
            y = 0.6 + shift * (n - i)
            c.over(picture, [p.deep, p.main, p.accent][i % 3], c.disc(0.5 + shift * (n - i) * 1.4, y, 0.36 * t))
    else:
        start = rng.uniform(0, 180)
        n = int(s.house.integers(5, 9))
        for i in range(n):
            side = 0.62 * 0.82**i
            c.over(
                picture,
                [p.deep, p.light, p.main, p.accent][i % 4],
                c.tilted_box(0.5, 0.6, side, side, start + i * rng.uniform(7, 13)),
            )
    return _caption(s, picture)


def raked_sand(s: Sleeve) -> Picture:
    """Environmental music: stones in raked sand, or rings on still water."""
    p, rng = s.palette, s.rng
    picture = c.ramp([p.light, c.mix(p.light, p.main, 0.8)], Y + 0.2 * (c.noise(rng, 3, 3) - 0.5))
    if s.house.random() < 0.4:
        picture = c.ramp([c.mix(p.main, p.light, 0.4), p.main, p.deep], Y)
    stones = [
        (rng.uniform(0.2, 0.8), rng.uniform(0.42, 0.8), rng.uniform(0.08, 0.17))
        for _ in range(int(s.house.integers(1, 4)))
    ]
    field = np.full_like(X, 9.0)
    for x, y, r in stones:
        field = np.minimum(field, np.hypot(X - x, (Y - y) * 1.25) - r)
    near = c.smooth(0.34, 0.1, field)
    straight = Y + 0.02 * np.sin(X * 5 + rng.uniform(0, 6))
    furrow = np.sin(np.where(field < 0.3, field, field) * 2 * math.pi / 0.052) * near + np.sin(
        straight * 2 * math.pi / 0.052
    ) * (1 - near)
    c.multiply(picture, p.deep, np.clip(furrow, 0, 1) * 0.55)
    c.screen(picture, p.light, np.clip(-furrow, 0, 1) * 0.5)
    for i, (x, y, r) in enumerate(stones):
        c.multiply(picture, p.dark, 0.75 * c.inside(np.hypot(X - x - r * 0.25, (Y - y - r * 0.22) * 1.25) - r, 0.05))
        u, v = (X - x) / r, (Y - y) * 1.25 / r
        bump = 0.1 * (c.noise(rng, 8, 4) - 0.5)
        lit = np.clip(0.55 - 0.35 * u - 0.5 * v, 0, 1) + bump
        c.over(
            picture,
            c.ramp([p.dark, p.deep, p.main] if i % 2 == 0 else [p.dark, p.accent, p.light], lit),
            c.inside((np.hypot(u, v) - 1 + bump * 0.6) * r, 2 * PIXEL),
        )
    c.grain(picture, rng, 0.03)
    return _caption(s, picture)


def _caption(s: Sleeve, picture: Picture, ink: c.Color | None = None) -> Picture:
    """Title over artist, flush left at the top: always there, always the same."""
    ink = s.palette.dark if ink is None else ink
    c.write(picture, lettering.line(s.title, 0.06, 0.06, 0.06, weight=2, max_width=0.86), ink, s.palette.light)
    c.write(
        picture, lettering.line(s.artist, 0.06, 0.145, 0.045, weight=0, max_width=0.86) * 0.85, ink, s.palette.light
    )
    return picture


MOTIFS: dict[str, Motif] = {
    "drone": fields,
    "modern classical": quarters,
    "space ambient": limb,
    "minimalism": phases,
    "environmental music": raked_sand,
}
