"""Electronic: what machines draw. Op-art fields, neon grids, moire, rings of signal, stacked waves."""

from __future__ import annotations

import math

import numpy as np

from tools.sleeves import canvas as c
from tools.sleeves import lettering
from tools.sleeves.canvas import PIXEL, SIZE, Picture, X, Y
from tools.sleeves.sleeve import Motif, Sleeve

PALETTES = (
    "05060a 0d2b45 00c2ff ff2e88 f4f7ff",
    "07070a 1a1a22 f2f2f2 ff4b1f ffffff",
    "060314 2a0a5e 8a2be2 00f5d4 f5f0ff",
    "030a0a 073b3a 0ead9a c8ff3e f2fff5",
    "0a0410 3d0b5b ff2fb9 ffd319 fff4fb",
    "02040f 0a1f6b 2f6bff 9dffcb f0f6ff",
    "0a0505 4a0d12 ff3b30 ffb000 fff3e6",
    "04080a 12343b 27e1c1 ff5d8f f1fffb",
)


def op_field(s: Sleeve) -> Picture:
    """Techno: a strict pattern swollen by invisible spheres."""
    p, rng = s.palette, s.rng
    kind = s.kind(3)
    x, y = X.copy(), Y.copy()
    bulge = np.zeros_like(X)
    for _ in range(int(rng.integers(1, 4))):
        cx, cy, size = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.uniform(0.22, 0.42)
        r = c.radius(cx, cy) / size
        lens = np.clip(1 - r * r, 0, 1)
        pull = lens**0.8 * rng.choice((0.6, 0.72, -0.5))
        x -= (X - cx) * pull
        y -= (Y - cy) * pull
        bulge = np.maximum(bulge, lens)
    n = int(s.house.integers(7, 11))
    if kind == 0:
        wave = np.sin(x * n * math.pi * 2) * np.sin(y * n * math.pi * 2)
    elif kind == 1:
        wave = np.sin((y + 0.06 * np.sin(x * 9)) * n * math.pi * 2.4)
    else:
        u, v = np.mod(x * n, 1) - 0.5, np.mod(y * n, 1) - 0.5
        wave = 0.36 - np.hypot(u, v) + 0.14 * bulge
        wave *= 3
    ink = np.clip(0.5 + wave * 5, 0, 1)
    picture = c.fill(p.dark)
    c.over(picture, c.ramp([p.main, p.main, p.accent, p.light], bulge), ink)
    return _label(s, picture)


