"""Cover files: 128×128 WebP, named by the SHA-256 of their bytes. Plain files need no lock and read in µs."""

from __future__ import annotations

import hashlib
import io
import os
import re
from pathlib import Path

import numpy as np

from store.database.atomic import atomic_file
from store.errors import LibraryError

SIDE = 128  # pixels
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_BYTES = 1 << 20  # a 128×128 WebP is some kilobytes; lossless noise stays under 64


class CoverFiles:
    """The covers under one folder: `<first two digits>/<sha256>.webp`."""

    def __init__(self, covers_dir: Path) -> None:
        self.covers_dir = Path(covers_dir)

    def path(self, sha: str) -> Path:
        """Where the cover is or would be. LibraryError for what is no SHA-256, as in a damaged row."""
        if not _SHA256.fullmatch(sha):
            raise LibraryError(f"not a cover's SHA-256: {sha[:80]!r}")
        return self.covers_dir / sha[:2] / f"{sha}.webp"

    def has(self, sha: str) -> bool:
        """Whether the cover's file is there."""
        return self.path(sha).is_file()

    def put(self, webp: bytes) -> str:
        """Store the bytes of a 128×128 WebP, unless they are there; their SHA-256. LibraryError for other bytes."""
        decode_webp(webp, "the new cover")
        sha = hashlib.sha256(webp).hexdigest()
        target = self.path(sha)
        try:
            if target.is_file() and target.stat().st_size == len(webp):
                os.utime(target)  # young again: no repair takes it for an orphan before it is committed
                return sha
            self.covers_dir.mkdir(0o700, parents=True, exist_ok=True)
            target.parent.mkdir(0o700, exist_ok=True)
            # Not durable, which would take a thousand times as long as the writing: a cover that a power cut spoils
            # is found by its name, and its source has it still.
            with atomic_file(target, durable=False) as path:
                path.write_bytes(webp)
        except OSError as error:
            raise LibraryError(f"cannot write cover {target}: {error.strerror or error}") from error
        return sha

    def read(self, sha: str) -> bytes:
        """The bytes of the cover's WebP. LibraryError naming the file when it is missing or not what its name says."""
        webp = self._bytes(sha)
        if hashlib.sha256(webp).hexdigest() != sha:
            raise LibraryError(
                f"cover {self.path(sha)} is damaged (its content is not what its name says); "
                "delete it and ingest its source again"
            )
        return webp

    def pixels(self, sha: str) -> np.ndarray:
        """The cover as uint8 [128, 128, 3]. LibraryError naming the file when it is missing or damaged."""
        return decode_webp(self._bytes(sha), f"cover {self.path(sha)}")

    def _bytes(self, sha: str) -> bytes:
        path = self.path(sha)
        try:
            with path.open("rb") as file:
                return file.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            raise LibraryError(f"cover {path} is missing; ingest its source again") from None
        except OSError as error:
            raise LibraryError(f"cannot read cover {path}: {error.strerror or error}") from error


def decode_webp(webp: bytes, name: str) -> np.ndarray:
    """The bytes of a cover as uint8 [128, 128, 3]. LibraryError that says `name` where they are no such WebP."""
    from PIL import Image
    from PIL.WebPImagePlugin import WebPImageFile  # Image.open would first import the readers of forty other formats

    if len(webp) > _MAX_BYTES:
        raise LibraryError(f"{name} is damaged (more than {_MAX_BYTES} bytes); delete it and ingest its source again")
    try:
        with WebPImageFile(io.BytesIO(webp)) as image:
            if image.size != (SIDE, SIDE):  # from the header, before any pixel is decoded: no bomb goes off
                raise LibraryError(f"{name} is {image.width}×{image.height}, not {SIDE}×{SIDE}")
            return np.array(image.convert("RGB"))
    except (
        OSError, ValueError, SyntaxError,
        Image.DecompressionBombWarning, Image.DecompressionBombError,
    ) as error:  # fmt: skip
        raise LibraryError(f"{name} is damaged ({error}); delete it and ingest its source again") from error
