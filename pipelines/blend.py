"""Albums to a new cover on disk: latents, arithmetic, decoding, and a PNG that carries its recipe."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import json
import os
import re
import tempfile
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.png import encode_png
from store.covers import CoverFiles
from store.errors import LibraryError
from store.records import Album
from vae.blend import MODES, blend
from vae.info import SHIPPED

if TYPE_CHECKING:
    from vae.codec import Codec

RECIPE_KEY = "sleevewalk"  # of the PNG's text chunk
CACHED = 64  # latents kept


class BlendError(LibraryError):
    """The blend cannot be made or written; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One parent of a blend. `weight` as it was given; None: the mode's default."""

    album_id: str
    artist: str
    title: str
    cover_sha256: str
    weight: float | None


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that it takes to make the same pixels again on the same machine."""

    parts: tuple[Part, ...]
    mode: str
    size: int  # pixels a side
    model_id: str
    latent: str = ""  # the blended latent, base64 of little-endian float32: what is decoded, once it is known
    batched: bool = False  # decoded in a full batch: the shape decides how sums are rounded

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Raises BlendError for what is no recipe."""
        try:
            values = json.loads(text)
            parts = tuple(Part(**part) for part in values["parts"])
            mode, size, model_id = str(values["mode"]), int(values["size"]), str(values["model_id"])
            return cls(parts, mode, size, model_id, str(values.get("latent", "")), values.get("batched") is True)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BlendError(f"this is no blend recipe: {error}") from error

    @property
    def blend_id(self) -> str:
        """16 hex digits of the hash of what was chosen; how it was computed does not count."""
        chosen = asdict(replace(self, latent="", batched=False))
        del chosen["latent"], chosen["batched"]
        return hashlib.sha256(json.dumps(chosen, ensure_ascii=False).encode()).hexdigest()[:16]

    def point(self, dimension: int) -> NDArray[np.float32] | None:
        """The latent that it carries, float32 [dimension]; None where it carries none. BlendError for a damaged one."""
        if not self.latent:
            return None
        try:
            point = np.frombuffer(base64.b64decode(self.latent, validate=True), "<f4").astype(np.float32)
        except (ValueError, binascii.Error) as error:
            raise BlendError(f"the recipe's latent is damaged: {error}") from error
        if point.shape != (dimension,) or not np.isfinite(point).all():
            raise BlendError(f"the recipe's latent is damaged: it is not {dimension} finite numbers")
        return point

    def with_point(self, point: NDArray[np.float32], batched: bool) -> Recipe:
        """The recipe with the latent [d] that it came to."""
        text = base64.b64encode(point.astype("<f4").tobytes()).decode()
        return replace(self, latent=text, batched=batched)


@dataclass(frozen=True, slots=True)
class BlendResult:
    """A blend as made. `pixels` uint8 [size, size, 3]; `path` is where it was written, None if it was not."""

    recipe: Recipe
    pixels: NDArray[np.uint8]
    path: Path | None
    device: str
    seconds: float  # from the albums to the file, the model being loaded


