"""Rock: photographs that never were. Duotone dunes, roads, ridges, forests and stages, with grain and a burnt edge."""

from __future__ import annotations

import math

import numpy as np

from tools.sleeves import canvas as c
from tools.sleeves import lettering, silhouettes
from tools.sleeves.canvas import PIXEL, Mask, Picture, X, Y
from tools.sleeves.sleeve import Motif, Sleeve

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
    """Psychedelic rock: a sun that sends bands, a spiral or flames over dunes."""
    p, rng = s.palette, s.rng
    bands = int(s.house.integers(5, 9))
    cx, cy = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.48)
    r = c.radius(cx, cy) + (c.noise(rng, 3, 3) - 0.5) * 0.14
    kind = s.kind(3)
    if kind == 0:
        phase = r * bands * 1.8
    elif kind == 1:
        phase = r * bands + c.turns(cx, cy) * int(rng.choice((-2, 2, 3)))
    else:
        phase = c.turns(cx, cy) * bands + 0.35 * np.sin(r * 16)
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
    """Desert rock: a road, or cactus, under mesas and a huge sun; some nights a moon."""
    p, rng = s.palette, s.rng
    horizon = rng.uniform(0.5, 0.62)
    night = rng.random() < 0.3
    sky = [p.dark, p.deep, p.deep, p.main] if night else [p.deep, p.main, p.accent, p.light]
    picture = c.ramp(sky, np.clip(Y / horizon, 0, 1) ** 1.4)
    cx = rng.uniform(0.25, 0.75)
    size = s.house.uniform(0.14, 0.27) * (0.6 if night else 1)
    sun = c.disc(cx, rng.uniform(0.2, 0.3) if night else horizon - rng.uniform(0.0, 0.16), size, 3 * PIXEL)
    c.screen(picture, p.accent if night else p.light, c.blur(sun, 0.08) * 0.7)
    c.over(picture, p.light if night else c.mix(p.light, p.accent, 0.25), sun)
    step = c.profile(rng, 4, 3, 0.6)
    tall = s.house.uniform(0.1, 0.34)
    mesa = horizon - tall * np.clip(np.round(step * 5) / 5 - 0.35, 0, 1) - 0.008 * c.profile(rng, 30, 2)
    strata = np.clip((Y - mesa[None, :]) * 7, 0, 1) * (0.75 + 0.25 * np.sin(Y * 190))
    c.over(picture, c.ramp([c.mix(p.deep, p.main, 0.55), p.deep, p.dark], strata), c.below(mesa.astype(np.float32)))
    depth = np.clip((Y - horizon) / (1 - horizon), 0, 1)
    ground = c.below(np.full(c.SIZE, horizon, np.float32))
    scrub = c.noise(rng, 20, 3, stretch=0.4) * depth
    c.over(picture, c.ramp([p.main, p.deep, p.dark], 0.15 + depth * 0.7 + scrub * 0.3 + 0.3 * night), ground)
    if s.kind(2) == 1:
        for x, h in (
            (rng.uniform(0.14, 0.4), rng.uniform(0.42, 0.6)),
            (rng.uniform(0.6, 0.88), rng.uniform(0.2, 0.34)),
        ):
            c.over(picture, p.dark, silhouettes.cactus(x, 0.74 + 0.2 * h, h))
        return _print(s, picture, 0.08)
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
    """Post-rock: ridge behind ridge in mist, with pylons, a lake, or birds."""
    p, rng = s.palette, s.rng
    picture = c.ramp([p.main, p.light, p.light], Y * 1.6 + 0.15 * (c.noise(rng, 3, 4, 2.5) - 0.5))
    if s.house.random() < 0.6:
        size = s.house.uniform(0.09, 0.2)
        c.over(picture, p.accent, c.disc(rng.uniform(0.25, 0.75), rng.uniform(0.2, 0.36), size, 2 * PIXEL))
    layers = int(s.house.integers(3, 7))
    lift = rng.uniform(-0.06, 0.12)
    for i in range(layers):
        t = i / (layers - 1)
        ridge = 0.34 + lift + (0.5 - lift) * t - (0.3 - 0.13 * t) * c.profile(rng, 2 + i, 6, 0.48)
        tone = c.ramp([p.main, p.deep, p.dark], np.full_like(Y, t**0.8))
        c.over(picture, tone, c.below(ridge))
        mist = np.exp(-np.clip(Y - ridge[None, :], 0, None) * 9) * c.below(ridge)
        c.screen(picture, p.main, (1 - t) * 0.25 * (1 - mist))
        c.over(picture, c.mix(p.light, p.main, t), c.smooth(0.1, 0.45, Y - ridge[None, :]) * 0.55 * (1 - t))
    kind = s.kind(3)
    if kind == 0:
        x = rng.uniform(0.2, 0.8)
        foot = float(ridge[int(x * c.SIZE)])
        for k, scale in enumerate((1.0, 0.62, 0.4)):
            px = x + k * 0.17 * (1 if x < 0.5 else -1)
            c.over(picture, p.dark, silhouettes.pylon(px, foot + 0.03, 0.42 * scale))
            c.over(picture, p.accent, c.disc(px, foot + 0.03 - 0.42 * scale, 0.019 * scale))
    elif kind == 1:
        shore = int(c.SIZE * rng.uniform(0.58, 0.66))
        water = picture[:shore][::-1][: c.SIZE - shore]
        ripple = np.rint(2.5 * np.sin(np.arange(len(water)) * 0.9) * np.linspace(0.3, 1.6, len(water))).astype(int)
        columns = (np.arange(c.SIZE)[None, :] + ripple[:, None]) % c.SIZE
        picture[shore : shore + len(water)] = water[np.arange(len(water))[:, None], columns] * 0.82
        c.over(picture, p.light, c.inside(np.abs(Y - shore / c.SIZE) - 0.003) * 0.5)
    else:
        flock = [(rng.uniform(0.25, 0.75), rng.uniform(0.1, 0.3), rng.uniform(0.02, 0.04)) for _ in range(7)]
        wings = [
            [
                (x - w, y - w * 0.7),
                (x - w * 0.4, y - w * 0.75),
                (x, y),
                (x + w * 0.4, y - w * 0.75),
                (x + w, y - w * 0.7),
            ]
            for x, y, w in flock
        ]
        c.over(picture, p.dark, c.lines(wings, 0.009))
    return _print(s, picture, 0.09)


