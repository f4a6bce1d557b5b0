"""From a photo to the album whose sleeve it shows, with how sure; or to the sleeves that are nearest.

Squares that may be the sleeve (`quads`) and the picture itself are seen straight, encoded by the model and searched in
the index of covers; what is nearest is laid over the photo pixel by pixel (`align`). The model proposes, the pixels
decide: so how sure it is depends on no weights, and it knows a sleeve that is not in the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.lens.align import MARGIN, VIEW, Fit, fit
from pipelines.lens.geometry import UNIT, Corners, moved, straight
from pipelines.lens.photo import open_photo
from pipelines.lens.placing import Placing
from pipelines.lens.proposer import Proposer
from pipelines.lens.quads import find_quads, size_of
from store.catalogue.covers import SIDE, CoverFiles
from store.errors import LibraryError
from store.neighbors.neighborhood import Neighborhood
from store.records import Album, Neighbor
from store.text import clean

if TYPE_CHECKING:
    from pipelines.lens.words import Reader
    from vae.codec import Codec

_HOPE = 0.005  # how sure one must be to be looked at where it lies
KNOWN = 0.5  # how sure (0–1) an album must be to be called found
CERTAIN = 0.9  # from here nothing more is looked at
SHOWN = 256  # pixels a side of the sleeve as it is shown
_NEAR = 24  # albums told that are near
_QUADS = 6  # squares whose edges are seen best
_KEPT = 128  # covers in memory
_PROPOSED = 2  # covers that are compared with each square
_PLACED = 10  # covers that are laid wherever in the photo they fit
_LAID, _FITS = 4, 0.3  # of them that are compared there, and how well they must fit
_MEANT, _NEARLY = 6, 0.15  # squares beside a certain one that it must be about as prominent as, and how nearly
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
    covers: list[int]  # rows of the index
    vector: NDArray[np.float32] | None = None  # None: it was not encoded
    near: dict[int, float] = field(default_factory=dict)  # covers that were proposed, and how near
    sure: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))  # of each cover
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
        open_reader: Callable[[], Reader | None] | None = None,
    ) -> None:
        """LibraryError where the library has no index of covers. `open_reader`: of lettering, where it is needed, in
        place of rapidocr's.
        """
        if neighborhood.index is None:
            raise LibraryError("no cover is indexed yet, so no photo can be compared; run `sleevewalk build`")
        self.neighborhood, self.index, self.files = neighborhood, neighborhood.index, files
        self.proposer = Proposer(self.index)
        self._load_codec = load_codec
        self._codec: Codec | None = None
        self._open_reader = open_reader
        self._cover = lru_cache(_KEPT)(self._read_cover)  # squares that overlap have the same ones near

    def look_at(self, path: Path) -> Sighting:
        """What a photo shows. Raises BadImage."""
        return self.look(open_photo(path))

    def look(self, photo: Image.Image, near: int = _NEAR) -> Sighting:
        """The same for an RGB picture that is open; the `near` albums that are nearest are told."""
        squares = list(_squares(photo))
        looks: list[_Look] = []
        fair: list[_Look] = []  # those that the photo may be of
        for more in self._steps(photo, squares, looks):
            looks += more
            fair += [look for look in more if not _is_aside(photo, look.corners, squares[:_MEANT])]
            if any(look.surest >= CERTAIN for look in fair):
                break
        if max(look.surest for look in fair) < KNOWN:
            fair += self._looks(photo, squares[_MEANT:])  # turned, or the photo as a whole
        shown, lines = max(fair, key=lambda look: look.surest if look.surest >= KNOWN else 0.0), []
        if shown.surest < CERTAIN:
            lines = self._by_lettering(photo, shown)
        vector = self._vector(straight(photo, shown.corners, SIDE)) if shown.vector is None else shown.vector
        return Sighting(
            straight(photo, shown.corners, SHOWN),
            None if shown.whole else shown.corners / photo.size,
            self._albums(shown),
            tuple(lines),
            tuple(self.neighborhood.nearest_to(vector, near)),
        )

    def _steps(
        self, photo: Image.Image, squares: Sequence[tuple[Corners, bool]], looks: Sequence[_Look]
    ) -> Iterator[list[_Look]]:
        """More and more to look at; `looks` are those that were taken so far."""
        placed: dict[int, tuple[float, Corners]] = {}
        for some, others in ((squares[:1], ()), (squares[1:_MEANT], _usual(photo))):
            yield self._looks(photo, some)
            yield self._where_they_lie(photo, looks)
            yield self._where_they_fit(photo, looks, placed, others)
        yield self._where_they_lie(photo, looks)

    def _looks(self, photo: Image.Image, squares: Sequence[tuple[Corners, bool]]) -> list[_Look]:
        """Each compared with the covers that are likeliest by the model."""
        looks = []
        for corners, whole in squares:
            vector = self._vector(straight(photo, corners, SIDE))
            near = self.proposer.near(vector, _PROPOSED)
            looks.append(_Look(corners, whole, list(near), vector, near))
        return self._compared(photo, looks)

    def _where_they_lie(self, photo: Image.Image, looks: Sequence[_Look]) -> list[_Look]:
        """The surest one where its cover was laid: the corners were wrong."""
        nearly = max((look for look in looks if look.surest < CERTAIN), key=lambda look: look.surest, default=None)
        if nearly is None or nearly.better is None:
            return []
        corners, nearly.better = nearly.better, None
        return self._compared(photo, [_Look(corners, nearly.whole, [nearly.covers[int(np.argmax(nearly.sure))]])])

    def _where_they_fit(
        self, photo: Image.Image, looks: Sequence[_Look], placed: dict[int, tuple[float, Corners]],
        squares: Iterable[Corners] = (),
    ) -> list[_Look]:  # fmt: skip
        """The covers that are nearest of all that were proposed, wherever they fit best: no square was the sleeve.

        `placed`: how well and where, of those that were laid before, which are not compared again; `squares` that
        propose too.
        """
        near: dict[int, float] = {}
        seen = (self._vector(straight(photo, corners, SIDE)) for corners in squares)
        proposals = [look.near for look in looks if look.surest < CERTAIN]
        for proposed in (*proposals, *(self.proposer.near(vector, _PROPOSED) for vector in seen)):
            near |= {row: max(score, near.get(row, -1.0)) for row, score in proposed.items()}
        placing, new = Placing(photo), {}
        for row in sorted(near, key=lambda row: -near[row])[:_PLACED]:
            if row not in placed and (cover := self._cover(row)) is not None:
                new[row] = placing.place(cover)
        placed |= new
        best = sorted(new, key=lambda row: -new[row][0])[:_LAID]
        return self._compared(photo, [_Look(new[row][1], False, [row]) for row in best if new[row][0] > _FITS])

    def _compared(self, photo: Image.Image, looks: list[_Look]) -> list[_Look]:
        """The same with how sure each of their covers is."""
        views: list[NDArray[np.uint8]] = []
        covers: list[NDArray[np.uint8]] = []
        for look in looks:
            pixels = {row: found for row in look.covers if (found := self._cover(row)) is not None}
            look.covers, look.sure = list(pixels), np.empty(0)
            views += [straight(photo, look.corners, VIEW, MARGIN)] * len(pixels)
            covers += pixels.values()
        if covers:
            fits = fit(np.stack(views), np.stack(covers))
            ends = np.cumsum([len(look.covers) for look in looks])[:-1]
            for look, sure, warps in zip(looks, np.split(how_sure(fits), ends), np.split(fits.warp, ends), strict=True):
                look.sure = sure
                if look.surest > _HOPE:
                    look.better = moved(look.corners, warps[np.argmax(sure)])
        return looks

    def _vector(self, sleeve: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Of a square [SIDE, SIDE, 3], without polish: it is the same to the third digit. One at a time: batches are
        padded.
        """
        codec = self._loaded()
        return codec.search_vectors(codec.encode(sleeve[None], steps=0))[0]

    def _by_lettering(self, photo: Image.Image, look: _Look) -> list[str]:
        """What is read on a sleeve, where the reader is installed; albums that are called so are compared too."""
        from pipelines.lens.words import SIDE as READ_AT
        from pipelines.lens.words import albums_called

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
        if self._open_reader is not None:
            return self._open_reader()
        from pipelines.lens.words import open_reader

        return open_reader()

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


