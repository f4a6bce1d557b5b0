"""Pictures for the tests: something with detail and colour, in every format and mode."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

from pipelines.limited import Rejected


def photo(width: int = 300, height: int = 300, seed: int = 0) -> Image.Image:
    """A smooth RGB picture with all hues, so that resizing it is well defined."""
    y, x = np.mgrid[0:height, 0:width]
    phase = np.random.default_rng(seed).uniform(0, 6.28, 3)
    waves = [np.sin(phase[0] + x * 6.28 / width), np.cos(phase[1] + y * 6.28 / height)]
    waves.append(np.sin(phase[2] + (x / width + y / height) * 3.14))
    return Image.fromarray((127.5 + 127.5 * np.stack(waves, axis=-1)).astype(np.uint8))


def quarters(width: int = 256, height: int = 256) -> Image.Image:
    """Red, green / blue, white: shows every turn and flip."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("lime", (width // 2, 0, width, height // 2))
    picture.paste("blue", (0, height // 2, width // 2, height))
    picture.paste("white", (width // 2, height // 2, width, height))
    return picture


def to_bytes(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The picture as a file's bytes."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A tiny PNG whose header claims any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def too_busy(*_: object) -> None:
    """In place of `pipelines.images.limited`, on a machine that has no time for it."""
    raise Rejected("takes longer than 5 s", passing=True)
