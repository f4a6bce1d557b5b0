"""Where in a photo a cover lies, where no edges tell: it is slid over the photo in many sizes and compared.

Light is taken out of both, and all places are compared at once by their spectra. A hundredth of a second a cover.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.lens.align import unlit
from pipelines.lens.geometry import UNIT, Corners

_LONG = 64  # pixels of the photo's longer side
_BOX = 7  # of them that light is taken out over
_FINE, _FINE_BOX = 64, 13  # pixels a side of a cover before it is made as small, and as many of them as _BOX is
_SIDES = np.geomspace(0.45, 0.95, 7)  # of a sleeve, in shorter sides of the photo
_ROLLS = (-9, 0, 9)  # degrees

Floats = NDArray[np.float32]


class Placing:
    """A photo to lay covers over."""

    def __init__(self, photo: Image.Image) -> None:
        self._scale = max(photo.size) / _LONG
        size = [max(8, round(side / self._scale)) for side in photo.size]
        small = photo.convert("L").resize((size[0], size[1]), Image.Resampling.BOX)
        self._seen = unlit(_light(small)[None], _BOX)[0]
        self._spectrum = np.fft.rfft2(self._seen)
        self._energy = np.pad(self._seen**2, ((1, 0), (1, 0))).cumsum(0).cumsum(1)

    def place(self, cover: NDArray[np.uint8]) -> tuple[float, Corners]:
        """(how well a cover [s, s, 3] fits there, -1…1, corners in the photo's pixels); others seldom reach 0.4."""
        gray = _light(Image.fromarray(cover).convert("L").resize((_FINE, _FINE), Image.Resampling.BOX))
        flat = Image.fromarray(unlit(gray[None], _FINE_BOX)[0])
        laid = [one for roll in _ROLLS for one in self._turned(flat, roll)]
        if not laid:
            return -1.0, UNIT * self._scale
        spectra = np.conj(np.fft.rfft2(np.stack([one for one, _, _ in laid])))
        fits = np.fft.irfft2(self._spectrum * spectra, s=self._seen.shape)
        best, corners = -1.0, UNIT
        for fit, (_, side, roll) in zip(fits, laid, strict=True):
            energy = self._energy
            there = energy[side:, side:] - energy[:-side, side:] - energy[side:, :-side] + energy[:-side, :-side]
            score = fit[: there.shape[0], : there.shape[1]] / np.sqrt(np.maximum(there, 1e-3))
            top, left = divmod(int(np.argmax(score)), score.shape[1])
            if score[top, left] > best:
                best, angle = float(score[top, left]), np.radians(roll)
                turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
                corners = (UNIT - 0.5) * side @ turn + (left + side / 2, top + side / 2)
        return best, corners * self._scale

    def _turned(self, flat: Image.Image, roll: int) -> list[tuple[Floats, int, int]]:
        """(in the photo's upper left corner, side, roll) of a cover turned so, in all sizes that there is room for."""
        height, width = self._seen.shape
        turned, found = flat.rotate(-roll, Image.Resampling.BILINEAR), []
        for side in sorted({max(8, round(share * min(height, width))) for share in _SIDES}):
            if side <= min(height, width):
                small = np.asarray(turned.resize((side, side), Image.Resampling.BILINEAR))
                template = np.zeros((height, width), np.float32)
                template[:side, :side] = (small - small.mean()) / (small.std() * side + 1e-6)
                found.append((template, side, roll))
        return found


def _light(picture: Image.Image) -> Floats:
    return np.divide(np.asarray(picture), 255, dtype=np.float32)
