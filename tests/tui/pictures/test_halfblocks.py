"""Half blocks against rich-pixels' stock renderer, read back pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.segment import Segment
from rich_pixels import HalfcellRenderer
from textual.strip import Strip

from tests.tui.support.measures import photograph
from tui.pictures.colors import BASIC, COLORLESS, ColorMode, Pixels, indexed_palette, rich_color
from tui.pictures.dither import dithered
from tui.pictures.halfblocks import (
    FINE,
    LITE,
    Cells,
    merge,
    pack,
    picture,
    strips,
)
from tui.pictures.resample import LIGHT, resample, shrink
from tui.terminal.pixel_strip import pixel_strips


def pictures(rows: int, columns: int) -> list[Pixels]:
    noise = np.random.default_rng(7).integers(0, 256, (rows * 2, columns, 3), dtype=np.uint8)
    flat = np.full_like(noise, 90)
    halves = noise.copy()
    halves[:, columns // 2 :] = (10, 20, 30)
    return [noise, flat, halves, (noise // 64) * 64]


def read_segments(segments: list[Segment]) -> list[list[tuple[int, int, int]]]:
    """Pixel rows out of segments that are spaces or lower half blocks."""
    upper: list[list[Any]] = [[]]
    lower: list[list[Any]] = [[]]
    for text, style, _ in segments:
        if text == "\n":
            upper.append([])
            lower.append([])
            continue
        assert style is not None and style.bgcolor is not None
        back = style.bgcolor.get_truecolor()
        fore = back if text[0] == " " else style.color.get_truecolor() if style.color else None
        upper[-1] += [tuple(back)] * len(text)
        lower[-1] += [tuple(fore or ())] * len(text)
    return [row for pair in zip(upper, lower, strict=True) for row in pair if row]


def drawn(cells: Cells) -> list[Segment]:
    """A picture's strips as one list, with line ends as rich-pixels gives them."""
    return [segment for strip in strips(cells) for segment in [*strip, Segment.line()]]


@pytest.mark.parametrize("draw", [strips, pixel_strips])
@pytest.mark.parametrize("pixels", pictures(9, 14))
def test_same_pixels_as_the_stock_renderer_of_rich_pixels(pixels: Pixels, draw: Callable[[Cells], list[Strip]]) -> None:
    stock = read_segments(HalfcellRenderer().render(Image.fromarray(pixels), None))
    ours = read_segments([segment for strip in draw(pack(pixels)) for segment in [*strip, Segment.line()]])
    assert ours == stock == [[tuple(pixel) for pixel in row] for row in pixels.tolist()]


@pytest.mark.parametrize("mode", [mode for mode in ColorMode if mode not in COLORLESS])
@pytest.mark.parametrize("pixels", pictures(6, 11))
def test_the_segments_have_the_colours_of_the_cells(pixels: Pixels, mode: ColorMode) -> None:
    cells = pack(pixels, mode)
    for y, strip in enumerate(strips(cells)):
        upper, lower = [], []
        for text, style, _ in strip:
            assert style is not None and style.bgcolor is not None
            upper += [style.bgcolor] * len(text)
            lower += [style.bgcolor if text[0] == " " else style.color] * len(text)
        assert upper == [rich_color(value, mode) for value in cells.upper[y].tolist()]
        assert lower == [rich_color(value, mode) for value in cells.lower[y].tolist()]


@pytest.mark.parametrize("pixels", pictures(6, 11))
def test_a_cropped_strip_shows_the_same_as_the_whole(pixels: Pixels) -> None:
    whole = read_segments(drawn(pack(pixels)))
    for strips_of in (strips, pixel_strips):
        halves = [(strip.crop(0, 4), strip.crop(4, 11)) for strip in strips_of(pack(pixels))]
        assert read_segments([part for left, right in halves for part in [*left, *right, Segment.line()]]) == whole


def test_equal_neighbors_become_one_run() -> None:
    rows = strips(pack(np.full((4, 30, 3), 77, dtype=np.uint8)))
    assert [len(list(row)) for row in rows] == [1, 1]


def runs(cells: Cells) -> int:
    """How many runs of equal cells there are."""
    return sum(len(list(strip)) for strip in strips(cells))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 1000))
def test_tolerance_bounds_the_loss(tolerance: int, seed: int) -> None:
    exact = pack(np.random.default_rng(seed).integers(0, 60, (8, 20, 3), dtype=np.uint8))
    merged = merge(exact, tolerance)
    assert runs(merged) <= runs(exact)
    for shown, meant in ((merged.upper, exact.upper), (merged.lower, exact.lower)):
        for shift in (16, 8, 0):
            assert np.abs((shown >> shift & 255) - (meant >> shift & 255)).max() <= 1.5 * tolerance + 1


@pytest.mark.parametrize(("quality", "least"), [(FINE, 40.0), (LITE, 30.0)])
def test_the_loss_of_each_quality_as_psnr(quality: int, least: float) -> None:
    errors = []
    for number in range(30):
        pixels = shrink(photograph(number), 40, 20)
        exact, merged = pack(pixels), merge(pack(pixels), quality)
        for shown, meant in ((merged.upper, exact.upper), (merged.lower, exact.lower)):
            errors += [((shown >> shift & 255) - (meant >> shift & 255)) ** 2 for shift in (16, 8, 0)]
        assert runs(merged) < runs(exact)
    assert 10 * np.log10(255**2 / np.mean(errors)) >= least


