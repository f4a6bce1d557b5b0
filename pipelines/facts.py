"""What an eye would say of a cover, in numbers: colours, light, texture, symmetry, one thing in the middle, a frame.

Plain functions over batches of pixels; a millisecond a cover, no model. `store.looks` turns them into words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from store.looks import COLORS, CoverFacts

_BLACK, _GREY, _WHITE, _RED, _ORANGE, _BROWN, _BEIGE, _YELLOW, _OLIVE, _GREEN, _TEAL, _BLUE, _PURPLE, _PINK = range(14)
_SIDE = 64  # pixels, that colours are looked at in
_KEPT = 3  # colours of a palette
_RING = 6  # pixels of 64: what is looked at as the ground around one thing
_COLORED = 0.045  # OKLab chroma from which a pixel is clearly of a colour
_FAR = 0.13  # OKLab distance from which a pixel is another colour than the ground

Floats = NDArray[np.float32]


def cover_facts(pixels: NDArray[np.uint8]) -> list[CoverFacts]:
    """The facts of covers uint8 [n, 128, 128, 3], lettering left out."""
    small = _shrunk(pixels, _SIDE)
    lab = oklab(small)
    # Single pixels: the means of a drawing in ink would be grey.
    dots = pixels[:, :: pixels.shape[1] // _SIDE, :: pixels.shape[2] // _SIDE].astype(np.float32) / np.float32(255)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    measures = (
        lab[..., 0].mean(axis=(1, 2)),
        chroma.mean(axis=(1, 2)),
        (chroma > _COLORED).mean(axis=(1, 2)),
        np.sqrt(lab.var(axis=(1, 2)).sum(axis=1)),
        _texture(pixels),
        _symmetry(lab),
        _centred(lab),
        _border(lab),
    )
    numbers = np.stack(measures, axis=1).astype(float).round(4).tolist()
    palettes = zip(*(part.tolist() for part in _palettes(color_names(oklab(dots)), dots)), strict=True)
    return [
        CoverFacts(
            tuple((COLORS[name], round(share, 3), rgb) for name, share, rgb in zip(*kept, strict=True) if name >= 0),
            *row,
        )
        for kept, row in zip(palettes, numbers, strict=True)
    ]


def oklab(rgb: Floats) -> Floats:
    """sRGB 0–1 float32 [..., 3] → OKLab float32 [..., 3] (Björn Ottosson, 2020)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4).astype(np.float32)
    cones = np.cbrt(linear @ _TO_CONES.T)
    return np.asarray(cones @ _TO_LAB.T, np.float32)


_TO_CONES = np.array(
    [[0.4122215, 0.5363325, 0.0514460], [0.2119035, 0.6806995, 0.1073970], [0.0883025, 0.2817188, 0.6299787]],
    np.float32,
)
_TO_LAB = np.array(
    [[0.2104543, 0.7936178, -0.0040720], [1.9779985, -2.4285922, 0.4505937], [0.0259040, 0.7827718, -0.8086758]],
    np.float32,
)


def color_names(lab: Floats) -> NDArray[np.int8]:
    """OKLab [..., 3] → numbers of COLORS, by lightness, chroma and hue as English speakers divide them."""
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    strong = chroma > 0.1
    by_hue = np.select(
        [hue < end for end in (12, 18, 40, 72, 92, 118, 165, 222, 288, 328, 345)],
        [
            np.where(light > np.where(strong, 0.5, 0.64), _PINK, _RED),
            np.where(light > 0.64, _PINK, _RED),
            np.where(light > 0.74, _PINK, np.where(chroma > np.minimum(0.075, 0.16 * light), _RED, _BROWN)),
            np.where((light > 0.6) & strong, _ORANGE, np.where(light > 0.72, _BEIGE, _BROWN)),
            np.where((light > 0.72) & strong, _YELLOW, np.where(light > 0.68, _BEIGE, _BROWN)),
            np.where((light > 0.7) & (chroma > 0.085), _YELLOW, np.where(light > 0.75, _BEIGE, _OLIVE)),
            _GREEN, _TEAL, _BLUE, _PURPLE,
            np.where(light > 0.55, _PINK, _PURPLE),
        ],
        np.where(light > 0.5, _PINK, _RED),
    )  # fmt: skip
    grey = chroma < np.where(light < 0.4, 0.028, 0.022)
    neutral = np.select([light < 0.27, light > 0.88], [_BLACK, _WHITE], _GREY)
    nearly_black = (light < 0.2) | ((light < 0.28) & (chroma < 0.05))
    nearly_white = (light > 0.93) & (chroma < 0.035)
    named = np.where(grey, neutral, np.where(nearly_black, _BLACK, np.where(nearly_white, _WHITE, by_hue)))
    return named.astype(np.int8)


def _shrunk(pixels: NDArray[np.uint8], side: int) -> Floats:
    """sRGB 0–1, the mean of each square: float32 [n, side, side, 3]."""
    n, height = len(pixels), pixels.shape[1]
    f = height // side
    rows = pixels.reshape(n, side, f, height, 3).astype(np.uint16).sum(axis=2)
    sums = rows.reshape(n, side, side, f, 3).sum(axis=3)
    return (sums / np.float32(255 * f * f)).astype(np.float32)


