"""What a blend is made of, as text that travels in its file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from store.errors import LibraryError
from store.records import Album
from vae.blend import MODES

LAYOUTS = ("picture", "film", "strip", "grid", "composite")
WAYS = ("film", "strip", "grid")  # layouts of several pictures from end to end
FEWEST, MOST = 2, 240  # frames of a film, pictures of a strip or along a side of a grid
CORNERS = 4


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
    """All that it takes to make the same pixels again on the same machine.

    `layout`: one picture; a film, a strip or a grid of the ways between the parents (with a drift: from the blend to
    where it drifted); or a composite, the parents' covers and their blend side by side.
    """

    parts: tuple[Part, ...]
    mode: str
    size: int  # pixels a side of each picture
    model_id: str
    latent: str = ""  # the latents that it goes through, base64 of little-endian float32, once they are known
    batched: bool = False  # decoded in a full batch: the shape decides how sums are rounded
    layout: str = "picture"
    frames: int = 1  # pictures from end to end
    drift: tuple[tuple[str, float], ...] = ()  # (direction, steps along it) added to the blend
    refiner: str = ""  # what sharpened the picture, if anything did

    def __post_init__(self) -> None:
        """Raises BlendError for a layout that these parts cannot fill."""
        if self.layout not in LAYOUTS:
            raise BlendError(f"no layout {self.layout!r}: use {', '.join(LAYOUTS)}")
        if self.is_way and not FEWEST <= self.frames <= MOST:
            raise BlendError(f"a {self.layout} has {FEWEST} to {MOST} pictures from end to end, not {self.frames}")
        if self.layout == "grid" and len(self.parts) != CORNERS:
            raise BlendError(f"a grid lies between {CORNERS} albums, not {len(self.parts)}")

    @classmethod
    def of(
        cls, albums: Sequence[Album], weights: Sequence[float] | None, mode: str, size: int, model_id: str
    ) -> Recipe:
        """A blend of these albums. BlendError where one has no cover or the numbers make no sense."""
        if len(albums) < 2:
            raise BlendError(f"a blend takes at least two albums, not {len(albums)}")
        if weights is not None and len(weights) != len(albums):
            raise BlendError(f"{len(weights)} weights for {len(albums)} albums: give one each")
        if mode not in MODES:
            raise BlendError(f"no blend mode {mode!r}: use {', '.join(MODES)}")
        parts = []
        given: Sequence[float | None] = weights or [None] * len(albums)
        for album, weight in zip(albums, given, strict=True):
            if album.cover_sha256 is None:
                raise BlendError(f"{album.label} has no cover to blend")
            parts.append(Part(album.album_id, album.artist, album.title, album.cover_sha256, weight))
        return cls(tuple(parts), mode, size, model_id)

    @property
    def is_way(self) -> bool:
        """Whether it has several pictures from end to end."""
        return self.layout in WAYS

    def to_json(self) -> str:
        refined = {"refiner": self.refiner} if self.refiner else {}
        return json.dumps(
            {**self._chosen(), "latent": self.latent, "batched": self.batched, **refined}, ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Raises BlendError for what is no recipe."""
        try:
            values = json.loads(text)
            parts = tuple(Part(**part) for part in values["parts"])
            mode, size, model_id = str(values["mode"]), int(values["size"]), str(values["model_id"])
            drift = tuple((str(name), float(steps)) for name, steps in values.get("drift", ()))
            layout, frames = str(values.get("layout", "picture")), int(values.get("frames", 1))
            latent, batched = str(values.get("latent", "")), values.get("batched") is True
            refiner = str(values.get("refiner", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise BlendError(f"this is no blend recipe: {error}") from error
        return cls(parts, mode, size, model_id, latent, batched, layout, frames, drift, refiner)

    @property
    def blend_id(self) -> str:
        """16 hex digits of the hash of what was chosen; how it was computed does not count."""
        return hashlib.sha256(json.dumps(self._chosen(), ensure_ascii=False).encode()).hexdigest()[:16]

    def _chosen(self) -> dict[str, object]:
        """What a person chose; what is as it is in most recipes is left out."""
        chosen = asdict(self)
        for name in ("latent", "batched", "refiner", *(("layout", "frames") if self.layout == "picture" else ())):
            del chosen[name]
        if not self.drift:
            del chosen["drift"]
        return chosen

    def stops(self, dimension: int) -> NDArray[np.float32] | None:
        """The latents that it carries, float32 [k, dimension]; None where it carries none. BlendError where damaged."""
        if not self.latent:
            return None
        try:
            numbers = np.frombuffer(base64.b64decode(self.latent, validate=True), "<f4").astype(np.float32)
        except (ValueError, binascii.Error) as error:
            raise BlendError(f"the recipe's latent is damaged: {error}") from error
        whole = numbers.size >= 2 * dimension and not numbers.size % dimension
        if not self.is_way:
            whole = numbers.size == dimension
        if not whole or not np.isfinite(numbers).all():
            raise BlendError(f"the recipe's latent is damaged: it is not made of {dimension} finite numbers")
        stops = numbers.reshape(-1, dimension)
        if self.layout == "grid" and len(stops) != CORNERS:
            raise BlendError(f"the recipe's latent is damaged: a grid has {CORNERS} corners")
        return stops

    def computed(self, stops: NDArray[np.float32], batched: bool, refiner: str) -> Recipe:
        """The recipe with the latents [k, d] that it came to, and how they were decoded."""
        latent = base64.b64encode(stops.astype("<f4").tobytes()).decode()
        return replace(self, latent=latent, batched=batched, refiner=refiner)


def file_name(recipe: Recipe, suffix: str = ".png") -> str:
    """A name that any file system takes, from titles that may hold anything: `ok-computer+kid-a-vivid-1f3a9c20.png`."""
    titles = "+".join(slug(part.title) for part in recipe.parts[:3])
    kind = recipe.mode if recipe.layout == "picture" else recipe.layout
    more = f"+{len(recipe.parts) - 3}" if len(recipe.parts) > 3 else ""
    return f"{titles}{more}-{kind}-{recipe.blend_id[:8]}{suffix}"


def slug(text: str, longest: int = 24) -> str:
    """Lower-case ASCII letters and digits with hyphens; `untitled` where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:longest].strip("-") or "untitled"
