"""Pictures without colour: a character a cell by its brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.strip import Strip

RAMP = " .:-=+*#%@"  # from dark to bright


def ascii_art(upper: NDArray[np.int32], lower: NDArray[np.int32], light: bool = False) -> list[Strip]:
    """A character a cell by its brightness, stretched over the picture's range; `light` for dark on light."""
    shades = (upper & 255) + (lower & 255)
    low, high = np.percentile(shades, (2, 98))
    if high - low < 40:  # a flat picture stays flat
        low, high = 0, 510
    levels = np.clip((shades - low) * len(RAMP) / (high - low), 0, len(RAMP) - 1).astype(int)
    ramp = RAMP[::-1] if light else RAMP
    return [Strip([Segment("".join(ramp[level] for level in row))], len(row)) for row in levels.tolist()]
