"""The lines of words on a cover, which a montage shows whole or not at all: found by RapidOCR where it is installed.

It is the extra `words`: a hundred megabytes, and a quarter of a second a cover, once in a sitting. Without it words may
be cut. Only where words are is asked, not what they say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

SIDE = 512  # pixels a side that are looked at
Box = tuple[float, float, float, float]  # left, top, right, bottom, 0–1
Finder = Callable[[NDArray[np.uint8]], list[Box]]


@cache
def finder() -> tuple[str, Finder] | None:
    """(its name and version, what finds the boxes on uint8 [512, 512, 3]); None where none is installed."""
    try:
        from rapidocr import RapidOCR

        name = f"rapidocr-{version('rapidocr')}"
    except (ImportError, PackageNotFoundError):
        return None
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    alone = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    engine = RapidOCR(params={"Global.use_cls": False, "Global.use_rec": False, "Global.log_level": "error", **alone})

    def find(pixels: NDArray[np.uint8]) -> list[Box]:
        found = engine(np.ascontiguousarray(pixels[..., ::-1]), use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        boxes = np.clip(np.asarray(found.boxes, np.float64) / SIDE, 0, 1)  # [n, 4 corners, 2]
        low, high = boxes.min(1).tolist(), boxes.max(1).tolist()
        return [(left, top, right, bottom) for (left, top), (right, bottom) in zip(low, high, strict=True)]

    return name, find
