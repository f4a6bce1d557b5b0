"""A blender for tests."""

from __future__ import annotations

from pathlib import Path

from pipelines.blends.parents import Parents
from pipelines.blends.recipe_to_file import Blender
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from vae.codec import Codec


def blender_of(covers_dir: Path, model: Codec | Path, library: Library | None = None) -> Blender:
    """`model`: loaded, or a weights file that is loaded for the CPU."""
    codec = Codec.load(model, "cpu") if isinstance(model, Path) else model
    return Blender(Parents(codec, CoverFiles(covers_dir), library))
