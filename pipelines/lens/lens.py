"""From a photo to the album whose sleeve it shows, with how sure; or to the sleeves that are nearest.

Squares that may be the sleeve (`quads`) and the picture itself are seen straight, encoded by the model and searched in
the index of covers; what is nearest is laid over the photo pixel by pixel (`align`). The model proposes, the pixels
decide: so how sure it is depends on no weights, and it knows a sleeve that is not in the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.lens.align import MARGIN, VIEW, Fit, fit
from pipelines.lens.geometry import UNIT, Corners, moved, straight
from pipelines.lens.photo import open_photo
from pipelines.lens.quads import find_quads, size_of
from pipelines.lens.words import SIDE as READ_AT
from pipelines.lens.words import Reader, albums_called, open_reader
from store.catalogue.covers import SIDE, CoverFiles
from store.errors import LibraryError
from store.neighbors.neighborhood import Neighborhood
from store.records import Album, Neighbor
from store.text import clean

if TYPE_CHECKING:
    from vae.codec import Codec

_HOPE = 0.005  # how sure one must be to be looked at where it lies
KNOWN = 0.5  # how sure (0–1) an album must be to be called found
CERTAIN = 0.9  # from here nothing more is looked at
SHOWN = 256  # pixels a side of the sleeve as it is shown
_NEAR = 24  # albums told that are near
_QUADS, _MORE = 6, 12  # squares whose edges are seen best, and that are looked at in the end
_KEPT = 128  # covers in memory
# Covers that are compared with the likeliest square, and with each other one: of those that were right nearly all were
# the first. Where none is certain, so many with the likeliest, and as many with it in other light.
_FIRST, _NEAREST, _DEEP = 4, 3, 20
_MEANT, _NEARLY = 6, 0.15  # squares that a certain one must be about as prominent as, and how nearly
# How sure: a logistic curve over `align.Fit`, fitted to made-up photos of covers that no figure is told of, then moved
# so that what is right stays above 0.7 and what is not below 0.4.
_DETAIL, _COLOR, _OFFSET = 18.0, -15.0, -8.0
_OTHER_COLOR = 0.2  # difference of colour beyond which it counts no more: lamps and shadows have colours
_NAMED = 9.5  # added where artist and title were read: hardly more than that no pixel speaks against it is needed then


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the lens sees in a photo."""

    sleeve: NDArray[np.uint8]  # [SHOWN, SHOWN, 3], straight
    corners: Corners | None  # in shares of the photo's width and height; None: the photo as a whole
    found: tuple[tuple[Album, float], ...]  # albums and how sure (0–1), surest first; several may have one picture
    lettering: tuple[str, ...]  # that was read, where it was needed and rapidocr is installed
    nearest: tuple[Neighbor, ...]  # the albums whose sleeves are nearest to it, found or not

    @property
    def told(self) -> str:
        """In words."""
        if not self.found:
            return "not an album of this library; these sleeves are the nearest"
        album, sure = self.found[0]
        words = "surely" if sure >= CERTAIN else "probably"
        return clean(f"{words} {album.label}, {100 * sure:.0f} %")


@dataclass(slots=True)
class _Look:
    """One square of the photo."""

    corners: Corners  # pixels of the photo
    whole: bool
    vector: NDArray[np.float32]
    covers: list[int]  # rows of the index
    sure: NDArray[np.float64]  # of each
    better: Corners | None = None  # where the surest one lies, if there is hope for it

    @property
    def surest(self) -> float:
        """How sure the surest is, 0 where there is none."""
        return float(self.sure.max(initial=0))


