"""Covers to latents: the stage that runs the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import ahead, batched
from store.catalogue.covers import CoverFiles
from store.errors import LibraryError

if TYPE_CHECKING:
    from vae.codec import Codec

BATCH = 256  # covers read, encoded and stored at a time: a few seconds of work on two cores


@dataclass(frozen=True, slots=True)
class Embedded:
    """A batch's latents (float32 [n, d], one for each of `shas`) and the covers that could not be read, with why."""

    shas: list[str]
    latents: NDArray[np.float32]
    unreadable: list[tuple[str, str]]


def read_covers(files: CoverFiles, shas: Sequence[str]) -> list[NDArray[np.uint8] | LibraryError]:
    """The pixels of each cover (uint8 [128, 128, 3]), or why not."""
    out: list[NDArray[np.uint8] | LibraryError] = []
    for sha in shas:
        try:
            out.append(files.pixels(sha))
        except LibraryError as error:
            out.append(error)
    return out


def embed(files: CoverFiles, shas: Sequence[str], codec: Codec) -> Iterator[Embedded]:
    """Latents of all these covers, batch by batch; the next batches are read while one is encoded."""
    with ThreadPoolExecutor(2) as pool:
        reading = ((batch, pool.submit(read_covers, files, batch)) for batch in batched(shas, BATCH))
        for batch, pending in ahead(reading, 2):
            kept: list[str] = []
            pixels: list[NDArray[np.uint8]] = []
            unreadable: list[tuple[str, str]] = []
            for sha, found in zip(batch, pending.result(), strict=True):
                if isinstance(found, LibraryError):
                    unreadable.append((sha, str(found)))
                else:
                    kept.append(sha)
                    pixels.append(found)
            latents = codec.encode(np.stack(pixels)) if pixels else np.empty((0, codec.latent_dim), np.float32)
            yield Embedded(kept, latents, unreadable)
