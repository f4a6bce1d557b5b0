"""A walk or a route as one film: each cover grows out of the one before it, as a montage, at 512 pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.blends.files import FRAME_MS, HOLD_MS, cannot_write
from pipelines.blends.recipe import NOTE, BlendError
from pipelines.blends.recipe_to_file import Blender
from pipelines.progress import Progress
from store.database.atomic import atomic_file, leftovers
from store.records import Album

FRAMES = 24  # a step
MOST_STEPS = 200
QUALITY = 80
_DESCRIPTION = 0x010E  # EXIF's ImageDescription


@dataclass(frozen=True, slots=True)
class WayFilm:
    """A film as written: the file, its frames, and the albums left out since they have no cover."""

    path: Path
    frames: int
    left_out: tuple[Album, ...]


def write_way(
    blender: Blender,
    albums: Sequence[Album],
    path: Path,
    progress: Progress | None = None,
    *,
    frames: int = FRAMES,
    size: int = 512,
) -> WayFilm:
    """Write the film of the way through these albums, with `frames` pictures a step; a file that is there is replaced.

    BlendError where fewer than two have a cover, or too many, or the file cannot be written.
    """
    progress = progress or Progress()
    bare = tuple(album for album in albums if album.cover_sha256 is None)
    stops = [album for album in albums if album.cover_sha256 is not None]
    stops = [album for at, album in enumerate(stops) if at == 0 or album.cover_sha256 != stops[at - 1].cover_sha256]
    if len(stops) < 2:
        raise BlendError(f"a film takes two covers at least; {len(bare)} of these albums have none")
    if len(stops) - 1 > MOST_STEPS:
        raise BlendError(f"a film has at most {MOST_STEPS} steps, this way has {len(stops) - 1:,}")
    count = frames * (len(stops) - 1) + 1
    times = [HOLD_MS if at % frames == 0 else FRAME_MS for at in range(count)]
    told = {"way": [f"{album.artist} / {album.title}" for album in stops], "note": NOTE}
    exif = Image.Exif()
    exif[_DESCRIPTION] = json.dumps(told)
    progress.start("frames", count)
    made = (_counted(Image.fromarray(one), progress) for one in _frames(blender, stops, frames, size))
    try:
        leftovers(path.parent, remove=True)
        with atomic_file(path) as temporary:
            first = next(made)
            if path.suffix.lower() == ".gif":
                extra = {"comment": exif[_DESCRIPTION].encode()}
            else:
                extra = {"exif": exif, "quality": QUALITY, "method": 0}
            kind = path.suffix[1:].upper()
            first.save(temporary, kind, save_all=True, append_images=made, duration=times, loop=0, **extra)
    except OSError as error:
        raise cannot_write(path, error) from error
    progress.finish(f"{count:,} frames")
    return WayFilm(path, count, bare)


def _frames(blender: Blender, stops: Sequence[Album], frames: int, size: int) -> Iterator[NDArray[np.uint8]]:
    """All frames; those of the next step are made while these are written."""

    def leg(ends: tuple[Album, Album]) -> tuple[NDArray[np.uint8], ...]:
        recipe = blender.recipe(ends, None, "interpolate", size)
        return blender.make(replace(recipe, layout="film", frames=frames + 1)).frames

    with ThreadPoolExecutor(1, thread_name_prefix="film") as pool:
        steps = list(pairwise(stops))
        waiting = pool.submit(leg, steps[0])
        for at in range(len(steps)):
            made = waiting.result()
            if at + 1 < len(steps):
                waiting = pool.submit(leg, steps[at + 1])
            yield from made[:-1] if at + 1 < len(steps) else made


def _counted(image: Image.Image, progress: Progress) -> Image.Image:
    progress.advance(1)
    return image
