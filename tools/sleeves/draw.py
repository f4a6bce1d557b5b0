"""Draws the cover of a demo album: the genre is a style, the scene a motif, the artist a palette and a hand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from store.records import AlbumRecord
from tools.sleeves import ambient, electronic, hiphop, indie, jazz, metal, pop, rock
from tools.sleeves.canvas import Palette, palette, turn_hue
from tools.sleeves.sleeve import Motif, Sleeve
from tools.sleeves.words import GENRES, Genre

COVER_SIZE = 128

STYLES: dict[str, ModuleType] = {
    "rock": rock,
    "indie": indie,
    "electronic": electronic,
    "pop": pop,
    "jazz": jazz,
    "metal": metal,
    "hip-hop": hiphop,
    "ambient": ambient,
}


def draw_cover(album: AlbumRecord) -> NDArray[np.uint8]:
    """The sleeve of a demo album, uint8 [128, 128, 3], from its artist, title and genre alone.

    Raises ValueError for an album that is by none of the demo's artists.
    """
    genre = next((genre for genre in GENRES if genre.name == album.genre), None)
    found = (
        [(scene, scene.artists.index(album.artist)) for scene in genre.scenes if album.artist in scene.artists]
        if genre
        else []
    )
    if genre is None or not found:
        raise ValueError(f"{album.artist} / {album.title} is not by one of the demo's {album.genre} artists")
    scene, place = found[0]
    style = STYLES[genre.name]
    sleeve = Sleeve(
        artist=album.artist,
        title=album.title,
        place=place,
        palette=_palette(style.PALETTES, genre, album),
        house=_generator("hand", album.artist),
        rng=_generator("album", album.artist, album.title),
    )
    motif: Motif = style.MOTIFS[scene.name]
    picture = motif(sleeve)
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    small = Image.fromarray(pixels).resize((COVER_SIZE, COVER_SIZE), Image.Resampling.LANCZOS)
    return np.asarray(small)


def _palette(palettes: Sequence[str], genre: Genre, album: AlbumRecord) -> Palette:
    """The artist's colours as this album has them: turned a little, sometimes with the two leading ones swapped."""
    names = [artist for scene in genre.scenes for artist in scene.artists]
    # Artists of a scene stand next to each other: dealing the palettes in wide steps keeps them apart.
    chosen = palette(palettes[names.index(album.artist) * 7 % len(palettes)])
    rng = _generator("palette", album.artist, album.title)
    degrees = float(rng.uniform(-11, 11))
    colors = Palette(*(turn_hue(c, degrees) for c in chosen))
    return colors._replace(main=colors.accent, accent=colors.main) if rng.random() < 0.3 else colors


def _generator(*names: str) -> np.random.Generator:
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "big")))
