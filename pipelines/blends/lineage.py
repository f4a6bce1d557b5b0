"""Blends as parents of blends: a blend that was written is taken as an album, and knows what it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.blends.files import SUFFIXES, read_recipe
from pipelines.blends.recipe import BlendAlbum, BlendError, Part
from pipelines.images import BadImage, prepare_cover, read_picture
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from store.errors import LibraryLocked
from store.personal.records import Personal
from store.text import clean

BLEND = "blend:"  # before the name of a blend where an album is asked for


def blend_as_album(library: Library, text: str) -> BlendAlbum:
    """`blend:NAME` as an album: its picture becomes a cover of the library. BlendError where there is no such blend.

    NAME is a file in the library's folder of blends, with or without its suffix, or that of any recorded blend.
    """
    path = _find(library, text.removeprefix(BLEND).strip())
    recipe = read_recipe(path)
    if recipe.layout != "picture":
        raise BlendError(f"{path.name} is a {recipe.layout}, no single picture to blend with")
    files = CoverFiles(library.covers_dir)
    try:
        cover = prepare_cover(read_picture(path), keep="512")
    except BadImage as error:
        raise BlendError(f"{path} cannot be taken as a cover: {error}") from error
    sha = files.put(cover.webp)
    if cover.large is not None:
        files.put_large(sha, cover.large)
    made_of = " + ".join(part.title for part in recipe.parts)
    return BlendAlbum(
        f"{BLEND}{path.name}", clean(f"blend of {made_of}", 120), clean(path.stem, 120), None, None, None, sha,
        parts=recipe.parts,
    )  # fmt: skip


def tree(parts: Sequence[Part], depth: int = 0) -> Iterator[tuple[int, Part]]:
    """Every part with its generation, from the parents (0) on, each before what it was made of."""
    for part in parts:
        yield depth, part
        yield from tree(part.parts, depth + 1)


def _find(library: Library, name: str) -> Path:
    if not name or "/" in name or "\0" in name or name.startswith("."):
        raise BlendError(f"no blend is named {name[:80]!r}: name a file of {library.blends_dir}")
    candidates = [library.blends_dir / f"{name}{suffix}" for suffix in ("", *SUFFIXES)]
    try:
        recorded = [Path(record.path) for record in Personal(library).read().blends]
    except LibraryLocked:
        recorded = []
    candidates += [path for path in recorded if name in (path.name, path.stem)]
    for path in candidates:
        if path.suffix.lower() in SUFFIXES and path.is_file():
            return path
    raise BlendError(f"no blend is named {name[:80]!r} in {library.blends_dir}")
