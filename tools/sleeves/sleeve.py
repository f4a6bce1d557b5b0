"""What a style is told about the album it draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.sleeves.canvas import Palette, Picture


@dataclass(frozen=True, slots=True)
class Sleeve:
    """One album to draw.

    `house` gives every album of an artist the same numbers: what it decides is the artist's hand. `rng` is the
    album's own. Both are fresh for each cover.
    """

    artist: str
    title: str
    place: int  # the artist's place in its scene
    palette: Palette
    house: np.random.Generator
    rng: np.random.Generator

    def kind(self, count: int) -> int:
        """Which of a motif's `count` variants: the artists of a scene take turns; one album in four goes astray."""
        return (self.place + int(self.rng.random() < 0.25)) % count


Motif = Callable[[Sleeve], Picture]
