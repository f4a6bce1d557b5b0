"""From the bytes of a photo to its pixels, within the limits of `pipelines.limited`: what arrives is hostile."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PIL import Image

from pipelines.images import MAX_BYTES, BadImage, decode_whole, read_picture
from pipelines.limited import Rejected, limited

LONG = 720  # pixels of the longer side that a photo is looked at with


class _Pixels(msgspec.Struct):
    rgb: bytes
    width: int
    height: int


def open_photo(path: Path) -> Image.Image:
    """A photo, upright, its longer side at most LONG pixels. Raises BadImage, which says what is wrong with it."""
    data = read_picture(path)
    if len(data) > MAX_BYTES:
        raise BadImage(f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        found = limited("pipelines.lens.photo:decoded", data, _Pixels)
    except Rejected as error:
        raise BadImage(error.reason, error.detail, error.passing) from None
    return Image.frombytes("RGB", (found.width, found.height), found.rgb)


def decoded(data: bytes) -> _Pixels:
    """`open_photo` in this process and without its limits."""
    whole = decode_whole(data, LONG)
    return _Pixels(whole.tobytes(), *whole.size)