class Blender:
    """Makes blends for one library. Loads the model (and torch) at the first one. Not for several threads at once."""

    def __init__(
        self,
        covers_dir: Path,
        weights: Path = SHIPPED,
        device: str = "auto",
        load_codec: Callable[[], Codec] | None = None,
    ) -> None:
        self._files, self._weights, self._device, self._load = CoverFiles(covers_dir), weights, device, load_codec
        self._codec: Codec | None = None
        self._latents: dict[str, NDArray[np.float32]] = {}

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

        A recipe that carries its latent needs no cover of the library.
        """
        began = time.monotonic()
        point = self.point(recipe)
        rows = np.repeat(point[None], 2 if recipe.batched else 1, axis=0)  # two rows and more fill a batch
        pixels = self._decode(rows, recipe.size)[0]
        made = recipe.with_point(point, recipe.batched)
        return BlendResult(made, pixels, None, self.codec.device.type, time.monotonic() - began)

    def make_batch(self, recipes: Sequence[Recipe]) -> list[BlendResult]:
        """Decode recipes of one size together. BlendError as `make`."""
        if len(recipes) == 1:
            return [self.make(replace(recipes[0], batched=False))]
        began = time.monotonic()
        points = np.stack([self.point(recipe) for recipe in recipes])
        pixels = self._decode(points, recipes[0].size)
        seconds, device = (time.monotonic() - began) / len(recipes), self.codec.device.type
        return [
            BlendResult(recipe.with_point(point, True), picture, None, device, seconds)
            for recipe, point, picture in zip(recipes, points, pixels, strict=True)
        ]

    def point(self, recipe: Recipe) -> NDArray[np.float32]:
        """The latent [d] of a recipe: the one that it carries, or the blend of its covers' latents."""
        if recipe.model_id != self.codec.model_id:
            raise BlendError(f"the recipe is of model {recipe.model_id}, this is {self.codec.model_id}")
        carried = recipe.point(self.codec.latent_dim)
        if carried is not None:
            return carried
        latents = np.stack([self._latent(part.cover_sha256) for part in recipe.parts])
        given = [part.weight for part in recipe.parts if part.weight is not None]
        try:
            point = blend(latents, recipe.mode, given or None, self.codec.centre)
        except ValueError as error:
            raise BlendError(str(error)) from error
        if not np.isfinite(point).all():
            raise BlendError("these weights are too large: the blend has no finite latent")
        return point

    def _decode(self, points: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
        try:
            return self.codec.decode(points, size)
        except ValueError as error:
            raise BlendError(str(error)) from error

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

    def write(self, recipe: Recipe, out: Path, *, overwrite: bool = False) -> BlendResult:
        """Make a recipe and write it as a PNG: to `out`, or into the folder `out` under a name of its own."""
        made = self.make(recipe)
        began = time.monotonic()
        if out.is_dir():
            path = write_png(made.pixels, made.recipe, out / file_name(made.recipe), numbered=True)
        else:
            path = write_png(made.pixels, made.recipe, out, overwrite=overwrite)
        return replace(made, path=path, seconds=made.seconds + time.monotonic() - began)

    def _latent(self, sha: str) -> NDArray[np.float32]:
        """One cover's latent, encoded alone so that it does not depend on the other covers of the blend."""
        if sha not in self._latents:
            if len(self._latents) >= CACHED:
                self._latents.pop(next(iter(self._latents)))
            self._latents[sha] = self.codec.encode(self._files.pixels(sha)[None])[0]
        return self._latents[sha]


def file_name(recipe: Recipe) -> str:
    """A name that any file system takes, from titles that may hold anything: `ok-computer+kid-a-vivid-1f3a9c20.png`."""
    titles = "+".join(slug(part.title) for part in recipe.parts[:3])
    more = f"+{len(recipe.parts) - 3}" if len(recipe.parts) > 3 else ""
    return f"{titles}{more}-{recipe.mode}-{recipe.blend_id[:8]}.png"


def slug(text: str, longest: int = 24) -> str:
    """Lower-case ASCII letters and digits with hyphens; `untitled` where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:longest].strip("-") or "untitled"


def write_png(
    pixels: NDArray[np.uint8], recipe: Recipe, path: Path, *, overwrite: bool = False, numbered: bool = False
) -> Path:
    """Write a PNG with its recipe: beside and then put in place, so that no partial file ever has the final name.

    A file that is there is kept: BlendError, or with `numbered` a free name (`…-2.png`). Returns the path written.
    """
    content = encode_png(pixels, {RECIPE_KEY: recipe.to_json()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".blend-", suffix=".part", delete=False) as file:
            beside = Path(file.name)
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                beside.chmod(0o644)
                return _put(beside, path, overwrite, numbered)
            finally:
                beside.unlink(missing_ok=True)
    except OSError as error:
        raise BlendError(f"cannot write {path}: {error.strerror or error}") from error


def _put(beside: Path, path: Path, overwrite: bool, numbered: bool) -> Path:
    if overwrite:
        beside.replace(path)
        return path
    for n in range(1, 10_000):
        target = path if n == 1 else path.with_name(f"{path.stem}-{n}{path.suffix}")
        try:
            target.hardlink_to(beside)  # fails where the name is taken, at once and for every process
            return target
        except OSError as error:
            if not target.exists():
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                    raise
                beside.replace(target)  # a file system without hard links
                return target
            if not numbered:
                raise BlendError(f"{path} is there already: give another name, or --force") from None
    raise BlendError(f"cannot find a free name for {path}")


def read_recipe(path: Path) -> Recipe:
    """The recipe that a blend's PNG carries. BlendError where there is none."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            text = getattr(image, "text", {}).get(RECIPE_KEY)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BlendError(f"{path} cannot be read as a PNG: {error}") from error
    if not text:
        raise BlendError(f"{path} carries no recipe")
    return Recipe.from_json(str(text))
