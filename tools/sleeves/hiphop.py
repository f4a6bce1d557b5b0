"""Hip-hop: cut and torn paper. Layers with shadows, halftone, big letters, city and sound machines."""

from __future__ import annotations

import math

import numpy as np

from tools.sleeves import canvas as c
from tools.sleeves import lettering, silhouettes
from tools.sleeves.canvas import PIXEL, SIZE, Color, Mask, Picture, X
from tools.sleeves.sleeve import Motif, Sleeve

PALETTES = (
    "141210 c8362b f2b632 2a6f6b f4e9d3",
    "17130f 1f4e79 e63b2e f6b632 f3e6cc",
    "120f14 5b2a86 f25f3a 2ec4b6 f7ead3",
    "101510 1d6b45 f2a32c e23d3d f5ead0",
    "1a1210 8a2d1f f08c2e 3d7ea6 f2e2c4",
    "0f1118 27348b f4c430 ef476f f6eddc",
    "15100c 6b4226 d98c3f 8fb339 f1e3c6",
    "121212 444a52 e8dcc0 ff5a36 f7f1e3",
    "160f1c 7b1e5b f2709c ffd166 faf0e1",
)


def torn_poster(s: Sleeve) -> Picture:
    """Boom bap: torn strips, a halftone head and the title in block capitals."""
    p, rng = s.palette, s.rng
    picture = _paper(s, p.main if s.house.random() < 0.5 else p.light)
    tilt = s.house.uniform(-12, 12)
    for i, tone in enumerate((p.accent, p.deep)):
        _lay(
            picture,
            s,
            tone,
            _torn(
                rng,
                rng.uniform(0.25, 0.75),
                0.24 + 0.3 * i + rng.uniform(-0.1, 0.1),
                1.3,
                rng.uniform(0.14, 0.26),
                tilt + 40 * i,
            ),
            rim=True,
        )
    x, y, r = rng.uniform(0.4, 0.62), rng.uniform(0.4, 0.48), rng.uniform(0.24, 0.29)
    disc = c.disc(x, y, r * 1.18)
    _lay(picture, s, p.light if s.house.random() < 0.6 else p.main, disc)
    head = silhouettes.profile_head(x, y, r * 0.78, 1.0, s.kind(4)) * c.disc(x, y, r * 1.16)
    tone = np.clip(0.95 - 0.9 * ((x + r - X) / (2 * r)) + 0.35 * (c.noise(rng, 6, 3) - 0.5), 0, 1)
    c.over(picture, p.dark, np.maximum(c.halftone(tone, 0.026), (tone > 0.66) * 1.0) * head)
    rows = lettering.wrap(s.title.upper(), 2)
    height = 0.15 * len(rows)
    _lay(picture, s, p.dark, _torn(rng, 0.5, 0.95 - height / 2, 1.2, height + 0.08, -2), rim=True)
    c.over(picture, p.main, lettering.stack(rows, 0.06, 0.94 - height, 0.88, height, weight=7))
    return picture


def cut_heads(s: Sleeve) -> Picture:
    """Jazz rap: profiles cut from coloured paper, one behind another."""
    p, rng = s.palette, s.rng
    picture = _paper(s, p.light if s.house.random() < 0.5 else p.accent)
    _lay(picture, s, p.main, c.disc(rng.uniform(0.25, 0.75), rng.uniform(0.26, 0.4), rng.uniform(0.22, 0.34)))
    inks = [p.deep, p.accent, p.dark] if s.house.random() < 0.5 else [p.main, p.deep, p.dark]
    count = int(s.house.integers(2, 4))
    facing, apart, first = rng.choice((-1, 1)), s.house.random() < 0.6, int(rng.integers(0, 4))
    for i in range(count):
        x = 0.5 + facing * (0.2 * (i - (count - 1) / 2)) + rng.uniform(-0.03, 0.03)
        turned = facing if i % 2 == 0 or apart else -facing
        head = silhouettes.profile_head(x, 0.46 + 0.05 * i, 0.25, turned, (first + i) % 4)
        _lay(picture, s, inks[3 - count + i], head)
    bar = c.box(0.0, 0.86, 1.0, 1.0)
    _lay(picture, s, p.main, bar)
    c.over(picture, p.dark, lettering.line(s.title, 0.05, 0.895, 0.065, weight=4, max_width=0.9))
    return picture


