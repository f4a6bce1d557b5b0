"""Albums to a new cover: latents, arithmetic, decoding, and a file that carries its recipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.blends.files import write_blend
from pipelines.blends.recipe import BlendError, Part, Recipe, file_name
from store.catalogue.covers import CoverFiles
from store.catalogue.latents import latents_of, latents_with_facts
from store.errors import LibraryLocked
from store.records import Album
from vae.blend import MODES, blend
from vae.directions import Direction, directions
from vae.info import SHIPPED

if TYPE_CHECKING:
    from store.database.library import Library
    from vae.codec import Codec

CACHED = 4096  # latents kept: 8 MB
SAMPLE = 20_000  # covers of which the directions are made
ACROSS = 6  # pictures in a row of a composite: the poster's five and what came of them


@dataclass(frozen=True, slots=True)
class BlendResult:
    """A blend as made. `pixels` uint8 [height, width, 3]; `path` is where it was written, None if it was not."""

    recipe: Recipe
    pixels: NDArray[np.uint8]  # of a film the first frame
    path: Path | None
    device: str
    seconds: float  # from the albums to the file, the model being loaded
    film: tuple[NDArray[np.uint8], ...] = ()  # all frames, from end to end


class Blender:
    """Makes blends for one library. Loads the model (and torch) at the first one. Not for several threads at once."""

    def __init__(
        self,
        covers_dir: Path,
        weights: Path = SHIPPED,
        device: str = "auto",
        load_codec: Callable[[], Codec] | None = None,
        *,
        library: Library | None = None,
    ) -> None:
        """`library`: where latents of the same model are read in place of encoding covers, and directions come from."""
        self._files, self._weights, self._device, self._load = CoverFiles(covers_dir), weights, device, load_codec
        self._library = library
        self._codec: Codec | None = None
        self._latents: dict[str, NDArray[np.float32]] = {}
        self._directions: tuple[Direction, ...] | None = None

    @property
    def codec(self) -> Codec:
        """The model, loaded at first use."""
        if self._codec is None:
            if self._load is None:
                from vae.codec import Codec  # imports torch: only who blends pays for it

                self._codec = Codec.load(self._weights, self._device)
            else:
                self._codec = self._load()
        return self._codec

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Where a blend may drift, from this library's covers; none where it has too few. LibraryLocked as any read."""
        if self._directions is None:
            if self._library is None:
                return ()
            with self._library.read() as con:
                facts = latents_with_facts(con, self.codec.model_id, SAMPLE)
            self._directions = directions(*facts)
        return self._directions

    def recipe(self, albums: Sequence[Album], weights: Sequence[float] | None, mode: str, size: int) -> Recipe:
        """The recipe of a blend of these albums. BlendError where one has no cover or the numbers make no sense."""
        if len(albums) < 2:
            raise BlendError(f"a blend takes at least two albums, not {len(albums)}")
        if weights is not None and len(weights) != len(albums):
            raise BlendError(f"{len(weights)} weights for {len(albums)} albums: give one each")
        if mode not in MODES:
            raise BlendError(f"no blend mode {mode!r}: use {', '.join(MODES)}")
        given: Sequence[float | None] = weights if weights is not None else [None] * len(albums)
        parts = []
        for album, weight in zip(albums, given, strict=True):
            if album.cover_sha256 is None:
                raise BlendError(f"{album.label} has no cover to blend")
            parts.append(Part(album.album_id, album.artist, album.title, album.cover_sha256, weight))
        return Recipe(tuple(parts), mode, size, self.codec.model_id)

    def make(self, recipe: Recipe) -> BlendResult:
        """Decode a recipe. BlendError for a model or a cover that is not here.

        A recipe that carries its latents needs no cover of the library, but for a composite, which shows them.
        """
        began = time.monotonic()
        stops = self.stops(recipe)
        film: tuple[NDArray[np.uint8], ...] = ()
        made = self._computed(recipe, stops, recipe.batched and recipe.layout == "picture")
        if recipe.layout == "picture":
            rows = np.repeat(stops, 2 if recipe.batched else 1, axis=0)  # two rows and more fill a batch
            pixels = self._decode(rows, recipe.size)[0]
        else:
            pixels, film = self._laid_out(made, stops)
        return BlendResult(made, pixels, None, self.codec.device.type, time.monotonic() - began, film)

    def make_batch(self, recipes: Sequence[Recipe]) -> list[BlendResult]:
        """Decode recipes of single pictures of one size together. BlendError as `make`."""
        if len(recipes) == 1:
            return [self.make(replace(recipes[0], batched=False))]
        began = time.monotonic()
        points = np.concatenate([self.stops(recipe) for recipe in recipes])
        pixels = self._decode(points, recipes[0].size)
        seconds, device = (time.monotonic() - began) / len(recipes), self.codec.device.type
        return [
            BlendResult(self._computed(recipe, point[None], True), picture, None, device, seconds)
            for recipe, point, picture in zip(recipes, points, pixels, strict=True)
        ]

    def stops(self, recipe: Recipe) -> NDArray[np.float32]:
        """The latents [k, d] of a recipe: those that it carries; or its blend, or what its ways lead between."""
        if recipe.model_id != self.codec.model_id:
            raise BlendError(f"the recipe is of model {recipe.model_id}, this is {self.codec.model_id}")
        carried = recipe.stops(self.codec.latent_dim)
        if carried is not None:
            return carried
        if recipe.layout in ("film", "strip", "grid") and not recipe.drift:
            return self.latents([part.cover_sha256 for part in recipe.parts])
        point = self.point(recipe)
        if recipe.layout in ("film", "strip"):
            return np.stack([self.point(replace(recipe, drift=())), point])
        if recipe.layout == "grid":
            raise BlendError("a grid lies between covers and does not drift: take the drift back")
        return point[None]

    def point(self, recipe: Recipe) -> NDArray[np.float32]:
        """The blend of a recipe's covers as a latent [d], with its drift."""
        latents = self.latents([part.cover_sha256 for part in recipe.parts])
        given = [part.weight for part in recipe.parts if part.weight is not None]
        try:
            point = blend(latents, recipe.mode, given or None, self.codec.centre)
        except ValueError as error:
            raise BlendError(str(error)) from error
        steps = {one.name: one.step for one in self.directions} if recipe.drift else {}
        for name, amount in recipe.drift:
            if name not in steps:
                raise BlendError(f"this library has no direction {name!r}: it has {', '.join(steps) or 'none'}")
            point = (point + np.float32(amount) * steps[name]).astype(np.float32)
        if not np.isfinite(point).all():
            raise BlendError("these weights are too large: the blend has no finite latent")
        return point

    def latents(self, shas: Sequence[str]) -> NDArray[np.float32]:
        """Covers' latents [n, d]: the library's where the model is the same, else each encoded alone."""
        self.learn(shas)
        return np.stack([self._latent(sha) for sha in shas])

    def learn(self, shas: Sequence[str]) -> None:
        """Read the latents of covers from the library in one burst, as far as it has them."""
        wanted = [sha for sha in dict.fromkeys(shas) if sha not in self._latents]
        if not wanted or self._library is None:
            return
        try:
            with self._library.read() as con:
                found = latents_of(con, self.codec.model_id, wanted)
        except LibraryLocked:
            return  # they are encoded instead
        for sha, latent in found.items():
            if latent.shape == (self.codec.latent_dim,):
                self._keep(sha, latent)

    def picture_of(self, sha: str) -> NDArray[np.uint8]:
        """What the model makes of one cover, uint8 [128, 128, 3]."""
        return self._decode(self.latents([sha]), 128)[0]

    def write(self, recipe: Recipe, out: Path, *, suffix: str = ".png", overwrite: bool = False) -> BlendResult:
        """Make a recipe and write it to `out`, or into the folder `out` under a name of its own with that suffix."""
        made = self.make(recipe)
        began = time.monotonic()
        frames = made.film or (made.pixels,)
        if out.is_dir():
            path = write_blend(frames, made.recipe, out / file_name(made.recipe, suffix), numbered=True)
        else:
            path = write_blend(frames, made.recipe, out, overwrite=overwrite)
        return replace(made, path=path, seconds=made.seconds + time.monotonic() - began)

    def blend(
        self,
        albums: Sequence[Album],
        weights: Sequence[float] | None = None,
        mode: str = "vivid",
        size: int = 512,
        out: Path | None = None,
        *,
        overwrite: bool = False,
    ) -> BlendResult:
        """Blend and write a PNG: to `out`, or into the folder `out` under a name made from the albums."""
        recipe = self.recipe(albums, weights, mode, size)
        return self.make(recipe) if out is None else self.write(recipe, out, overwrite=overwrite)

    def _laid_out(
        self, recipe: Recipe, stops: NDArray[np.float32]
    ) -> tuple[NDArray[np.uint8], tuple[NDArray[np.uint8], ...]]:
        """(the sheet, or a film's first frame; the film's frames). Pictures are decoded one at a time: that way the
        ends are what the model makes of each cover alone, to the last bit.
        """
        from vae.training.sheets import row, stack

        def draw(points: NDArray[np.float32]) -> NDArray[np.uint8]:
            return np.concatenate([self._decode(point[None], recipe.size) for point in points])

        if recipe.layout == "film":
            film = tuple(draw(along(stops, recipe.frames, self.codec.centre)))
            return film[0], film
        if recipe.layout == "strip":
            return row(draw(along(stops, recipe.frames, self.codec.centre))), ()
        if recipe.layout == "grid":
            left, right = (along(stops[[at, at + 2]], recipe.frames, self.codec.centre) for at in (0, 1))
            sides = zip(left, right, strict=True)
            return stack([row(draw(along(np.stack(ends), recipe.frames, self.codec.centre))) for ends in sides]), ()
        covers = [self._enlarged(part.cover_sha256, recipe.size) for part in recipe.parts]
        tiles = np.stack([*covers, draw(stops)[0]])
        return stack([row(tiles[at : at + ACROSS]) for at in range(0, len(tiles), ACROSS)]), ()

    def _computed(self, recipe: Recipe, stops: NDArray[np.float32], batched: bool) -> Recipe:
        """The recipe with all that its pixels came from."""
        return replace(recipe.with_stops(stops, batched), refiner=self.codec.refiner_id)

    def _enlarged(self, sha: str, size: int) -> NDArray[np.uint8]:
        cover = Image.fromarray(self._files.pixels(sha))
        return np.asarray(cover.resize((size, size), Image.Resampling.LANCZOS))

    def _decode(self, points: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
        try:
            return self.codec.decode(points, size)
        except ValueError as error:
            raise BlendError(str(error)) from error

    def _latent(self, sha: str) -> NDArray[np.float32]:
        """One cover's latent, encoded alone where the library has none: so it does not depend on the other covers."""
        if sha not in self._latents:
            self._keep(sha, self.codec.encode(self._files.pixels(sha)[None])[0])
        return self._latents[sha]

    def _keep(self, sha: str, latent: NDArray[np.float32]) -> None:
        if len(self._latents) >= CACHED:
            self._latents.pop(next(iter(self._latents)))
        self._latents[sha] = latent


def along(stops: NDArray[np.float32], n: int, centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """`n` latents [n, d] from the first of `stops` [k, d] through all to the last, at an even pace; ends are exact."""
    points = []
    for at in np.linspace(0, len(stops) - 1, n):
        leg = min(int(at), len(stops) - 2)
        points.append(blend(stops[leg : leg + 2], "interpolate", (1 - (at - leg), at - leg), centre))
    return np.stack(points)
