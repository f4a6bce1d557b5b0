"""A walk as one web page that needs nothing else: the tree drawn as SVG, the covers inside the file."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import Protocol

import numpy as np

from store.errors import LibraryError
from store.records import Album
from store.text import clean

Row = tuple[int, int | None, Album, str]  # seq, seq it came from, album, why
_ACROSS, _DOWN, _SIDE = 170, 150, 96  # pixels between stops, and a cover's side
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ background: #101216; color: #dcdee3; font: 14px/1.4 system-ui, sans-serif; margin: 24px; }}
h1 {{ color: #e3a648; font-size: 18px; }} li {{ margin: 3px 0; }} small, figcaption {{ color: #8a8f98; }}
.graph {{ overflow: auto; border: 1px solid #2a2e36; margin: 16px 0; }}
text {{ fill: #dcdee3; font: 11px system-ui, sans-serif; }} .quiet {{ fill: #8a8f98; }}
path {{ fill: none; stroke: #e3a648; stroke-width: 1.5; }} rect {{ fill: #23272f; stroke: #4a4f59; }}
</style></head><body>
"""


class Covers(Protocol):
    """What an export needs of `store.catalogue.covers.CoverFiles`."""

    def pixels(self, sha: str) -> np.ndarray:
        """uint8 [128, 128, 3]; LibraryError where the cover cannot be read."""
        ...


def page(rows: Sequence[Row], covers: Covers, title: str) -> str:
    """The whole page. Text is escaped; the page may load nothing from anywhere."""
    places = tree_places(rows)
    width = (max((x for x, _ in places.values()), default=0) + 1) * _ACROSS + 40
    height = (max((y for _, y in places.values()), default=0) + 1) * _DOWN + 20
    paths, nodes, listed = [], [], []
    for seq, came_from, album, why in rows:
        x, y = places[seq][0] * _ACROSS + 20, places[seq][1] * _DOWN + 20
        if came_from in places and came_from is not None:
            fx, fy = places[came_from][0] * _ACROSS + 20 + _SIDE, places[came_from][1] * _DOWN + 20 + _SIDE // 2
            middle, ty = (fx + x) // 2, y + _SIDE // 2
            paths.append(f'<path d="M{fx} {fy} C{middle} {fy} {middle} {ty} {x} {ty}"/>')
        name, artist = _text(album.title), _text(album.artist)
        tip = f"<title>{artist} / {name}{f' ({why})' if (why := _text(why)) else ''}</title>"
        nodes.append(
            f"<g>{tip}{_picture(album, covers, x, y)}"
            f'<text x="{x}" y="{y + _SIDE + 14}">{_text(album.title, 24)}</text>'
            f'<text class="quiet" x="{x}" y="{y + _SIDE + 28}">{_text(album.artist, 24)}</text></g>'
        )
        listed.append(f"<li>{artist} / {name} <small>{album.year or ''} {why}</small></li>")
    graph = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    body = f'<h1>{_text(title)}</h1><div class="graph">{graph}{"".join(paths)}{"".join(nodes)}</svg></div>'
    return f"{_HEAD.format(title=_text(title))}{body}<ol>{''.join(listed)}</ol></body></html>\n"


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


def _picture(album: Album, covers: Covers, x: int, y: int) -> str:
    """The cover encoded anew, so that nothing but pixels gets into the page; a frame where none can be read."""
    from PIL import Image

    try:
        pixels = covers.pixels(album.cover_sha256 or "")
    except LibraryError:
        return f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}"/>'
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "WEBP", quality=85)
    data = base64.b64encode(encoded.getvalue()).decode()
    return f'<image x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" href="data:image/webp;base64,{data}"/>'


def _text(text: str, limit: int = 1000) -> str:
    return escape(clean(text, limit))
