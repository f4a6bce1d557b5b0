"""Block glyphs by the part of a cell that they ink, for each kind of cells.

A kind is named after the parts that it cuts a cell into. From quadrants on it also has the eighths of Unicode's
Block Elements (▁ to ▇, ▏ to ▉), which a terminal that has quadrants has too and which add as much detail as the next
kind does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

KINDS = {"half": (1, 2), "quadrants": (2, 2), "sextants": (2, 3), "octants": (2, 4)}  # columns, rows of parts
SPACE = ord(" ")
HIGH = 8  # rows of the grid that shapes are drawn on; a part of a sextant has two and two thirds of them
QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"  # by a bit for each quarter: 1 upper left, 2 upper right, 4 lower left, 8 lower right
_OLDER = {  # octants (bits row by row from the upper left) that Unicode 16 left to what there was before, or elsewhere
    **{1: 0x1CEA8, 2: 0x1CEAB, 64: 0x1CEA3, 128: 0x1CEA0, 20: 0x1FBE6, 40: 0x1FBE7, 3: 0x1FB82, 63: 0x1FB85},
    **dict(zip((0, 5, 10, 15, 80, 85, 90, 95), map(ord, QUADRANTS[:8]), strict=True)),
    **dict(zip((160, 165, 170, 175, 240, 245, 250, 255), map(ord, QUADRANTS[8:]), strict=True)),
    **{192: ord("▂"), 252: ord("▆")},
}
_LOWER = {eighths: 0x2580 + eighths for eighths in range(1, 8)}  # ▁ to ▇, by rows of the grid
_LEFT = {eighths: 0x2590 - eighths for eighths in range(1, 8)}  # ▏ to ▉
Shape = NDArray[np.float32]  # [HIGH, wide], the share of ink, 0–1


@dataclass(frozen=True, slots=True)
class Shapes:
    """What a kind of cells can draw on a grid of HIGH rows and `wide` columns; of a glyph and its inverse one."""

    wide: int
    glyphs: NDArray[np.int32]  # [n]
    inverses: NDArray[np.int32]  # [n]: the glyph with ink and ground exchanged, 0 where there is none
    inked: NDArray[np.float32]  # [n]: share of the cell, 0–1
    basis: NDArray[np.float32]  # [n + 1, HIGH * wide]: see `split.best`


def _glyphs(kind: str) -> dict[int, int]:
    """Every pattern of the kind's parts (bits row by row from the upper left) and its glyph."""
    if kind == "octants":
        new = iter(range(0x1CD00, 0x1CDE6))
        return {bits: _OLDER[bits] if bits in _OLDER else next(new) for bits in range(256)}
    if kind == "sextants":
        known, new = {0: SPACE, 21: ord("▌"), 42: ord("▐"), 63: ord("█")}, iter(range(0x1FB00, 0x1FB3C))
        return {bits: known[bits] if bits in known else next(new) for bits in range(64)}
    if kind == "quadrants":
        return {bits: ord(glyph) for bits, glyph in enumerate(QUADRANTS)}
    return {0: SPACE, 1: ord("▀"), 2: ord("▄"), 3: ord("█")}


def _shape(bits: int, kind: str, wide: int) -> Shape:
    columns, rows = KINDS[kind]
    parts = np.array([bits >> part & 1 for part in range(columns * rows)]).reshape(rows, columns)
    rows_of_grid = parts.repeat(HIGH, axis=0).reshape(HIGH, rows, columns).mean(axis=1)
    return rows_of_grid.repeat(wide // columns, axis=1).astype(np.float32)


def inked_parts(kind: str, wide: int) -> dict[int, Shape]:
    """Glyph → its shape, for every glyph of a kind on a grid `wide` columns wide."""
    found = {glyph: _shape(bits, kind, wide) for bits, glyph in _glyphs(kind).items()}
    if kind != "half":
        rows, columns = np.arange(HIGH)[:, None], np.arange(wide)[None, :]
        every = np.ones((HIGH, wide), np.float32)
        found |= {glyph: every * (rows >= HIGH - eighths) for eighths, glyph in _LOWER.items()}
        found |= {
            glyph: every * (columns * 8 < eighths * wide) for eighths, glyph in _LEFT.items() if eighths * wide % 8 == 0
        }
        found |= {ord("▔"): every * (rows < 1)}
        found |= {ord("▕"): every * (columns == wide - 1)} if wide == 8 else {}
    return found


def _parts(shape: Shape) -> bytes:
    """The same for equal shapes, whose thirds may differ in the last digit."""
    return np.rint(shape * 12).astype(np.uint8).tobytes()


@lru_cache(maxsize=16)
def shapes(kind: str, wide: int) -> Shapes:
    """The shapes of one of KINDS; `wide`: 2, 4 or 8 columns."""
    found = inked_parts(kind, wide)
    by_shape = {_parts(shape): glyph for glyph, shape in found.items()}
    glyphs, inverses, kept = [], [], []
    for key, glyph in by_shape.items():
        inverse = by_shape.get(_parts(1 - found[glyph]), 0)
        if glyph not in (SPACE, ord("█")) and inverse not in glyphs and key:
            glyphs.append(glyph)
            inverses.append(inverse)
            kept.append(found[glyph].ravel())
    ink = np.array(kept, np.float32)
    share = ink.mean(axis=1, keepdims=True)
    weighted = (ink - share) / np.sqrt(share * (1 - share)) / ink.shape[1]
    basis = np.concatenate([weighted, np.full((1, ink.shape[1]), 1 / ink.shape[1])])
    return Shapes(
        wide,
        np.array(glyphs, np.int32),
        np.array(inverses, np.int32),
        share[:, 0].astype(np.float32),
        basis.astype(np.float32),
    )


@lru_cache(maxsize=4)
def _ink_table(wide: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    every = {glyph: shape for kind in KINDS for glyph, shape in inked_parts(kind, 8).items()}
    glyphs = np.array(sorted(every), np.int32)
    ink = np.stack([every[glyph] for glyph in glyphs.tolist()])
    return glyphs, ink.reshape(-1, HIGH, wide, 8 // wide).mean(axis=-1).reshape(len(glyphs), -1)


def ink_of(glyphs: NDArray[np.int32], wide: int) -> NDArray[np.float32]:
    """Glyphs [...] of any kind as [..., HIGH · wide]: how much of each part of the cell is ink, 0–1."""
    known, ink = _ink_table(wide)
    found: NDArray[np.float32] = ink[np.searchsorted(known, glyphs)]
    return found


def _pairs() -> dict[int, int]:
    both = [(at.glyphs, at.inverses) for kind in KINDS for at in (shapes(kind, 8),)]
    pairs = [pair for glyphs, inverses in both for pair in zip(glyphs.tolist(), inverses.tolist(), strict=True)]
    return {one: other for glyph, inverse in pairs if inverse for one, other in ((glyph, inverse), (inverse, glyph))}


INVERSES = _pairs()  # glyph → the glyph with ink and ground exchanged
