"""The covers that blends are made of, as the model sees them: pixels, latents, directions."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.blends.recipe import BlendError
from pipelines.looking.whole import FINDER, Boxes, boxes_of
from store.catalogue.covers import LARGE, SIDE, CoverFiles
from store.catalogue.latents import albums_with_latents, latents_with_facts, load_latents
from store.errors import LibraryLocked
from store.records import Album
from vae.directions import Direction, directions

if TYPE_CHECKING:
    from store.database.library import Library
    from vae.codec import Codec

CACHED = 4096  # latents kept: 8 MB
CACHED_LARGE = 48  # large covers kept: 38 MB
NEAREST = 50_000  # covers that the nearest albums are looked for among: 50 MB
SAMPLE = 20_000  # covers that the directions are computed from


class Parents:
    """A model, and the covers and latents of one library.

    What calls the model is not for several threads at once; `pixels`, `whole` and `nearest` are.
    """

    def __init__(self, codec: Codec, covers: CoverFiles, library: Library | None = None) -> None:
        """`library`: read for latents of the same model, so that covers need not be encoded, and for directions."""
        self.codec, self.covers, self._library = codec, covers, library
        self._latents: dict[str, NDArray[np.float32]] = {}
        self._whole: dict[tuple[str, bool, str], Boxes] = {}
        self._larges: dict[str, NDArray[np.uint8] | None] = {}
        self._looking = threading.RLock()  # at `_larges`

    @cached_property
    def directions(self) -> tuple[Direction, ...]:
        """Where a blend may drift, from this library's covers; none where it has too few. Raises LibraryLocked."""
        if self._library is None:
            return ()
        with self._library.read() as con:
            facts = latents_with_facts(con, self.codec.model_id, SAMPLE)
        return directions(*facts, self.codec.pictured)

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

    def decode(self, latents: NDArray[np.float32], size: int, invent: bool = True) -> NDArray[np.uint8]:
        """Latents [n, d] → uint8 [n, size, size, 3], with the detail that the model invents or without.

        BlendError for a size that the model does not make.
        """
        try:
            return self.codec.decode(latents, size, invent)
        except ValueError as error:
            raise BlendError(str(error)) from error

    def pixels(self, sha: str, size: int, side: int = LARGE) -> tuple[NDArray[np.uint8], int]:
        """(a cover as uint8 [size, size, 3], pixels a side of the picture used: its large one where there is one).

        `side` 128: the small one all the same. LibraryError where the cover is missing.
        """
        large = self._large(sha) if size > SIDE and side > SIDE else None
        picture = self.covers.pixels(sha) if large is None else large
        used = picture.shape[0]
        if used != size:
            picture = np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS))
        return picture, used

    def nearest(self, point: NDArray[np.float32], k: int, without: Collection[str]) -> list[tuple[Album, float]]:
        """The k albums nearest to a latent [d] and how like they are (cosine), but those with the covers `without`.

        Of the first NEAREST covers of the library; none where it is locked when it is first asked.
        """
        albums, ways = self._known
        away = point - self.codec.centre
        like = ways.astype(np.float32) @ (away / max(float(np.linalg.norm(away)), 1e-9))
        order = np.argsort(-like, kind="stable")[: k + len(without)].tolist()
        return [(albums[at], float(like[at])) for at in order if albums[at].cover_sha256 not in without][:k]

    @cached_property
    def _known(self) -> tuple[list[Album], NDArray[np.float16]]:
        """The library's albums, and the directions of their covers about the centre, [n, d]."""
        nothing = np.zeros((0, self.codec.latent_dim), np.float16)
        if self._library is None:
            return [], nothing
        try:
            with self._library.read() as con:
                rows, latents = albums_with_latents(con, self.codec.model_id, NEAREST)
        except LibraryLocked:
            return [], nothing
        if not rows:
            return [], nothing
        away = latents - self.codec.centre
        ways = (away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)).astype(np.float16)
        return [Album(one, artist, title, None, None, None, sha) for one, artist, title, sha in rows], ways

    def whole(self, sha: str, side: int = LARGE, finder: str = FINDER) -> Boxes:
        """What is shown whole or not at all, the words and heads of the picture that `pixels` takes."""
        at = (sha, side > SIDE, finder)
        if at not in self._whole:
            large = self._large(sha) if side > SIDE else None
            self._whole[at] = boxes_of(self.covers, sha, self.covers.pixels(sha) if large is None else large, finder)
        return self._whole[at]

    def _large(self, sha: str) -> NDArray[np.uint8] | None:
        with self._looking:
            if sha not in self._larges:
                while len(self._larges) >= CACHED_LARGE:
                    self._larges.pop(next(iter(self._larges)))
                self._larges[sha] = self.covers.large(sha)
            return self._larges[sha]

    def picture_of(self, sha: str) -> NDArray[np.uint8]:
        """What the model makes of one cover, uint8 [128, 128, 3]."""
        return self.decode(self.latents([sha]), 128)[0]

    def _keep(self, sha: str, latent: NDArray[np.float32]) -> None:
        if len(self._latents) >= CACHED:
            self._latents.pop(next(iter(self._latents)))
        self._latents[sha] = latent