def test_indexed_colors_are_the_nearest_of_the_palette() -> None:
    levels = [0, 95, 135, 175, 215, 255]
    palette = [(r, g, b) for r in levels for g in levels for b in levels]
    palette += [(8 + 10 * step,) * 3 for step in range(24)]
    pixels = np.random.default_rng(3).integers(0, 256, (2, 40, 3), dtype=np.uint8)
    cells = pack(pixels, ColorMode.INDEXED)
    for y, row in enumerate((cells.upper[0], cells.lower[0])):
        for x, index in enumerate(row.tolist()):
            distances = [sum((int(a) - b) ** 2 for a, b in zip(pixels[y, x], color, strict=True)) for color in palette]
            assert distances[index - 16] == min(distances)


def test_gray_has_no_hue() -> None:
    cells: Cells = pack(pictures(2, 9)[0], ColorMode.GRAY)
    assert all(value >> 16 == value >> 8 & 255 == value & 255 for value in cells.upper.ravel().tolist())


def test_shrink_leaves_the_right_size_alone() -> None:
    pixels = pictures(4, 8)[0]
    assert shrink(pixels, 8, 4) is pixels
    assert shrink(pixels, 5, 3).shape == (6, 5, 3)


def test_shrinking_keeps_the_light() -> None:
    dots = np.zeros((128, 128, 3), dtype=np.uint8)
    dots[::2, ::2] = 255
    assert np.abs(LIGHT[shrink(dots, 16, 8)].mean() - LIGHT[dots].mean()) < 0.01
    flat = np.full((128, 128, 3), 77, dtype=np.uint8)
    assert (shrink(flat, 40, 20) == 77).all()


def test_every_value_comes_back_from_light() -> None:
    column = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    assert (resample(np.repeat(column, 8, axis=1), 4, 256) == column).all()


@pytest.mark.parametrize("mode", [ColorMode.INDEXED, ColorMode.BASIC])
def test_few_colors_look_like_the_picture_from_a_distance(mode: ColorMode) -> None:
    first, palette = (0, BASIC) if mode is ColorMode.BASIC else (16, indexed_palette())

    def far(pixels: Pixels) -> Pixels:
        return resample(pixels.astype(np.uint8), 10, 10)

    def error(one: Pixels, other: Pixels) -> float:
        return float(np.square(LIGHT[one] - LIGHT[other]).mean())

    for seed in range(4):
        small = shrink(photograph(seed), 40, 20)
        chosen = dithered(small, mode)
        assert chosen.min() >= first and chosen.max() < first + len(palette)
        assert (dithered(small, mode) == chosen).all()  # nothing shimmers
        nearest = pack(small, mode)
        plain = np.stack([nearest.upper, nearest.lower], axis=1).reshape(40, 40)
        assert error(far(palette[chosen - first]), far(small)) < error(far(palette[plain - first]), far(small)) / 2


def test_a_color_of_the_palette_stays_as_it_is() -> None:
    for color in indexed_palette()[::17].astype(np.uint8):
        flat = np.broadcast_to(color, (8, 8, 3))
        values = dithered(flat, ColorMode.INDEXED)
        assert (indexed_palette()[values - 16] == color).all()


def characters(pixels: Pixels, mode: ColorMode, light: bool = False) -> list[str]:
    return [strip.text for strip in strips(picture(pixels, 4, 2, mode, 0, light))]


def test_without_colors_brightness_and_where_it_lies_are_kept() -> None:
    above, left = np.zeros((2, 128, 128, 3), dtype=np.uint8)
    above[:26] = left[:, :64] = 255  # most of the upper half of the first row of cells; the left half of all
    assert characters(above, ColorMode.MONO) == ["▀▀▀▀", "    "]
    assert characters(above, ColorMode.ASCII) == ['""""', "    "]
    assert characters(above, ColorMode.MONO, light=True) == ["▄▄▄▄", "████"]
    assert characters(above, ColorMode.ASCII, light=True) == ["____", "@@@@"]
    for mode, ink in ((ColorMode.MONO, "█"), (ColorMode.ASCII, "@")):
        assert {row[0] + row[-1] for row in characters(left, mode)} == {f"{ink} "}
        assert {row[0] + row[-1] for row in characters(left, mode, light=True)} == {f" {ink}"}
    wedge = np.repeat(np.linspace(0, 255, 128)[None, :, None], 128, axis=0).repeat(3, axis=2).astype(np.uint8)
    for mode, ramp in ((ColorMode.MONO, " ░▒▓█"), (ColorMode.ASCII, " .:-=+*#%@")):
        row = strips(picture(wedge, 20, 2, mode, 0))[0].text
        levels = [ramp.index(character) for character in row if character in ramp]
        assert levels == sorted(levels) and set(levels) >= set(range(len(ramp)))
