"""The areas of a montage on the bench: whose is which, seams, pins, layout and detail swapped, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.recipe import DETAILS, Pin
from tui.screens.bench.stage import Shown
from tui.walk.bench import Draft

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import Blender, BlendResult

PREVIEW = 128  # pixels a side
STEPS = 16  # places of the cursor along a side
DIM = 0.45  # of the light of areas that are not the chosen album's
TINTS = ((230, 60, 60), (60, 150, 230), (240, 190, 50), (80, 190, 90), (180, 90, 210), (255, 140, 60), (90, 200, 200))


@dataclass(slots=True)
class Cursor:
    """A place on the picture, in STEPS a side."""

    column: int = STEPS // 2
    row: int = STEPS // 2

    def move(self, columns: int, rows: int) -> None:
        """Within the picture."""
        self.column = max(0, min(STEPS - 1, self.column + columns))
        self.row = max(0, min(STEPS - 1, self.row + rows))

    @property
    def at(self) -> tuple[float, float]:
        """0–1 from the left and from the top."""
        return (self.column + 0.5) / STEPS, (self.row + 0.5) / STEPS


def label_picture(
    made: BlendResult, chosen: int, pins: Sequence[Pin], cursor: Cursor | None
) -> NDArray[np.uint8] | None:
    """uint8 [128, 128, 3]: the chosen album's area as it is, the others dimmed, each in a colour of its own.

    Pins are white squares, the cursor a frame. None where the picture is no montage.
    """
    if made.areas is None:
        return None
    tints = np.array(TINTS, np.float32)[made.areas % len(TINTS)]
    grey = made.pixels.mean(-1, keepdims=True)
    dimmed = DIM * (0.5 * tints + 0.5 * grey)
    picture = np.where((made.areas == chosen)[..., None], made.pixels, dimmed).astype(np.uint8)
    for pin in pins:
        x, y = (int(value * PREVIEW) for value in (pin.x, pin.y))
        picture[max(0, y - 3) : y + 3, max(0, x - 3) : x + 3] = (
            255 if pin.place == chosen else TINTS[pin.place % len(TINTS)]
        )
    if cursor is not None:
        x, y = (int(value * PREVIEW) for value in cursor.at)
        frame = np.zeros((PREVIEW, PREVIEW), bool)
        frame[max(0, y - 6) : y + 6, max(0, x - 6) : x + 6] = True
        frame[max(0, y - 3) : y + 3, max(0, x - 3) : x + 3] = False
        picture[frame] = (255, 255, 255)
    return picture


def area_of(made: BlendResult | None, place: int) -> float | None:
    """The share of the picture that an album has; None where it is no montage."""
    return None if made is None or made.areas is None else float((made.areas == place).mean())


def with_each_detail(blender: Blender, draft: Draft) -> list[Shown]:
    """The draft's picture with each detail, and what it is called."""
    said = {"parents": "detail of the parents", "invented": "invented", "none": "none"}
    made = [replace(draft, detail=detail).recipe(blender, PREVIEW) for detail in DETAILS]
    return [(blender.make(recipe).pixels, said[recipe.detail]) for recipe in made]
