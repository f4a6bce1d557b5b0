"""A person's own pictures: a path, a PIL image or an array, as a cover or as a photo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.errors import LibraryError

if TYPE_CHECKING:
    from PIL import Image

Picture: TypeAlias = "str | Path | Image.Image | NDArray[np.uint8]"


def opened_photo(picture: Picture) -> Image.Image:
    """All of it, RGB, as the lens looks at it. LibraryError for a file that is no picture, with its name."""
    from PIL import Image

    from pipelines.images import BadImage, whole
    from pipelines.lens.photo import LONG, open_photo

    if not isinstance(picture, str | Path):
        return whole(picture if isinstance(picture, Image.Image) else Image.fromarray(picture), LONG)
    try:
        return open_photo(Path(picture))
    except BadImage as error:
        raise LibraryError(f"{picture}: {error}") from None


def cover_pixels(picture: Picture) -> NDArray[np.uint8]:
    """Its centre square, uint8 [128, 128, 3]. LibraryError for a file that is no picture, with its name."""
    from PIL import Image

    from pipelines.images import BadImage, load_covers, shrink
    from store.catalogue.covers import decode_webp

    if isinstance(picture, str | Path):
        (cover,) = load_covers([Path(picture)])
        if isinstance(cover, BadImage):
            raise LibraryError(f"{picture}: {cover.reason}")
        return decode_webp(cover.webp, str(picture))
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    return np.asarray(shrink(image))
