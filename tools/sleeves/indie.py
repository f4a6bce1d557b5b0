"""Indie: paintings. A simple scene in colour, then painted over in brush strokes that follow a flow."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from tools.sleeves import canvas as c
from tools.sleeves import lettering
from tools.sleeves.canvas import PIXEL, SIZE, Mask, Picture, X, Y
from tools.sleeves.sleeve import Motif, Sleeve

PALETTES = (
    "22333b 3f6c6e 8fb8a0 e8a87c f6ead2",
    "2d2a4a 5b5f97 a9a6d6 f4978e fbe3d0",
    "31281f 7a5c3e c79a5b d9634c f5e6c8",
    "1f3a4d 3e7ca6 8cc0d9 f2c14e fdf3dc",
    "3a2338 8a4f7d d38fb0 f3c06b fbeedd",
    "243b2a 55803f a9b665 e9b44c f7efd5",
    "3b1f2b 9a3b4f e07a5f f2cc8f f8efe0",
    "1d2f3f 2f6f73 5db5a4 f6b8a0 f5f0e1",
    "40304a 6d6a9c c3b1d8 f7d08a fcf4e6",
    "2b2f36 566270 a7b2ab d98f64 f2ebdd",
)


def moon_and_clouds(s: Sleeve) -> Picture:
    """Dream pop: heaped clouds, a moon, a strip of sea."""
    p, rng = s.palette, s.rng
    dusk = s.house.random() < 0.5
    sky = [p.dark, p.deep, p.main, p.accent] if dusk else [p.deep, p.main, p.main, p.light]
    picture = c.ramp(sky, Y * 1.1 + 0.1 * (c.noise(rng, 3, 3, 2) - 0.5))
    mx, my, mr = rng.uniform(0.2, 0.8), rng.uniform(0.15, 0.34), rng.uniform(0.08, 0.16)
    c.screen(picture, p.light, np.exp(-((c.radius(mx, my) / (mr * 1.9)) ** 2)) * 0.5)
    c.over(picture, p.light if dusk else p.accent, c.disc(mx, my, mr))
    for bank in range(3):
        base = 0.5 + 0.16 * bank
        heap = np.full_like(X, 9.0)
        lit = np.zeros_like(X)
        for _ in range(13):
            x, r = rng.uniform(-0.1, 1.1), rng.uniform(0.05, 0.14)
            y = base - r * rng.uniform(0.0, 1.0) * (1.6 if bank == 1 else 1.0)
            d = c.radius(x, y) - r
            lit = np.where(d < heap, np.clip(0.5 - (Y - y) / (2.2 * r) + (mx - x) * (X - x) * 1.5, 0, 1), lit)
            heap = np.minimum(heap, d)
        cloud = np.maximum(c.inside(heap, 4 * PIXEL), c.smooth(base - 0.02, base + 0.05, Y))
        shade = [p.deep, p.main, p.accent, p.light] if bank % 2 else [p.main, p.accent, p.light, p.light]
        c.over(picture, c.ramp(shade, lit * (1.0 - 0.12 * bank) + 0.05), cloud)
    if s.house.random() < 0.6:
        sea = c.smooth(0.84, 0.86, Y)
        c.over(picture, c.ramp([p.deep, p.dark], (Y - 0.85) * 6), sea)
        c.over(picture, p.light, sea * np.exp(-(((X - mx) / 0.09) ** 2)) * (c.noise(rng, 30, 2, 4) > 0.5) * 0.8)
    flow = (c.noise(rng, 3, 2) - 0.5) * 2.4
    return _paint(s, picture, flow, 1.0)


def hill_house(s: Sleeve) -> Picture:
    """Indie folk: patchwork hills, a house, round trees, a low sun."""
    p, rng = s.palette, s.rng
    picture = c.ramp([p.main, p.light, p.light], Y * 1.8)
    c.over(picture, p.accent, c.disc(rng.uniform(0.15, 0.85), rng.uniform(0.14, 0.34), rng.uniform(0.07, 0.14)))
    hills = int(s.house.integers(3, 6))
    flow = np.zeros_like(X)
    shades = [p.deep, p.main, p.accent, p.dark, c.mix(p.deep, p.main, 0.5)]
    shades = [shades[i] for i in s.rng.permutation(len(shades))]
    for i in range(hills):
        ridge = 0.4 + 0.48 * i / hills - 0.16 * c.profile(rng, 2, 2, 0.3)
        land = c.below(ridge)
        tone = c.mix(shades[i % 5], p.light, 0.28 * (1 - i / hills))
        c.over(picture, tone, land)
        furrow = np.sin(X * rng.uniform(-14, 14) + (Y - ridge[None, :]) * 40) > 0.4
        c.over(picture, c.mix(tone, p.light, 0.3), land * furrow * (0.6 if i % 2 else 0.0))
        slope = np.broadcast_to(np.arctan(np.gradient(ridge) * SIZE)[None, :], (SIZE, SIZE))
        flow = flow * (1 - land) + slope * land
        for _ in range(int(rng.integers(0, 4))):
            x = rng.uniform(0.05, 0.95)
            foot, r = float(ridge[int(x * SIZE)]), rng.uniform(0.02, 0.045) * (1 + 0.5 * i)
            c.over(picture, p.dark, c.box(x - 0.006, foot - r, x + 0.006, foot + 0.01))
            c.over(picture, c.mix(p.deep, p.dark, 0.3), c.disc(x, foot - r * 1.6, r))
            c.over(picture, shades[(i + 2) % 5], c.disc(x - r * 0.25, foot - r * 1.9, r * 0.6))
        if i == hills // 2:
            x, w = rng.uniform(0.2, 0.8), rng.uniform(0.07, 0.11)
            foot = float(ridge[int(x * SIZE)]) + 0.03
            c.over(picture, p.light, c.box(x - w, foot - w * 1.1, x + w, foot))
            roof = [(x - w * 1.25, foot - w), (x - w * 0.1, foot - w * 2.1), (x + w * 1.25, foot - w)]
            c.over(picture, c.mix(p.accent, p.dark, 0.25), c.polygon(roof))
            c.over(picture, p.dark, c.box(x - w * 0.2, foot - w * 0.6, x + w * 0.2, foot))
    return _paint(s, picture, flow + 0.15, 0.9)


def bright_vortex(s: Sleeve) -> Picture:
    """Shoegaze: nothing but colour going round one or two centres."""
    p, rng = s.palette, s.rng
    swirl = np.zeros_like(X)
    glow = np.zeros_like(X)
    for _ in range(int(s.house.integers(1, 4))):
        cx, cy, size = rng.uniform(0.15, 0.85), rng.uniform(0.15, 0.85), rng.uniform(0.14, 0.3)
        r = c.radius(cx, cy)
        swirl += np.exp(-((r / size) ** 2)) * rng.choice((-1, 1)) * 2.6 + c.turns(cx, cy) * 0.3
        glow += np.exp(-((r / (size * 0.7)) ** 2))
    warp = c.noise(rng, 2, 4)
    t = np.mod(warp * 1.3 + swirl * 0.22 + Y * rng.uniform(-0.5, 0.5), 1.0)
    order = [p.dark, p.deep, p.main, p.light, p.accent, p.main, p.deep, p.dark]
    picture = c.ramp(order, t)
    c.screen(picture, p.accent, np.clip(glow, 0, 1) * 0.55)
    gy, gx = np.gradient(c.blur(t * 0.5 + 0.25 * glow, 0.03))
    return _paint(s, picture, np.arctan2(gx, -gy).astype(np.float32), 1.5)


def still_life(s: Sleeve) -> Picture:
    """Indie rock: flowers in a jar on a table."""
    p, rng = s.palette, s.rng
    wall = c.mix(p.main, p.light, s.house.uniform(0.0, 0.8))
    picture = c.fill(wall)
    picture += ((c.noise(rng, 3, 2) - 0.5) * 0.12)[..., None]
    edge = rng.uniform(0.7, 0.8)
    cloth = c.smooth(edge, edge + 0.01, Y + (X - 0.5) * rng.uniform(-0.1, 0.1))
    c.over(picture, p.deep, cloth)
    if s.house.random() < 0.5:
        c.over(picture, p.light, cloth * (np.sin(X * 60) > 0.5) * 0.6)
    vx, w = rng.uniform(0.38, 0.62), rng.uniform(0.09, 0.14)
    top = edge - rng.uniform(0.1, 0.2)
    jar = c.polygon(
        c.curve(
            [
                (vx - w * 0.7, top),
                (vx - w, edge),
                (vx - w * 0.6, edge + 0.1),
                (vx + w * 0.6, edge + 0.1),
                (vx + w, edge),
                (vx + w * 0.7, top),
            ]
        )
    )
    blooms = [p.accent, p.light, p.deep, c.mix(p.accent, p.light, 0.4)]
    count = int(s.house.integers(4, 8))
    spots = []
    for i in range(count):
        a = -math.pi / 2 + (i - (count - 1) / 2) * 2.1 / count + rng.uniform(-0.15, 0.15)
        reach = rng.uniform(0.22, 0.44)
        spots.append((vx + reach * math.cos(a) * 1.05, top + reach * math.sin(a)))
    c.over(
        picture,
        p.dark,
        c.lines([[(vx, top + 0.05), ((vx + x) / 2, (top + y) / 2 - 0.02), (x, y)] for x, y in spots], 0.014),
    )
    for x, y in spots:
        leaf = [(x, y), ((x + vx) / 2 + 0.07, (y + top) / 2), (vx, top)]
        c.over(picture, c.mix(p.deep, p.dark, 0.4), c.polygon(c.curve(leaf, 6)) * (rng.random() < 0.6))
    petals = int(s.house.integers(5, 9))
    for i, (x, y) in enumerate(spots):
        r = rng.uniform(0.075, 0.125)
        wave = r * (0.8 + 0.22 * np.cos(c.turns(x, y) * 2 * math.pi * petals + i))
        d = c.radius(x, y)
        tone = blooms[i % 4 if i else 0]
        c.over(picture, tone, c.inside(d - wave, 2 * PIXEL))
        c.over(picture, c.mix(tone, p.dark, 0.35), c.inside(np.abs(d - wave * 0.62) - 0.006, 2 * PIXEL))
        c.over(picture, p.dark if i % 2 else p.accent, c.inside(d - r * 0.27, 2 * PIXEL))
    c.over(picture, c.ramp([p.light, p.main, p.dark], (X - vx) / (2 * w) + 0.5), jar)
    for _ in range(int(rng.integers(1, 4))):
        x, r = rng.uniform(0.1, 0.9), rng.uniform(0.045, 0.07)
        c.over(
            picture,
            c.mix(p.dark, p.deep, 0.5),
            c.inside(np.hypot(X - x - 0.02, (Y - edge - 0.13) * 2.4) - r * 1.1, 3 * PIXEL),
        )
        c.over(picture, p.accent, c.disc(x, edge + 0.08, r))
        c.over(picture, p.light, c.disc(x - r * 0.35, edge + 0.08 - r * 0.35, r * 0.28))
    return _paint(s, picture, (c.noise(rng, 2, 2) - 0.5) * 3 + 0.8, 0.8)


def window_room(s: Sleeve) -> Picture:
    """Chamber pop: a room, a tall window, its light on the floor, one thing standing in it."""
    p, rng = s.palette, s.rng
    picture = c.ramp([p.deep, c.mix(p.deep, p.main, 0.5)], 1 - c.radius(0.4, 0.3))
    floor = rng.uniform(0.68, 0.76)
    c.over(picture, c.mix(p.dark, p.deep, 0.35), c.smooth(floor, floor + 0.008, Y))
    left = s.house.random() < 0.5
    x0 = rng.uniform(0.08, 0.2) if left else rng.uniform(0.42, 0.52)
    x1, y0, y1 = x0 + rng.uniform(0.32, 0.42), rng.uniform(0.07, 0.13), floor - rng.uniform(0.06, 0.16)
    pane = c.box(x0, y0, x1, y1)
    if s.house.random() < 0.5:
        pane = np.maximum(
            c.box(x0, y0 + (x1 - x0) / 2, x1, y1), c.disc((x0 + x1) / 2, y0 + (x1 - x0) / 2, (x1 - x0) / 2)
        )
    c.over(picture, c.ramp([p.main, p.light, p.accent], (Y - y0) / (y1 - y0)), pane)
    c.over(picture, p.accent, pane * c.disc(rng.uniform(x0, x1), rng.uniform(y0 + 0.1, y1 - 0.1), 0.08))
    land = c.below((y1 - 0.05 - 0.12 * c.profile(rng, 2, 3)).astype(np.float32))
    c.over(picture, p.deep, pane * land)
    bars = [[((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)], [(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)]]
    c.over(picture, p.dark, c.lines(bars, 0.014) * pane)
    lean = 0.25 if left else -0.25
    beam = [
        (x0 + lean * 0.6, floor + 0.05),
        (x1 + lean * 0.6, floor + 0.05),
        (x1 + lean * 1.5, 0.98),
        (x0 + lean * 1.5, 0.98),
    ]
    c.over(picture, p.light, c.polygon(beam) * 0.75)
    for edge in (x0, x1):
        swag = [
            (edge - 0.07, 0.0),
            (edge + 0.07, 0.0),
            (edge + 0.05, 0.35),
            (edge + 0.08, floor),
            (edge - 0.08, floor),
            (edge - 0.05, 0.35),
        ]
        c.over(picture, p.accent if s.house.random() < 0.6 else p.main, c.polygon(swag))
    px = rng.uniform(0.66, 0.85) if left else rng.uniform(0.15, 0.3)
    c.over(
        picture,
        c.mix(p.accent, p.dark, 0.3),
        c.polygon(
            [(px - 0.07, floor - 0.03), (px + 0.07, floor - 0.03), (px + 0.05, floor + 0.11), (px - 0.05, floor + 0.11)]
        ),
    )
    fronds = []
    for _ in range(int(s.house.integers(7, 12))):
        a, reach = rng.uniform(-2.7, -0.45), rng.uniform(0.16, 0.32)
        tip = (px + reach * math.cos(a), floor - 0.03 + reach * math.sin(a))
        mid = ((px + tip[0]) / 2, (floor + tip[1]) / 2 - 0.04)
        fronds.append([(px, floor - 0.02), (mid[0] - 0.02, mid[1]), tip, (mid[0] + 0.025, mid[1] + 0.01)])
    c.over(picture, p.main, c.polygon(*fronds))
    return _paint(s, picture, np.where(floor < Y, 0.1, 1.45).astype(np.float32) + (c.noise(rng, 3, 2) - 0.5), 0.85)


def _paint(s: Sleeve, base: Picture, flow: Mask, reach: float) -> Picture:
    """The scene painted over: broad strokes first, fine ones where there is detail, each one colour.

    `flow` is the strokes' angle in radians, [256, 256]; `reach` scales their length.
    """
    rng = s.rng
    size = s.house.uniform(0.8, 1.25)
    scene = np.clip(base, 0, 1)
    gy, gx = (np.asarray(slope) for slope in np.gradient(c.luma(scene)))
    detail = c.blur(np.clip(np.hypot(gx, gy) * 5, 0, 1), 0.01)
    # Where an edge is near the strokes follow it, so that shapes keep their outline.
    double = np.arctan2(_coarse(2 * gx * gy), _coarse(gx * gx - gy * gy))
    along = double / 2 + math.pi / 2
    flow = np.where(detail > 0.1, along, flow).astype(np.float32)
    image = Image.fromarray((scene * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for width, length, count, low, high in ((17, 44, 520, 0.0, 0.1), (10, 24, 620, 0.02, 0.3), (5, 15, 700, 0.12, 1.0)):
        # Everything random is drawn before any stroke is left out: a pixel that another processor rounds
        # otherwise then moves one stroke, not all that follow.
        col, row = rng.integers(0, SIZE, (2, 8 * count))
        tilt, bend = rng.normal(0, 0.12, 8 * count), rng.normal(0, 0.16, 8 * count)
        shade = rng.normal(0, 0.035, (8 * count, 1)) + rng.normal(0, 0.016, (8 * count, 3))
        here = detail[row, col]
        kept = np.flatnonzero((here >= low) & (here <= high))[:count]
        col, row, bend = col[kept], row[kept], bend[kept]
        angle = flow[row, col] + tilt[kept]
        colors = (np.clip(scene[row, col] + shade[kept], 0, 1) * 255).astype(int)
        dx, dy = np.cos(angle) * length * reach / 2, np.sin(angle) * length * reach / 2
        ends = np.stack([col - dx, row - dy, col - dy * bend, row + dx * bend, col + dx, row + dy], axis=1)
        for path, fill in zip(ends.tolist(), colors.tolist(), strict=True):
            draw.line(path, fill=tuple(fill), width=max(2, round(width * size)))
    picture = np.asarray(image, dtype=np.float32) / 255
    bristle = _bristle(rng, flow)
    picture = picture * (0.9 + 0.2 * bristle[..., None])
    return _sign(s, picture)


def _coarse(field: Mask) -> Mask:
    """A field of any sign, smoothed over cells of 8 pixels."""
    image = Image.fromarray(field.astype(np.float32))
    return np.asarray(
        image.resize((SIZE // 8, SIZE // 8), Image.Resampling.BOX).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    )


def _bristle(rng: np.random.Generator, flow: Mask) -> Mask:
    """Fine noise smeared along the flow, 0–1: the marks of the hairs."""
    speck = rng.random((SIZE, SIZE), dtype=np.float32)
    ix, iy = np.arange(SIZE)[None, :], np.arange(SIZE)[:, None]
    cos, sin = np.cos(flow), np.sin(flow)
    total = np.zeros_like(speck)
    for step in range(-4, 5):
        total += speck[
            (iy + np.rint(sin * step * 1.5).astype(int)) % SIZE, (ix + np.rint(cos * step * 1.5).astype(int)) % SIZE
        ]
    return np.clip((total / 9 - 0.5) * 3 + 0.5, 0, 1)


def _sign(s: Sleeve, picture: Picture) -> Picture:
    """A paper border, a caption under it, or the title written over the paint, as this artist does."""
    p = s.palette
    kind = int(s.house.integers(0, 4))
    if kind == 0:
        frame = 1 - c.box(0.05, 0.05, 0.95, 0.84)
        c.over(picture, p.light, frame)
        c.over(picture, p.dark, lettering.line(s.title, 0.06, 0.885, 0.062, weight=1, max_width=0.88))
    elif kind == 1:
        c.write(
            picture,
            lettering.line(s.artist.lower(), 0.5, 0.07, 0.08, weight=2, max_width=0.86, align="center"),
            p.light,
            p.dark,
        )
    elif kind == 2:
        c.over(picture, p.light, 1 - c.box(0.04, 0.04, 0.96, 0.96))
    return picture


MOTIFS: dict[str, Motif] = {
    "dream pop": moon_and_clouds,
    "indie folk": hill_house,
    "shoegaze": bright_vortex,
    "indie rock": still_life,
    "chamber pop": window_room,
}
