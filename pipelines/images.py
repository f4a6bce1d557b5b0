"""From the bytes of any picture to a cover: 128×128 RGB. The one way in for ingest, training and queries.

What arrives is hostile until it has been decoded: bytes, format and pixel count are checked before any
pixel is made, and whatever goes wrong becomes one `BadImage` with a short reason.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from pipelines.facts import cover_facts
from pipelines.limited import Rejected, limited
from store.looks import CoverFacts

SIDE = 128  # pixels, both ways, of every stored cover
LARGE = 512  # pixels a side, at most, of the larger picture that is kept beside a cover
Keep = Literal["none", "512", "all"]  # larger pictures: none, of sources of about 512 pixels and more, of any larger
KEEPS: tuple[Keep, ...] = ("none", "512", "all")
ENOUGH = {"512": 448, "all": SIDE + 1}  # pixels a side that a source must have for one to be kept
_LARGE_QUALITY = 85  # about 38 KB each
MAX_BYTES = 25_000_000
MAX_PIXELS = 50_000_000
_DRAFT = 240  # pixels; nearly twice SIDE, so that the archive's pictures of 500 are decoded at 250
MIN_SIDE = 16  # less is a tracking pixel or a stripe, not a sleeve
MAX_ASPECT = 4.0  # a gatefold is 2; beyond 4 the square in the middle says nothing of the whole
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
WEB_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # all that is taken from the network: the well-tried decoders

_WAYS: tuple[tuple[tuple[str, ...], Keep], ...] = tuple(
    (formats, keep) for formats in (FORMATS, WEB_FORMATS) for keep in KEEPS
)

DAMAGED = "damaged or truncated image"
WEB_PAGE = "a web page, not a picture"
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")

# Process-wide on purpose, and only stricter than Pillow's own: it looks where our own check cannot reach
# (a GIF frame larger than its screen). Its other warnings, of odd EXIF and such, only spoil the screen.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.simplefilter("error", Image.DecompressionBombWarning)

Pixels = NDArray[np.uint8]


class BadImage(Rejected):
    """These bytes do not become a cover. `reason` groups in counts; `detail` is about this one picture."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A cover as pixels."""

    pixels: Pixels  # uint8 [128, 128, 3]
    width: int  # of the source picture, pixels, as it is seen (after its EXIF orientation)
    height: int
    mean_color: int  # 0xRRGGBB
    as_is: bool  # the source is itself a plain 128×128 WebP: it is stored byte for byte


@dataclass(frozen=True, slots=True)
class PreparedCover:
    """A cover ready to be stored."""

    webp: bytes
    width: int  # of the source picture
    height: int
    mean_color: int  # 0xRRGGBB
    large: bytes | None = None  # a WebP of at most 512×512, where one is kept
    facts: CoverFacts | None = None  # None where it comes from a shard that has none


def decode_cover(data: bytes, formats: tuple[str, ...] = FORMATS) -> Decoded:
    """The bytes of a picture as a cover: first frame, upright, over white, centre square, LANCZOS to 128×128.

    White stands for transparency because a sleeve is printed on paper. Embedded colour profiles are not
    applied. Raises BadImage.
    """
    with _opened(data, formats) as picture:
        width, height = picture.size
        _draft(picture, _DRAFT)
        picture.load()
        small = shrink(picture)
        turn = _TURNS.get(_orientation(picture))
        as_is = turn is None and picture.mode == "RGB" and _is_plain_webp(data, picture.format, (width, height))
    if turn is not None:
        small = small.transpose(turn)
        if turn in _SIDEWAYS:
            width, height = height, width
    pixels = np.array(small, dtype=np.uint8)
    red, green, blue = (int(value) for value in pixels.reshape(-1, 3).mean(axis=0).round())
    return Decoded(pixels, width, height, red << 16 | green << 8 | blue, as_is)


def decode_whole(data: bytes, most: int) -> Image.Image:
    """The bytes of a picture, RGB, all of it and upright, its longer side at most `most` pixels. Raises BadImage."""
    with _opened(data, FORMATS) as picture:
        _draft(picture, round(most * min(picture.size) / max(picture.size)))
        picture.load()
        return whole(picture, most)


