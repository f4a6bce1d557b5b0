"""`similar --image`: from a photo of a sleeve to its album and on; from a folder of photos to a table of a shelf."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from store.text import clean
from tui.commands.shared import Context, album_dict, album_line, neighbor_dict, open_library, print_json, progress

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.images import BadImage
    from pipelines.lens.lens import Lens, Sighting
    from store.neighbors.neighborhood import Neighborhood
    from store.records import Weights
    from vae.codec import Codec

Shape = Literal["text", "json", "csv", "ids"]
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
COLUMNS = ("photo", "album_id", "artist", "album", "year", "sure", "problem")


def open_lens(context: Context, executor: Executor) -> tuple[Lens, Neighborhood]:
    """The model is loaded by the executor while the library is opened."""
    loading = executor.submit(_ready_codec)
    library = open_library(context)
    from pipelines.lens.lens import Lens
    from store.catalogue.covers import CoverFiles
    from store.neighbors.neighborhood import open_neighborhood

    neighborhood = open_neighborhood(library)
    return Lens(neighborhood, CoverFiles(library.covers_dir), loading.result), neighborhood


def _ready_codec() -> Codec:
    """With its encoder, which is loaded when it is first used."""
    import numpy as np

    from vae.codec import Codec

    codec = Codec.load(device="cpu")
    codec.encode(np.zeros((1, 128, 128, 3), np.uint8), steps=0)
    return codec


def _open_photo(path: Path) -> Image:
    from pipelines.lens.photo import open_photo

    return open_photo(path)


def similar_to_picture(
    context: Context, path: Path, k: int, weights: Weights, per_artist: int | None, shape: Shape
) -> int:
    """What a photo shows, and the neighbours of the album that it is of; else the nearest sleeves. 1: no album's."""
    from pipelines.images import BadImage
    from store.errors import LibraryError

    with ThreadPoolExecutor(2) as executor:
        opening = executor.submit(_open_photo, path)
        try:
            lens, neighborhood = open_lens(context, executor)
            sighting = lens.look(opening.result(), k)
        except BadImage as error:
            raise LibraryError(f"{path}: {error}") from None
    album = sighting.found[0][0] if sighting.found else None
    near = list(sighting.nearest)
    if album is not None:
        near = neighborhood.neighbors(album.album_id, k, weights, per_artist)
    if shape == "json":
        print_json(
            {
                "photo": str(path),
                "corners": None if sighting.corners is None else sighting.corners.round(4).tolist(),
                "found": [{"album": album_dict(one), "sure": round(sure, 4)} for one, sure in sighting.found],
                "album": None if album is None else album_dict(album),
                "lettering": list(sighting.lettering),
                "weights": asdict(weights),
                "neighbors": [neighbor_dict(one) for one in near],
                "notices": list(neighborhood.notices),
            }
        )
    elif shape == "ids":
        for found in [one for one, _ in sighting.found] or [one.album for one in near]:
            click.echo(found.album_id)
    elif shape == "csv":
        _write_csv([(path, sighting)])
    else:
        click.echo(clean(f"{path.name}: {sighting.told}", 400))
        for other, sure in sighting.found[1:]:
            click.echo(f"  or {album_line(other)}, {100 * sure:.0f} %")
        for rank, neighbor in enumerate(near, 1):
            score = "" if album is None else f"{neighbor.score:4.2f}  "  # of a picture it would read as how sure
            click.echo(f"{rank:3}.  {score}{album_line(neighbor.album)}")
    for notice in neighborhood.notices:
        click.echo(notice, err=True)
    return 0 if album is not None else 1


def shelf(context: Context, folder: Path, shape: Shape) -> int:
    """A row for each photo of a folder: its album and how sure, or why there is none. 1: not one album was found."""
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not photos:
        raise click.UsageError(f"{folder} has no photos ({', '.join(ending[1:] for ending in ENDINGS)})")
    with ThreadPoolExecutor(1) as executor:
        rows = list(_looked_at(open_lens(context, executor)[0], photos))
    found = {one.found[0][0].album_id: None for _, one in rows if not isinstance(one, Exception) and one.found}
    if shape == "json":
        print_json([_row(path, seen) for path, seen in rows])
    elif shape == "ids":
        for album_id in found:
            click.echo(album_id)
    else:
        _write_csv(rows)
    told = [seen for _, seen in rows if not isinstance(seen, Exception) and seen.found]
    failed = sum(isinstance(seen, Exception) for _, seen in rows)
    count = "1 photo" if len(photos) == 1 else f"{len(photos):,} photos"
    line = f"{count}: {len(told):,} of albums of this library, {len(found):,} of them different"
    click.echo(line + (f"; {failed:,} could not be read" if failed else ""), err=True)
    return 0 if found else 1


def _looked_at(lens: Lens, photos: list[Path]) -> Iterator[tuple[Path, Sighting | BadImage]]:
    from pipelines.images import BadImage

    shown = progress()
    shown.start("looking at photos", len(photos))
    for path in photos:
        try:
            yield path, lens.look_at(path)
        except BadImage as error:
            yield path, BadImage(error.reason, error.detail)
        shown.advance(1)
    shown.finish()


def _row(path: Path, seen: Sighting | BadImage) -> dict[str, object]:
    if isinstance(seen, Exception):
        return dict.fromkeys(COLUMNS) | {"photo": path.name, "problem": str(seen)}
    if not seen.found:
        return dict.fromkeys(COLUMNS) | {"photo": path.name, "problem": "not an album of this library"}
    album, sure = seen.found[0]
    values = (path.name, album.album_id, album.artist, album.title, album.year, round(sure, 4), None)
    return dict(zip(COLUMNS, values, strict=True))


def _write_csv(rows: list[tuple[Path, Sighting | BadImage]]) -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    for path, seen in rows:
        table.writerow(["" if value is None else _cell(value) for value in _row(path, seen).values()])


def _cell(value: object) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = clean(str(value), 1000)
    return f"'{text}" if text[:1] in "=+-@" and isinstance(value, str) else text
