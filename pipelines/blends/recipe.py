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
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from store.errors import LibraryError
from store.records import Album
from store.shapes import BadShape, from_json
from store.text import clean
from vae.blend import MODES

LAYOUTS = ("picture", "film", "strip", "grid", "composite")
WAYS = ("film", "strip", "grid")  # layouts of several pictures from end to end
DETAILS = ("parents", "invented", "none")
FEWEST, MOST = 2, 240  # frames of a film, pictures of a strip or along a side of a grid
CORNERS = 4
SIZES = (128, 512)  # pixels a side
MOST_PARTS = 1000
Pixels = Annotated[int, Meta(ge=0, le=2**15)]
Weight = Annotated[float, Meta(ge=-1e6, le=1e6)]
DEEPEST = 8  # generations of blends of blends
MOST_FAVOUR, FAVOUR = 100.0, 8.0  # times that an area may be larger: in any recipe; by key, either way
NOTE = "a montage: it shows pixels, lettering and faces of its parents' covers, which stay their owners'"


class BlendError(LibraryError):
    """The blend cannot be made or written; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One parent of a blend. `weight` as it was given; None: the mode's default."""

    album_id: str
    artist: str
    title: str
    cover_sha256: str
    weight: Weight | None
    parts: Annotated[tuple[Part, ...], Meta(max_length=MOST_PARTS)] = ()  # of a parent that is a blend: what made it

    def __post_init__(self) -> None:
        """Raises ValueError for blends of blends without end."""
        if self.depth > DEEPEST:
            raise ValueError(f"blends of blends go {DEEPEST} deep")

    @property
    def depth(self) -> int:
        """0 for an album, 1 for a blend of albums, and so on."""
        return 1 + max(part.depth for part in self.parts) if self.parts else 0

    def to_dict(self) -> dict[str, object]:
        """For JSON; without `parts` where it is an album."""
        told = asdict(self)
        if not self.parts:
            del told["parts"]
        else:
            told["parts"] = [part.to_dict() for part in self.parts]
        return told


@dataclass(frozen=True, slots=True)
class BlendAlbum(Album):
    """A blend that is taken as an album."""

    parts: tuple[Part, ...] = ()  # what it was made of


@dataclass(frozen=True, slots=True)
class Pin:
    """A place of the picture (0–1 from the left and from the top) that a person gave to a part."""

    place: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants of a montage beyond the weights."""

    layout_of: int | None = None  # the part that gives layout and light in place of the blend; the others give detail
    favour: tuple[float, ...] = ()  # each part's area is so many times what its weight gives it; none: all once
    pins: tuple[Pin, ...] = ()

    def __bool__(self) -> bool:
        return self != Wishes()

    def more(self, place: int, factor: float, parts: int) -> Wishes:
        """With a part's area so many times as large, beside what its weight gives it: its seams move outwards."""
        favour = list(self.favour or (1.0,) * parts)
        favour[place] = round(min(FAVOUR, max(1 / FAVOUR, favour[place] * factor)), 3)
        return replace(self, favour=() if all(one == 1 for one in favour) else tuple(favour))

    def pinned(self, pin: Pin, reach: float) -> Wishes:
        """With a pin more; one that is nearer than `reach` goes, and where it was the part's own that is all."""
        near = [one for one in self.pins if abs(one.x - pin.x) < reach and abs(one.y - pin.y) < reach]
        others = tuple(one for one in self.pins if one not in near)
        return replace(self, pins=others if any(one.place == pin.place for one in near) else (*others, pin))

    def without(self, place: int) -> Wishes:
        """For the parts without one."""
        pins = tuple(replace(pin, place=pin.place - (pin.place > place)) for pin in self.pins if pin.place != place)
        of = None if self.layout_of is None or self.layout_of == place else self.layout_of - (self.layout_of > place)
        return Wishes(of, self.favour[:place] + self.favour[place + 1 :], pins)

    def check(self, parts: int) -> None:
        """Raises BlendError where they do not fit so many parts."""
        places = [pin.place for pin in self.pins] + ([] if self.layout_of is None else [self.layout_of])
        if any(not 0 <= place < parts for place in places) or len(self.favour) not in (0, parts):
            raise BlendError(f"the recipe's areas are damaged: they are not of {parts} albums")
        numbers = [*self.favour, *(value for pin in self.pins for value in (pin.x, pin.y))]
        if not all(0 <= number <= MOST_FAVOUR for number in numbers):
            raise BlendError("the recipe's areas are damaged: a place or a favour is out of range")


