"""Pictures as half blocks: two pixels a cell, the lower as foreground of U+2584, the upper as background.

The same picture as rich-pixels' `HalfcellRenderer` draws (the tests compare pixel by pixel), made for
photographs: numpy packs the colours, neighbouring equal cells become one run, and a row turns into terminal
codes from plain integers, each code sent only where it changes. rich's `Style` objects, which cost most of
the time in the stock renderer, are built only if something other than the terminal asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich_pixels import HalfcellRenderer
from textual.color import Color as TextualColor
from textual.filter import ANSIToTruecolor, LineFilter
from textual.strip import Strip

LOWER_HALF = "▄"
FINE = 8  # tolerance of the default quality: 43 dB on real covers, two thirds of the bytes
LITE = 24  # for slow links: 33 dB, two fifths of the bytes
Pixels = NDArray[np.uint8]  # [height, width, 3], RGB
Run = tuple[int, int, int]  # lower colour, upper colour, cells


class ColorMode(Enum):
    """What the terminal can show; the packed colours are 0xRRGGBB or an index of its palette."""

    TRUECOLOR = "truecolor"
    INDEXED = "256"
    BASIC = "16"
    GRAY = "gray"  # NO_COLOR: shades only, sent as true colour like Textual does
    ASCII = "ascii"  # no colour at all: a character a cell, by its brightness


@dataclass(frozen=True, slots=True)
class Cells:
    """A picture ready to draw: the packed colour of the upper and lower pixel of each cell."""

    upper: NDArray[np.int32]  # [rows, columns]
    lower: NDArray[np.int32]
    mode: ColorMode

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.upper.shape
        return rows, columns


def shrink(pixels: Pixels, columns: int, rows: int) -> Pixels:
    """`pixels` [h, w, 3] resampled (LANCZOS) to the 2·rows × columns pixels of that many cells."""
    size = (columns, rows * 2)
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def pack(pixels: Pixels, mode: ColorMode = ColorMode.TRUECOLOR) -> Cells:
    """[2·rows, columns, 3] pixels as cells, in the colours of `mode`."""
    values = _packed(pixels, mode)
    return Cells(values[0::2], values[1::2], mode)


def picture(pixels: Pixels, columns: int, rows: int, mode: ColorMode, tolerance: int) -> Cells:
    """`pixels` [h, w, 3] as that many cells: merged within `tolerance`, or dithered where colours are few.

    In 256 colours the tolerance of LITE and above leaves the dithering out, which costs many bytes.
    """
    small = shrink(pixels, columns, rows)
    if mode is ColorMode.BASIC or (mode is ColorMode.INDEXED and tolerance < LITE):
        return dither(small, mode)
    if mode is ColorMode.INDEXED:
        merged = merge(pack(small), tolerance)
        upper, lower = _nearest_indexed(_channels(merged.upper)), _nearest_indexed(_channels(merged.lower))
        return Cells(upper, lower, mode)
    return merge(pack(small, mode), tolerance)


def dither(pixels: Pixels, mode: ColorMode) -> Cells:
    """[2·rows, columns, 3] pixels in the terminal's palette, the error spread to the neighbours (Floyd-Steinberg)."""
    first = 0 if mode is ColorMode.BASIC else 16  # the first 16 of the 256 look different everywhere
    image = Image.fromarray(pixels).quantize(palette=_palette_image(mode), dither=Image.Dither.FLOYDSTEINBERG)
    values = np.asarray(image).astype(np.int32) + first
    return Cells(values[0::2], values[1::2], mode)


@lru_cache(maxsize=2)
def _palette_image(mode: ColorMode) -> Image.Image:
    if mode is ColorMode.BASIC:
        colors = _BASIC
    else:
        cube = np.stack(np.meshgrid(_LEVELS, _LEVELS, _LEVELS, indexing="ij"), axis=-1).reshape(-1, 3)
        colors = np.concatenate([cube, np.repeat(np.arange(8, 248, 10)[:, None], 3, axis=1)])
    image = Image.new("P", (1, 1))
    image.putpalette(colors.astype(np.uint8).tobytes())
    return image


RAMP = " .:-=+*#%@"  # from dark to bright


def ascii_art(cells: Cells, light: bool = False) -> list[Strip]:
    """A character a cell by its brightness, stretched over the picture's range; `light` for dark on light."""
    shades = (cells.upper & 255) + (cells.lower & 255)
    low, high = np.percentile(shades, (2, 98))
    if high - low < 40:  # a flat picture stays flat
        low, high = 0, 510
    levels = np.clip((shades - low) * len(RAMP) / (high - low), 0, len(RAMP) - 1).astype(int)
    ramp = RAMP[::-1] if light else RAMP
    return [Strip([Segment("".join(ramp[level] for level in row))], len(row)) for row in levels.tolist()]


