"""Albums and covers that tests can compute by hand."""

from __future__ import annotations

import io

import numpy as np

from store.records import AlbumRecord


def sha(number: int) -> str:
    """A made-up SHA-256 for cover `number`."""
    return f"{number:064x}"


def record(artist: str, title: str, **more: object) -> AlbumRecord:
    return AlbumRecord(artist, title, "table", f"{artist}|{title}", **more)  # type: ignore[arg-type]


def webp(color: tuple[int, int, int], side: int = 128) -> bytes:
    """A plain WebP of one colour."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (side, side), color).save(file, "WEBP", lossless=True)
    return file.getvalue()


# Eight albums. Covers lie on a circle: cover n at n · 20 degrees, so that nearness is plain.
ALBUMS = [
    record(
        "Ada",
        "First",
        year=1990,
        cover_sha256=sha(0),
        tags=(("dream pop", 100), ("shoegaze", 80)),
        listeners=1000,
    ),
    record(
        "Ada",
        "Second",
        year=1992,
        cover_sha256=sha(1),
        tags=(("dream pop", 100), ("noise", 50)),
        listeners=900,
    ),
    record("Ada", "Third", year=1994, cover_sha256=sha(2), tags=(("dream pop", 60),), listeners=800),
    record("Bo", "Blue", year=1991, cover_sha256=sha(3), tags=(("shoegaze", 100),), listeners=1000),
    record("Cy", "Cold", year=2010, cover_sha256=sha(4), tags=(("jazz", 100),), listeners=10),
    record("Di", "Bare"),
    record("Di", "Year Only", year=1990),
    record("Ed", "Echo", year=1990, cover_sha256=sha(0), artist_tags=(("shoegaze", 100),)),
]


SIMILAR = [("Ada", "Bo", 0.4), ("Bo", "ada", 0.6), ("Cy", "Ada", 0.1), ("Ada", "Nobody Here", 0.9)]


def circle(count: int) -> np.ndarray:
    angles = np.deg2rad(20.0 * np.arange(count))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


GROUP, GROUP_2, RELEASE = (f"{n}0000000-0000-0000-0000-000000000000" for n in "123")


def by(source: str, artist: str, title: str, **more: object) -> AlbumRecord:
    return AlbumRecord(artist, title, source, f"{artist}|{title}", **more)  # type: ignore[arg-type]
