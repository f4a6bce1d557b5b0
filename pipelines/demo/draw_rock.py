"""Rock: photographs that never were. Duotone land, road, forest and faces, with grain and a burnt edge."""

from __future__ import annotations

import math

import numpy as np

from pipelines.demo import canvas as c
from pipelines.demo import lettering
from pipelines.demo.canvas import PIXEL, Mask, Picture, X, Y
from pipelines.demo.sleeve import Motif, Sleeve

PALETTES = (
    "1a0f0a 6b2412 d9632a f2b441 fbe7b5",
    "0b1a24 1f4e5f d08a4a f0b26b f7ead0",
    "140a12 5a1530 c43a3f f08a4b fbdcae",
    "101820 2f4a54 7f9a8f e0a458 f1ead2",
    "1c1408 5c4318 b98a32 e8c15a f8eccb",
    "120c1e 3b2a5c a2557a f39a6b fde2b8",
    "0a1412 1d4a3a 5a9270 e6b84c f2efd0",
    "0c0c0e 3a3a3e 9b9890 d8342b f0ece0",
    "0d1526 234a7a 6fa0c8 f0c05a f5efdc",
)


def solar_dunes(s: Sleeve) -> Picture:
    """Psychedelic rock: a sun that sends wobbling bands over dunes."""
    p, rng = s.palette, s.rng
    bands = int(s.house.integers(5, 9))
    cx, cy = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.48)
    r = c.radius(cx, cy) + (c.noise(rng, 3, 3) - 0.5) * 0.14
    phase = r * bands * 1.8
    stripes = c.ramp([p.deep, p.main, p.accent, p.light, p.accent, p.main, p.deep], np.mod(phase, 1.0))
    picture = c.fill(p.deep)
    c.over(picture, stripes, 0.9)
    c.over(picture, p.light, c.disc(cx, cy, 0.13 + rng.uniform(0, 0.05), 2 * PIXEL))
    layers = int(rng.integers(2, 4))
    for i in range(layers):
        ridge = 0.62 + 0.36 * i / layers - 0.2 * c.profile(rng, 2, 3, 0.35)
        land = c.below(ridge)
        slope = np.gradient(ridge)[None, :] * 90
        shade = np.clip(0.45 + slope + (Y - ridge[None, :]) * 0.3, 0, 1)
        c.over(picture, c.ramp([p.dark, p.deep, p.main], shade * (0.85 - 0.25 * i)), land)
    return _print(s, picture, 0.07)


def open_road(s: Sleeve) -> Picture:
    """Desert rock: a road that runs under mesas into a huge sun."""
    p, rng = s.palette, s.rng
    horizon = rng.uniform(0.5, 0.62)
    picture = c.ramp([p.deep, p.main, p.accent, p.light], np.clip(Y / horizon, 0, 1) ** 1.4)
    cx = rng.uniform(0.25, 0.75)
    size = s.house.uniform(0.16, 0.26)
    sun = c.disc(cx, horizon - rng.uniform(0.0, 0.16), size, 3 * PIXEL)
    c.screen(picture, p.light, c.blur(sun, 0.08) * 0.7)
    c.over(picture, c.mix(p.light, p.accent, 0.25), sun)
    step = c.profile(rng, 4, 3, 0.6)
    mesa = horizon - 0.16 * np.clip(np.round(step * 5) / 5 - 0.35, 0, 1) - 0.008 * c.profile(rng, 30, 2)
    c.over(picture, c.mix(p.deep, p.main, 0.25), c.below(mesa.astype(np.float32)))
    depth = np.clip((Y - horizon) / (1 - horizon), 0, 1)
    ground = c.below(np.full(c.SIZE, horizon, np.float32))
    scrub = c.noise(rng, 20, 3, stretch=0.4) * depth
    c.over(picture, c.ramp([p.main, p.deep, p.dark], 0.15 + depth * 0.7 + scrub * 0.3), ground)
    vx = rng.uniform(0.4, 0.6)
    centre = vx + (0.5 - vx) * depth
    half = 0.006 + 0.34 * depth
    road = c.inside(np.abs(X - centre) - half) * ground
    c.over(picture, c.mix(p.dark, p.deep, 0.2), road)
    dash = np.sin(3.5 / (depth + 0.09)) > 0.1
    c.over(picture, p.light, c.inside(np.abs(X - centre) - half * 0.05) * dash * ground)
    c.over(picture, p.accent, c.inside(np.abs(np.abs(X - centre) - half * 0.9) - half * 0.03) * ground)
    return _print(s, picture, 0.08)