def merge(cells: Cells, tolerance: int) -> Cells:
    """The picture in fewer colours: along each row of pixels, neighbours of which no channel differs by more
    than `tolerance` take their mean; the two halves of a cell likewise.

    So no channel is further than 1.5·`tolerance` from the exact picture. Palette indexes stay as they are,
    since their numbers are not shades.
    """
    if not tolerance or cells.mode not in (ColorMode.TRUECOLOR, ColorMode.GRAY):
        return cells
    rows, columns = cells.shape
    exact = np.stack([_channels(cells.upper), _channels(cells.lower)], axis=1).reshape(rows * 2, columns, 3)
    low = high = exact[:, 0]
    starts = np.ones((rows * 2, columns), dtype=bool)
    for column in range(1, columns):
        value = exact[:, column]
        lower, higher = np.minimum(low, value), np.maximum(high, value)
        far = (higher - lower).max(axis=-1) > tolerance
        starts[:, column] = far
        low, high = np.where(far[:, None], value, lower), np.where(far[:, None], value, higher)
    at = np.flatnonzero(starts)
    lengths = np.diff(at, append=starts.size)
    sums = np.add.reduceat(exact.reshape(-1, 3), at, axis=0)
    means = (sums + lengths[:, None] // 2) // lengths[:, None]
    merged = np.repeat(means, lengths, axis=0).reshape(rows, 2, columns, 3)
    alike = np.abs(merged[:, 0] - merged[:, 1]).max(axis=-1, keepdims=True) <= tolerance
    merged = np.where(alike[:, None], merged.sum(axis=1, keepdims=True) // 2, merged)
    return Cells(_joined(merged[:, 0]), _joined(merged[:, 1]), cells.mode)


def runs(cells: Cells) -> list[list[Run]]:
    """The rows as runs of neighbouring cells that are drawn alike."""
    upper, lower = cells.upper, cells.lower
    rows, columns = upper.shape
    starts = np.ones((rows, columns), dtype=bool)
    starts[:, 1:] = (upper[:, 1:] != upper[:, :-1]) | (lower[:, 1:] != lower[:, :-1])
    result: list[list[Run]] = []
    for row in range(rows):
        at = np.flatnonzero(starts[row])
        lengths = np.diff(at, append=columns)
        result.append(list(zip(lower[row, at].tolist(), upper[row, at].tolist(), lengths.tolist(), strict=True)))
    return result


def strips(cells: Cells) -> list[Strip]:
    """One strip a row, for a widget's `render_lines`."""
    if cells.mode is ColorMode.ASCII:
        return ascii_art(cells)
    return [PixelStrip(upper, lower, cells.mode) for upper, lower in zip(cells.upper, cells.lower, strict=True)]


class PixelStrip(Strip):
    """A row of half blocks kept as integers. Its segments exist only when something crops or inspects it."""

    __slots__ = ("_built", "_mode", "lower", "upper")

    def __init__(self, upper: NDArray[np.int32], lower: NDArray[np.int32], mode: ColorMode) -> None:
        self._cell_length = len(upper)  # the rest of a strip, eight caches, only where it is asked for
        self.upper = upper  # packed colours [columns]
        self.lower = lower
        self._mode = mode
        self._built: list[Segment] | None = None

    def __getattr__(self, name: str) -> Any:
        if name not in Strip.__slots__:
            raise AttributeError(name)
        Strip.__init__(self, (), self._cell_length)
        return getattr(self, name)

    @property
    def is_indexed(self) -> bool:
        """Whether the colours are indexes of the terminal's palette."""
        return self._mode in (ColorMode.INDEXED, ColorMode.BASIC)

    @property
    def _segments(self) -> list[Segment]:
        if self._built is None:
            self._built = segments(self._runs(), self._mode)
        return self._built

    @_segments.setter
    def _segments(self, _value: list[Segment]) -> None:
        """The base class sets them once; here they follow from the colours."""

    def _runs(self) -> list[Run]:
        return runs(Cells(self.upper[None], self.lower[None], self._mode))[0]

    def render(self, console: Console) -> str:
        """The row as terminal codes, kept after the first call."""
        if self._render_cache is None:
            self._render_cache = ansi(self._runs(), self._mode)
        return self._render_cache

    def apply_filter(self, filter: LineFilter, background: TextualColor) -> Strip:
        """No theme changes a picture: the filter for ANSI colours is skipped."""
        if isinstance(filter, ANSIToTruecolor) or self._mode is ColorMode.GRAY:
            return self
        return super().apply_filter(filter, background)


def ansi(row: Sequence[Run], mode: ColorMode) -> str:
    """A row as terminal codes: a colour is sent where it changes, the style is reset at the end.

    Where both halves agree a space with a background is enough.
    """
    code = _CODES[mode]
    parts: list[str] = []
    fore = back = -1
    for lower, upper, cells in row:
        if lower == upper:
            if upper != back:
                parts.append(f"\x1b[{code(upper, 48)}m")
                back = upper
            parts.append(" " * cells)
            continue
        if lower != fore:
            sgr = code(lower, 38) if upper == back else f"{code(lower, 38)};{code(upper, 48)}"
            parts.append(f"\x1b[{sgr}m")
        elif upper != back:
            parts.append(f"\x1b[{code(upper, 48)}m")
        fore, back = lower, upper
        parts.append(LOWER_HALF * cells)
    parts.append("\x1b[0m")
    return "".join(parts)


def segments(row: Sequence[Run], mode: ColorMode) -> list[Segment]:
    """A row as rich segments, the form that rich-pixels, exports and cropping want."""
    return [
        Segment(" " * cells, _style(None, upper, mode))
        if lower == upper
        else Segment(LOWER_HALF * cells, _style(lower, upper, mode))
        for lower, upper, cells in row
    ]


class HalfblockRenderer(HalfcellRenderer):
    """rich-pixels' renderer API over the functions above: shrinks with LANCZOS, merges equal neighbours."""

    def __init__(self, *, mode: ColorMode = ColorMode.TRUECOLOR, tolerance: int = 0) -> None:
        super().__init__()
        self.mode = mode
        self.tolerance = tolerance

    def render(self, image: Image.Image, resize: tuple[int, int] | None) -> list[Segment]:
        """`image` as segments with line ends; `resize` is (columns, pixel rows), odd rows are rounded up."""
        width, height = resize or image.size
        pixels = shrink(np.asarray(image.convert("RGB")), width, (height + 1) // 2)
        output: list[Segment] = []
        for row in runs(merge(pack(pixels, self.mode), self.tolerance)):
            output += [*segments(row, self.mode), Segment.line()]
        return output


def _truecolor(value: int, layer: int) -> str:
    return f"{layer};2;{value >> 16};{value >> 8 & 255};{value & 255}"


def _indexed(value: int, layer: int) -> str:
    return f"{layer};5;{value}"


def _basic(value: int, layer: int) -> str:
    return str(layer - 8 + value if value < 8 else layer + 52 + value - 8)


def color_code(value: int, layer: int, indexed: bool) -> str:
    """The codes of a packed colour or palette index as foreground (`layer` 38) or background (48)."""
    if not indexed:
        return _truecolor(value, layer)
    return _basic(value, layer) if value < 16 else _indexed(value, layer)


_CODES: dict[ColorMode, Any] = {
    ColorMode.TRUECOLOR: _truecolor,
    ColorMode.GRAY: _truecolor,
    ColorMode.ASCII: _truecolor,
    ColorMode.INDEXED: _indexed,
    ColorMode.BASIC: _basic,
}


@lru_cache(maxsize=8192)
def _style(lower: int | None, upper: int, mode: ColorMode) -> Style:
    return Style.from_color(None if lower is None else _color(lower, mode), _color(upper, mode))


def _color(value: int, mode: ColorMode) -> Color:
    if mode in (ColorMode.TRUECOLOR, ColorMode.GRAY):
        return Color.from_rgb(value >> 16, value >> 8 & 255, value & 255)
    return Color.from_ansi(value)


def _channels(values: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1)


def _packed(pixels: Pixels, mode: ColorMode) -> NDArray[np.int32]:
    """[h, w, 3] as [h, w] packed colours."""
    rgb = pixels.astype(np.int32)
    if mode is ColorMode.INDEXED:
        return _nearest_indexed(rgb)
    if mode is ColorMode.BASIC:
        return _nearest(rgb, _BASIC)
    if mode in (ColorMode.GRAY, ColorMode.ASCII):
        luma = (rgb @ np.array([299, 587, 114], dtype=np.int32)) // 1000
        rgb = np.repeat(luma[..., None], 3, axis=-1)
    return _joined(rgb)


def _joined(rgb: NDArray[np.int32]) -> NDArray[np.int32]:
    return (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]


_LEVELS = np.array([0, 95, 135, 175, 215, 255], dtype=np.int32)  # of xterm's 6×6×6 cube
_BASIC = np.array(
    [
        *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)),
        *((229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)),
        *((255, 0, 255), (0, 255, 255), (255, 255, 255)),
    ],
    dtype=np.int32,
)  # xterm's defaults


def _nearest_indexed(rgb: NDArray[np.int32]) -> NDArray[np.int32]:
    """Nearest of the 240 fixed colours of the 256-colour palette: the cube's or the grey ramp's."""
    steps = np.searchsorted((_LEVELS[1:] + _LEVELS[:-1]) / 2, rgb).astype(np.int32)
    cube = 16 + 36 * steps[..., 0] + 6 * steps[..., 1] + steps[..., 2]
    gray_step = np.clip((rgb.mean(axis=-1) - 8 + 5) // 10, 0, 23).astype(np.int32)
    gray = (8 + 10 * gray_step)[..., None]
    cube_error = ((_LEVELS[steps] - rgb) ** 2).sum(axis=-1)
    gray_error = ((gray - rgb) ** 2).sum(axis=-1)
    return np.where(gray_error < cube_error, 232 + gray_step, cube).astype(np.int32)


def _nearest(rgb: NDArray[np.int32], palette: NDArray[np.int32]) -> NDArray[np.int32]:
    distance = ((rgb[..., None, :] - palette) ** 2).sum(axis=-1)
    return distance.argmin(axis=-1).astype(np.int32)
