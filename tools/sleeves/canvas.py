"""What every style draws with: a 256×256 float canvas, shapes as soft masks, noise, colour and print effects.

An image is float32 [256, 256, 3] in 0–1 (sRGB values, not linear light); a mask is float32 [256, 256] in 0–1;
positions and lengths are fractions of the canvas, y pointing down. Covers are drawn at twice their final size
and shrunk once, so that a mask edge of about one pixel here is clean there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIZE = 256
PIXEL = 1 / SIZE

Picture = NDArray[np.floating[Any]]
Mask = NDArray[np.floating[Any]]
Color = NDArray[np.floating[Any]]
Points = Sequence[tuple[float, float]]

_ticks = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE
X: Mask = np.broadcast_to(_ticks[None, :], (SIZE, SIZE)).copy()
Y: Mask = np.broadcast_to(_ticks[:, None], (SIZE, SIZE)).copy()


_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class Palette(NamedTuple):
    """Five colours of one artist, each float32 [3]: two dark, two that carry the sleeve, one light."""

    dark: Color
    deep: Color
    main: Color
    accent: Color
    light: Color


def color(hexcode: str) -> Color:
    """`"ff8800"` as float32 [3]."""
    return np.array([int(hexcode[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=np.float32)


def palette(text: str) -> Palette:
    """Five hex colours separated by spaces: dark deep main accent light."""
    return Palette(*(color(part) for part in text.split()))


def turn_hue(c: Color, degrees: float) -> Color:
    """The colour turned about the grey axis (Rodrigues' rotation), clipped to 0–1."""
    angle = math.radians(degrees)
    cos, sin, k = math.cos(angle), math.sin(angle), 1 / math.sqrt(3)
    cross = k * np.array([c[2] - c[1], c[0] - c[2], c[1] - c[0]])
    return np.clip(c * cos + cross * sin + float(c.mean()) * (1 - cos), 0, 1).astype(np.float32)


def mix(a: Color, b: Color, t: float) -> Color:
    return (a + (b - a) * t).astype(np.float32)


def luma(picture: Picture) -> Mask:
    """Rec. 601 luma, [256, 256]."""
    return picture @ _LUMA


def _window(mask: Mask) -> tuple[slice, slice]:
    """Rows and columns outside which the mask is 0: most shapes cover a small part of the canvas."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


# --- laying paint -------------------------------------------------------------------------------------------


def fill(c: Color) -> Picture:
    return np.broadcast_to(c, (SIZE, SIZE, 3)).astype(np.float32)


def over(picture: Picture, c: Color | Picture, mask: Mask | float) -> None:
    """Lay a colour or another picture over `picture`, in place, where the mask says."""
    if not isinstance(mask, np.ndarray):
        picture += (c - picture) * mask
        return
    rows, columns = _window(mask)
    part = picture[rows, columns]
    part += ((c if c.ndim == 1 else c[rows, columns]) - part) * mask[rows, columns, None]


def multiply(picture: Picture, c: Color | Picture, mask: Mask | float) -> None:
    """Transparent ink: darkens, in place."""
    if not isinstance(mask, np.ndarray):
        picture *= 1 - mask + c * mask
        return
    rows, columns = _window(mask)
    m = mask[rows, columns, None]
    part = picture[rows, columns]
    part *= 1 - m + (c if c.ndim == 1 else c[rows, columns]) * m


def screen(picture: Picture, c: Color | Picture, mask: Mask | float) -> None:
    """Light: brightens, in place."""
    m = mask[..., None] if isinstance(mask, np.ndarray) else mask
    picture += (1 - picture) * (c * m)


def ramp(colors: Sequence[Color], t: Mask) -> Picture:
    """Evenly spaced colours interpolated at `t` in 0–1."""
    table = np.linspace(0, len(colors) - 1, 512)
    stops = np.arange(len(colors))
    lut = np.stack([np.interp(table, stops, [c[i] for c in colors]) for i in range(3)], axis=1)
    return lut.astype(np.float32)[(np.clip(t, 0, 1) * 511).astype(np.int32)]


def smooth(low: float, high: float, t: Mask) -> Mask:
    """Hermite step from 0 at `low` to 1 at `high` (either order)."""
    s = np.clip((t - low) / (high - low), 0, 1)
    return s * s * (3 - 2 * s)


def inside(distance: Mask, soft: float = PIXEL) -> Mask:
    """A mask from a signed distance (negative inside), with an edge `soft` wide."""
    return np.clip(0.5 - distance / soft, 0, 1)


def write(picture: Picture, mask: Mask, *inks: Color) -> None:
    """Print lettering in the first ink that stands out from what is under it, else in the one that does most."""
    under = float((luma(picture) * mask).sum() / max(float(mask.sum()), 1e-6))
    contrasts = [abs(float(ink @ _LUMA) - under) for ink in inks]
    best = next((i for i, contrast in enumerate(contrasts) if contrast > 0.33), int(np.argmax(contrasts)))
    over(picture, inks[best], mask)


# --- shapes -------------------------------------------------------------------------------------------------


def rotated(cx: float, cy: float, degrees: float) -> tuple[Mask, Mask]:
    """Coordinates about (cx, cy), turned."""
    angle = math.radians(degrees)
    dx, dy = X - cx, Y - cy
    cos, sin = math.cos(angle), math.sin(angle)
    return dx * cos + dy * sin, dy * cos - dx * sin


def radius(cx: float = 0.5, cy: float = 0.5) -> Mask:
    return np.sqrt((X - cx) ** 2 + (Y - cy) ** 2)


def turns(cx: float = 0.5, cy: float = 0.5) -> Mask:
    """Angle about (cx, cy) as a fraction of a turn, −0.5 to 0.5."""
    return np.arctan2(Y - cy, X - cx) * np.float32(0.5 / math.pi)


def disc(cx: float, cy: float, r: float, soft: float = PIXEL) -> Mask:
    return inside(radius(cx, cy) - r, soft)


def ring(cx: float, cy: float, r: float, width: float, soft: float = PIXEL) -> Mask:
    return inside(np.abs(radius(cx, cy) - r) - width / 2, soft)


def box(x0: float, y0: float, x1: float, y1: float, soft: float = PIXEL) -> Mask:
    return inside(np.maximum(np.maximum(x0 - X, X - x1), np.maximum(y0 - Y, Y - y1)), soft)


def tilted_box(cx: float, cy: float, w: float, h: float, degrees: float, soft: float = PIXEL) -> Mask:
    u, v = rotated(cx, cy, degrees)
    return inside(np.maximum(np.abs(u) - w / 2, np.abs(v) - h / 2), soft)


def _scaled(points: Points) -> list[tuple[float, float]]:
    return [(x * SIZE * 2, y * SIZE * 2) for x, y in points]


def _mask(image: Image.Image) -> Mask:
    return np.asarray(image.reduce(2), dtype=np.float32) / 255


def polygon(*outlines: Points) -> Mask:
    """Filled outlines (their union), antialiased by drawing at twice the size."""
    image = Image.new("L", (SIZE * 2, SIZE * 2))
    draw = ImageDraw.Draw(image)
    for points in outlines:
        draw.polygon(_scaled(points), fill=255)
    return _mask(image)


def lines(paths: Sequence[Points], width: float) -> Mask:
    """Open polylines of one width, round at the joints."""
    image = Image.new("L", (SIZE * 2, SIZE * 2))
    draw = ImageDraw.Draw(image)
    for points in paths:
        draw.line(_scaled(points), fill=255, width=max(1, round(width * SIZE * 2)), joint="curve")
    return _mask(image)


def star(
    cx: float, cy: float, outer: float, inner: float, spikes: int, degrees: float = 0.0
) -> list[tuple[float, float]]:
    """Outline of a star: points for `polygon`."""
    corners = []
    for i in range(2 * spikes):
        r = outer if i % 2 == 0 else inner
        a = math.radians(degrees) + math.pi * i / spikes
        corners.append((cx + r * math.sin(a), cy - r * math.cos(a)))
    return corners


def curve(points: Points, steps: int = 12) -> list[tuple[float, float]]:
    """A closed Catmull-Rom curve through the points."""
    p = np.array(points, dtype=np.float64)
    a, b, c, d = (np.roll(p, shift, axis=0)[:, None] for shift in (1, 0, -1, -2))
    t = (np.arange(steps) / steps)[None, :, None]
    q = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return [(float(x), float(y)) for x, y in q.reshape(-1, 2)]


# --- noise and print ----------------------------------------------------------------------------------------


def resized(field: Mask, size: tuple[int, int] = (SIZE, SIZE)) -> Mask:
    """A small field stretched smoothly (bicubic) to `size` (width, height)."""
    return np.asarray(Image.fromarray(field.astype(np.float32)).resize(size, Image.Resampling.BICUBIC))


def blur(mask: Mask, sigma: float) -> Mask:
    """Gaussian blur of a mask or field in 0–1; `sigma` is a fraction of the canvas."""
    image = Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma * SIZE)), dtype=np.float32) / 255


def shifted(mask: Mask, right: int, down: int) -> Mask:
    """The mask moved by whole pixels, 0 where nothing comes in: a cast shadow."""
    moved = np.zeros_like(mask)
    h, w = mask.shape
    moved[max(0, down) : h + min(0, down), max(0, right) : w + min(0, right)] = mask[
        max(0, -down) : h + min(0, -down), max(0, -right) : w + min(0, -right)
    ]
    return moved


def noise(rng: np.random.Generator, cells: float, octaves: int = 4, stretch: float = 1.0) -> Mask:
    """Fractal value noise scaled to 0–1; `cells` across at the first octave, `stretch` > 1 lays it sideways."""
    total = np.zeros((SIZE, SIZE), dtype=np.float32)
    for octave in range(octaves):
        n = cells * 2**octave
        w, h = max(2, round(n / stretch)), max(2, round(n))
        if min(w, h) >= SIZE:
            break
        total += resized(rng.random((h + 1, w + 1), dtype=np.float32)) / 2**octave
    low, high = total.min(), total.max()
    return (total - low) / (high - low)


def profile(rng: np.random.Generator, cells: int, octaves: int = 5, roughness: float = 0.5) -> Mask:
    """One-dimensional fractal noise, [256] in 0–1: a skyline of hills."""
    total = np.zeros(SIZE)
    for octave in range(octaves):
        knots = rng.random(cells * 2**octave + 2)
        at = np.linspace(0, len(knots) - 1.001, SIZE)
        left = at.astype(int)
        t = at - left
        t = t * t * (3 - 2 * t)
        total += (knots[left] * (1 - t) + knots[left + 1] * t) * roughness**octave
    total -= total.min()
    return (total / total.max()).astype(np.float32)


def below(line: Mask, soft: float = PIXEL) -> Mask:
    """Everything under a line of heights [256] (y for each x)."""
    return inside(line[None, :] - Y, soft)


def grain(picture: Picture, rng: np.random.Generator, amount: float, size: float = 1.0) -> None:
    """Film grain, in place: strongest in the mid-tones, clumps of `size` pixels."""
    n = max(8, round(SIZE / size))
    speck = rng.standard_normal((n, n), dtype=np.float32)
    if n != SIZE:
        speck = resized(speck)
    tone = luma(picture)
    picture += (speck * amount * (0.35 + 2.6 * tone * (1 - tone)))[..., None]


def vignette(picture: Picture, strength: float, cx: float = 0.5, cy: float = 0.5) -> None:
    """Darker towards the corners, in place."""
    picture *= (1 - strength * smooth(0.3, 0.8, radius(cx, cy)))[..., None]


def halftone(tone: Mask, cell: float, degrees: float = 30.0) -> Mask:
    """A dot screen: ink coverage 0–1 becomes discs on a turned grid of pitch `cell`."""
    u, v = rotated(0.5, 0.5, degrees)
    du, dv = u / cell - np.round(u / cell), v / cell - np.round(v / cell)
    r = np.sqrt(np.clip(tone, 0, 1)) * 0.72
    return inside((np.sqrt(du * du + dv * dv) - r) * cell, 1.5 * PIXEL)


def tritone(tone: Mask, p: Palette) -> Picture:
    """Tones 0–1 printed from dark over main to light."""
    return ramp([p.dark, p.deep, p.main, p.light], tone)
