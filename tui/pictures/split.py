"""The best two colours and the best glyph for each cell of a picture: every glyph of a kind is tried.

For a glyph that inks the share s of a cell, the error is least where ink and ground are the means of their pixels. What
it then takes off the error of the plain mean is s(1 - s)|ink - ground|², the square of one product of the cell with a
weighted shape; so one matrix product answers for all cells and glyphs (the criterion of Otsu 1979, over shapes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tui.pictures.colors import Pixels
from tui.pictures.glyphs import HIGH, Shapes, shapes

FINE_CELLS, COARSE_CELLS = 320, 1600  # up to so many cells, the grid has 8 or 4 columns a cell; above, 2
Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Split:
    """A picture's cells [rows, columns] as two colours and a glyph each; colours are float, 0–255."""

    glyph: NDArray[np.intp]  # index into `shapes.glyphs`, the best of all
    ink: Values  # [rows, columns, 3]
    ground: Values
    share: Values  # of the cell that is inked
    error: Values  # of one colour: mean of the squares over the cell, sum over the channels
    gain: Values  # what two colours take off that
    shapes: Shapes


def grid(pixels: Pixels, columns: int, rows: int, wide: int) -> Values:
    """`pixels` [h, w, 3] as [3, rows · columns, HIGH · wide]: a row for each cell of each channel."""
    size = (columns * wide, rows * HIGH)
    small = pixels
    if pixels.shape[1::-1] != size:
        small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
    parts = small.reshape(rows, HIGH, columns, wide, 3).transpose(4, 0, 2, 1, 3)
    return parts.astype(np.float32).reshape(3, rows * columns, HIGH * wide)


def best(pixels: Pixels, columns: int, rows: int, kind: str) -> Split:
    """`pixels` [h, w, 3] split over that many cells, by the glyphs of one of KINDS."""
    cells = columns * rows
    known = shapes(kind, 8 if cells <= FINE_CELLS else 4 if cells <= COARSE_CELLS else 2)
    parts = grid(pixels, columns, rows, known.wide)
    products = parts @ known.basis.T
    mean, products = products[..., -1].T, products[..., :-1]
    gains = np.square(products).sum(axis=0)
    glyph = gains.argmax(axis=1)
    every = np.arange(cells)
    apart, share = products[:, every, glyph].T, known.inked[glyph]
    odds = np.sqrt((1 - share) / share)[:, None]
    shape = (rows, columns)
    return Split(
        glyph.reshape(shape),
        (mean + apart * odds).reshape(*shape, 3),
        (mean - apart / odds).reshape(*shape, 3),
        share.reshape(shape),
        (np.einsum("cnp,cnp->n", parts, parts) / parts.shape[2] - np.square(mean).sum(axis=1)).reshape(shape),
        gains[every, glyph].reshape(shape),
        known,
    )
