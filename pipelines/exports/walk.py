"""A walk as files for other programs: playlists, CSV, JSON, GraphML, a web page, a contact sheet.

Titles come from outside: every format gets them escaped in its own way, without control characters.
"""

from __future__ import annotations

import csv
import io
import json
import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.exports.playlist import make_playlist, save_playlist
from pipelines.exports.walk_page import Covers, page
from store.catalogue.files import Playable
from store.database.atomic import atomic_file, leftovers
from store.errors import LibraryError
from store.records import Album, Reason, strongest
from store.text import clean

if TYPE_CHECKING:
    from PIL import Image

ENDINGS = ("csv", "json", "graphml", "html", "png")
PLAYLISTS = ("m3u8", "xspf", "jspf")
SHEET_MOST = 400  # covers on a contact sheet
_TILE, _GAP, _TEXT = 128, 12, 34  # pixels: a cover, between covers, the two lines below
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a walk; `came_from` is the seq of the stop walked from, and the reasons are of that step."""

    seq: int
    album: Album
    came_from: int | None
    reasons: tuple[Reason, ...] = ()


def export_walk(
    stops: Sequence[Stop], covers: Covers, folder: Path, name: str, playable: Sequence[Playable] = ()
) -> list[Path]:
    """Write the walk in every format as `folder/name.*`; the files written. Playlists are among them where files of
    its albums are known, by `playable`. LibraryError or OSError where the folder refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{name}.{ending}" for ending in ENDINGS]
    for path in written:
        write_walk(stops, covers, path, name)
    playlists = [folder / f"{name}.{form}" for form in PLAYLISTS if any(album.tracks for album in playable)]
    for path in playlists:
        save_playlist(make_playlist(name, playable), path)
    return [*playlists, *written]


def write_walk(stops: Sequence[Stop], covers: Covers, path: Path, name: str) -> None:
    """Write the walk in the one of ENDINGS that `path` has, whole or not at all; `name` heads it. LibraryError."""
    ending = path.suffix[1:].lower()
    if ending == "png":
        picture = io.BytesIO()
        contact_sheet(stops, covers).save(picture, "PNG")
        content = picture.getvalue()
    elif ending == "html":
        content = page([(s.seq, s.came_from, s.album, why(s)) for s in stops], covers, name).encode()
    else:
        texts = {"csv": as_csv, "json": as_json, "graphml": graphml}
        content = texts[ending](stops).encode()
    leftovers(path.parent, remove=True)
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


def why(stop: Stop) -> str:
    """The strongest reason of the step to a stop, '' for a start or a jump."""
    if not stop.reasons:
        return ""
    reason = strongest(stop.reasons)
    return f"{reason.signal}: {clean(reason.text)}"


def as_csv(stops: Sequence[Stop]) -> str:
    """One row a stop. A text that a spreadsheet would compute gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["seq", "came_from", "artist", "album", "year", "genre", "why", "album_id"])
    for stop in stops:
        album = stop.album
        texts = [_inert(text) for text in (album.artist, album.title)]
        came_from = "" if stop.came_from is None else stop.came_from
        row = [stop.seq, came_from, *texts, album.year or "", _inert(album.genre or ""), _inert(why(stop))]
        writer.writerow([*row, album.album_id])
    return out.getvalue()


def as_json(stops: Sequence[Stop]) -> str:
    """Every stop with its album and the reasons of its step."""
    rows = [
        {
            "seq": stop.seq,
            "came_from": stop.came_from,
            "album": asdict(stop.album),
            "strongest": strongest(stop.reasons).signal if stop.reasons else None,
            "reasons": [asdict(reason) for reason in stop.reasons],
        }
        for stop in stops
    ]
    return json.dumps({"stops": rows}, ensure_ascii=True, indent=1) + "\n"


def graphml(stops: Sequence[Stop]) -> str:
    """A directed graph: a node an album, an edge for every step between two."""
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    keys = {"artist": "node", "title": "node", "year": "node", "genre": "node", "why": "edge"}
    for name, kind in keys.items():
        ElementTree.SubElement(root, "key", {"id": name, "for": kind, "attr.name": name, "attr.type": "string"})
    graph = ElementTree.SubElement(root, "graph", edgedefault="directed")
    for album in {stop.album.album_id: stop.album for stop in stops}.values():
        node = ElementTree.SubElement(graph, "node", id=clean(album.album_id))
        for name in ("artist", "title", "year", "genre"):
            value = getattr(album, name)
            if value is not None:
                ElementTree.SubElement(node, "data", key=name).text = _xml(str(value))
    albums = {stop.seq: stop.album.album_id for stop in stops}
    seen = set()
    for stop in stops:
        step = (albums.get(stop.came_from) if stop.came_from is not None else None, stop.album.album_id)
        if step[0] is None or step in seen:
            continue
        seen.add(step)
        edge = ElementTree.SubElement(graph, "edge", source=clean(step[0]), target=clean(step[1]))
        ElementTree.SubElement(edge, "data", key="why").text = _xml(why(stop))
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def contact_sheet(stops: Sequence[Stop], covers: Covers) -> Image.Image:
    """The covers of the walk in its order, each album once, the last SHEET_MOST of them."""
    from PIL import Image, ImageDraw, ImageFont

    albums = list({stop.album.album_id: stop.album for stop in stops}.values())[-SHEET_MOST:]
    columns = max(1, math.ceil(math.sqrt(len(albums) * 1.3)))
    rows = max(1, math.ceil(len(albums) / columns))
    size = (columns * (_TILE + _GAP) + _GAP, rows * (_TILE + _GAP + _TEXT) + _GAP)
    sheet = Image.new("RGB", size, "#101216")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, album in enumerate(albums):
        x = _GAP + number % columns * (_TILE + _GAP)
        y = _GAP + number // columns * (_TILE + _GAP + _TEXT)
        try:
            sheet.paste(Image.fromarray(covers.pixels(album.cover_sha256 or "")), (x, y))
        except LibraryError:  # a cover that is missing is an empty frame; the walk has the album still
            draw.rectangle((x, y, x + _TILE - 1, y + _TILE - 1), outline="#4a4f59")
        for line, (text, color) in enumerate(((album.title, "#dcdee3"), (album.artist, "#8a8f98"))):
            shown = clean(text, 60)
            while shown and draw.textlength(shown, font=font) > _TILE:
                shown = shown[:-1]
            draw.text((x, y + _TILE + 3 + line * 15), shown, fill=color, font=font)
    return sheet


def _inert(text: str) -> str:
    text = clean(text)
    return "'" + text if text.startswith(_FORMULA) else text


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold even when escaped."""
    return "".join(char for char in clean(text) if char not in "\ufffe\uffff")
