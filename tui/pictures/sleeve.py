"""The colours that the theme `sleeve` takes from a cover: its strongest hue, as light or as dark as can be read."""

from __future__ import annotations

import colorsys

import numpy as np
from textual.color import Color

from tui.pictures.colors import Pixels

HUES = 24  # bins of the colour circle
READABLE = 4.8  # WCAG's 4.5 for text, and room for a terminal that rounds
# Most saturation and, before it is made readable, the place between dark (0) and light (1) on a dark ground.
ROLES = {"accent": (0.75, 0.55), "quiet": (0.22, 0.55), "faint": (0.25, 0.28), "focus": (0.60, 0.88)}
ORNAMENT = "faint"  # rules and tracks, which nobody reads


def sleeve_colors(pixels: Pixels, background: str) -> dict[str, str]:
    """The theme's variables that follow the cover (uint8 [h, w, 3]), as `#rrggbb`, each readable on `background`.

    A grey cover gives greys. `on-focus` is readable on `focus`.
    """
    hue, saturation = strongest_hue(pixels)
    ground = Color.parse(background)
    dark = luminance(ground) < 0.5
    found = {}
    for role, (most, place) in ROLES.items():
        color = _color(hue, min(most, saturation * 1.2), place if dark else 1 - place)
        found[role] = color if role == ORNAMENT else readable(color, ground)
    on_focus = _color(hue, min(0.3, saturation), 0.08 if dark else 0.96)
    found["on-focus"] = readable(on_focus, found["focus"])
    found["primary"] = found["accent"]
    return {role: color.hex6.lower() for role, color in found.items()}


def strongest_hue(pixels: Pixels) -> tuple[float, float]:
    """(hue, saturation), both 0–1, of the colour that there is most of, each pixel counted by how colourful it is."""
    rgb = pixels.reshape(-1, 3)[::7].astype(np.float64) / 255
    high, low = rgb.max(axis=1), rgb.min(axis=1)
    chroma = high - low
    if chroma.mean() < 0.02:
        return 0.0, 0.0
    red, green, blue = rgb.T
    safe = np.where(chroma > 0, chroma, 1)
    sixth = np.select(
        [chroma == 0, high == red, high == green],
        [0, (green - blue) / safe % 6, (blue - red) / safe + 2],
        (red - green) / safe + 4,
    )
    bins = (sixth / 6 * HUES).astype(int) % HUES
    weights = np.bincount(bins, chroma, HUES)
    around = weights + 0.5 * (np.roll(weights, 1) + np.roll(weights, -1))  # a hue at the border of two bins
    chosen = bins == around.argmax()
    mean = np.average(rgb[chosen], axis=0, weights=chroma[chosen])
    hue, _, saturation = colorsys.rgb_to_hls(*mean)
    # A small coloured spot on a grey cover tints it a little, not wholly.
    share = weights.max() / len(rgb)
    return float(hue), float(saturation * min(1.0, 0.35 + share * 12))


def readable(color: Color, ground: Color) -> Color:
    """`color`, moved towards white or black until it can be read on `ground`."""
    away = Color(255, 255, 255) if luminance(ground) < 0.18 else Color(0, 0, 0)
    for step in range(51):
        moved = color.blend(away, step / 50)
        if contrast(moved, ground) >= READABLE:
            return moved
    return away


def contrast(one: Color, other: Color) -> float:
    """WCAG 2's ratio, 1–21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    """WCAG 2's relative luminance, 0–1."""
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _color(hue: float, saturation: float, lightness: float) -> Color:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return Color(round(red * 255), round(green * 255), round(blue * 255))
