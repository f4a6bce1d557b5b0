"""Pictures as cells, read back glyph by glyph; half blocks against rich-pixels' stock renderer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from rich.segment import Segment
from rich_pixels import HalfcellRenderer
from textual.strip import Strip

from tests.tui.support.measures import cell_errors, photograph
from tui.pictures.cells import (
    CONTRAST,
    EVEN,
    FINE,
    LITE,
    Cells,
    picture,
    strips,
)
from tui.pictures.colors import BASIC, COLORLESS, ColorMode, Pixels, indexed_palette, rich_color
from tui.pictures.few import nearest
from tui.pictures.glyphs import INVERSES, KINDS, ink_of, inked_parts
from tui.pictures.resample import LIGHT, resample
from tui.pictures.steady import steady
from tui.terminal.pixel_strip import pixel_strips


def pictures(rows: int, columns: int) -> list[Pixels]:
    noise = np.random.default_rng(7).integers(0, 256, (rows * 2, columns, 3), dtype=np.uint8)
    flat = np.full_like(noise, 90)
    halves = noise.copy()
    halves[:, columns // 2 :] = (10, 20, 30)
    return [noise, flat, halves, (noise // 64) * 64]


def read_segments(segments: list[Segment]) -> list[list[tuple[int, int, int]]]:
    """Pixel rows out of segments that are spaces or half blocks."""
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
        for char in text:  # as ours and as rich-pixels draws them
            above, below = (fore, back) if char == "▀" else (back, fore)
            upper[-1].append(tuple(above or ()))
            lower[-1].append(tuple(below or ()))
    return [row for pair in zip(upper, lower, strict=True) for row in pair if row]


def halves(pixels: Pixels, mode: ColorMode = ColorMode.TRUECOLOR) -> Cells:
    """[2·rows, columns, 3] pixels as half blocks, exactly."""
    enough = pixels.repeat(4, axis=0).repeat(8, axis=1)  # for the grid that shapes are drawn on
    return picture(enough, pixels.shape[1], pixels.shape[0] // 2, mode, 0)


def drawn(cells: Cells) -> list[Segment]:
    """A picture's strips as one list, with line ends as rich-pixels gives them."""
    return [segment for strip in strips(cells) for segment in [*strip, Segment.line()]]


@pytest.mark.parametrize("draw", [strips, pixel_strips])
@pytest.mark.parametrize("pixels", pictures(9, 14))
def test_same_pixels_as_the_stock_renderer_of_rich_pixels(pixels: Pixels, draw: Callable[[Cells], list[Strip]]) -> None:
    stock = read_segments(HalfcellRenderer().render(Image.fromarray(pixels), None))
    ours = read_segments([segment for strip in draw(halves(pixels)) for segment in [*strip, Segment.line()]])
    assert ours == stock == [[tuple(pixel) for pixel in row] for row in pixels.tolist()]


@pytest.mark.parametrize("mode", [mode for mode in ColorMode if mode not in COLORLESS])
@pytest.mark.parametrize("pixels", pictures(6, 11))
def test_the_segments_have_the_glyphs_and_colours_of_the_cells(pixels: Pixels, mode: ColorMode) -> None:
    cells = picture(pixels, 11, 6, mode, 0, kind="octants")
    for y, strip in enumerate(strips(cells)):
        found = [(char, style) for text, style, _ in strip for char in text]
        for x, (char, style) in enumerate(found):
            assert style is not None and ord(char) == cells.glyphs[y, x]
            assert style.bgcolor == rich_color(int(cells.ground[y, x]), mode)
            assert char == " " or style.color == rich_color(int(cells.ink[y, x]), mode)


@pytest.mark.parametrize("pixels", pictures(6, 11))
def test_a_cropped_strip_shows_the_same_as_the_whole(pixels: Pixels) -> None:
    whole = read_segments(drawn(halves(pixels)))
    for strips_of in (strips, pixel_strips):
        cropped = [(strip.crop(0, 4), strip.crop(4, 11)) for strip in strips_of(halves(pixels))]
        assert read_segments([part for left, right in cropped for part in [*left, *right, Segment.line()]]) == whole


def test_equal_neighbors_become_one_run() -> None:
    rows = strips(halves(np.full((4, 30, 3), 77, dtype=np.uint8)))
    assert [len(list(row)) for row in rows] == [1, 1]


def runs(cells: Cells) -> int:
    """How many runs of equal cells there are."""
    return sum(len(list(strip)) for strip in strips(cells))


def error(cells: Cells, pixels: Pixels) -> float:
    """Mean squared error against the picture, which has 8×8 pixels a cell."""
    return float(cell_errors(cells, pixels).mean())


