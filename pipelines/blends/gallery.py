"""The blends of a library: what its records and the folder of its pictures together say."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.blends.files import SUFFIXES, cannot_write, put, read_recipe
from pipelines.blends.recipe import BlendError, Recipe
from store.database.atomic import leftovers
from store.database.library import Library
from store.personal.records import Personal, blend_row

TRASH = "trash"  # a folder beside the pictures


@dataclass(frozen=True, slots=True)
class Entry:
    """One blend that is on disk."""

    blend_id: str  # the key of its record
    path: Path
    recipe: Recipe
    made_at: datetime  # UTC


@dataclass(slots=True)
class Gallery:
    """All blends, the newest first."""

    entries: list[Entry] = field(default_factory=list)
    gone: int = 0  # records whose file is there no more
    found: int = 0  # files that had no record and have one now
    unreadable: list[str] = field(default_factory=list)  # records that are no recipe, by their file's name


def open_gallery(library: Library) -> Gallery:
    """Records and folder brought together: a file with a recipe and no record (its writer was killed) gets one."""
    personal, gallery = Personal(library), Gallery()
    trash = library.blends_dir / TRASH
    seen: set[Path] = set()
    for record in personal.read().blends:
        path = Path(record.path)
        if path in seen or path.parent == trash:
            continue  # an older record of the same file
        seen.add(path)
        if not path.is_file():
            gallery.gone += 1
            continue
        try:
            recipe = Recipe.from_json(json.dumps(record.recipe))
        except BlendError:
            gallery.unreadable.append(path.name)
            continue
        gallery.entries.append(Entry(record.blend_id, path, recipe, record.made_at))
    for entry in _without_record(library.blends_dir, seen):
        _record(personal, entry, entry.path)
        gallery.entries.append(entry)
        gallery.found += 1
    gallery.entries.sort(key=lambda entry: (entry.made_at, entry.path), reverse=True)
    return gallery


def _without_record(folder: Path, known: Collection[Path]) -> list[Entry]:
    """The blends in a folder that no record names; what a killed process left of a file is cleared away."""
    entries: list[Entry] = []
    leftovers(folder, remove=True)
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() in SUFFIXES and path not in known and path.is_file():
            with suppress(BlendError):  # a picture without a recipe is no blend of ours
                recipe = read_recipe(path)
                made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
                entries.append(Entry(blend_row(path), path, recipe, made_at))
    return entries


def to_trash(library: Library, entry: Entry) -> Path:
    """Move a blend's file into the trash folder and its record with it; where it is now. BlendError if it cannot."""
    if read_recipe(entry.path).blend_id != entry.recipe.blend_id:  # a record may name anything
        raise BlendError(f"{entry.path} is not the blend that was recorded: it stays where it is")
    trash = library.blends_dir / TRASH
    try:
        trash.mkdir(0o700, parents=True, exist_ok=True)
        target = put(entry.path, trash / entry.path.name, overwrite=False, numbered=True)
        entry.path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(trash / entry.path.name, error) from error
    _record(Personal(library), entry, target)
    return target


def from_trash(library: Library, entry: Entry, trashed: Path) -> None:
    """Put a blend back where it was. BlendError where its name is taken by now or the folder cannot be written."""
    try:
        put(trashed, entry.path, overwrite=False, numbered=False)
        trashed.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(entry.path, error) from error
    _record(Personal(library), entry, entry.path)


def _record(personal: Personal, entry: Entry, path: Path) -> None:
    personal.add_blend(entry.blend_id, path, json.loads(entry.recipe.to_json()), entry.made_at)