@dataclass(frozen=True, slots=True)
class Taken:
    """Where the pixels of a montage came from, so that they come from there again."""

    donors: tuple[Part, ...] = ()  # albums that are no parents and gave pixels, with their share of the area
    sides: tuple[Pixels, ...] = ()  # pixels a side of the cover used of each part and donor
    way: str = ""  # which montage made it
    missing: tuple[int, ...] = ()  # places of parts whose covers were not there: the others took their area


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that it takes to make the same pixels again on the same machine.

    `layout`: one picture; a film, a strip or a grid of the ways between the parents (with a drift: from the blend to
    where it drifted); or a composite, the parents' covers and their blend side by side.
    """

    parts: Annotated[tuple[Part, ...], Meta(min_length=1, max_length=MOST_PARTS)]
    mode: str
    size: int  # pixels a side of each picture
    model_id: str
    latent: str = ""  # the latents that it goes through, base64 of little-endian float32, once they are known
    batched: bool = False  # decoded in a full batch: the shape decides how sums are rounded
    layout: str = "picture"
    frames: int = 1  # pictures from end to end
    drift: tuple[tuple[str, Weight], ...] = ()  # (direction, steps along it) added to the blend
    refiner: str = ""  # what sharpened the picture, if anything did
    detail: str = "invented"  # one of DETAILS: where what is finer than the decoded blend comes from
    wishes: Wishes = Wishes()
    taken: Taken = Taken()

    def __post_init__(self) -> None:
        """Raises BlendError for a mode or size that there is not, and a layout that these parts cannot fill."""
        if self.mode not in MODES:
            raise BlendError(f"no blend mode {clean(self.mode, 40)!r}: use {', '.join(MODES)}")
        if self.size not in SIZES:
            raise BlendError(f"no size {self.size}: use {' or '.join(map(str, SIZES))}")
        if self.layout not in LAYOUTS:
            raise BlendError(f"no layout {clean(self.layout, 40)!r}: use {', '.join(LAYOUTS)}")
        if self.is_way and not FEWEST <= self.frames <= MOST:
            raise BlendError(f"a {self.layout} has {FEWEST} to {MOST} pictures from end to end, not {self.frames}")
        if self.layout == "grid" and len(self.parts) != CORNERS:
            raise BlendError(f"a grid lies between {CORNERS} albums, not {len(self.parts)}")
        if self.detail not in DETAILS:
            raise BlendError(f"no detail {clean(self.detail, 40)!r}: use {', '.join(DETAILS)}")
        self.wishes.check(len(self.parts))

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
            inner = album.parts if isinstance(album, BlendAlbum) else ()
            parts.append(Part(album.album_id, album.artist, album.title, album.cover_sha256, weight, inner))
        return cls(tuple(parts), mode, size, model_id, detail=DETAILS[0])

    @property
    def is_way(self) -> bool:
        """Whether it has several pictures from end to end."""
        return self.layout in WAYS

    def to_json(self) -> str:
        told = {**self._chosen(), "detail": self.detail, "latent": self.latent, "batched": self.batched}
        if self.refiner:
            told["refiner"] = self.refiner
        if self.taken != Taken():
            donors = [donor.to_dict() for donor in self.taken.donors]
            gone = {"missing": self.taken.missing} if self.taken.missing else {}
            told["taken"] = {"donors": donors, "sides": self.taken.sides, "way": self.taken.way, **gone}
        if self.detail == "parents":
            told["note"] = NOTE
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Raises BlendError for what is no recipe."""
        try:
            return from_json(text, cls)
        except BadShape as error:
            raise BlendError(f"this is no blend recipe: {error}") from None

    @property
    def blend_id(self) -> str:
        """16 hex digits of the hash of what was chosen; how it was computed does not count."""
        return hashlib.sha256(json.dumps(self._chosen(), ensure_ascii=False).encode()).hexdigest()[:16]

    def _chosen(self) -> dict[str, object]:
        """What a person chose; what is as it is in most recipes is left out."""
        chosen = {**asdict(self), "parts": [part.to_dict() for part in self.parts]}
        usual = {"layout": ("picture",), "frames": (1,), "drift": ((),), "detail": ("invented",)}
        for name in ("latent", "batched", "refiner", "taken", *(() if self.wishes else ("wishes",))):
            del chosen[name]
        if self.layout != "picture":
            del usual["layout"], usual["frames"]
        return {name: value for name, value in chosen.items() if value not in usual.get(name, ())}

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

    def computed(self, stops: NDArray[np.float32], batched: bool, refiner: str, taken: Taken = Taken()) -> Recipe:
        """The recipe with the latents [k, d] that it came to, how they were decoded, and what detail was taken."""
        latent = base64.b64encode(stops.astype("<f4").tobytes()).decode()
        refiner = refiner if self.detail == "invented" else ""
        return replace(self, latent=latent, batched=batched, refiner=refiner, taken=taken)

    @property
    def said(self) -> str:
        """In a line for people: where what is to be seen in the picture comes from."""
        if self.detail == "parents":
            donors = ", ".join(f"{donor.artist} / {donor.title}" for donor in self.taken.donors)
            small = sum(0 < side < self.size for side in self.taken.sides)
            gone = ", ".join(self.parts[place].title for place in self.taken.missing if place < len(self.parts))
            told = "a montage: its pixels, lettering and faces are those of its parents"
            told += f", and of the albums nearest to the blend: {donors}" if donors else ""
            used = sum(side > 0 for side in self.taken.sides)
            if small:
                told += f"; {small} of {used} covers have no large picture, so it is soft there (`ingest large`)"
            return told + (f"; left out, for the cover is missing: {gone}" if gone else "")
        return "decoded alone" if self.detail == "none" else "decoded; its fine detail is invented"


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