def _is_aside(photo: Image.Image, corners: Corners, squares: Sequence[tuple[Corners, bool]]) -> bool:
    """Whether the photo is rather of another one of the squares, so that this is a sleeve that lies beside it."""
    least, size, middle = _prominence(photo, corners) + _NEARLY, size_of(corners), corners.mean(0)
    return any(
        _prominence(photo, other) > least and np.hypot(*(other.mean(0) - middle)) > min(size, size_of(other)) / 2
        for other, _ in squares
    )


def _squares(photo: Image.Image) -> Iterator[tuple[Corners, bool]]:
    """Squares to look at, likeliest first: corners, and whether it is the photo as a whole."""
    quads = find_quads(photo, _QUADS)
    width, height = photo.size
    side, middle = min(width, height), np.array((width / 2, height / 2))
    whole = middle + (UNIT - 0.5) * side
    at = 0 if abs(width - height) < 0.1 * side else len(quads)  # square: a picture of a cover, not of a room
    squares = [*((quad, False) for quad in quads[:at]), (whole, True), *((quad, False) for quad in quads[at:])]
    yield from squares
    yield from ((np.roll(squares[0][0], turn, 0), squares[0][1]) for turn in (1, 2, 3))


def _usual(photo: Image.Image) -> Iterator[Corners]:
    """Squares in the middle of a photo and towards both of its ends, as people hold a sleeve before a camera."""
    size = np.array(photo.size)
    for along in (0.0, -0.4, 0.4):
        yield size / 2 + (size - size.min()) * along + (UNIT - 0.5) * size.min() * 0.7
