"""What a style is told about the album it draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.demo.canvas import Palette, Picture


@dataclass(frozen=True, slots=True)
class Sleeve:
    """One album to draw.

    `house` gives every album of an artist the same numbers: what it decides is the artist's hand. `rng` is the
    album's own. Both are fresh for each cover.
    """

    artist: str
    title: str
    palette: Palette
    house: np.random.Generator
    rng: np.random.Generator


Motif = Callable[[Sleeve], Picture]