class Lens:
    """Looks at photos with one library and one model. Not for several threads at once."""

    def __init__(
        self,
        neighborhood: Neighborhood,
        files: CoverFiles,
        load_codec: Callable[[], Codec],
        open_reader: Callable[[], Reader | None] = open_reader,
    ) -> None:
        """LibraryError where the library has no index of covers. `open_reader`: of lettering, where it is needed."""
        if neighborhood.index is None:
            raise LibraryError("no cover is indexed yet, so no photo can be compared; run `sleevewalk build`")
        self.neighborhood, self.index, self.files = neighborhood, neighborhood.index, files
        self._load_codec = load_codec
        self._codec: Codec | None = None
        self._open_reader = open_reader
        self._cover = lru_cache(_KEPT)(self._read_cover)  # squares that overlap have the same ones near

    def look_at(self, path: Path) -> Sighting:
        """What a photo shows. Raises BadImage."""
        return self.look(open_photo(path))

    def look(self, photo: Image.Image, near: int = _NEAR) -> Sighting:
        """The same for an RGB picture that is open; the `near` albums that are nearest are told."""
        looks: list[_Look] = []
        squares = list(_squares(photo))
        meant = max(_prominence(photo, corners) for corners, _ in squares[:_MEANT]) - _NEARLY
        for first, last in ((0, 1), (1, _MEANT), (_MEANT, len(squares))):
            looks += self._looks(photo, squares[first:last], _NEAREST if first else _FIRST)
            certain = [look for look in looks if look.surest >= CERTAIN]
            # Of several sleeves the one that the photo is of: not the first that is certain, if it lies aside.
            if certain and (last >= _MEANT or _prominence(photo, certain[0].corners) >= meant):
                break
        else:
            for _ in range(2):  # the corners were wrong
                nearly = max(looks, key=lambda look: look.surest)
                if nearly.surest < CERTAIN and nearly.better is not None:
                    looks += self._looks(photo, [(nearly.better, nearly.whole)], _NEAREST)
            if max(look.surest for look in looks) < CERTAIN:  # a lamp's light may have put its cover far from it
                looks += self._looks(photo, squares[:1], _DEEP)
        best = max(looks, key=lambda look: (min(look.surest, CERTAIN), _prominence(photo, look.corners)))
        shown, lines = best if best.surest >= KNOWN else looks[0], []
        if best.surest < CERTAIN:
            lines = self._by_lettering(photo, shown)
        return Sighting(
            straight(photo, shown.corners, SHOWN),
            None if shown.whole else shown.corners / photo.size,
            self._albums(shown),
            tuple(lines),
            tuple(self.neighborhood.nearest_to(shown.vector, near)),
        )

    def _looks(self, photo: Image.Image, squares: Sequence[tuple[Corners, bool]], k: int) -> list[_Look]:
        """Each compared with the covers that are the k nearest to it; if that is many, also in other light."""
        codec, looks = self._loaded(), []
        views: list[NDArray[np.uint8]] = []
        covers: list[NDArray[np.uint8]] = []
        for corners, whole in squares:
            sleeve = straight(photo, corners, SIDE)
            # One at a time, for a batch is padded. Polished they are the same to the third digit.
            seen = [sleeve, _relit(sleeve)] if k == _DEEP else [sleeve]
            vectors = np.concatenate([codec.search_vectors(codec.encode(one[None], steps=0)) for one in seen])
            near = dict.fromkeys(row for vector in vectors for row in self.index.search(vector, k)[1][0].tolist())
            pixels = {row: found for row in near if row >= 0 and (found := self._cover(row)) is not None}
            views += [straight(photo, corners, VIEW, MARGIN)] * len(pixels)
            covers += pixels.values()
            looks.append(_Look(corners, whole, vectors[0], list(pixels), np.empty(0)))
        if covers:
            fits = fit(np.stack(views), np.stack(covers))
            ends = np.cumsum([len(look.covers) for look in looks])[:-1]
            for look, sure, warps in zip(looks, np.split(how_sure(fits), ends), np.split(fits.warp, ends), strict=True):
                look.sure = sure
                if look.surest > _HOPE:
                    look.better = moved(look.corners, warps[np.argmax(sure)])
        return looks

    def _by_lettering(self, photo: Image.Image, look: _Look) -> list[str]:
        """What is read on a sleeve, where the reader is installed; albums that are called so are compared too."""
        reader = self._reader
        lines = [] if reader is None else reader(straight(photo, look.corners, READ_AT))
        named: dict[int, bool] = {}
        for row, read in albums_called(self.neighborhood.snapshot, lines).items() if lines else ():
            cover = int(self.neighborhood.signals.cover_of[row])
            if cover >= 0:
                named[cover] = named.get(cover, False) or read
        pixels = {cover: found for cover in [*look.covers, *named] if (found := self._cover(cover)) is not None}
        if named and pixels:
            view = straight(photo, look.corners, VIEW, MARGIN)
            told = np.array([named.get(cover, False) for cover in pixels])
            look.sure = how_sure(fit(np.repeat(view[None], len(pixels), 0), np.stack(list(pixels.values()))), told)
            look.covers = list(pixels)
        return lines

    @cached_property
    def _reader(self) -> Reader | None:
        return self._open_reader()

    def _loaded(self) -> Codec:
        if self._codec is None:
            codec = self._load_codec()
            if codec.model_id != self.index.model_id:
                raise LibraryError(
                    "the covers were indexed with another model than is installed; run `sleevewalk build`"
                )
            self._codec = codec
        return self._codec

    def _read_cover(self, row: int) -> NDArray[np.uint8] | None:
        try:
            return self.files.pixels(self.index.shas[row])
        except LibraryError:
            return None  # `build` and `doctor` tell of it

    def _albums(self, look: _Look) -> tuple[tuple[Album, float], ...]:
        order = np.argsort(-look.sure, kind="stable")
        snapshot, signals = self.neighborhood.snapshot, self.neighborhood.signals
        return tuple(
            (snapshot.album(int(row)), float(look.sure[place]))
            for place in order.tolist()
            if look.sure[place] >= KNOWN
            for row in signals.albums_of(look.covers[place])
        )