def _palettes(names: NDArray[np.int8], rgb: Floats) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """(names, shares, mean colours) of the three largest of each cover; what has less than 6 % is none."""
    n, area = len(names), names[0].size if len(names) else 1
    cell = (np.arange(n)[:, None] * len(COLORS) + names.reshape(n, -1)).ravel()
    size = n * len(COLORS)
    counts = np.bincount(cell, minlength=size).reshape(n, -1)
    sums = np.stack([np.bincount(cell, rgb[..., c].ravel(), minlength=size).reshape(n, -1) for c in range(3)], axis=2)
    order = np.argsort(-counts, axis=1, kind="stable")[:, :_KEPT]
    shares = np.take_along_axis(counts, order, 1) / area
    mean = (
        np.take_along_axis(sums, order[..., None], 1) / np.maximum(np.take_along_axis(counts, order, 1), 1)[..., None]
    )
    hexes = (np.round(mean * 255).astype(np.int64) << np.array([16, 8, 0])).sum(axis=2)
    few = (shares < 0.06) & (np.arange(_KEPT) > 0)
    return np.where(few, -1, order), np.where(few, 0, shares).astype(np.float32), np.where(few, 0, hexes)


def _texture(pixels: NDArray[np.uint8]) -> Floats:
    """The share of the area where lightness changes by more than 6 % from one pixel to the next."""
    grey = (pixels @ np.array([0.3, 0.59, 0.11], np.float32)).astype(np.float32)
    across, down = np.abs(np.diff(grey, axis=2))[:, :-1], np.abs(np.diff(grey, axis=1))[:, :, :-1]
    return (np.maximum(across, down) > 15).mean(axis=(1, 2)).astype(np.float32)


def _symmetry(lab: Floats) -> Floats:
    """Correlation of the lightness, blurred to 32 × 32, with its mirror image; 0 where nothing varies.

    Each row about its own mean: a horizon or a sky alone is no symmetry.
    """
    n = len(lab)
    light = lab[..., 0].reshape(n, _SIDE // 2, 2, _SIDE // 2, 2).mean(axis=(2, 4))
    light = light - light.mean(axis=2, keepdims=True)
    power = (light * light).mean(axis=(1, 2))
    product = (light * light[:, :, ::-1]).mean(axis=(1, 2))
    return np.where(power > 1e-3, product / np.maximum(power, 1e-9), 0).astype(np.float32)


def _ground(lab: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(how even the ring along the edges is, 0–1; bool [n, side, side], where the picture differs from its ground)."""
    ring = np.ones((_SIDE, _SIDE), bool)
    ring[_RING:-_RING, _RING:-_RING] = False
    edge = lab[:, ring]
    ground = np.median(edge[:, ::3], axis=1)
    differs = np.linalg.norm(lab - ground[:, None, None], axis=3) > _FAR
    return 1 - differs[:, ring].mean(axis=1).astype(np.float32), differs


def _centred(lab: Floats) -> Floats:
    """How surely one thing stands in the middle: an even ground, and what differs from it close around the centre."""
    even, differs = _ground(lab)
    at = np.linspace(-1, 1, _SIDE, dtype=np.float32)
    mass = differs.mean(axis=(1, 2))
    weight = np.maximum(differs.sum(axis=(1, 2)), 1)
    x, y = (differs * at).sum(axis=(1, 2)) / weight, (differs * at[:, None]).sum(axis=(1, 2)) / weight
    spread = np.sqrt(((differs * at**2).sum((1, 2)) + (differs * at[:, None] ** 2).sum((1, 2))) / weight)
    middle = differs[:, _SIDE // 4 : -_SIDE // 4, _SIDE // 4 : -_SIDE // 4].sum(axis=(1, 2)) / weight
    fits = (mass > 0.04) & (mass < 0.6) & (np.abs(x) < 0.2) & (np.abs(y) < 0.25) & (spread < 0.7)
    return np.where(fits, even * np.clip(middle, 0, 1), 0).astype(np.float32)


def _border(lab: Floats) -> Floats:
    """The width of a frame of one colour all around, as a share of the side; 0 where there is none."""
    n, half = len(lab), int(0.3 * _SIDE)
    corner = np.median(np.concatenate([lab[:, 0], lab[:, -1], lab[:, :, 0], lab[:, :, -1]], axis=1), axis=1)
    same = np.linalg.norm(lab - corner[:, None, None], axis=3) < 0.06
    widths = []
    for lines in (same, same[:, ::-1], same.transpose(0, 2, 1), same[:, :, ::-1].transpose(0, 2, 1)):
        even = lines[:, :half].mean(axis=2) > 0.97
        widths.append(np.where(even.all(axis=1), half, even.argmin(axis=1)))
    width = np.min(widths, axis=0)
    inside = ~same[:, half:-half, half:-half]
    edge_differs = np.zeros(n, np.float32)
    for row, wide in enumerate(width.tolist()):
        if 0 < wide < half:
            box = same[row, wide : _SIDE - wide, wide : _SIDE - wide]
            sides = (box[0], box[-1], box[:, 0], box[:, -1])
            edge_differs[row] = min(1 - float(line.mean()) for line in sides)
    framed = (width > 0) & (width < half) & (edge_differs > 0.6) & (inside.mean(axis=(1, 2)) > 0.3)
    return np.where(framed, width / _SIDE, 0).astype(np.float32)
