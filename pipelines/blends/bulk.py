"""Many blends from a file of recipes: decoded in batches while threads encode and write the batch before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from pipelines.batches import batched
from pipelines.blends.detail import check_covers
from pipelines.blends.files import read_recipe, write_blend
from pipelines.blends.recipe import DETAILS, BlendError, Recipe, Weight, file_name
from pipelines.blends.recipe_to_file import Blender
from pipelines.blends.resolve import resolve
from pipelines.progress import Progress
from store.errors import LibraryError
from store.records import Album
from store.shapes import BadShape, from_json

WRITERS = max(4, os.cpu_count() or 1)  # threads; deflating releases the interpreter's lock
LONGEST = 1 << 20  # characters of a line
CHUNK = 256  # lines whose covers' latents are read from the library together


@dataclass
class BulkReport:
    """What became of a file of recipes."""

    written: int = 0
    there: int = 0  # made by an earlier run
    bad: list[tuple[int, str]] = field(default_factory=list)  # (line number from 1, what is wrong)


def blend_bulk(
    blender: Blender, lines: Iterable[str], find: Callable[[str], Album], folder: Path, progress: Progress
) -> BulkReport:
    """Write one PNG a recipe into `folder`, under names that follow from the recipes, so that a second run continues.
    A line is a recipe as `blend --json` prints it, or `albums` (texts for `find`) with `weights`, `mode`, `size` and
    `detail` if wanted. BlendError where the folder cannot be written; bad lines are reported and left out.
    """
    report = BulkReport()
    writing: list[Future[Path]] = []

    def finish() -> None:
        for write in writing:
            write.result()
            report.written += 1
            progress.advance(1)

    with ThreadPoolExecutor(WRITERS, thread_name_prefix="png") as pool:
        wanted = _not_there(_recipes(blender, lines, find, report), folder, report, progress)
        for _, alike in groupby(wanted, key=lambda recipe: (recipe.size, recipe.detail)):
            for batch in batched(alike, blender.codec.batch):
                made = blender.make_batch(batch)  # while the batch before is being written
                finish()
                writing = [pool.submit(write_blend, x.frames, x.recipe, folder / file_name(x.recipe)) for x in made]
        finish()
    return report


def _recipes(
    blender: Blender, lines: Iterable[str], find: Callable[[str], Album], report: BulkReport
) -> Iterator[Recipe]:
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    for some in batched(numbered, CHUNK):
        read: list[tuple[int, Recipe]] = []
        for number, line in some:
            try:
                read.append((number, _recipe(blender, line, find)))
            except LibraryError as error:
                report.bad.append((number, str(error)))
        blender.parents.read([part.cover_sha256 for _, recipe in read if not recipe.latent for part in recipe.parts])
        for number, recipe in read:
            try:
                resolve(recipe, blender.parents)  # what cannot be blended is told with its own line, not with the batch
                if recipe.detail == "parents":
                    check_covers(recipe, blender.parents)
            except LibraryError as error:
                report.bad.append((number, str(error)))
            else:
                yield recipe


def _not_there(recipes: Iterable[Recipe], folder: Path, report: BulkReport, progress: Progress) -> Iterator[Recipe]:
    """Without those that this run or an earlier one made."""
    seen: set[str] = set()
    for recipe in recipes:
        name = file_name(recipe)
        if name in seen or _is_there(folder / name, recipe):
            report.there += 1
            progress.advance(1)
        else:
            seen.add(name)
            yield recipe


def _recipe(blender: Blender, line: str, find: Callable[[str], Album]) -> Recipe:
    if len(line) > LONGEST:
        raise BlendError(f"the line has {len(line):,} characters")
    try:
        asked = from_json(line, _Asked)
    except BadShape as error:
        raise BlendError(f"this is no recipe: {error}") from None
    if asked.parts is not None:
        recipe = Recipe.from_json(line)
        if recipe.layout != "picture":
            raise BlendError(f"many are made as single pictures: make this {recipe.layout} alone")
        return recipe
    return blender.recipe([find(text) for text in asked.albums], asked.weights, asked.mode, asked.size, asked.detail)


class _Asked(Struct):
    """A line: albums as people name them, or a whole recipe, of which `parts` says that it is one."""

    albums: list[str] = msgspec.field(default_factory=list)
    weights: list[Weight] | None = None
    mode: str = "vivid"
    size: int = 512
    detail: str = DETAILS[0]
    parts: Raw | None = None


def _is_there(path: Path, recipe: Recipe) -> bool:
    """Whether an earlier run made this file. BlendError where something else has its name."""
    if not path.exists():
        return False
    if read_recipe(path).blend_id != recipe.blend_id:
        raise BlendError(f"{path} is there already and is another picture: choose another folder")
    return True