def neon_grid(s: Sleeve) -> Picture:
    """Synthwave: a striped sun over a grid that runs to the horizon."""
    p, rng = s.palette, s.rng
    horizon = rng.uniform(0.52, 0.64)
    picture = c.ramp([p.dark, p.deep, p.main], np.clip(Y / horizon, 0, 1) ** 2 * 0.9)
    stars = (rng.random((SIZE, SIZE)) > 0.997) & (horizon * 0.7 > Y)
    picture[stars] = p.light
    cx, r = rng.uniform(0.35, 0.65), s.house.uniform(0.2, 0.29)
    cy = horizon - r * rng.uniform(0.5, 0.95)
    t = (Y - (cy - r)) / (2 * r)
    slots = np.sin(t * 44) > 1.25 - 1.5 * np.clip(t - 0.35, 0, 1) * 1.9
    c.screen(picture, p.main, np.exp(-((c.radius(cx, cy) / (r * 1.5)) ** 2)) * 0.7)
    c.over(picture, c.ramp([p.light, p.accent, p.main], t), c.disc(cx, cy, r, 2 * PIXEL) * ~slots)
    shape = s.kind(3)
    if shape == 0:
        ridge = horizon - 0.2 * np.abs(c.profile(rng, 5, 3, 0.6) - 0.35) * np.abs(np.linspace(-1, 1, SIZE)) * 1.6
        land = c.below(ridge.astype(np.float32))
        c.over(picture, p.dark, land)
        edge = c.inside(np.abs(Y - ridge[None, :]) - 0.004)
        c.over(picture, p.accent, edge)
    elif shape == 1:
        city = horizon - 0.03 - 0.22 * np.repeat(rng.random(16), SIZE // 16) ** 2 * np.abs(np.linspace(-1, 1, SIZE))
        block = c.below(city.astype(np.float32))
        c.over(picture, p.dark, block)
        lit = (np.repeat(np.repeat(rng.random((64, 64)), 4, 0), 4, 1) > 0.86) * (block > 0.9)
        c.over(picture, p.accent, (lit & (horizon > Y)).astype(np.float32) * 0.9)
    ground = (horizon < Y).astype(np.float32)
    c.over(picture, c.ramp([p.deep, p.dark], (Y - horizon) * 3), ground)
    depth = np.clip(Y - horizon, 1e-3, 1)
    rows = np.abs(np.mod(0.5 / depth + rng.random(), 1) - 0.5) - 0.5
    columns = np.abs(np.mod((X - cx) / depth * 0.9, 1) - 0.5) - 0.5
    wires = np.maximum(
        np.clip(1.6 + rows * depth * depth / 0.5 * SIZE * 0.75, 0, 1),
        np.clip(1.6 + columns * depth / 0.9 * SIZE * 0.75, 0, 1),
    )
    c.over(picture, c.mix(p.main, p.accent, 0.25), wires * ground * np.clip(0.35 + depth * 3, 0, 1))
    c.screen(picture, p.main, np.exp(-np.abs(Y - horizon) * 26) * 0.8)
    picture *= (0.94 + 0.06 * np.sin(Y * SIZE * math.pi * 0.5))[..., None]
    return _label(s, picture)


def moire(s: Sleeve) -> Picture:
    """IDM: two sets of rings or rays that beat against each other, and a few blocks gone wrong."""
    p, rng = s.palette, s.rng
    kind = s.kind(3)
    pitch = s.house.uniform(0.042, 0.066)
    spread = rng.uniform(0.06, 0.2)
    angle = rng.uniform(0, math.pi)
    layers = []
    for side in (-1, 1):
        cx, cy = 0.5 + side * spread * math.cos(angle), 0.5 + side * spread * math.sin(angle)
        if kind == 0:
            field = c.radius(cx, cy) / pitch
        elif kind == 1:
            field = c.turns(cx, cy) * 40 if side > 0 else c.radius(cx, cy) / pitch
        else:
            u, v = c.rotated(cx, cy, math.degrees(angle) + side * rng.uniform(4, 12))
            field = (v + 0.05 * np.sin(u * 8 + side)) / pitch
        layers.append(np.sin(field * 2 * math.pi))
    a, b = np.clip(0.5 + layers[0] * 3, 0, 1), np.clip(0.5 + layers[1] * 3, 0, 1)
    beat = np.abs(a - b)
    picture = c.fill(p.dark)
    c.over(picture, c.ramp([p.deep, p.main, p.accent], c.radius(0.5, 0.5) * 1.5), beat)
    c.over(picture, p.light, a * b * c.disc(0.5, 0.5, 0.3, 0.01))
    for _ in range(int(rng.integers(4, 9))):
        x, y = int(rng.integers(0, 12)) * 16, int(rng.integers(0, 15)) * 16
        w, h = int(rng.integers(3, 9)) * 16, int(rng.integers(1, 3)) * 16
        shift = int(rng.choice((-48, -24, 24, 48)))
        block = np.roll(picture, shift, axis=1)[y : y + h, x : x + w]
        picture[y : y + h, x : x + w] = block[..., rng.permutation(3)]
    return _label(s, picture)


def signal_ring(s: Sleeve) -> Picture:
    """House: level bars in a circle about a record, or in columns over their reflection."""
    p, rng = s.palette, s.rng
    if s.kind(2) == 1:
        return _level_meter(s)
    picture = c.ramp([p.deep, p.dark], c.radius(0.5, 0.5) * 1.5)
    cx, cy = rng.choice((0.5, 0.5, 0.34, 0.66)), 0.5
    r, t = c.radius(cx, cy), c.turns(cx, cy) + 0.5
    bars = int(s.house.choice((36, 48, 60)))
    level = np.convolve(np.tile(rng.random(bars), 3), [0.25, 0.5, 0.25], "same")[bars : 2 * bars]
    level = (level - level.min()) / np.ptp(level)
    inner = s.house.uniform(0.14, 0.2)
    index = np.minimum((t * bars).astype(int), bars - 1)
    reach = inner + 0.05 + level[index] * (0.44 - inner)
    gap = np.abs(np.mod(t * bars, 1) - 0.5) < 0.34
    steps = np.mod(r * 34, 1) < 0.72
    on = gap & (r > inner + 0.03) & (r < reach) & (steps if s.house.random() < 0.5 else True)
    spiral = np.mod(t + rng.random(), 1)
    colors = c.ramp([p.main, p.accent, p.light, p.accent, p.main], spiral)
    c.over(picture, colors, on.astype(np.float32))
    glow = c.blur(on.astype(np.float32), 0.025)
    c.screen(picture, colors, glow * 0.6)
    c.over(picture, p.accent, c.disc(cx, cy, inner))
    c.over(picture, p.dark, c.disc(cx, cy, inner * 0.62))
    c.over(picture, p.light, c.disc(cx, cy, inner * 0.2))
    return _label(s, picture)


def _level_meter(s: Sleeve) -> Picture:
    """Columns of lamps over their own reflection."""
    p, rng = s.palette, s.rng
    columns, rows = int(s.house.choice((8, 10, 12))), 12
    waist = rng.uniform(0.58, 0.68)
    level = np.convolve(rng.random(columns + 4), [0.3, 0.4, 0.3], "same")[2:-2]
    level = 0.15 + 0.85 * (level - level.min()) / np.ptp(level)
    cell = np.minimum((X * columns).astype(int), columns - 1)
    up = (waist - Y) / waist * 1.12
    height = np.where(up >= 0, up, -up * 2.2)
    step = np.floor(height * rows) / rows
    gaps = (np.abs(np.mod(X * columns, 1) - 0.5) < 0.41) & (np.abs(np.mod(height * rows, 1) - 0.5) < 0.36)
    on = (gaps & (step < level[cell])).astype(np.float32)
    off = (gaps & (step < 1)).astype(np.float32)
    picture = c.ramp([p.dark, p.deep, p.dark], Y)
    c.over(picture, c.mix(p.dark, p.deep, 0.9), off * (up >= 0))
    colors = c.ramp([p.main, p.main, p.accent, p.light], step)
    fade = np.where(up >= 0, 1, 0.42 * np.clip(1 + up * 1.6, 0, 1)).astype(np.float32)
    c.over(picture, colors, on * fade)
    c.screen(picture, colors, c.blur(on * fade, 0.025) * 0.55)
    return _label(s, picture)


def stacked_waves(s: Sleeve) -> Picture:
    """Downtempo: line over line of one signal, like a range seen from the side."""
    p, rng = s.palette, s.rng
    picture = c.ramp([p.dark, p.deep], Y)
    rows = int(s.house.integers(11, 19))
    centre, width = rng.uniform(0.35, 0.65), rng.uniform(0.13, 0.24)
    across = np.linspace(0, 1, SIZE)
    hump = np.exp(-(((across - centre) / width) ** 2))
    if s.house.random() < 0.4:
        hump += 0.7 * np.exp(-(((across - rng.uniform(0.1, 0.9)) / 0.12) ** 2))
    kind = s.kind(3)
    if kind == 2:
        c.over(picture, p.accent, c.disc(centre, 0.24, 0.13))
    for i in range(rows):
        t = i / (rows - 1)
        base = 0.2 + 0.74 * t
        signal = c.profile(rng, 9, 4, 0.6) * hump * 0.3 * (0.6 + 0.5 * math.sin(math.pi * t))
        line = (base - signal).astype(np.float32)
        top, foot = max(0, int((base - 0.42) * SIZE)), min(SIZE, int((base + 0.09) * SIZE))
        tone = c.mix(p.deep, p.main, t * 2) if t < 0.5 else c.mix(p.main, p.accent, t * 2 - 1)
        slab, under = picture[top:foot], np.clip(0.5 + (Y[top:foot] - line[None, :]) * SIZE, 0, 1)
        slab += ((tone if kind == 1 else c.mix(p.dark, tone, 0.22)) - slab) * under[..., None]
        edge = np.clip(0.5 + (0.0075 - np.abs(Y[top:foot] - line[None, :])) * SIZE, 0, 1)
        slab += ((c.mix(p.main, p.light, t) if kind == 1 else c.mix(p.main, p.accent, t)) - slab) * edge[..., None]
    return _label(s, picture)


def _label(s: Sleeve, picture: Picture) -> Picture:
    """The name as a plate on the edge, down the side, as one giant word, or not at all."""
    p = s.palette
    kind = int(s.house.integers(0, 4))
    if kind == 0:
        c.over(picture, p.dark, c.box(0, 0.88, 1, 1))
        c.over(
            picture,
            p.light,
            lettering.line(s.artist.upper(), 0.04, 0.912, 0.055, weight=2, max_width=0.6, spacing=0.12),
        )
    elif kind == 1:
        strip = lettering.line(s.artist.upper(), 0.04, 0.035, 0.085, weight=5, max_width=0.92)
        c.over(picture, p.dark, c.box(0, 0, 0.155, 1))
        c.over(picture, p.accent, np.rot90(strip))
    elif kind == 2:
        word = lettering.line(s.artist.upper(), 0.5, 0.06, 0.1, weight=4, max_width=0.88, align="center", spacing=0.1)
        c.over(picture, p.dark, np.clip(c.blur(word, 0.02) * 2.2, 0, 1) * 0.85)
        c.over(picture, p.light, word)
    return picture


MOTIFS: dict[str, Motif] = {
    "techno": op_field,
    "synthwave": neon_grid,
    "idm": moire,
    "house": signal_ring,
    "downtempo": stacked_waves,
}
