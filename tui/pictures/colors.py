"""Colours as the terminal takes them: packed as 0xRRGGBB or as an index of its palette, and the codes for them."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray
from rich.color import Color

Pixels = NDArray[np.uint8]  # [height, width, 3], RGB


class ColorMode(Enum):
    """What the terminal can show; the packed colours are 0xRRGGBB or an index of its palette."""

    TRUECOLOR = "truecolor"
    INDEXED = "256"
    BASIC = "16"
    GRAY = "gray"  # NO_COLOR: shades only, sent as true colour like Textual does
    MONO = "mono"  # no colour at all: blocks and shades
    ASCII = "ascii"  # nor these: a character of ASCII a cell


COLORLESS = (ColorMode.MONO, ColorMode.ASCII)
LEVELS = np.array([0, 95, 135, 175, 215, 255], dtype=np.int32)  # of xterm's 6×6×6 cube
BASIC = np.array(
    [
        *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)),
        *((229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)),
        *((255, 0, 255), (0, 255, 255), (255, 255, 255)),
    ],
    dtype=np.int32,
)  # xterm's defaults


def indexed_palette() -> NDArray[np.int32]:
    """[240, 3]: the colours 16 to 255, which are the same in every terminal; the first 16 are not."""
    cube = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.concatenate([cube, np.repeat(np.arange(8, 248, 10, dtype=np.int32)[:, None], 3, axis=1)])


def channels(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """Packed colours [...] as [..., 3]."""
    return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1)


def joined(rgb: NDArray[np.int32]) -> NDArray[np.int32]:
    """[..., 3] as packed colours [...]."""
    return (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]


def gray(pixels: Pixels) -> Pixels:
    """The same without hue."""
    luma = (pixels.astype(np.int32) @ np.array([299, 587, 114], dtype=np.int32)) // 1000
    return np.repeat(luma[..., None], 3, axis=-1).astype(np.uint8)


def rich_color(value: int, mode: ColorMode) -> Color:
    """A packed colour for rich."""
    if mode in (ColorMode.TRUECOLOR, ColorMode.GRAY):
        return Color.from_rgb(value >> 16, value >> 8 & 255, value & 255)
    return Color.from_ansi(value)


def color_code(value: int, layer: int, indexed: bool) -> str:
    """The SGR parameters of a packed colour or palette index as foreground (`layer` 38) or background (48)."""
    if not indexed:
        return f"{layer};2;{value >> 16};{value >> 8 & 255};{value & 255}"
    if value >= 16:
        return f"{layer};5;{value}"
    return str(layer - 8 + value if value < 8 else layer + 52 + value - 8)


def color_mode(system: str | None, no_color: bool) -> ColorMode:
    """How covers are sent to a terminal of rich's colour system `system`."""
    if no_color:
        return ColorMode.GRAY
    if system == "256":
        return ColorMode.INDEXED
    if system in ("standard", "windows"):
        return ColorMode.BASIC
    return ColorMode.TRUECOLOR