def noise(seed: int, columns: int = 8, rows: int = 4) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (rows * 8, columns * 8, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_no_glyph_of_the_kind_fits_any_cell_better(kind: str) -> None:
    pixels = noise(1)
    best = np.full((4, 8), np.inf)
    blocks = pixels.reshape(4, 8, 8, 8, 3).transpose(0, 2, 1, 3, 4).reshape(4, 8, 64, 3).astype(float)
    for shape in inked_parts(kind, 8).values():
        off = np.zeros((4, 8))
        for share in (shape.ravel(), 1 - shape.ravel()):  # of a third of a row, a part is ink and the other is not
            if share.any():
                mean = np.average(blocks, axis=2, weights=share)[:, :, None]
                off += (np.square(blocks - mean) * share[:, None]).sum(axis=(2, 3))
        best = np.minimum(best, off)
    cells = picture(pixels, 8, 4, ColorMode.TRUECOLOR, 0, kind=kind)
    apart = cell_errors(cells, pixels) * 64 * 3
    assert (np.abs(apart - best) < best * 0.002).all()  # colours are whole numbers


def test_every_kind_draws_what_only_it_can() -> None:
    for kind in KINDS:
        for glyph, shape in inked_parts(kind, 8).items():
            cell = (shape[..., None] * (240, 240, 30) + (10, 0, 30)).astype(np.uint8)
            cells = picture(cell, 1, 1, ColorMode.TRUECOLOR, 0, kind=kind)
            blurred = 0.26 * cell.reshape(-1, 3).var(axis=0).mean()  # the rows that a third of a cell cuts
            assert error(cells, cell) <= (blurred if kind == "sextants" else 0), (kind, chr(glyph))


def test_each_kind_shows_more_than_the_one_before() -> None:
    for seed in range(3):
        cover = photograph(seed)
        errors = [error(picture(cover, 16, 16, ColorMode.TRUECOLOR, FINE, kind=kind), cover) for kind in KINDS]
        assert errors == sorted(errors, reverse=True) and errors[1] < 0.85 * errors[0]


def test_glyphs_and_their_inverses_ink_the_whole_cell() -> None:
    assert len({glyph for kind in KINDS for glyph in inked_parts(kind, 8)}) == 256 + 60 + 4 + 6 + 2
    for glyph, inverse in INVERSES.items():
        assert INVERSES[inverse] == glyph
        both = ink_of(np.array([glyph, inverse]), 8)
        assert (both.sum(axis=0) == 1).all()


@settings(max_examples=40)
@given(st.sampled_from(list(KINDS)), st.integers(1, 40), st.integers(0, 1000))
def test_tolerance_bounds_the_loss(kind: str, tolerance: int, seed: int) -> None:
    pixels = noise(seed) // 4 + np.uint8(seed % 100)
    exact, merged = (picture(pixels, 8, 4, ColorMode.TRUECOLOR, limit, kind=kind) for limit in (0, tolerance))
    assert changes(merged) <= changes(exact)
    contrast = pixels.reshape(4, 8, 8, 8, 3).transpose(0, 2, 4, 1, 3).reshape(4, 8, 3, 64).var(axis=-1).sum(axis=-1)
    seen = 1 / (1 + contrast.max() / EVEN)
    overdone = (CONTRAST - 1) ** 2 * contrast.mean()
    assert error(merged, pixels) <= error(exact, pixels) + tolerance**2 / seen + overdone + 1


def changes(cells: Cells) -> int:
    """How often ink or ground changes along the rows, whichever way round a cell is drawn."""
    total = 0
    for row in zip(cells.ink.tolist(), cells.ground.tolist(), strict=True):
        have: tuple[int, ...] = ()
        for want in zip(*row, strict=True):
            total += len(set(want) - set(have))
            have = want
    return total


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("quality", "most"), [(FINE, 15), (LITE, 120)])
def test_the_loss_of_each_quality(kind: str, quality: int, most: float) -> None:
    for number in range(10):
        cover = photograph(number)
        exact, merged = (picture(cover, 32, 16, ColorMode.TRUECOLOR, limit, kind=kind) for limit in (0, quality))
        meant = resample(cover, 256, 128)
        assert error(merged, meant) - error(exact, meant) < most
        assert changes(merged) < 0.9 * changes(exact)


