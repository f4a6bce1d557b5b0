"""What a classifier is given of a cover: pixels, colours, an eye's facts, our model's numbers, another's, their sum."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.known import KnownLite
from pipelines.evidence.trials import cores
from pipelines.facts import cover_facts
from pipelines.progress import Progress
from store.looks import COLORS
from vae.info import read_info, search_matrix
from vae.search import search_vectors

SIDE = 32  # pixels of the thumbnails that PCA is fitted on
BATCH = 32  # covers in work at once: their pixels stay in the processor's cache
MEASURES = ("lightness", "saturation", "colored", "contrast", "texture", "symmetry", "centred", "border")
FACTS = (*MEASURES, *COLORS)  # what `fact_numbers` gives
_SUM = {"meaning": 1.0, "colour": 0.5, "facts": 0.5, "lite2": 1.0}  # lengths in "all"
_HUES, _STRENGTHS, _LIGHTS = 8, 4, 4


def feature_sets(
    images: NDArray[np.uint8],
    latents: NDArray[np.float32],
    weights: Path,
    lite: KnownLite,
    progress: Progress | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Kinds of numbers, float32 [n, p] each, of covers and the latents [n, d] that the model in `weights` gave them.

    "meaning": what of the search vectors says what a cover shows; all of them where the model has no such numbers.
    "lite2": what another network sees, where its packages are installed. "all": meaning, colour, facts and lite2
    side by side.
    """
    progress = progress or Progress()
    progress.start("colours, thumbnails and facts", None)
    near = search_vectors(latents, search_matrix(weights))
    found = {
        "pca": thumbnails(images),
        "colour": color_histograms(images),
        "facts": fact_numbers(images),
        "latents": latents,
        "meaning": near[:, : read_info(weights).config.meaning or None],
    }
    progress.finish()
    if (other := lite.numbers(images, progress)) is not None:
        found["lite2"] = other
    found["all"] = np.concatenate(
        [weight * _unit(found[name]) for name, weight in _SUM.items() if name in found], axis=1
    )
    return found


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows from the mean of all, of length 1."""
    away = values - values.mean(axis=0)
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9), np.float32)


def fact_numbers(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [n, 128, 128, 3] → float32 [n, 22], FACTS in units of their deviation among these covers."""
    found = _in_parts(images, _facts)
    spread = found.std(axis=0)
    return np.asarray((found - found.mean(axis=0)) / np.where(spread > 0, spread, 1), np.float32)


def thumbnails(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [n, 128, 128, 3] → float32 [n, 3072] in 0–1: means over squares of 4×4 pixels."""
    return _in_parts(images, _thumbnails)


def color_histograms(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [n, 128, 128, 3] → float32 [n, 128]: roots of the shares of 8 hues × 4 saturations × 4 values (HSV)."""
    return _in_parts(images[:, ::2, ::2], _histograms)  # every second pixel: the shares stay, the time is a quarter


def _in_parts(
    images: NDArray[np.uint8], work: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """What `work` gives for each batch, on all cores."""
    with ThreadPoolExecutor(cores()) as pool:
        return np.concatenate(list(pool.map(work, np.array_split(images, max(1, len(images) // BATCH)))))


def _facts(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    found = np.zeros((len(images), len(FACTS)), np.float32)
    for row, facts in zip(found, cover_facts(images), strict=True):
        row[: len(MEASURES)] = [getattr(facts, name) for name in MEASURES]
        for name, share, _ in facts.palette:
            row[FACTS.index(name)] += share
    return found


def _thumbnails(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    step = images.shape[1] // SIDE
    means = images.reshape(len(images), SIDE, step, SIDE, step, 3).mean(axis=(2, 4), dtype=np.float32)
    return (means.reshape(len(images), -1) / 255).astype(np.float32)


def _histograms(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    rgb = images.reshape(len(images), -1, 3).astype(np.float32) / 255
    high, low = rgb.max(axis=-1), rgb.min(axis=-1)
    spread = high - low
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    safe = np.where(spread > 0, spread, 1)
    hue = np.where(
        high == red,
        (green - blue) / safe % 6,
        np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    strength = spread / np.where(high > 0, high, 1)
    bins = np.minimum((hue / 6 * _HUES).astype(np.int64), _HUES - 1)
    bins = bins * _STRENGTHS + np.minimum((strength * _STRENGTHS).astype(np.int64), _STRENGTHS - 1)
    bins = bins * _LIGHTS + np.minimum((high * _LIGHTS).astype(np.int64), _LIGHTS - 1)
    count = _HUES * _STRENGTHS * _LIGHTS
    found = np.bincount((bins + count * np.arange(len(images))[:, None]).ravel(), minlength=count * len(images))
    return np.sqrt(found.reshape(len(images), count) / bins.shape[1]).astype(np.float32)