def whole(picture: Image.Image, most: int) -> Image.Image:
    """The same of a picture that is open."""
    scale = min(1.0, most / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    shrunk = _resized(picture, size, (0, 0, *picture.size))
    turn = _TURNS.get(_orientation(picture))
    return shrunk if turn is None else shrunk.transpose(turn)


@contextmanager
def _opened(data: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """A picture whose pixels are still to be decoded, which may be done within. Raises BadImage for what is none."""
    if not data:
        raise BadImage("empty file")
    if len(data) > MAX_BYTES:
        raise BadImage(f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            _check_size(*picture.size)
            yield picture
    except BadImage:
        raise
    except Image.UnidentifiedImageError as error:
        raise BadImage(_not_an_image(data, formats)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImage(f"more than {MAX_PIXELS // 1_000_000} megapixels") from error
    except MemoryError:
        raise
    except Exception as error:  # decoders fed with damaged bytes raise nearly anything, and it all means this
        raise BadImage(DAMAGED, str(error).partition("\n")[0][:120]) from error


def _draft(picture: Image.Image, side: int) -> None:
    """The JPEG decoder can shrink while it decodes: 4× faster, and never much below twice what we need."""
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, (side, side))


def encode_webp(pixels: Pixels) -> bytes:
    """uint8 [128, 128, 3] as a lossless WebP: the stored cover has exactly the pixels that were decoded.

    Lossy WebP halves the colour resolution: at its best quality real covers keep 36 dB on average and
    saturated ones 23, for 9 KB against 23, and it takes three times as long. Lossless effort above 0 saves
    2–9 % of the bytes for 4 to 30 times the time.
    """
    if pixels.shape != (SIDE, SIDE, 3) or pixels.dtype != np.uint8:
        raise ValueError(f"a cover is uint8 [{SIDE}, {SIDE}, 3], not {pixels.dtype} {list(pixels.shape)}")
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", lossless=True, quality=0, method=0)
    return out.getvalue()


def prepare_cover(data: bytes, formats: tuple[str, ...] = FORMATS, keep: Keep = "none") -> PreparedCover:
    """The bytes of a picture as what is stored of it, within the limits of `pipelines.limited`. Raises BadImage."""
    if len(data) > MAX_BYTES:
        raise BadImage(f"larger than {MAX_BYTES // 1_000_000} MB")
    way = bytes([_WAYS.index((formats, keep))])
    try:
        return limited("pipelines.images:prepare_so", way + data, PreparedCover)
    except Rejected as error:
        raise BadImage(error.reason, error.detail, error.passing) from None


def prepare(data: bytes, formats: tuple[str, ...] = FORMATS, keep: Keep = "none") -> PreparedCover:
    """`prepare_cover` in this process and without its limits."""
    cover = decode_cover(data, formats)
    webp = data if cover.as_is else encode_webp(cover.pixels)
    side = min(cover.width, cover.height)
    large = encode_large(data, min(side, LARGE)) if side >= ENOUGH.get(keep, side + 1) else None
    return PreparedCover(webp, cover.width, cover.height, cover.mean_color, large, cover_facts(cover.pixels[None])[0])


def encode_large(data: bytes, side: int) -> bytes:
    """The bytes of a picture that `decode_cover` took as a WebP [side, side] of its centre square, upright."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        _draft(picture, side)
        picture.load()
        square = shrink(picture, side)
        turn = _TURNS.get(_orientation(picture))
    out = io.BytesIO()
    # Lossy: of what blends take from it nobody sees the difference, and it is a tenth of the size.
    (square.transpose(turn) if turn is not None else square).save(out, "WEBP", quality=_LARGE_QUALITY, method=1)
    return out.getvalue()


def prepare_so(told: bytes) -> PreparedCover:
    """`prepare` of all but the first byte, in the way of _WAYS that this tells."""
    return prepare(told[1:], *_WAYS[told[0]])


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file, at most one more than is allowed. Raises BadImage where there is none."""
    try:
        if not path.is_file():  # a pipe would hang the read, a folder has nothing to read
            raise BadImage("not a file" if path.exists() else "no such file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadImage("file cannot be read", error.strerror or "") from error


def load_covers(paths: Sequence[Path], keep: Keep = "none") -> list[PreparedCover | BadImage]:
    """A stage over a batch: for each path the cover, or why there is none."""

    def load(path: Path) -> PreparedCover | BadImage:
        try:
            return prepare_cover(read_picture(path), keep=keep)
        except BadImage as error:
            # Without its traceback, which would keep the picture's bytes alive for as long as the report.
            return BadImage(error.reason, error.detail, error.passing)

    return [load(path) for path in paths]


def _check_size(width: int, height: int) -> None:
    size = f"{width}×{height}"
    if width * height > MAX_PIXELS:
        raise BadImage(f"more than {MAX_PIXELS // 1_000_000} megapixels", size)
    if min(width, height) < MIN_SIDE:
        raise BadImage(f"smaller than {MIN_SIDE} pixels", size)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise BadImage("far from square", size)


def _resizable(picture: Image.Image) -> Image.Image:
    """The same picture in a mode that LANCZOS handles: I or F for wide grey, else L, LA, RGB or RGBA."""
    mode = picture.mode
    if mode in ("PA", "La", "RGBa") or ("transparency" in picture.info and not mode.startswith("I")):
        return picture.convert("RGBA")
    if mode in ("I", "F", "L", "LA", "RGB", "RGBA"):
        return picture
    if mode == "1":
        return picture.convert("L")
    return picture.convert("I" if mode.startswith("I;") else "RGB")  # raises where there is no way to RGB


def _white(picture: Image.Image) -> float:
    """The value that is white: known for 8 and 16 bits, else judged by the picture's brightest pixel."""
    if picture.mode.startswith("I;16"):
        return 65535.0
    if picture.mode not in ("I", "F"):
        return 255.0
    peak = cast(tuple[float, float], picture.getextrema())[1]
    limits = (1.0, 255.0, 65535.0) if picture.mode == "F" else (255.0, 65535.0)
    return next((limit for limit in limits if peak <= limit), peak)


def shrink(picture: Image.Image, size: int = SIDE) -> Image.Image:
    """The centre square at [size, size], RGB. Turning by quarters comes after: it commutes, and is cheap there."""
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return _resized(picture, (size, size), (left, top, left + side, top + side))


def _resized(picture: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """The part of a picture within `box` at another size, RGB."""
    white = _white(picture)
    # reducing_gap: a fast box filter first while far above the target; not to be told from the plain way.
    small = _resizable(picture).resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    if small.mode in ("I", "F"):
        gray = np.asarray(small, dtype=np.float64) * (255.0 / white)
        if not np.isfinite(gray).all():
            raise BadImage("pixels that are not numbers")
        small = Image.fromarray(np.clip(gray + 0.5, 0, 255).astype(np.uint8))
    if small.mode in ("LA", "RGBA"):
        paper = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(paper, small.convert("RGBA"))
    return small.convert("RGB")


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8]}


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation 1–8; 1 where there is none, or the EXIF is damaged: no reason to lose the cover."""
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001  the EXIF parser, too, raises nearly anything on damaged bytes
        return 1
    return value if isinstance(value, int) else 1


def _is_plain_webp(data: bytes, kind: str | None, size: tuple[int, int]) -> bool:
    """Whether the bytes are one 128×128 still and nothing else: no metadata, no frames, nothing behind it."""
    if kind != "WEBP" or size != (SIDE, SIDE) or data[12:16] not in (b"VP8 ", b"VP8L"):
        return False
    riff, chunk = (int.from_bytes(data[at : at + 4], "little") for at in (4, 16))
    return riff + 8 == len(data) and 20 + chunk + chunk % 2 == len(data)


def _not_an_image(data: bytes, formats: tuple[str, ...]) -> str:
    if data.startswith(_MAGIC if formats == FORMATS else _MAGIC[: len(WEB_FORMATS)]):
        return DAMAGED
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "SVG, which is no picture made of pixels"
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return WEB_PAGE
    return "not a JPEG, PNG, WebP, GIF, BMP or TIFF picture" if formats == FORMATS else "not a JPEG, PNG, WebP or GIF"
