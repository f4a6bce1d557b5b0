"""Blends as files: PNG, APNG, WebP and GIF that carry their recipe, put in place whole or not at all."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from pipelines.blends.png import encode_png
from pipelines.blends.recipe import BlendError, Recipe
from store.database.atomic import leftovers, put_in_place, put_new, temporary_file

RECIPE_KEY = "sleevewalk"  # of a PNG's text chunk
SUFFIXES = (".png", ".apng", ".webp", ".gif")
FRAME_MS, HOLD_MS = 80, 600  # a frame is shown so long; those at the ends longer
_DESCRIPTION = 0x010E  # EXIF's ImageDescription, where a WebP has the recipe
_PLAINLY = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the folder is read-only",
    errno.EACCES: "the folder is not yours to write to",
    errno.ENAMETOOLONG: "the name is too long",
}


def encode(frames: Sequence[NDArray[np.uint8]], recipe: Recipe, suffix: str) -> bytes:
    """uint8 [h, w, 3] each, one or a film → the bytes of a file that carries the recipe.

    A film runs there and back without end. PNG keeps every pixel, WebP is nearly as good and a fifth of it in size,
    GIF has 256 colours a frame. BlendError for another suffix.
    """
    suffix = suffix.lower()
    if suffix not in SUFFIXES:
        raise BlendError(f"blends are written as {', '.join(SUFFIXES)}, not {suffix or 'a file without a suffix'}")
    if len(frames) == 1 and suffix in (".png", ".apng"):
        return encode_png(frames[0], {RECIPE_KEY: recipe.to_json()})
    images = [Image.fromarray(frame) for frame in (*frames, *frames[-2:0:-1])]
    out = io.BytesIO()
    times = [HOLD_MS if at in (0, len(frames) - 1) else FRAME_MS for at in range(len(images))]
    film = {"save_all": True, "append_images": images[1:], "duration": times, "loop": 0} if len(images) > 1 else {}
    if suffix == ".webp":
        exif = Image.Exif()
        exif[_DESCRIPTION] = _as_ascii(recipe)
        images[0].save(out, "WEBP", quality=92, method=2, exif=exif, **film)
    elif suffix == ".gif":
        images[0].save(out, "GIF", comment=_as_ascii(recipe).encode(), **film)
    else:
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt(RECIPE_KEY, recipe.to_json())
        images[0].save(out, "PNG", pnginfo=texts, compress_level=3, **film)
    return out.getvalue()


def read_recipe(path: Path) -> Recipe:
    """The recipe that a blend's file carries. BlendError where there is none."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise BlendError(f"{path} is no file")
    try:
        with Image.open(path, formats=["PNG", "WEBP", "GIF"]) as image:
            image.load()
            if image.format == "PNG":
                text = getattr(image, "text", {}).get(RECIPE_KEY)
            elif image.format == "WEBP":
                text = image.getexif().get(_DESCRIPTION)
            else:
                text = image.info.get("comment", b"").decode("ascii", "replace")
    except Exception as error:  # decoders fed with damaged bytes raise nearly anything
        raise BlendError(f"{path} cannot be read as a PNG, WebP or GIF: {error}") from error
    if not text or (image.format != "PNG" and not str(text).startswith("{")):
        raise BlendError(f"{path} carries no recipe")
    return Recipe.from_json(str(text))


def write_blend(
    frames: Sequence[NDArray[np.uint8]],
    recipe: Recipe,
    path: Path,
    *,
    overwrite: bool = False,
    numbered: bool = False,
) -> Path:
    """Write a file of the kind that its suffix says, with its recipe. Returns the path written.

    No partial file ever has the final name. A file that is there is kept: BlendError, or with `numbered` a free name
    (`…-2.png`). BlendError too where it cannot be written.
    """
    content = encode(frames, recipe, path.suffix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        leftovers(path.parent, remove=True)
        with temporary_file(path.parent) as temporary:
            temporary.write_bytes(content)
            return put(temporary, path, overwrite, numbered)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> BlendError:
    """Why a file cannot be written, in words."""
    why = _PLAINLY.get(error.errno or 0) or error.strerror or str(error)
    return BlendError(f"cannot write {path}: {why}")


def put(whole: Path, path: Path, overwrite: bool, numbered: bool) -> Path:
    """Give a whole file its final name; the name that it got. BlendError where it is taken, or OSError."""
    if overwrite:
        put_in_place(whole, path)
        return path
    for n in range(1, 10_000):
        target = path if n == 1 else path.with_name(f"{path.stem}-{n}{path.suffix}")
        if put_new(whole, target):
            return target
        if not numbered:
            raise BlendError(f"{path} is there already: give another name, or --force")
    raise BlendError(f"cannot find a free name for {path}")


def _as_ascii(recipe: Recipe) -> str:
    """The recipe as JSON with escapes in place of all letters that are not ASCII."""
    return json.dumps(json.loads(recipe.to_json()))