def forest_light(s: Sleeve) -> Picture:
    """Folk rock: bare trunks, or one great tree, against a low sun."""
    p, rng = s.palette, s.rng
    cx, cy = rng.uniform(0.25, 0.75), rng.uniform(0.35, 0.55)
    r = c.radius(cx, cy)
    tone = np.clip(1.05 - 1.15 * r + 0.25 * (c.noise(rng, 5, 4) - 0.5), 0, 1)
    picture = c.ramp([p.deep, p.main, p.accent, p.light], tone)
    c.over(picture, p.light, c.disc(cx, cy, 0.12, 4 * PIXEL))
    if s.kind(2) == 1:
        return _lone_tree(s, picture)
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


def _lone_tree(s: Sleeve, picture: Picture) -> Picture:
    p, rng = s.palette, s.rng
    x, hill = rng.uniform(0.3, 0.7), rng.uniform(0.7, 0.78)
    field = (hill + 0.1 * (np.linspace(0, 1, c.SIZE) - x) ** 2 * 4 - 0.02 * c.profile(rng, 4, 4)).astype(np.float32)
    c.over(picture, c.ramp([p.deep, p.dark], (Y - hill) * 4), c.below(field))
    furrows = np.abs(np.sin((X - x) / np.clip(Y - hill + 0.12, 0.02, 1) * 6)) < 0.3
    c.over(picture, p.main, furrows * c.below(field) * c.smooth(hill, 1.0, Y) * 0.5)
    branches: list[list[tuple[float, float]]] = []
    tips: list[tuple[float, float]] = []

    def grow(bx: float, by: float, angle: float, length: float, depth: int) -> None:
        ex, ey = bx + length * math.cos(angle), by + length * math.sin(angle)
        branches.append([(bx, by), (ex, ey)])
        if depth == 0:
            tips.append((ex, ey))
            return
        for turn in rng.uniform(0.2, 0.75, 2) * (-1, 1):
            grow(ex, ey, angle + turn, length * rng.uniform(0.68, 0.82), depth - 1)

    grow(x, hill + 0.03, -math.pi / 2 + rng.uniform(-0.12, 0.12), 0.2, 6)
    by_length = sorted(branches, key=lambda b: -math.dist(*b))
    for count, width in ((len(branches), 0.007), (24, 0.013), (6, 0.024), (1, 0.046)):
        c.over(picture, p.dark, c.lines(by_length[:count], width))
    if s.house.random() < 0.6:
        crown = np.full_like(X, 9.0)
        for tx, ty in tips:
            crown = np.minimum(crown, (X - tx) ** 2 + (Y - ty) ** 2)
        leaves = c.inside(np.sqrt(crown) - 0.055 + 0.06 * c.noise(rng, 22, 2), 2 * PIXEL)
        c.over(picture, c.mix(p.dark, p.deep, 0.45), leaves * 0.94)
    return _print(s, picture, 0.08)


