"""Where faces are on a cover, whoever's. The network is CenterFace (MIT), see NOTICE; of drawn faces it finds some."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.looking.nets import opened
from pipelines.looking.words import Box

SURE = 0.5  # of a face, at least, where nothing else is said
_STEP = 4  # pixels of the cover between the network's places
_SAME = 0.3  # of what two boxes cover together, in both: one face
_HEAD = (0.12, 0.2, 0.12, 0.1)  # of a face's width and height: how far hair, ears and chin go beyond the box


def find_faces(pixels: NDArray[np.uint8], side: int = 384, sure: float = SURE) -> list[Box]:
    """The boxes of heads with faces on a cover uint8 [s, s, 3], looked for at `side` pixels, a multiple of 32."""
    if pixels.shape[0] != side:
        pixels = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))
    session = _session()
    image = pixels.astype(np.float32).transpose(2, 0, 1)[None]
    heat, scale, offset = session.run(None, {session.get_inputs()[0].name: image})[:3]
    heat = heat[0, 0]
    rows, columns = np.nonzero(heat > sure)
    size = np.exp(scale[0, :, rows, columns]) * _STEP  # height, width
    middle = (np.stack([rows, columns], 1) + offset[0, :, rows, columns] + 0.5) * _STEP
    found: list[Box] = []
    heads: list[Box] = []
    for at in np.argsort(-heat[rows, columns], kind="stable").tolist():
        (high, wide), (y, x) = size[at].tolist(), middle[at].tolist()
        face = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        if any(_shared(face, other) > _SAME for other in found):
            continue
        found.append(face)
        more = (-_HEAD[0] * wide, -_HEAD[1] * high, _HEAD[2] * wide, _HEAD[3] * high)
        left, top, right, bottom = (min(1.0, max(0.0, (a + b) / side)) for a, b in zip(face, more, strict=True))
        heads.append((left, top, right, bottom))
    return heads


def _shared(a: Box, b: Box) -> float:
    """Of what two boxes cover together, the part that both cover."""
    inside = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inside
    return inside / both if both > 0 else 0.0


@cache
def _session() -> Any:
    return opened("faces")
