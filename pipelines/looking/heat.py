"""Which parts of two sleeves make them alike: cover a part, look again, and see how much likeness goes.

Occlusion after Zeiler and Fergus (2014): a window over each cover in turn, filled with the cover's own mean colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CELLS = 8  # of a heat map along a side
_CELL = 128 // CELLS  # pixels
_WINDOW = 2  # cells along a side
_DARKEST = 0.25  # brightness of what does not count
_LITTLE = 0.3  # of the other cover's most

Pixels = NDArray[np.uint8]
Heat = NDArray[np.float32]


class Encoder(Protocol):
    """What is needed of `vae.codec.Codec`."""

    def encode(self, images: Pixels, steps: int | None = None) -> NDArray[np.float32]:
        """uint8 [n, 128, 128, 3] → latents float32 [n, d]."""

    def search_vectors(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Latents [n, d] → the vectors [n, m] in which near means alike."""


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike two covers are, and which parts of each make them so."""

    similarity: float  # cosine of the search vectors, -1–1
    heats: tuple[Heat, Heat]  # [8, 8] of each cover: how much similarity goes where the cell is covered; below 0: comes


def alike(codec: Encoder, one: Pixels, other: Pixels) -> Alike:
    """Of two covers uint8 [128, 128, 3]; a hundred covers are encoded, about two seconds on a processor."""
    occluded = [_occluded(one), _occluded(other)]
    # Not polished: for the difference that a window makes the encoder's first answer will do, in a third of the time.
    vectors = codec.search_vectors(codec.encode(np.concatenate([one[None], other[None], *occluded]), steps=0))
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    mine, theirs, rest = vectors[0], vectors[1], vectors[2:]
    similarity = float(mine @ theirs)
    windows = len(occluded[0])
    heats = _heat(similarity - rest[:windows] @ theirs), _heat(similarity - rest[windows:] @ mine)
    return Alike(similarity, heats)


def lit(cover: Pixels, heat: Heat, most: float) -> Pixels:
    """The cover, uint8 [128, 128, 3], with the parts lit that make it alike; `most` is the heat that is lit in full.

    All of it is dark where nothing of it counts.
    """
    share = np.sqrt(np.clip(heat / max(most, 1e-6), 0, 1)).astype(np.float32)
    smooth = np.asarray(Image.fromarray(share).resize((128, 128), Image.Resampling.BICUBIC)).clip(0, 1)[..., None]
    grey = cover.mean(axis=2, keepdims=True)
    colours = grey + (cover - grey) * smooth
    return (colours * (_DARKEST + (1 - _DARKEST) * smooth)).round().astype(np.uint8)


def lit_pair(one: Pixels, other: Pixels, found: Alike) -> tuple[Pixels, Pixels]:
    """Both covers lit by their heat: what counts most in each in full, unless that is little beside the other's."""
    peaks = [float(heat.max()) for heat in found.heats]
    first, second = (max(peak, _LITTLE * max(peaks)) for peak in peaks)
    return lit(one, found.heats[0], first), lit(other, found.heats[1], second)


def side_by_side(pictures: tuple[Pixels, ...], times: int = 4) -> Image.Image:
    """Pictures in a row, each pixel `times` as large."""
    row = np.concatenate(pictures, axis=1)
    return Image.fromarray(row).resize((row.shape[1] * times, row.shape[0] * times), Image.Resampling.BICUBIC)


def _places() -> list[tuple[int, int]]:
    return [(y, x) for y in range(CELLS - _WINDOW + 1) for x in range(CELLS - _WINDOW + 1)]


def _occluded(cover: Pixels) -> Pixels:
    """The cover with each window filled: uint8 [windows, 128, 128, 3]."""
    filled = np.repeat(cover[None], len(_places()), axis=0)
    fill = cover.mean(axis=(0, 1)).round().astype(np.uint8)
    for picture, (y, x) in zip(filled, _places(), strict=True):
        picture[y * _CELL : (y + _WINDOW) * _CELL, x * _CELL : (x + _WINDOW) * _CELL] = fill
    return filled


def _heat(drops: NDArray[np.float32]) -> Heat:
    """The mean drop of the windows over each cell."""
    total, count = np.zeros((2, CELLS, CELLS), np.float32)
    for drop, (y, x) in zip(drops, _places(), strict=True):
        total[y : y + _WINDOW, x : x + _WINDOW] += drop
        count[y : y + _WINDOW, x : x + _WINDOW] += 1
    return np.asarray(total / count, np.float32)
