"""A walk as one web page that needs nothing else: the tree drawn as SVG, the covers inside the file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from markupsafe import Markup

from pipelines.pages import data_uri, render_page
from store.errors import LibraryError
from store.records import Album

Row = tuple[int, int | None, Album, str]  # seq, seq it came from, album, why
_ACROSS, _DOWN, _SIDE = 170, 150, 96  # pixels between stops, and a cover's side


class Covers(Protocol):
    """What an export needs of `store.catalogue.covers.CoverFiles`."""

    def pixels(self, sha: str) -> np.ndarray:
        """uint8 [128, 128, 3]; LibraryError where the cover cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class _Stop:
    """A stop as it is drawn; places in pixels. `cover` None: a frame stands for it."""

    x: int
    y: int
    start: tuple[int, int] | None  # of the stop that it came from
    album: Album
    why: str
    cover: Markup | None


def page(rows: Sequence[Row], covers: Covers, title: str) -> str:
    """The whole page. Text is escaped; the page may load nothing from anywhere."""
    places = {seq: (x * _ACROSS + 20, y * _DOWN + 20) for seq, (x, y) in tree_places(rows).items()}
    stops = [
        _Stop(*places[seq], None if came_from is None else places.get(came_from), album, why, _cover(album, covers))
        for seq, came_from, album, why in rows
    ]
    width = max((x for x, _ in places.values()), default=20) + _ACROSS + 20
    height = max((y for _, y in places.values()), default=20) + _DOWN
    return render_page("walk.html", title=title, stops=stops, side=_SIDE, width=width, height=height)


def tree_places(rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
    """seq -> (steps from the start, line): the first step from a stop stays on its line, others get one below."""
    places: dict[int, tuple[int, int]] = {}
    followed: set[int] = set()
    lines = 0
    for seq, came_from, _, _ in rows:
        if came_from is None or came_from not in places:
            places[seq] = (0, lines)
            lines += 1
        elif came_from not in followed:
            followed.add(came_from)
            places[seq] = (places[came_from][0] + 1, places[came_from][1])
        else:
            places[seq] = (places[came_from][0] + 1, lines)
            lines += 1
    return places


def _cover(album: Album, covers: Covers) -> Markup | None:
    """The cover encoded anew, so that nothing but pixels gets into the page; None where none can be read."""
    from PIL import Image

    try:
        pixels = covers.pixels(album.cover_sha256 or "")
    except LibraryError:
        return None
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "WEBP", quality=85)
    return data_uri(encoded.getvalue(), "image/webp")
