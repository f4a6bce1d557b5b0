"""What a classifier is given of a cover: pixels for PCA, colours, an eye's facts, the model's numbers, their sum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.facts import cover_facts
from pipelines.progress import Progress
from store.looks import COLORS
from vae.info import read_info, search_matrix
from vae.search import search_vectors

if TYPE_CHECKING:
    from vae.codec import Codec

SIDE = 32  # pixels of the thumbnails that PCA is fitted on
BATCH = 256
FEATURES = ("pca", "colour", "facts", "latents", "meaning", "all")
MEASURES = ("lightness", "saturation", "colored", "contrast", "texture", "symmetry", "centred", "border")
FACTS = (*MEASURES, *COLORS)  # what `fact_numbers` gives
_BESIDE = 0.5  # length of colour and of facts beside meaning in their sum
_HUES, _STRENGTHS, _LIGHTS = 8, 4, 4


def feature_sets(
    images: NDArray[np.uint8], latents: NDArray[np.float32], weights: Path
) -> dict[str, NDArray[np.float32]]:
    """FEATURES of covers and the latents [n, d] that the model in `weights` gave them, float32 [n, p] each.

    "meaning": what of the search vectors says what a cover shows; all of them where the model has no such numbers.
    """
    near = search_vectors(latents, search_matrix(weights))
    found = {
        "pca": thumbnails(images),
        "colour": color_histograms(images),
        "facts": fact_numbers(images),
        "latents": latents,
        "meaning": near[:, : read_info(weights).config.meaning or None],
    }
    parts = (found["meaning"], _BESIDE * _unit(found["colour"]), _BESIDE * _unit(found["facts"]))
    found["all"] = np.concatenate([_unit(parts[0]), *parts[1:]], axis=1)
    return found


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows from the mean of all, of length 1."""
    away = values - values.mean(axis=0)
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9), np.float32)


def fact_numbers(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [n, 128, 128, 3] → float32 [n, 22], FACTS in units of their deviation among these covers."""
    found = np.zeros((len(images), len(FACTS)), np.float32)
    for start in range(0, len(images), BATCH):
        for row, facts in enumerate(cover_facts(images[start : start + BATCH]), start):
            found[row, : len(MEASURES)] = [getattr(facts, name) for name in MEASURES]
            for name, share, _ in facts.palette:
                found[row, FACTS.index(name)] += share
    spread = found.std(axis=0)
    return np.asarray((found - found.mean(axis=0)) / np.where(spread > 0, spread, 1), np.float32)


def thumbnails(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [n, 128, 128, 3] → float32 [n, 3072] in 0–1: means over squares of 4×4 pixels."""
    step = images.shape[1] // SIDE
    parts = [
        part.reshape(len(part), SIDE, step, SIDE, step, 3).mean(axis=(2, 4), dtype=np.float32).reshape(len(part), -1)
        for part in np.array_split(images, max(1, len(images) // BATCH))
    ]
    return (np.concatenate(parts) / 255).astype(np.float32)


def color_histograms(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [n, 128, 128, 3] → float32 [n, 128]: roots of the shares of 8 hues × 4 saturations × 4 values (HSV)."""
    images = images[:, ::2, ::2]  # every second pixel both ways: the shares stay, the time is a quarter
    return np.concatenate([_histograms(part) for part in np.array_split(images, max(1, len(images) // BATCH))])


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


class KnownLatents:
    """A codec that remembers: a cover that was encoded once is not encoded again, also in a later run."""

    def __init__(self, load: Callable[[], Codec], model_id: str, file: Path | None = None) -> None:
        """`file` keeps the latents between runs; one of another model or damaged is not used."""
        self._load = load
        self._codec: Codec | None = None
        self.model_id = model_id
        self._known: dict[bytes, NDArray[np.float32]] = {}
        if file is not None and file.is_file():
            self._read(file)

    @property
    def codec(self) -> Codec:
        """The model, loaded when it is needed."""
        if self._codec is None:
            self._codec = self._load()
        return self._codec

    @property
    def device(self) -> object:
        """Where it runs."""
        return self.codec.device

    @property
    def latent_dim(self) -> int:
        return self.codec.latent_dim

    def encode(self, images: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float32]:
        """uint8 [n, 128, 128, 3] → float32 [n, d]."""
        names = [_name(image) for image in images]
        missing = sorted({name: row for row, name in enumerate(names) if name not in self._known}.values())
        if missing and progress is not None:
            progress.start("covers to latents", len(missing))
        for start in range(0, len(missing), BATCH):
            rows = missing[start : start + BATCH]
            for row, latent in zip(rows, self.codec.encode(images[rows]), strict=True):
                self._known[names[row]] = latent
            if progress is not None:
                progress.advance(len(rows))
        if missing and progress is not None:
            progress.finish()
        return np.stack([self._known[name] for name in names])

    def learn(self, images: NDArray[np.uint8], latents: NDArray[np.float32]) -> None:
        """Latents that are known from elsewhere, such as a library's own."""
        for image, latent in zip(images, latents, strict=True):
            self._known[_name(image)] = latent

    def save_to(self, file: Path) -> None:
        """Keep the latents for a later run."""
        names = sorted(self._known)
        with file.open("wb") as out:
            np.savez(
                out,
                model_id=np.array(self.model_id),
                names=np.frombuffer(b"".join(names), np.uint8).reshape(-1, 16),
                latents=np.stack([self._known[name] for name in names]),
            )

    def _read(self, file: Path) -> None:
        try:
            with np.load(file, allow_pickle=False) as kept:
                if str(kept["model_id"]) == self.model_id:
                    names, latents = kept["names"], kept["latents"]
                    self._known = {name.tobytes(): row for name, row in zip(names, latents, strict=True)}
        except (OSError, ValueError, KeyError, EOFError):
            self._known = {}  # derived: it is made again


def _name(image: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()
