"""A model in numpy, so that no test waits for torch."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from pipelines.blends.parents import Parents
from pipelines.blends.recipe_to_file import Blender
from pipelines.looking.whole import Boxes
from tests.tui.support.fakes import FakeCovers
from tui.workers.decoder import Decoder
from vae.directions import Direction


class TinyCodec:
    """A cover's latent is its picture in 4×4 blocks."""

    model_id, refiner_id, latent_dim, batch, device = "tiny", "", 48, 4, "cpu"
    centre = np.full(48, 128, np.float32)

    def __init__(self) -> None:
        self.say: Callable[[str], None] = print
        self.go = threading.Event()
        self.go.set()
        self.decoded: list[np.ndarray] = []

    def encode(self, images: np.ndarray, steps: int | None = None) -> np.ndarray:
        return images.reshape(len(images), 4, 32, 4, 32, 3).mean((2, 4)).reshape(len(images), 48).astype(np.float32)

    def decode(self, latents: np.ndarray, size: int = 128, refine: bool = True) -> np.ndarray:
        self.go.wait(20)
        self.decoded.append(latents)
        blocks = latents.reshape(-1, 4, 4, 3).clip(0, 255).astype(np.uint8)
        return blocks.repeat(size // 4, 1).repeat(size // 4, 2)

    def search_vectors(self, latents: np.ndarray) -> np.ndarray:
        return latents


class Index:
    model_id = "tiny"


def decoder_of(codec: TinyCodec) -> Decoder:
    def blender() -> Blender:
        parents = Parents(codec, FakeCovers())  # type: ignore[arg-type]
        parents.whole = lambda *_: Boxes((), ())  # type: ignore[method-assign, assignment]  # no network looks at stripes
        parents.directions = (Direction("brighter", np.full(48, 10, np.float32)),)
        return Blender(parents)

    return Decoder(blender)
