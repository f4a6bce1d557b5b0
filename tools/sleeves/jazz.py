"""Jazz: printed in four inks. Colour blocks, cut shapes, instruments as silhouettes, and bold type."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from tools.sleeves import canvas as c
from tools.sleeves import lettering, silhouettes
from tools.sleeves.canvas import PIXEL, SIZE, Picture
from tools.sleeves.sleeve import Motif, Sleeve

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
    instrument = (silhouettes.saxophone, silhouettes.trumpet, silhouettes.bass)[s.kind(3)]
    mask = instrument(
        rng.uniform(0.56, 0.66) + 0.16 * (instrument is silhouettes.bass),
        rng.uniform(0.64, 0.7),
        rng.uniform(0.9, 1.1),
        rng.uniform(-16, 16),
    )
    c.multiply(picture, p.deep if light else p.dark, c.shifted(mask, 9, 6) * 0.55)
    c.over(picture, p.dark, mask)
    shine = mask * (1 - c.shifted(mask, 6, 5))
    c.over(picture, p.accent if light else p.light, shine)
    rows = lettering.wrap(s.title.upper(), 3)[:3]
    c.over(
        picture,
        p.dark if light else p.light,
        lettering.stack(rows, 0.06, 0.06, 0.58 if instrument is silhouettes.bass else 0.7, split - 0.12, weight=6),
    )
    c.write(picture, lettering.line(s.artist, 0.06, 0.905, 0.045, weight=2, max_width=0.7), p.light, p.dark)
    return _ink(s, picture)


def dot_grid(s: Sleeve) -> Picture:
    """Modal jazz: a grid of discs and half-discs turning by a rule, one of them another colour."""
    p, rng = s.palette, s.rng
    n = int(s.house.choice((3, 4, 5)))
    ground, ink, second = [(p.deep, p.main, p.light), (p.main, p.dark, p.light), (p.light, p.deep, p.main)][s.kind(3)]
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
                half = ink if (row * col) % 2 else ground
                c.over(picture, half, (c.disc(x, y, r + 1.5 * PIXEL) if half is ground else d) * c.inside(v))
    c.over(
        picture,
        p.accent if ground is not p.main else p.light,
        lettering.line(s.artist.upper(), 0.05, 0.06, 0.065, weight=4, max_width=0.9),
    )
    c.over(
        picture,
        p.light if ground is not p.light else p.dark,
        lettering.line(s.title, 0.05, 0.15, 0.05, weight=1, max_width=0.9),
    )
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
    picture = c.fill((p.light, c.mix(p.accent, p.light, 0.15), c.mix(p.main, p.light, 0.3))[s.kind(3)])
    cx, cy = rng.uniform(0.35, 0.65), rng.uniform(0.4, 0.6)
    for i in range(int(s.house.integers(9, 15))):
        a, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.3, 0.75)
        w = rng.uniform(0.08, 0.24)
        tip = (cx + reach * math.cos(a), cy + reach * math.sin(a))
        b = a + rng.uniform(-0.9, 0.9)
        foot = [
            (cx + w * math.cos(b + 1.6), cy + w * math.sin(b + 1.6)),
            (cx + w * math.cos(b - 1.6), cy + w * math.sin(b - 1.6)),
        ]
        c.multiply(picture, (p.main, p.accent, p.deep, p.main)[i % 4], c.polygon([tip, *foot]) * 0.95)
    for _ in range(int(rng.integers(1, 4))):
        x, y, r = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.uniform(0.16, 0.4)
        dry = np.clip(c.noise(rng, 40, 1) * 2.2 - 0.25, 0, 1)
        arc = c.ring(x, y, r, rng.uniform(0.03, 0.08)) * c.smooth(0.42, 0.3, np.abs(c.turns(x, y)))
        c.over(picture, p.dark, arc * np.maximum(dry, 0.4))
    turn = float(s.house.choice((0, 90, -12)))
    word = lettering.line(
        s.artist.upper(),
        0.5,
        0.5,
        0.075,
        weight=6,
        max_width=0.8,
        align="center",
        degrees=turn,
    )
    away = int(rng.integers(-80, 80))
    word = c.shifted(word, away, 0) if turn == 90 else c.shifted(word, 0, away)
    c.over(picture, p.dark, np.clip(c.blur(word, 0.02) * 14, 0, 1))
    c.over(picture, p.light, word)
    return _ink(s, picture)


def beach_waves(s: Sleeve) -> Picture:
    """Bossa nova: the waves of a paved promenade, a sun and perhaps leaves on one side, the title on the other."""
    p, rng = s.palette, s.rng
    picture = c.fill(p.light if s.house.random() < 0.5 else p.accent)
    sun = p.main if s.house.random() < 0.5 else p.deep
    corner = float(rng.integers(0, 2))
    c.over(picture, sun, c.disc(0.26 + 0.48 * corner, rng.uniform(0.24, 0.36), rng.uniform(0.15, 0.22)))
    top = rng.uniform(0.46, 0.56)
    n = int(s.house.integers(4, 7))
    inks = [p.dark, p.light, p.deep, p.light, p.main, p.light, p.dark]
    shift = rng.uniform(0, 6)
    swing = s.house.uniform(0.02, 0.045)
    for i in range(n):
        y = top + (1 - top) * i / n
        line = y + swing * np.sin(np.linspace(0, 1, SIZE) * 2 * math.pi * 2.5 + shift + (math.pi if i % 2 else 0.0))
        c.over(picture, inks[i % len(inks)], c.below(line.astype(np.float32)))
    if s.kind(2) == 0:
        x, y = corner, 0.0
        fronds = []
        for i in range(6):
            a = math.pi * (0.06 + 0.42 * i / 5) if x == 0 else math.pi * (0.52 + 0.42 * i / 5)
            far = rng.uniform(0.36, 0.56)
            tip = (x + far * math.cos(a), y + far * math.sin(a))
            side = (0.05 * math.sin(a), -0.05 * math.cos(a))
            mid = ((x + tip[0]) / 2, (y + tip[1]) / 2)
            fronds.append(
                c.curve([(x, y), (mid[0] + side[0], mid[1] + side[1]), tip, (mid[0] - side[0], mid[1] - side[1])], 8)
            )
        c.over(picture, p.deep, c.polygon(*fronds))
    rows = lettering.wrap(s.title.lower(), 2)
    left = x_text = 0.06
    if corner == 0.0:
        left, x_text = 0.5, 0.5
    c.write(picture, lettering.stack(rows, left, 0.07, 0.44, 0.085 * len(rows), weight=5), p.dark, p.light)
    c.write(
        picture,
        lettering.line(s.artist, x_text, 0.1 + 0.095 * len(rows), 0.042, weight=1, max_width=0.44),
        p.dark,
        p.light,
    )
    return _ink(s, picture)


def _ink(s: Sleeve, picture: Picture) -> Picture:
    """The house style: a paper edge with the label's colour bars above, ink slightly uneven and grained."""
    p = s.palette
    edge, top = 8, 24
    side = SIZE - 2 * edge
    plate = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    printed = c.fill(p.light)
    printed[top:, edge : edge + side] = np.asarray(plate, dtype=np.float32)[: SIZE - top] / 255
    bars = ((0.031, 0.2, p.accent), (0.2, 0.3, p.main), (0.3, 0.36, p.deep), (0.36, 0.969, p.dark))
    for x0, x1, tone in bars:
        c.over(printed, tone, c.box(x0, 0.036, x1, 0.066))
    printed += ((c.noise(s.rng, 5, 3) - 0.5) * 0.05)[..., None]
    c.grain(printed, s.rng, 0.025)
    return printed


MOTIFS: dict[str, Motif] = {
    "hard bop": horn_and_type,
    "modal jazz": dot_grid,
    "cool jazz": cut_bars,
    "free jazz": shards,
    "bossa nova": beach_waves,
}