def mist_ridges(s: Sleeve) -> Picture:
    """Post-rock: ridge behind ridge in mist, something small and lit in front."""
    p, rng = s.palette, s.rng
    picture = c.ramp([p.main, p.light, p.light], Y * 1.6 + 0.15 * (c.noise(rng, 3, 4, 2.5) - 0.5))
    if s.house.random() < 0.5:
        c.over(picture, p.accent, c.disc(rng.uniform(0.25, 0.75), rng.uniform(0.18, 0.34), 0.11, 2 * PIXEL))
    layers = int(s.house.integers(4, 7))
    for i in range(layers):
        t = i / (layers - 1)
        ridge = 0.34 + 0.5 * t - (0.3 - 0.13 * t) * c.profile(rng, 2 + i, 6, 0.48)
        tone = c.ramp([p.main, p.deep, p.dark], np.full_like(Y, t**0.8))
        c.over(picture, tone, c.below(ridge))
        mist = np.exp(-np.clip(Y - ridge[None, :], 0, None) * 9) * c.below(ridge)
        c.screen(picture, p.main, (1 - t) * 0.25 * (1 - mist))
        c.over(picture, c.mix(p.light, p.main, t), c.smooth(0.1, 0.45, Y - ridge[None, :]) * 0.55 * (1 - t))
    x = rng.uniform(0.2, 0.8)
    foot = float(ridge[int(x * c.SIZE)])
    if s.house.random() < 0.5:
        mast = [[(x, foot + 0.02), (x, foot - 0.3)], [(x - 0.05, foot - 0.26), (x + 0.05, foot - 0.26)]]
        mast += [[(x - 0.035, foot + 0.02), (x, foot - 0.3), (x + 0.035, foot + 0.02)]]
        c.over(picture, p.dark, c.lines(mast, 0.012))
        c.over(picture, p.accent, c.disc(x, foot - 0.3, 0.018))
    else:
        c.over(picture, p.dark, c.polygon(*(c.star(x + dx, foot, h, 0.02, 2) for dx, h in ((0, 0.2), (0.09, 0.13)))))
    return _print(s, picture, 0.09)


def forest_light(s: Sleeve) -> Picture:
    """Folk rock: bare trunks against a low sun."""
    p, rng = s.palette, s.rng
    cx, cy = rng.uniform(0.25, 0.75), rng.uniform(0.35, 0.55)
    r = c.radius(cx, cy)
    tone = np.clip(1.05 - 1.15 * r + 0.25 * (c.noise(rng, 5, 4) - 0.5), 0, 1)
    picture = c.ramp([p.deep, p.main, p.accent, p.light], tone)
    c.over(picture, p.light, c.disc(cx, cy, 0.12, 4 * PIXEL))
    for depth in range(3):
        count = (9, 6, 4)[depth] + int(s.house.integers(0, 2))
        paths, trunks = [], []
        for i in range(count):
            x = (i + rng.uniform(0.1, 0.9)) / count
            lean, w = rng.uniform(-0.05, 0.05), (0.012, 0.024, 0.045)[depth] * rng.uniform(0.7, 1.3)
            trunks.append([(x - w, 1.05), (x + lean - w * 0.55, -0.05), (x + lean + w * 0.55, -0.05), (x + w, 1.05)])
            for _ in range(3):
                y, side = rng.uniform(0.05, 0.6), rng.choice((-1, 1))
                length = rng.uniform(0.08, 0.2)
                bx = x + lean * (1 - y)
                paths.append([(bx, y), (bx + side * length * 0.6, y - length * 0.5), (bx + side * length, y - length)])
        wood = np.maximum(c.polygon(*trunks), c.lines(paths, 0.006 + 0.004 * depth))
        ink = c.ramp([p.main, p.deep, p.dark], np.full_like(Y, 0.4 + 0.3 * depth))
        c.over(picture, ink, wood * (0.75 + 0.12 * depth))
    floor = (0.82 + 0.1 * c.profile(rng, 3, 4)).astype(np.float32)
    c.over(picture, p.dark, c.below(floor, 6 * PIXEL))
    c.screen(picture, p.accent, np.exp(-r * 5) * 0.55)
    return _print(s, picture, 0.08)


def gel_portraits(s: Sleeve) -> Picture:
    """Hard rock: faces in the dark, lit from both sides by coloured light; one, two or four of them."""
    p, rng = s.palette, s.rng
    picture = c.ramp([p.dark, c.mix(p.dark, p.deep, 0.7)], 1 - c.radius(0.5, 0.45) * 1.6)
    places = {
        1: [(0.5, 0.44, 0.27)],
        2: [(0.34, 0.42, 0.2), (0.68, 0.5, 0.21)],
        4: [(0.5, 0.24, 0.15), (0.27, 0.5, 0.15), (0.73, 0.5, 0.15), (0.5, 0.74, 0.16)],
    }[int(rng.choice((1, 1, 2, 4)))]
    hair = s.house.uniform(1.0, 1.7)
    for x, y, size in places:
        _face(picture, s, x, y, size, hair)
    return _print(s, picture, 0.1)


