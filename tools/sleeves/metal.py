"""Metal: out of the dark. Peaks under a moon, fractals, gates of light, lightning, sigils; a logo with thorns."""

from __future__ import annotations

import math

import numpy as np

from tools.sleeves import canvas as c
from tools.sleeves import lettering
from tools.sleeves.canvas import PIXEL, SIZE, Mask, Picture, X, Y
from tools.sleeves.sleeve import Motif, Sleeve

PALETTES = (
    "050506 1a1c20 6f7680 b8c0c8 eceff2",
    "060404 2a0808 8c1414 e0402a f2e6d8",
    "040605 0e211a 2f6b4a a6e05a eaf5df",
    "07050a 1f1233 5a3a8c b48cff efe8fb",
    "070503 2b1a08 8a5a1a e8a83a f6ead0",
    "030608 0a2230 2a6f8f 7fd4f0 eaf6fb",
    "080505 301410 a03c18 ff8a2a fbe9d2",
    "060606 1c1a18 6b6558 c23b22 efe9dc",
    "040507 151b2e 3d4f86 c9d4ff f3f6ff",
)


def frozen_peaks(s: Sleeve) -> Picture:
    """Black metal: a moon, jagged peaks that mirror themselves, dead trees."""
    p, rng = s.palette, s.rng
    sky = c.noise(rng, 3, 5, 1.6)
    cy, r = rng.uniform(0.3, 0.42), s.house.uniform(0.12, 0.2)
    d = c.radius(0.5, cy)
    tone = np.clip(0.12 + 0.5 * np.exp(-d * 3.4) + 0.45 * (sky - 0.5), 0, 1)
    picture = c.ramp([p.dark, p.deep, p.main, p.accent], tone)
    moon = c.disc(0.5, cy, r)
    c.over(picture, c.ramp([p.main, p.light, p.light], 0.35 + c.noise(rng, 6, 4) * 0.8), moon)
    if s.house.random() < 0.4:
        c.over(picture, p.dark, c.disc(0.5, cy, r * 0.93))
        c.screen(picture, p.light, np.exp(-np.abs(d - r) * 40) * 0.8)
    for i in range(3):
        half = c.profile(rng, 2 + i, 6, 0.62)[: SIZE // 2]
        both = np.concatenate([half[::-1], half]) if s.house.random() < 0.7 else c.profile(rng, 3 + i, 6, 0.62)
        ridge = (0.62 + 0.15 * i - (0.38 - 0.1 * i) * both).astype(np.float32)
        rock = c.below(ridge)
        crag = c.noise(rng, 9, 5, 0.7)
        facing = (np.roll(crag, 3, axis=1) - np.roll(crag, -3, axis=1)) * 3.2 + np.clip(
            c.resized(np.gradient(ridge)[None, ::8].astype(np.float32)) * 16, -0.4, 0.4
        )
        slope = np.clip(0.42 + facing, 0, 1) * np.exp(-np.clip(Y - ridge[None, :], 0, 1) * 4.5)
        shade = c.ramp([p.dark, p.deep, p.main, p.light], slope * (0.85 - 0.26 * i) * (0.6 + 0.8 * sky))
        c.over(picture, shade, rock)
    paths = []
    for side in (-1, 1):
        for x, h in ((0.38, 0.6), (0.28, 0.42)):
            paths += _dead_tree(rng, 0.5 + side * x, 1.0, h)
    c.over(picture, p.dark, c.lines(paths, 0.012))
    return _logo(s, picture)


def _dead_tree(rng: np.random.Generator, x: float, y: float, height: float) -> list[list[tuple[float, float]]]:
    top = y - height
    paths = [[(x, y), (x + rng.uniform(-0.02, 0.02), (y + top) / 2), (x + rng.uniform(-0.03, 0.03), top)]]
    for _ in range(9):
        at, side, reach = rng.uniform(0.3, 0.95), rng.choice((-1, 1)), rng.uniform(0.06, 0.15)
        by = y - height * at
        elbow = (x + side * reach * 0.6, by - reach * 0.3)
        paths.append([(x, by), elbow, (elbow[0] + side * reach * 0.3, elbow[1] - reach * 0.8)])
        paths.append([elbow, (elbow[0] + side * reach * 0.6, elbow[1] - reach * 0.1)])
    return paths


def julia(s: Sleeve) -> Picture:
    """Death metal: a Julia set folded about the middle, burning at its edge."""
    p, rng = s.palette, s.rng
    seeds = (
        (-0.8, 0.156),
        (-0.4, 0.6),
        (0.285, 0.01),
        (-0.70176, -0.3842),
        (-0.835, -0.2321),
        (-0.1, 0.651),
        (-0.74543, 0.11301),
    )
    re, im = seeds[(s.kind(2) * 3 + int(rng.integers(0, 3))) % len(seeds)]
    re, im = re + rng.uniform(-0.012, 0.012), im + rng.uniform(-0.012, 0.012)
    zoom = rng.uniform(1.7, 2.9)
    # the set is symmetric about its centre: the canvas is folded left to right, so it faces us like a mask
    upright = s.house.random() < 0.6
    low = rng.uniform(0.46, 0.66)
    a, b = (np.abs(X - 0.5), Y - low) if upright else (Y - low, np.abs(X - 0.5))
    x, y = (a * zoom).astype(np.float64), (b * zoom).astype(np.float64)
    count, alive = np.zeros_like(x), np.ones(x.shape, dtype=bool)
    trap = np.full_like(x, 9.0)
    for _ in range(30):
        x, y = x * x - y * y + re, 2 * x * y + im
        size = x * x + y * y
        alive &= size < 16
        count += alive
        trap = np.where(alive, np.minimum(trap, size), trap)
        np.clip(x, -9, 9, out=x)
        np.clip(y, -9, 9, out=y)
    t = (count / 30).astype(np.float32)
    edge = c.blur(np.clip(t * 1.25, 0, 1), 0.004)
    picture = c.ramp([p.dark, p.deep, p.main, p.accent, p.light], np.clip(edge**0.75 * 1.15 - 0.06, 0, 1))
    core = np.clip(np.sqrt(trap) * 1.6, 0, 1).astype(np.float32)
    c.over(picture, c.ramp([p.light, p.accent, p.deep, p.dark], core), (t > 0.97).astype(np.float32))
    c.multiply(picture, p.deep, c.smooth(0.35, 0.7, c.radius()) * 0.8)
    return _logo(s, picture)


def gate(s: Sleeve) -> Picture:
    """Doom metal: arch within arch, or a slab, with light behind it and fog below."""
    p, rng = s.palette, s.rng
    fog = c.noise(rng, 3, 5, 1.8)
    picture = c.ramp([p.dark, p.deep], fog * 0.9)
    kind = s.kind(3)
    cy = rng.uniform(0.42, 0.52)
    if kind == 0:
        n = int(rng.integers(4, 7))
        for i in range(n):
            t = i / (n - 1)
            w, top = 0.46 - 0.36 * t, 0.08 + 0.34 * t
            arch = np.where(
                top + w * 1.2 > Y,
                np.hypot(np.abs(X - 0.5) + w * 0.5, (Y - top - w * 1.2) * 1.0) - w * 1.5,
                np.abs(X - 0.5) - w,
            )
            tone = c.ramp([p.dark, p.deep, p.main, p.accent, p.light], np.full_like(X, t**1.2) + 0.25 * (fog - 0.5) * t)
            c.over(picture, tone, c.inside(arch, 2 * PIXEL))
            c.over(picture, p.dark, c.inside(np.abs(arch) - 0.012) * 0.8)
    elif kind == 1:
        d = c.radius(0.5, cy)
        c.screen(picture, p.main, np.exp(-((d / 0.4) ** 2)) * 0.9)
        c.over(picture, p.accent, c.ring(0.5, cy, 0.3, 0.03, 0.02))
        c.screen(picture, p.light, np.exp(-np.abs(d - 0.3) * 22) * 0.8)
        w = rng.uniform(0.1, 0.15)
        slab = [(0.5 - w, 1.0), (0.5 - w * 0.86, 0.16), (0.5 + w * 0.86, 0.16), (0.5 + w, 1.0)]
        c.over(picture, p.dark, c.polygon(slab))
        c.over(
            picture,
            c.mix(p.dark, p.main, 0.35),
            c.polygon([(0.5 + w * 0.5, 0.16), (0.5 + w * 0.86, 0.16), (0.5 + w, 1), (0.5 + w * 0.6, 1)]),
        )
    else:
        d = c.radius(0.5, cy)
        rays = 0.5 + 0.5 * np.sin(c.turns(0.5, cy) * 2 * math.pi * int(s.house.integers(12, 26)))
        c.screen(picture, p.main, np.exp(-d * 3.2) * (0.5 + 0.7 * rays))
        c.screen(picture, p.light, np.exp(-np.abs(d - 0.24) * 30))
        c.over(picture, p.dark, c.disc(0.5, cy, 0.24, 2 * PIXEL))
        figures = [
            [
                (x - w, 1.0),
                (x - w * 0.9, 1 - h * 0.7),
                (x - w * 0.25, 1 - h),
                (x + w * 0.25, 1 - h),
                (x + w * 0.9, 1 - h * 0.7),
                (x + w, 1.0),
            ]
            for x, w, h in (
                (0.5, 0.07, 0.36),
                (0.3, 0.06, 0.28),
                (0.7, 0.06, 0.28),
                (0.12, 0.05, 0.2),
                (0.88, 0.05, 0.2),
            )
        ]
        c.over(picture, p.dark, c.polygon(*(c.curve(f, 6) for f in figures)))
    c.over(picture, c.mix(p.dark, p.main, 0.45), c.smooth(0.68, 1.05, Y + 0.3 * (fog - 0.5)) * 0.75)
    return _logo(s, picture)


def thunderhead(s: Sleeve) -> Picture:
    """Thrash metal: splinters burst from one point, lightning through them."""
    p, rng = s.palette, s.rng
    cx, cy = rng.uniform(0.4, 0.6), rng.uniform(0.45, 0.62)
    r = c.radius(cx, cy)
    picture = c.ramp([p.light, p.accent, p.main, p.deep, p.dark], r * 1.7 + 0.2 * (c.noise(rng, 4, 4) - 0.5))
    n = int(s.house.integers(13, 22))
    splinters, edges = [], []
    for i in range(n):
        a = 2 * math.pi * (i + rng.uniform(-0.3, 0.3)) / n
        near, w = rng.uniform(0.1, 0.26), rng.uniform(0.04, 0.13)
        tip = (cx + near * math.cos(a), cy + near * math.sin(a))
        left, right = ((cx + 1.1 * math.cos(a + k * w), cy + 1.1 * math.sin(a + k * w)) for k in (-1.3, 1.3))
        splinters.append([tip, left, right])
        edges.append([tip, left])
    c.over(picture, c.ramp([p.deep, p.dark], r * 1.4), c.polygon(*splinters))
    c.over(picture, p.accent, c.lines(edges, 0.005) * np.clip(1.2 - r * 1.6, 0, 1))
    bolts = []
    for _ in range(int(rng.integers(2, 5))):
        a = rng.uniform(0, 2 * math.pi)
        x, y, path = cx, cy, [(cx, cy)]
        for _ in range(8):
            b = a + rng.uniform(-0.9, 0.9)
            x, y = x + 0.1 * math.cos(b), y + 0.1 * math.sin(b)
            path.append((x, y))
        bolts.append(path)
    bolt = c.lines(bolts, 0.012)
    c.screen(picture, p.accent, np.clip(c.blur(bolt, 0.03) * 3, 0, 1))
    c.over(picture, p.light, bolt)
    return _logo(s, picture)


def sigil(s: Sleeve) -> Picture:
    """Post-metal: a seal of rings, chords and marks struck into dark plate."""
    p, rng = s.palette, s.rng
    plate = c.noise(rng, 4, 6)
    picture = c.ramp([p.dark, p.deep, c.mix(p.deep, p.main, 0.5)], plate * 1.05 - c.radius() * 0.5 + 0.1)
    cy = 0.54
    n = int(s.house.choice((3, 7, 8, 9)))
    spin = rng.uniform(0, 2 * math.pi)
    step = int(s.house.integers(1, (n + 1) // 2))
    points = [
        (0.5 + 0.33 * math.cos(spin + 2 * math.pi * i / n), cy + 0.33 * math.sin(spin + 2 * math.pi * i / n))
        for i in range(n)
    ]
    chords = [[points[i], points[(i + step) % n]] for i in range(n)]
    spokes = [
        [(0.5 + a * math.cos(t), cy + a * math.sin(t)), (0.5 + b * math.cos(t), cy + b * math.sin(t))]
        for i in range(n * 4)
        for t in (spin + 2 * math.pi * i / (n * 4),)
        for a, b in ((0.36, 0.36 + 0.05 * rng.random()),)
    ]
    mark = np.maximum(c.lines(chords, 0.014), c.lines(spokes, 0.01))
    for r, w in ((0.33, 0.016), (0.43, 0.024), (0.12, 0.012)):
        mark = np.maximum(mark, c.ring(0.5, cy, r, w))
    for x, y in points:
        mark = np.maximum(mark * (1 - c.disc(x, y, 0.045)), c.ring(x, y, 0.04, 0.014))
    core = rng.choice((0.06, 0.09))
    mark = np.maximum(mark, c.disc(0.5, cy, core))
    wear = np.clip(0.35 + plate * 1.1, 0, 1)
    c.screen(picture, p.main, np.clip(c.blur(mark, 0.03) * 1.6, 0, 1))
    c.over(picture, c.ramp([p.main, p.accent, p.light], wear), mark * np.clip(wear + 0.2, 0, 1))
    return _logo(s, picture)


def _logo(s: Sleeve, picture: Picture) -> Picture:
    """The band's name with thorns, always the same, above; grain and a dark edge over all."""
    p = s.palette
    c.vignette(picture, 0.6)
    style = int(s.house.integers(0, 4))
    low = style == 3
    lines = lettering.wrap(s.artist.upper(), 2) if style == 1 else [s.artist.upper()]
    word = np.zeros_like(X)
    for i, text in enumerate(lines):
        y, size = (0.84, 0.1) if low else (0.075 + 0.115 * i, 0.1)
        word = np.maximum(
            word,
            lettering.line(
                text,
                0.5,
                y,
                size,
                weight=(2, 3, 1, 2)[style],
                width=0.84 if style == 2 and len(text) > 7 else None,
                max_width=0.84,
                align="center",
                spacing=0.02,
            ),
        )
    rows = np.flatnonzero(word.max(axis=1) > 0.2)
    columns = np.flatnonzero(word.max(axis=0) > 0.2)
    top, bottom = rows[0] / SIZE, (rows[-1] + 1) / SIZE
    left, right = columns[0] / SIZE, (columns[-1] + 1) / SIZE
    thorns = []
    count = int(s.house.integers(7, 13))
    for i in range(count):
        t = i / (count - 1)
        x = left + (right - left) * t
        reach = (0.03 + 0.07 * abs(2 * t - 1) ** 2) * s.house.uniform(0.6, 1.2)
        lean = (t - 0.5) * 0.1
        thorns.append([(x - 0.011, top + 0.02), (x + 0.011, top + 0.02), (x + lean, top - reach)])
        if i % 2 == 0:
            thorns.append([(x - 0.011, bottom - 0.02), (x + 0.011, bottom - 0.02), (x + lean * 0.7, bottom + reach)])
    letters = np.maximum(word, c.polygon(*thorns) * _touching(word))
    c.over(picture, p.dark, np.clip(c.blur(letters, 0.016) * 2.4, 0, 1) * 0.85)
    c.write(picture, letters, *((p.light,) if s.house.random() < 0.65 else (p.accent, p.light)))
    c.grain(picture, s.rng, 0.07, 1.3)
    return picture


def _touching(word: Mask) -> Mask:
    """Columns where the word has ink, widened: thorns grow from letters, not from the gaps."""
    ink = np.convolve(word.max(axis=0) > 0.2, np.ones(9), "same") > 0
    return np.broadcast_to(ink.astype(np.float32)[None, :], word.shape)


MOTIFS: dict[str, Motif] = {
    "black metal": frozen_peaks,
    "death metal": julia,
    "doom metal": gate,
    "thrash metal": thunderhead,
    "post-metal": sigil,
}
