"""Many blends from a file of recipes: decoded in batches while threads encode and write the batch before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.blends.blender import Blender, BlendResult
from pipelines.blends.files import read_recipe, write_blend
from pipelines.blends.recipe import BlendError, Recipe, file_name
from pipelines.progress import Progress
from store.errors import LibraryError
from store.records import Album

WRITERS = 4  # threads; deflating releases the interpreter's lock
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
    """Write one PNG a recipe into `folder`, under a name that follows from the recipe, so that a second run continues.

    A line is a JSON object: `albums` (texts for `find`), and, if wanted, `weights`, `mode` and `size`; or a recipe as
    `blend --json` prints it. BlendError where the folder cannot be written; bad lines are reported and left out.
    """
    report = BulkReport()
    waiting: list[tuple[int, Recipe]] = []
    writing: list[Future[Path]] = []
    seen: set[str] = set()
    batch = blender.codec.batch
    with ThreadPoolExecutor(WRITERS, thread_name_prefix="png") as pool:
        for number, recipe in _recipes(blender, lines, find, report):
            name = file_name(recipe)
            if name in seen or _is_there(folder / name, recipe):
                report.there += 1
                progress.advance(1)
                continue
            seen.add(name)
            if waiting and (len(waiting) >= batch or waiting[0][1].size != recipe.size):
                writing = _decode(blender, waiting, folder, pool, writing, report, progress)
                waiting = []
            waiting.append((number, recipe))
        writing = _decode(blender, waiting, folder, pool, writing, report, progress)
        _finish(writing, report, progress)
    return report


def _recipes(
    blender: Blender, lines: Iterable[str], find: Callable[[str], Album], report: BulkReport
) -> Iterator[tuple[int, Recipe]]:
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while some := list(islice(numbered, CHUNK)):
        read: list[tuple[int, Recipe]] = []
        for number, line in some:
            try:
                read.append((number, _recipe(blender, line, find)))
            except LibraryError as error:
                report.bad.append((number, str(error)))
        blender.learn([part.cover_sha256 for _, recipe in read if not recipe.latent for part in recipe.parts])
        for number, recipe in read:
            try:
                blender.stops(recipe)  # what cannot be blended is told with its own line, not with the batch
            except LibraryError as error:
                report.bad.append((number, str(error)))
            else:
                yield number, recipe


def _recipe(blender: Blender, line: str, find: Callable[[str], Album]) -> Recipe:
    if len(line) > LONGEST:
        raise BlendError(f"the line has {len(line):,} characters")
    try:
        values: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BlendError(f"this is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise BlendError("a recipe is a JSON object with albums")
    if "parts" in values:
        recipe = Recipe.from_json(line)
        if recipe.layout != "picture":
            raise BlendError(f"many are made as single pictures: make this {recipe.layout} alone")
        return recipe
    albums, weights, size = values.get("albums"), values.get("weights"), values.get("size", 512)
    if not isinstance(albums, list) or not all(isinstance(text, str) for text in albums):
        raise BlendError("`albums` must be a list of albums")
    numbers = isinstance(weights, list) and all(type(w) in (int, float) for w in weights)
    if weights is not None and not numbers:
        raise BlendError("`weights` must be a list of numbers")
    if size not in (128, 512):
        raise BlendError(f"`size` must be 128 or 512, not {size!r}")
    return blender.recipe([find(text) for text in albums], weights, str(values.get("mode", "vivid")), size)


def _is_there(path: Path, recipe: Recipe) -> bool:
    """Whether an earlier run made this file. BlendError where something else has its name."""
    if not path.exists():
        return False
    if read_recipe(path).blend_id != recipe.blend_id:
        raise BlendError(f"{path} is there already and is another picture: choose another folder")
    return True


def _decode(
    blender: Blender,
    waiting: list[tuple[int, Recipe]],
    folder: Path,
    pool: ThreadPoolExecutor,
    writing: list[Future[Path]],
    report: BulkReport,
    progress: Progress,
) -> list[Future[Path]]:
    """Decode a batch while the one before is being written; the writes of this one, begun."""
    if not waiting:
        return writing
    made = blender.make_batch([recipe for _, recipe in waiting])
    _finish(writing, report, progress)
    return [pool.submit(_write, result, folder) for result in made]


def _write(result: BlendResult, folder: Path) -> Path:
    return write_blend([result.pixels], result.recipe, folder / file_name(result.recipe))


def _finish(writing: list[Future[Path]], report: BulkReport, progress: Progress) -> None:
    for write in writing:
        write.result()
        report.written += 1
        progress.advance(1)
