"""Areas of covers joined to one picture: fine structure is cut along the seams, light and colour run across them.

The lowest bands come from the decoded blend, so that the picture has its light; the others from the covers, by
Laplacian pyramids (Burt and Adelson, 1983), the finest three with a seam of two pixels, since a wider one is smoke.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pipelines.blends.montage.filters import BICUBIC, BILINEAR, BOX, Planes, doubled, halved, planes, resized
from pipelines.blends.montage.uncut import Labels

BLENDED = (1.0, 0.8, 0.38, 0.03)  # how much of a band is the decoded blend's: 8 places a side, 16, 32, 64
OWN = 0.5  # how much less than that where a head is: it keeps its own modelling
SWAPPED = (1.0, 1.0, 0.6, 0.2)  # the same where one cover gives the layout and others the detail
LOWEST = 8
BASE = 128  # up to so many places a side bands are joined softly
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
RAISED = 0.7  # how far a picture that is darker than its parents comes nearer to them
LIGHTEST = 0.5  # exponent of brightness, at least, where a picture would be darker than its parents
BEYOND = 8  # pixels that the seam of a mask of 512 is blurred over, and more
ROUND = 0.9  # how far labels are smoothed before they are enlarged


def enlarged(labels: Labels, side: int) -> Labels:
    """Labels [128, 128] at [side, side], their corners rounded."""
    if labels.shape[0] == side:
        return labels
    best, out = np.zeros((side, side), np.uint8), np.zeros((side, side), np.int8)
    for label in np.unique(labels):
        mask = Image.fromarray((labels == label).astype(np.uint8) * np.uint8(255))
        here = np.asarray(mask.filter(ImageFilter.GaussianBlur(ROUND)).resize((side, side), BICUBIC))
        out[here > best] = label
        best = np.maximum(best, here)
    return out


def join(
    guide: NDArray[np.uint8],
    covers: NDArray[np.uint8],
    masks: Planes,
    strength: float = 1.0,
    bands: Sequence[float] = BLENDED,
    least: float = 0.0,
    heads: Planes | None = None,
) -> NDArray[np.uint8]:
    """uint8 [s, s, 3] of covers [n, s, s, 3] where masks [n, s, s] (0–1, summing to 1) say, s 128 or 512.

    `guide` uint8 [128, 128, 3]: the decoded blend. `strength` 0–1: how much of its light the picture has,
    `bands` how much of each band from the lowest. `least`: mean brightness 0–1 that a darker picture comes nearer to.
    `heads` [128, 128], 0–1: where heads are, which keep more of their own light.
    """
    side = covers.shape[1]
    small = np.stack([_small(cover) for cover in covers])
    light = planes(guide)
    soft = _joined(planes(small), resized(masks, BASE, BOX), light, [strength * band for band in bands], heads)
    out = np.ascontiguousarray(np.moveaxis(resized(soft, side, BILINEAR), 0, -1))
    if side > BASE:
        for cover, low, mask in zip(covers, small, masks, strict=True):
            where = _box(mask)
            smooth = np.asarray(Image.fromarray(low).resize((side, side), BILINEAR))[where]
            share = mask[where] / np.float32(255)
            out[where] += (cover[where].astype(np.int16) - smooth) * share[..., None]
    out = _exposed(np.clip(out, 0, 1, out=out), least)
    out *= 255
    out += np.float32(0.5)
    return out.astype(np.uint8)


def _box(mask: NDArray[np.generic], margin: int = 0) -> tuple[slice, slice]:
    """The rows and columns where [h, w] is not 0, and so many more around them."""
    ends = []
    for axis in (1, 0):
        there = np.flatnonzero(mask.any(axis))
        ends.append(slice(max(there[0] - margin, 0), there[-1] + 1 + margin) if len(there) else slice(0))
    return ends[0], ends[1]


def brightness(pixels: NDArray[np.uint8]) -> float:
    """Of uint8 [s, s, 3] on average, 0–1."""
    return float(pixels.mean((0, 1)) @ LUMA) / 255


def _exposed(picture: Planes, least: float) -> Planes:
    """[s, s, 3] with its middle tones raised most of the way to that brightness. Black and white stay."""
    few = picture[:: len(picture) // 64, :: len(picture) // 64] @ LUMA
    if (own := float(few.mean())) >= least:
        return picture
    least = own + RAISED * (least - own)
    low, high = LIGHTEST, 1.0
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (low, middle) if float((few**middle).mean()) < least else (middle, high)
    return picture ** np.float32(high)


def masks_of(labels: Sequence[Labels], weights: Sequence[float], n: int) -> Planes:
    """[n, side, side] in 0–1 out of labels [side, side] of one moment, or of several that are faded into each other."""
    side = labels[0].shape[0]
    parts = np.round(np.asarray(weights) / sum(weights) * 255).astype(np.uint8)
    parts[parts.argmax()] += np.uint8(255 - parts.sum(dtype=int))
    masks = np.zeros((n, side, side), np.uint8)
    for one, part in zip(labels, parts, strict=True):
        for label in range(n):
            masks[label] += part * (one == label)
    if side > BASE:
        seam = ImageFilter.GaussianBlur(side / 512)
        for mask in masks:
            where = _box(mask, BEYOND)
            mask[where] = np.asarray(Image.fromarray(mask[where]).filter(seam)) if mask[where].size else 0
    soft = masks.astype(np.float32)
    return soft / np.maximum(soft.sum(0), 1)


def _small(cover: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cover if cover.shape[0] == BASE else np.asarray(Image.fromarray(cover).resize((BASE, BASE), BOX))


def _joined(covers: Planes, masks: Planes, light: Planes, lit: Sequence[float], heads: Planes | None) -> Planes:
    """[3, BASE, BASE] of covers [n, 3, BASE, BASE] and masks [n, BASE, BASE]."""
    bands, lights = _bands(covers), _bands(light)
    out = np.zeros((3, 1, 1), np.float32)
    for level in reversed(range(len(bands))):
        side = bands[level].shape[-1]
        mask = resized(masks, side, BOX)
        band = np.einsum("nhw,nchw->chw", mask / np.maximum(mask.sum(0), np.float32(1e-6)), bands[level])
        place = len(bands) - 1 - level
        share: Planes | np.float32 = np.float32(lit[place] if place < len(lit) else 0)
        if heads is not None and 0 < place < len(lit):
            share = share * (1 - np.float32(OWN) * resized(heads, side, BOX))
        band = (1 - share) * band + share * lights[level]
        out = band if out.shape[-1] == 1 else doubled(out) + band
    return out


def _bands(x: Planes) -> list[Planes]:
    """[..., BASE, BASE] → differences from BASE places a side down, and at last what is left at LOWEST."""
    bands = []
    while x.shape[-1] > LOWEST:
        low = halved(x)
        bands.append(x - doubled(low))
        x = low
    return [*bands, x]