def crown(s: Sleeve) -> Picture:
    """Trap: a crown, a stone or a flame over rays."""
    p, rng = s.palette, s.rng
    picture = _paper(s, p.deep)
    cx, cy = 0.5, rng.uniform(0.44, 0.52)
    n = int(s.house.integers(10, 18))
    rays = np.mod(c.turns(cx, cy) * n + rng.random(), 1) < 0.5
    c.over(picture, c.mix(p.deep, p.dark, 0.55), rays * 1.0)
    _lay(picture, s, p.accent, c.polygon(c.star(cx, cy, 0.44, 0.36, int(s.house.integers(14, 24)), rng.uniform(0, 20))))
    kind = s.kind(3)
    if kind == 0:
        h = rng.uniform(0.24, 0.3)
        spikes = int(rng.choice((3, 5)))
        outline = [(cx - 0.26, cy + 0.2)]
        for i in range(spikes):
            x = cx - 0.3 + 0.6 * i / (spikes - 1)
            outline.append((x, cy - h * (1 if i == spikes // 2 else 0.75)))
            if i < spikes - 1:
                outline.append((x + 0.3 / (spikes - 1), cy + 0.03))
        outline.append((cx + 0.26, cy + 0.2))
        _lay(picture, s, p.main, c.polygon(outline))
        _lay(picture, s, p.light, c.box(cx - 0.26, cy + 0.12, cx + 0.26, cy + 0.2))
        for i in range(spikes):
            x = cx - 0.3 + 0.6 * i / (spikes - 1)
            _lay(picture, s, p.light, c.disc(x, cy - h * (1 if i == spikes // 2 else 0.75), 0.035))
            c.over(picture, p.deep, c.disc(cx - 0.2 + 0.4 * i / (spikes - 1), cy + 0.16, 0.022))
    elif kind == 1:
        w = rng.uniform(0.26, 0.31)
        top, girdle, foot = cy - 0.2, cy - 0.06, cy + 0.27
        gem = [(cx - w * 0.6, top), (cx + w * 0.6, top), (cx + w, girdle), (cx, foot), (cx - w, girdle)]
        _lay(picture, s, p.main, c.polygon(gem))
        c.over(
            picture,
            p.light,
            c.polygon(
                [(cx - w * 0.6, top), (cx - w * 0.3, girdle), (cx - w, girdle)],
                [(cx - w * 0.3, girdle), (cx + w * 0.3, girdle), (cx, foot)],
            ),
        )
        c.over(
            picture,
            c.mix(p.main, p.dark, 0.35),
            c.polygon(
                [(cx + w * 0.6, top), (cx + w, girdle), (cx + w * 0.3, girdle)],
                [(cx + w, girdle), (cx, foot), (cx + w * 0.3, girdle)],
            ),
        )
    else:
        for size, tone in ((1.0, p.main), (0.66, p.light), (0.34, p.deep)):
            lick = rng.uniform(-0.05, 0.05)
            flame = [
                (cx, cy + 0.27),
                (cx - 0.24 * size, cy + 0.1),
                (cx - 0.15 * size, cy - 0.12 * size),
                (cx - 0.07 * size + lick, cy - 0.02),
                (cx + 0.02, cy - 0.38 * size),
                (cx + 0.13 * size, cy - 0.06),
                (cx + 0.2 * size, cy - 0.12 * size),
                (cx + 0.24 * size, cy + 0.12),
            ]
            _lay(picture, s, tone, c.polygon(c.curve(flame, 8)))
    word = lettering.line(s.artist.upper(), 0.5, 0.845, 0.11, weight=7, max_width=0.88, align="center")
    _lay(picture, s, p.light, word)
    return picture


def rows_of_houses(s: Sleeve) -> Picture:
    """Conscious hip-hop: sun rays behind brownstones, lit windows."""
    p, rng = s.palette, s.rng
    picture = _paper(s, p.light)
    cx, cy = rng.uniform(0.3, 0.7), rng.uniform(0.44, 0.58)
    n = int(s.house.integers(9, 16))
    c.over(picture, p.main, (np.mod(c.turns(cx, cy) * n, 1) < 0.5) * 1.0)
    _lay(picture, s, p.accent, c.disc(cx, cy, rng.uniform(0.17, 0.24)))
    for depth, tone in enumerate((p.main if s.house.random() < 0.3 else p.deep, p.dark)):
        x = -rng.uniform(0, 0.1)
        while x < 1:
            w, top = rng.uniform(0.13, 0.24), rng.uniform(0.38, 0.56) + 0.22 * depth
            block = [(x, 1.02), (x, top), (x + w - 0.012, top + rng.uniform(-0.015, 0.015)), (x + w - 0.012, 1.02)]
            shade = c.mix(tone, p.accent if depth == 0 else p.deep, rng.uniform(0, 0.35))
            _lay(picture, s, shade, c.polygon(block))
            lit = np.zeros_like(X)
            for wy in np.arange(top + 0.05, 0.98, 0.1):
                for k in range(2):
                    if rng.random() < 0.6:
                        wx = x + w * (0.2 + 0.38 * k)
                        lit[
                            int(wy * SIZE) : int((wy + 0.055) * SIZE),
                            max(0, int(wx * SIZE)) : max(0, int((wx + w * 0.2) * SIZE)),
                        ] = 1
            c.over(picture, p.main if depth == 0 else p.light, lit)
            x += w
    word = lettering.stack(lettering.wrap(s.artist.upper(), 2), 0.06, 0.06, 0.6, 0.2, weight=7)
    _lay(picture, s, p.dark, word)
    return picture


def machines(s: Sleeve) -> Picture:
    """Instrumental hip-hop: a cassette, a turntable or a grid of pads, cut flat."""
    p, rng = s.palette, s.rng
    picture = _paper(s, p.main)
    _lay(
        picture,
        s,
        p.accent,
        _torn(rng, rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), 1.5, rng.uniform(0.2, 0.4), rng.uniform(-60, 60)),
        rim=True,
    )
    tilt = rng.uniform(-14, 14)
    cx, cy = 0.5, 0.47
    kind = s.kind(3)
    if kind == 0:
        _lay(picture, s, p.dark, c.tilted_box(cx, cy, 0.78, 0.5, tilt))
        _lay(picture, s, p.light, c.tilted_box(cx, cy - 0.03, 0.68, 0.32, tilt))
        c.over(picture, p.deep, c.tilted_box(cx, cy - 0.125, 0.68, 0.1, tilt))
        _lay(picture, s, p.dark, c.tilted_box(cx, cy + 0.01, 0.44, 0.14, tilt))
        for side in (-1, 1):
            a = math.radians(tilt)
            x, y = cx + side * 0.13 * math.cos(a), cy + 0.01 + side * 0.13 * math.sin(a)
            _lay(picture, s, p.light, c.disc(x, y, 0.062))
            c.over(picture, p.accent, c.polygon(c.star(x, y, 0.042, 0.026, 6, tilt + rng.uniform(0, 60))))
    elif kind == 1:
        _lay(picture, s, p.deep, c.tilted_box(cx, cy, 0.8, 0.66, tilt * 0.4))
        x, y, r = cx - 0.07, cy, 0.28
        _lay(picture, s, p.dark, c.disc(x, y, r))
        groove = np.sin(c.radius(x, y) * 190) > 0.55
        c.over(picture, c.mix(p.dark, p.light, 0.22), c.disc(x, y, r) * groove)
        sheen = np.abs(np.mod(c.turns(x, y) * 2 + rng.random(), 1) - 0.5) < 0.08
        c.over(picture, p.light, c.disc(x, y, r) * sheen * 0.3)
        _lay(picture, s, p.accent, c.disc(x, y, 0.105))
        c.over(picture, p.light, c.disc(x, y, 0.02))
        swing = rng.uniform(-0.05, 0.03)
        _lay(
            picture,
            s,
            p.light,
            c.lines([[(cx + 0.32, cy - 0.24), (cx + 0.31, cy + 0.08), (cx + 0.15 + swing, cy + 0.2)]], 0.026),
        )
        _lay(picture, s, p.main, c.disc(cx + 0.32, cy - 0.24, 0.05))
    else:
        _lay(picture, s, p.dark, c.tilted_box(cx, cy, 0.72, 0.72, tilt))
        lit = set(rng.choice(16, 5, replace=False).tolist())
        a = math.radians(tilt)
        for i in range(16):
            u, v = (i % 4 - 1.5) * 0.16, (i // 4 - 1.5) * 0.16
            x, y = cx + u * math.cos(a) - v * math.sin(a), cy + u * math.sin(a) + v * math.cos(a)
            c.over(
                picture,
                (p.accent, p.main, p.light)[i % 3] if i in lit else c.mix(p.dark, p.light, 0.3),
                c.tilted_box(x, y, 0.125, 0.125, tilt),
            )
    _lay(picture, s, p.light, _torn(rng, 0.5, 0.93, 1.2, 0.15, 1.5), rim=True)
    c.over(picture, p.dark, lettering.line(s.title.upper(), 0.05, 0.895, 0.07, weight=5, max_width=0.9))
    return picture


def _paper(s: Sleeve, tone: Color) -> Picture:
    picture = c.fill(tone)
    picture += ((c.noise(s.rng, 6, 5) - 0.5) * 0.09)[..., None]
    c.grain(picture, s.rng, 0.025)
    return picture


def _lay(picture: Picture, s: Sleeve, tone: Color, shape: Mask, rim: bool = False) -> None:
    """Lay a piece of paper: its shadow, a white torn rim if it was torn, then its colour."""
    shadow = c.blur(c.shifted(shape, 4, 5), 0.012)
    c.multiply(picture, s.palette.dark, shadow * (1 - shape) * 0.6)
    if rim:
        c.over(picture, s.palette.light, np.clip(c.blur(shape, 0.008) * 4, 0, 1))
    c.over(picture, tone, shape)


def _torn(rng: np.random.Generator, cx: float, cy: float, w: float, h: float, degrees: float) -> Mask:
    """A strip with ragged long edges."""
    u, v = c.rotated(cx, cy, degrees)
    ragged = np.interp(u, np.linspace(-1, 1, SIZE), (c.profile(rng, 18, 4, 0.7) - 0.5) * 0.05).astype(np.float32)
    return c.inside(np.maximum(np.abs(u) - w / 2, np.abs(v + ragged) - h / 2), 1.5 * PIXEL)


MOTIFS: dict[str, Motif] = {
    "boom bap": torn_poster,
    "jazz rap": cut_heads,
    "trap": crown,
    "conscious hip-hop": rows_of_houses,
    "instrumental hip-hop": machines,
}