def _face(picture: Picture, s: Sleeve, cx: float, cy: float, size: float, hair: float) -> None:
    """A head of half-width about 0.75 `size` modelled as an ellipsoid with sockets, nose and mouth."""
    p, rng = s.palette, s.rng
    u, v = (X - cx) / (size * 0.74), (Y - cy) / size
    wave = (c.noise(rng, 14, 3, 0.6) - 0.5) * 0.35
    body = np.maximum(
        c.inside((np.abs(u) - 1.05 - hair * 0.5 + wave + np.clip(-v - 0.2, 0, 2) * 1.1) * size * 0.5, 3 * PIXEL)
        * c.inside((v - hair) * size, 8 * PIXEL)
        * c.inside((-1.25 - v + u * u * 0.25) * size, 3 * PIXEL),
        c.inside((1.05 + 0.35 * np.abs(u) ** 1.5 * 0.5 - v) * size, 3 * PIXEL) * c.inside((np.abs(u) - 2.2) * size),
    )
    c.over(picture, p.dark, body)
    jaw = u * (1 + 0.22 * np.clip(v, 0, 1.2))
    inner = np.clip(1 - jaw * jaw - v * v * 0.92, 0, 1)
    face = c.inside((jaw * jaw + v * v * 0.92 - 1) * size * 0.4, 3 * PIXEL)
    nz = np.sqrt(inner)
    dents = np.zeros_like(X)
    for side in (-1, 1):
        dents += 0.9 * np.exp(-(((u - side * 0.4) / 0.24) ** 2 + ((v + 0.13) / 0.13) ** 2))
    dents += 0.5 * np.exp(-(((u) / 0.34) ** 2 + ((v - 0.52) / 0.05) ** 2))
    dents += 0.35 * np.exp(-(((u) / 0.16) ** 2 + ((v - 0.3) / 0.06) ** 2))
    nose = np.exp(-((u / 0.16) ** 2)) * c.smooth(-0.3, 0.25, v) * c.smooth(0.34, 0.22, v)
    side_light = jaw * 0.85
    left = np.clip(side_light * -1 + nz * 0.45 - np.where(u > 0, nose, -0.25 * nose) - dents - 0.12, 0, 1)
    right = np.clip(side_light + nz * 0.25 - np.where(u < 0, nose, -0.25 * nose) - dents - 0.18, 0, 1)
    hairline = c.smooth(-0.85, -0.5, v + 0.25 * wave - 0.15 * np.abs(u))
    c.screen(picture, p.accent, face * left * 1.5 * hairline)
    c.screen(picture, p.main, face * right * 1.3 * hairline)
    c.screen(picture, p.light, face * np.clip(left - 0.45, 0, 1) * hairline)
    rim = np.clip(body - c.blur(body, 0.012), 0, 1) * (X > cx) * 1.6
    c.screen(picture, p.main, np.clip(rim, 0, 1))


def _print(s: Sleeve, picture: Picture, grit: float) -> Picture:
    """The darkroom: grain, burnt corners, then the band's name where this band always has it."""
    c.vignette(picture, 0.45)
    c.grain(picture, s.rng, grit, 1.6)
    place = int(s.house.integers(0, 4))
    ink = s.palette.light if place != 2 else s.palette.accent
    if place == 0:
        mask = lettering.line(s.artist.upper(), 0.5, 0.06, 0.085, weight=5, max_width=0.86, align="center")
    elif place == 1:
        mask = lettering.line(s.artist.upper(), 0.06, 0.87, 0.07, weight=4, max_width=0.88)
    elif place == 2:
        rows = lettering.wrap(s.artist.upper(), 2)
        mask = lettering.stack(rows, 0.06, 0.06, 0.88, 0.13 * len(rows), weight=7)
    else:
        mask = lettering.line(s.title, 0.94, 0.88, 0.06, weight=2, max_width=0.7, align="right")
    c.over(picture, ink, _worn(s, mask))
    return picture


def _worn(s: Sleeve, mask: Mask) -> Mask:
    """Ink that did not take everywhere."""
    return mask * np.clip(0.72 + 0.6 * c.noise(s.rng, 24, 2), 0, 1)


MOTIFS: dict[str, Motif] = {
    "psychedelic rock": solar_dunes,
    "desert rock": open_road,
    "post-rock": mist_ridges,
    "folk rock": forest_light,
    "hard rock": gel_portraits,
}
