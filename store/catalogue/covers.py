"""Cover files: 128×128 WebP, named by the SHA-256 of their bytes. Plain files need no lock and read in µs."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from store.database.atomic import atomic_file
from store.errors import LibraryError

SIDE = 128  # pixels
LARGE_DIR = "large"
_SHA256 = re.compile(r"[0-9a-f]{64}")
LARGE = 512  # pixels a side, at most, of a large cover
_MAX_BYTES = 1 << 20  # a 128×128 WebP is some kilobytes; lossless noise stays under 64, a large cover's under 500


class CoverFiles:
    """The covers under one folder: `<first two digits>/<sha256>.webp`."""

    def __init__(self, covers_dir: Path) -> None:
        self.covers_dir = Path(covers_dir)

    def path(self, sha: str) -> Path:
        """Where the cover is or would be. LibraryError for what is no SHA-256, as in a damaged row."""
        if not _SHA256.fullmatch(sha):
            raise LibraryError(f"not a cover's SHA-256: {sha[:80]!r}")
        return self.covers_dir / sha[:2] / f"{sha}.webp"

    def large_path(self, sha: str) -> Path:
        """Where the larger picture of a cover is or would be: the same name, in a tree of its own."""
        return self.covers_dir / LARGE_DIR / sha[:2] / self.path(sha).name

    def found_path(self, sha: str) -> Path:
        """Where what was found on a cover is kept or would be: beside its larger picture."""
        return self.large_path(sha).with_suffix(".json")

    def put_large(self, sha: str, webp: bytes) -> None:
        """Store the larger picture of a cover that is there; one that is there already stays. LibraryError if not."""
        decode_large(webp, "the new large cover")
        target = self.large_path(sha)
        try:
            if not target.is_file():
                target.parent.mkdir(0o700, parents=True, exist_ok=True)
                with atomic_file(target, durable=False) as path:
                    path.write_bytes(webp)
        except OSError as error:
            raise LibraryError(f"cannot write cover {target}: {error.strerror or error}") from error

    def large(self, sha: str) -> np.ndarray | None:
        """The larger picture as uint8 [s, s, 3], 128 < s ≤ 512; None where there is none that can be read."""
        path = self.large_path(sha)
        try:
            with path.open("rb") as file:
                return decode_large(file.read(_MAX_BYTES + 1), f"cover {path}")
        except (OSError, LibraryError):
            return None  # derived from the same source as the small one, which takes its place

    def large_files(self) -> Iterator[Path]:
        """All files of large covers."""
        return (self.covers_dir / LARGE_DIR).glob("??/*.webp")

    def found_files(self) -> Iterator[Path]:
        """All files of what was found on covers."""
        return (self.covers_dir / LARGE_DIR).glob("??/*.json")

    def large_bytes(self) -> tuple[int, int]:
        """(number, bytes) of all large covers."""
        sizes = [path.stat().st_size for path in self.large_files()]
        return len(sizes), sum(sizes)

    def delete_large(self) -> tuple[int, int]:
        """Delete all large covers; (number, bytes) of them. LibraryError where one cannot be."""
        told = self.large_bytes()
        try:
            for path in list(self.large_files()):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(f"cannot delete {path}: {error.strerror or error}") from error
        return told

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
            with open(path, "rb", opener=_at_once) as file:
                return file.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            raise LibraryError(f"cover {path} is missing; ingest its source again") from None
        except OSError as error:
            raise LibraryError(f"cannot read cover {path}: {error.strerror or error}") from error


def _at_once(path: str, flags: int) -> int:
    """A pipe in a cover's place is not waited for: it is empty."""
    return os.open(path, flags | os.O_NONBLOCK)


def decode_webp(webp: bytes, name: str) -> np.ndarray:
    """The bytes of a cover as uint8 [128, 128, 3]. LibraryError that says `name` where they are no such WebP."""
    return _decoded(webp, name, SIDE, SIDE)


def decode_large(webp: bytes, name: str) -> np.ndarray:
    """The bytes of a large cover as uint8 [s, s, 3]. LibraryError that says `name` where they are no such WebP."""
    return _decoded(webp, name, SIDE + 1, LARGE)


def _decoded(webp: bytes, name: str, least: int, most: int) -> np.ndarray:
    from PIL import Image
    from PIL.WebPImagePlugin import WebPImageFile  # Image.open would first import the readers of forty other formats

    if len(webp) > _MAX_BYTES:
        raise LibraryError(f"{name} is damaged (more than {_MAX_BYTES} bytes); delete it and ingest its source again")
    try:
        with WebPImageFile(io.BytesIO(webp)) as image:
            # From the header, before any pixel is decoded: no bomb goes off.
            if image.width != image.height or not least <= image.width <= most:
                wanted = f"{most}×{most}" if least == most else f"a square of {least} to {most}"
                raise LibraryError(f"{name} is {image.width}×{image.height}, not {wanted}")
            return np.array(image.convert("RGB"))
    except (
        OSError, ValueError, SyntaxError,
        Image.DecompressionBombWarning, Image.DecompressionBombError,
    ) as error:  # fmt: skip
        raise LibraryError(f"{name} is damaged ({error}); delete it and ingest its source again") from error