def how_sure(compared: Fit, named: NDArray[np.bool_] | bool = False) -> NDArray[np.float64]:
    """[n], 0–1: the chance that a cover is what the photo shows. `named`: artist and title were read on it."""
    total = _DETAIL * compared.detail.astype(float) + _COLOR * np.minimum(compared.color, _OTHER_COLOR)
    total = total + _OFFSET + _NAMED * np.asarray(named)
    return 1 / (1 + np.exp(-total))


def _prominence(photo: Image.Image, corners: Corners) -> float:
    """How much the photo is of what lies between the corners: its size and how near to the middle it is."""
    width, height = photo.size
    aside = np.hypot(*(corners.mean(0) - (width / 2, height / 2))) / min(width, height)
    return float(size_of(corners) / np.sqrt(width * height) - aside)


def _relit(sleeve: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same with its darkest parts black and its lightest ones white: without the light's own colour."""
    low, high = np.quantile(sleeve.reshape(-1, 3), (0.02, 0.98), axis=0)
    return np.clip((sleeve - low) / np.maximum(high - low, 30) * 255, 0, 255).astype(np.uint8)


def _squares(photo: Image.Image) -> Iterator[tuple[Corners, bool]]:
    """Squares to look at, likeliest first: corners, and whether it is the photo as a whole."""
    quads = find_quads(photo, _MORE)
    quads, more = quads[:_QUADS], quads[_QUADS:]
    width, height = photo.size
    side, middle = min(width, height), np.array((width / 2, height / 2))
    whole, inner, core = (middle + (UNIT - 0.5) * side * share for share in (1, 0.8, 0.6))
    at = 0 if abs(width - height) < 0.1 * side else len(quads)  # square: a picture of a cover, not of a room
    squares = [*((quad, False) for quad in quads[:at]), (whole, True), *((quad, False) for quad in quads[at:])]
    yield from squares
    yield from ((inner, False), (core, False))
    yield from ((np.roll(squares[0][0], turn, 0), squares[0][1]) for turn in (1, 2, 3))
    yield from ((quad, False) for quad in more)