def stage_lights(s: Sleeve) -> Picture:
    """Hard rock: coloured beams, a wall of amplifiers, three players against the light; or a bird of prey."""
    p, rng = s.palette, s.rng
    if s.kind(3) != 0:
        return _spread_wings(s)
    floor = rng.uniform(0.76, 0.84)
    picture = c.ramp([p.dark, p.deep, p.main], Y**1.5 * 0.9)
    beams = int(s.house.integers(4, 8))
    for i in range(beams):
        x, foot = (i + 0.5) / beams, rng.uniform(-0.2, 1.2)
        u = (X - x) - (foot - x) * Y
        tone = (p.accent, p.main, p.light)[i % 3]
        c.screen(picture, tone, np.exp(-((u / (0.02 + 0.11 * Y)) ** 2)) * (0.85 - 0.35 * Y))
        c.screen(picture, p.light, c.disc(x, 0.0, 0.035, 0.02))
    glow = np.exp(-(((X - 0.5) / 0.45) ** 2 + ((Y - floor + 0.12) / 0.2) ** 2))
    c.screen(picture, p.accent, glow * 0.9)
    c.screen(picture, p.light, np.exp(-(((X - 0.5) / 0.3) ** 2 + ((Y - floor + 0.1) / 0.12) ** 2)) * 0.5)
    for side in (0.0, 1.0):
        for k in range(3):
            x0 = side + (0.12 * k if side == 0 else -0.12 * (k + 1))
            top = floor - 0.36 + 0.1 * k + rng.uniform(-0.01, 0.01)
            c.over(picture, p.dark, c.box(x0, top, x0 + 0.112, floor))
    c.over(picture, p.dark, c.smooth(floor, floor + 0.01, Y))
    crowd = (1.0 - 0.1 * c.profile(rng, 26, 2) - 0.02).astype(np.float32)
    c.screen(picture, p.main, c.smooth(floor, 1.0, Y) * 0.25 * (1 - c.below(crowd)))
    for i, x in enumerate((0.5, 0.29, 0.71)):
        at = x + rng.uniform(-0.03, 0.03)
        facing = int(rng.choice((-1, 1)))
        c.over(picture, p.dark, silhouettes.player(at, floor + 0.02, (0.44, 0.36, 0.36)[i], facing, i == 0))
    c.over(picture, p.dark, c.below(crowd))
    return _print(s, picture, 0.09)


