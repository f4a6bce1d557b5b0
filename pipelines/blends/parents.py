"""The covers that blends are made of, as the model sees them: pixels, latents, directions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.recipe import BlendError
from store.catalogue.covers import CoverFiles
from store.catalogue.latents import latents_with_facts, load_latents
from store.errors import LibraryLocked
from vae.directions import Direction, directions

if TYPE_CHECKING:
    from store.database.library import Library
    from vae.codec import Codec

CACHED = 4096  # latents kept: 8 MB
SAMPLE = 20_000  # covers that the directions are computed from


class Parents:
    """A model, and the covers and latents of one library. Not for several threads at once."""

    def __init__(self, codec: Codec, covers: CoverFiles, library: Library | None = None) -> None:
        """`library`: read for latents of the same model, so that covers need not be encoded, and for directions."""
        self.codec, self.covers, self._library = codec, covers, library
        self._latents: dict[str, NDArray[np.float32]] = {}

    @cached_property
    def directions(self) -> tuple[Direction, ...]:
        """Where a blend may drift, from this library's covers; none where it has too few. Raises LibraryLocked."""
        if self._library is None:
            return ()
        with self._library.read() as con:
            facts = latents_with_facts(con, self.codec.model_id, SAMPLE)
        return directions(*facts)

    def latents(self, shas: Sequence[str]) -> NDArray[np.float32]:
        """Covers' latents [n, d]: the library's where the model is the same, else each cover encoded by itself."""
        self.read(shas)
        latents = []
        for sha in shas:
            if sha not in self._latents:
                self._keep(sha, self.codec.encode(self.covers.pixels(sha)[None])[0])
            latents.append(self._latents[sha])  # before another takes its place
        return np.stack(latents)

    def read(self, shas: Sequence[str]) -> None:
        """Read the latents of covers from the library in one burst, as far as it has them."""
        wanted = [sha for sha in dict.fromkeys(shas) if sha not in self._latents]
        if not wanted or self._library is None:
            return
        try:
            with self._library.read() as con:
                found = load_latents(con, self.codec.model_id, wanted)
        except LibraryLocked:
            return  # they are encoded instead
        for sha, latent in zip(*found, strict=True):
            if latent.shape == (self.codec.latent_dim,):
                self._keep(sha, latent)

    def decode(self, latents: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
        """Latents [n, d] → uint8 [n, size, size, 3]. BlendError for a size that the model does not make."""
        try:
            return self.codec.decode(latents, size)
        except ValueError as error:
            raise BlendError(str(error)) from error

    def picture_of(self, sha: str) -> NDArray[np.uint8]:
        """What the model makes of one cover, uint8 [128, 128, 3]."""
        return self.decode(self.latents([sha]), 128)[0]

    def _keep(self, sha: str, latent: NDArray[np.float32]) -> None:
        if len(self._latents) >= CACHED:
            self._latents.pop(next(iter(self._latents)))
        self._latents[sha] = latent
