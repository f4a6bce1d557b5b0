"""A picture as cells of a terminal: a block glyph, its ink and its ground each, merged into runs of equal colours.

Kinds, from half blocks to octants, are in `glyphs.py`; each cell's glyph and colours come from `split.py`. rich-pixels'
renderer API gives rich segments, whose `Style` objects take eight times as long as the picture; the `thrifty` output
therefore reads the packed colours. The tests compare half blocks with rich-pixels' own, pixel by pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.pictures.colors import COLORLESS, ColorMode, Pixels, gray, joined, rich_color
from tui.pictures.few import nearest, sixteen
from tui.pictures.glyphs import SPACE
from tui.pictures.runs import joined_runs, turned
from tui.pictures.shades import ascii_cells, block_cells, text_strips
from tui.pictures.split import Split, best

FINE = 3  # tolerance of the default quality
LITE = 7  # for slow links
EVEN = 220.0  # squared contrast of a cell in which a change is seen half as well as on an even ground
CONTRAST = 1.15  # of ink and ground: the means of many pixels lie nearer together than the pixels do
FEW = (ColorMode.INDEXED, ColorMode.BASIC)  # colours are indexes of a palette


@dataclass(frozen=True, slots=True)
class Cells:
    """A picture ready to draw. Without colours there are glyphs alone."""

    glyphs: NDArray[np.int32]  # [rows, columns], Unicode
    ink: NDArray[np.int32]  # packed colours; of a space, the ground's
    ground: NDArray[np.int32]
    mode: ColorMode

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.glyphs.shape
        return rows, columns


def picture(
    pixels: Pixels,
    columns: int,
    rows: int,
    mode: ColorMode,
    tolerance: int,
    light: bool = False,
    kind: str = "half",
) -> Cells:
    """`pixels` [h, w, 3] as that many cells of one of KINDS, merged within `tolerance`; `light` is the ground that
    characters without colour stand on.
    """
    if mode in COLORLESS:
        draw = ascii_cells if mode is ColorMode.ASCII else block_cells
        characters = draw(pixels, columns, rows, light)
        return Cells(characters, characters, characters, mode)
    if mode is ColorMode.GRAY:
        pixels = gray(pixels)
    split = best(pixels, columns, rows, kind)
    return plainly(*sixteen(split), mode) if mode is ColorMode.BASIC else merged(split, mode, tolerance)


def merged(split: Split, mode: ColorMode, tolerance: int) -> Cells:
    """A split picture as cells: what differs by about `tolerance` of 255 on an even ground becomes one colour.

    In a cell of much contrast a change counts less, in the form that SSIM gives that (Wang et al. 2004). The constants
    were chosen by SSIM on 150 covers.
    """
    limit = float(tolerance**2)
    plain = split.gain <= limit
    share = np.where(plain, 0, split.share)
    mean = split.ground + (split.ink - split.ground) * split.share[..., None]
    layers = np.stack([np.where(plain[..., None], mean, split.ink), np.where(plain[..., None], mean, split.ground)])
    weights = np.stack([share, 1 - share])
    glyphs, inverses = split.shapes.glyphs[split.glyph], split.shapes.inverses[split.glyph]
    if tolerance:
        layers = mean + (layers - mean) * CONTRAST
        weights *= EVEN / (np.maximum(split.error, 0) + EVEN)
        turn = turned(layers, weights, (inverses == 0) & ~plain, limit)
        layers = np.where(turn[..., None], layers[::-1], layers)
        weights = np.where(turn, weights[::-1], weights)
        glyphs = np.where(turn, inverses, glyphs)
        layers = joined_runs(layers, weights, limit)
    values = np.clip(layers + 0.5, 0, 255).astype(np.int32)
    ink, ground = nearest(values, mode) if mode is ColorMode.INDEXED else joined(values)
    ground = np.where(plain & (weights[0] > weights[1]), ink, ground)
    return plainly(glyphs, np.where(plain, ground, ink), ground, mode)


def plainly(glyphs: NDArray[np.int32], ink: NDArray[np.int32], ground: NDArray[np.int32], mode: ColorMode) -> Cells:
    """Cells of which those of one colour are spaces."""
    return Cells(np.where(ink == ground, SPACE, glyphs).astype(np.int32), ink, ground, mode)


def strips(cells: Cells) -> list[Strip]:
    """One strip a row, for a widget's `render_lines`."""
    if cells.mode in COLORLESS:
        return text_strips(cells.glyphs)
    rows = zip(cells.glyphs, cells.ink, cells.ground, strict=True)
    return [Strip(row_segments(*row, cells.mode), len(row[0])) for row in rows]


def row_segments(
    glyphs: NDArray[np.int32], ink: NDArray[np.int32], ground: NDArray[np.int32], mode: ColorMode
) -> list[Segment]:
    """A row of cells [columns] as segments, one a run of equal colours."""
    starts = np.ones(len(ink), dtype=bool)
    starts[1:] = (ink[1:] != ink[:-1]) | (ground[1:] != ground[:-1])
    at = np.flatnonzero(starts)
    ends = np.append(at[1:], len(ink)).tolist()
    text = "".join(map(chr, glyphs.tolist()))
    return [
        Segment(text[start:end], _style(None if fore == back else fore, back, mode))
        for start, end, fore, back in zip(at.tolist(), ends, ink[at].tolist(), ground[at].tolist(), strict=True)
    ]


@lru_cache(maxsize=8192)
def _style(ink: int | None, ground: int, mode: ColorMode) -> Style:
    return Style.from_color(None if ink is None else rich_color(ink, mode), rich_color(ground, mode))