def _spread_wings(s: Sleeve) -> Picture:
    """A bird of prey with its wings out, before a disc of light."""
    p, rng = s.palette, s.rng
    cy = rng.uniform(0.52, 0.58)
    d = c.radius(0.5, cy - 0.06)
    rays = np.abs(np.mod(c.turns(0.5, cy - 0.06) * int(s.house.integers(10, 18)) + rng.random(), 1) - 0.5)
    picture = c.ramp([p.accent, p.main, p.deep, p.dark], d * 1.35 + 0.12 * (c.noise(rng, 4, 4) - 0.5))
    c.multiply(picture, p.deep, c.smooth(0.2, 0.3, rays) * 0.4)
    c.over(picture, p.light, c.disc(0.5, cy - 0.06, s.house.uniform(0.2, 0.28), 3 * PIXEL))
    raised = rng.uniform(-0.1, 0.35)
    for row, (tone, reach) in enumerate(((p.dark, 0.5), (c.mix(p.dark, p.deep, 0.7), 0.34), (p.dark, 0.2))):
        feathers = []
        for side in (-1, 1):
            for i in range(9):
                t = i / 8
                angle = 1.15 - (1.0 + raised) * t - 0.1 * row
                root = (0.5 + side * (0.04 + 0.2 * t), cy - 0.03 - 0.14 * t - 0.04 * math.sin(math.pi * t))
                length = reach * (0.5 + 0.5 * t) * rng.uniform(0.94, 1.04)
                tip = (root[0] + side * length * math.cos(angle), root[1] + length * math.sin(angle))
                nx, ny = -math.sin(angle) * 0.032, math.cos(angle) * side * 0.032
                middle = ((root[0] * 0.45 + tip[0] * 0.55), (root[1] * 0.45 + tip[1] * 0.55))
                feathers.append(
                    c.curve([root, (middle[0] + nx, middle[1] + ny), tip, (middle[0] - nx, middle[1] - ny)], 5)
                )
        c.over(picture, tone, c.polygon(*feathers))
    fan = [
        [
            (0.5, cy + 0.06),
            (0.5 + k * 0.05 - 0.024, cy + 0.32 - abs(k) * 0.03),
            (0.5 + k * 0.05 + 0.024, cy + 0.32 - abs(k) * 0.03),
        ]
        for k in range(-2, 3)
    ]
    body = c.curve(
        [
            (0.5, cy - 0.2),
            (0.565, cy - 0.06),
            (0.55, cy + 0.08),
            (0.5, cy + 0.2),
            (0.45, cy + 0.08),
            (0.435, cy - 0.06),
        ],
        6,
    )
    facing = 1 if rng.random() < 0.5 else -1
    beak = [(0.5 + facing * 0.03, cy - 0.22), (0.5 + facing * 0.1, cy - 0.185), (0.5 + facing * 0.03, cy - 0.165)]
    c.over(picture, p.dark, np.maximum(c.polygon(body, beak, *fan), c.disc(0.5 + facing * 0.01, cy - 0.19, 0.05)))
    c.over(picture, p.accent, c.disc(0.5 + facing * 0.025, cy - 0.2, 0.011))
    return _print(s, picture, 0.09)


def _print(s: Sleeve, picture: Picture, grit: float) -> Picture:
    """The darkroom: grain, burnt corners, then the band's name where this band always has it."""
    c.vignette(picture, 0.45)
    c.grain(picture, s.rng, grit * 0.62, 1.5)
    place = int(s.house.integers(0, 4))
    p = s.palette
    inks = (p.light, p.accent) if place != 2 else (p.accent, p.light, p.main)
    if place == 0:
        mask = lettering.line(s.artist.upper(), 0.5, 0.06, 0.085, weight=5, max_width=0.86, align="center")
    elif place == 1:
        mask = lettering.line(s.artist.upper(), 0.06, 0.87, 0.07, weight=4, max_width=0.88)
    elif place == 2:
        rows = lettering.wrap(s.artist.upper(), 2)
        mask = lettering.stack(rows, 0.06, 0.06, 0.88, 0.13 * len(rows), weight=7)
    else:
        mask = lettering.line(s.title, 0.94, 0.88, 0.06, weight=2, max_width=0.7, align="right")
    ink = _worn(s, mask)
    c.multiply(picture, p.dark, np.clip(c.blur(mask, 0.02) * 1.4, 0, 1) * 0.6)
    c.write(picture, ink, *inks)
    return picture


def _worn(s: Sleeve, mask: Mask) -> Mask:
    """Ink that did not take everywhere."""
    return mask * np.clip(0.72 + 0.6 * c.noise(s.rng, 24, 2), 0, 1)


MOTIFS: dict[str, Motif] = {
    "psychedelic rock": solar_dunes,
    "desert rock": open_road,
    "post-rock": mist_ridges,
    "folk rock": forest_light,
    "hard rock": stage_lights,
}