def test_a_nearly_equal_picture_leaves_most_cells_as_they_are() -> None:
    for kind in KINDS:
        cover = photograph(3)
        grain = np.random.default_rng(5).integers(-3, 4, cover.shape)
        second = (cover.astype(int) + grain).clip(0, 255).astype(np.uint8)
        first, anew = (picture(one, 16, 16, ColorMode.TRUECOLOR, FINE, kind=kind) for one in (cover, second))
        kept = steady(anew, first, second, FINE)
        differ = [
            np.any([one.glyphs != first.glyphs, one.ink != first.ink, one.ground != first.ground], axis=0).mean()
            for one in (anew, kept)
        ]
        assert differ[1] < 0.1 < differ[0]
        assert error(kept, second) <= error(anew, second) + (2 * FINE) ** 2
    other = picture(photograph(9), 16, 16, ColorMode.TRUECOLOR, FINE, kind="octants")
    assert (
        error(steady(other, first, photograph(9), FINE), photograph(9)) <= error(other, photograph(9)) + (2 * FINE) ** 2
    )


@pytest.mark.parametrize("mode", [ColorMode.INDEXED, ColorMode.BASIC])
def test_a_color_of_the_palette_stays_as_it_is(mode: ColorMode) -> None:
    palette, first = (BASIC, 0) if mode is ColorMode.BASIC else (indexed_palette(), 16)
    assert (palette[nearest(palette.astype(float), mode) - first] == palette).all()
    for color in palette[::17].astype(np.uint8):
        cells = picture(np.broadcast_to(color, (8, 8, 3)), 2, 2, mode, 0)
        assert (palette[cells.ground - first] == color).all() and (cells.glyphs == ord(" ")).all()


def test_gray_has_no_hue() -> None:
    cells: Cells = halves(pictures(2, 9)[0], ColorMode.GRAY)
    assert all(value >> 16 == value >> 8 & 255 == value & 255 for value in cells.ground.ravel().tolist())


def test_shrinking_keeps_the_light() -> None:
    dots = np.zeros((128, 128, 3), dtype=np.uint8)
    dots[::2, ::2] = 255
    assert np.abs(LIGHT[resample(dots, 16, 16)].mean() - LIGHT[dots].mean()) < 0.01
    flat = np.full((128, 128, 3), 77, dtype=np.uint8)
    assert (resample(flat, 40, 40) == 77).all() and resample(flat, 128, 128) is flat


def test_every_value_comes_back_from_light() -> None:
    column = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    assert (resample(np.repeat(column, 8, axis=1), 4, 256) == column).all()


def test_sixteen_colours_are_mixed_where_none_is_near() -> None:
    mixed = (ord("░"), ord("▒"))
    wall = np.full((128, 128, 3), (150, 60, 60), np.uint8)  # between dark and light, none of the 16
    cells = picture(wall, 4, 4, ColorMode.BASIC, 0, kind="quadrants")
    assert np.isin(cells.glyphs, mixed).all()
    wall[:, 64:] = 255
    cells = picture(wall, 3, 3, ColorMode.BASIC, 0, kind="quadrants")
    assert (cells.glyphs[:, 1] == ord("▌")).all() and np.isin(cells.glyphs[:, 0], mixed).all()


def characters(pixels: Pixels, mode: ColorMode, light: bool = False) -> list[str]:
    return [strip.text for strip in strips(picture(pixels, 4, 2, mode, 0, light))]


def test_without_colors_brightness_and_where_it_lies_are_kept() -> None:
    above, left = np.zeros((2, 128, 128, 3), dtype=np.uint8)
    above[:26] = left[:, :64] = 255  # most of the upper half of the first row of cells; the left half of all
    assert characters(above, ColorMode.MONO) == ["▀▀▀▀", "    "]
    assert characters(above, ColorMode.MONO, light=True) == ["▄▄▄▄", "████"]
    for mode, ink in ((ColorMode.MONO, "█"), (ColorMode.ASCII, "@")):
        assert {row[0] + row[-1] for row in characters(left, mode)} == {f"{ink} "}
        assert {row[0] + row[-1] for row in characters(left, mode, light=True)} == {f" {ink}"}
    wedge = np.repeat(np.linspace(0, 255, 128)[None, :, None], 128, axis=0).repeat(3, axis=2).astype(np.uint8)
    for mode, ramp in ((ColorMode.MONO, " ░▒▓█"), (ColorMode.ASCII, " :!@")):
        row = strips(picture(wedge, 20, 2, mode, 0))[0].text
        levels = [ramp.index(character) for character in row if character in ramp]
        assert levels == sorted(levels) and set(levels) >= set(range(len(ramp)))


@pytest.mark.parametrize("glyph", '/\\_"`,.;@')
def test_a_picture_of_a_character_is_drawn_by_that_character(glyph: str) -> None:
    shape = Image.new("L", (6, 11))  # a cell
    ImageDraw.Draw(shape).text((0, 0), glyph, fill=255, font=ImageFont.load_default_imagefont())
    cover = np.asarray(shape.resize((60, 110), Image.Resampling.NEAREST).convert("RGB"))
    assert strips(picture(cover, 1, 1, ColorMode.ASCII, 0))[0].text == glyph
