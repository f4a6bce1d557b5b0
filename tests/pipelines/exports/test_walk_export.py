"""A walk as files, with the worst titles there are."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image

from pipelines.exports.walk import Stop, contact_sheet, export_walk
from pipelines.exports.walk_page import tree_places
from store.catalogue.covers import CoverFiles
from store.records import Album, Reason

TITLES = (
    "<script>alert(1)</script>\"'&",
    '=HYPERLINK("http://x")',
    "../../etc/passwd",
    "\x1b[2J\x00#EXTM3U\nfile:///etc/passwd",
    "\u202egnp.exe\ufffe",
    "e" + "\u0301" * 300,
    "長い題名" * 500,
    "",
    "]]> -- %s {title}",
)


def walk(covers: CoverFiles) -> list[Stop]:
    picture = io.BytesIO()
    Image.new("RGB", (128, 128), "#336699").save(picture, "WEBP")
    sha = covers.put(picture.getvalue())
    reason = (Reason("tags", 0.5, TITLES[0]),)
    return [
        Stop(
            number,
            Album(f"{number:016x}", text, text, 1990 if number else None, text or None, None, sha if number else None),
            None if number == 0 else number // 2,
            reason if number else (),
        )
        for number, text in enumerate(TITLES)
    ]


class Tags(HTMLParser):
    """The tags of a page, and where it would load from."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "onload", "onerror")]


def test_every_format_holds_every_stop_and_escapes_it(tmp_path: Path) -> None:
    covers = CoverFiles(tmp_path / "covers")
    stops = walk(covers)
    written = export_walk(stops, covers, tmp_path / "out", "walk")
    assert [path.suffix for path in written] == [".csv", ".json", ".graphml", ".html", ".png"]
    texts = {path.suffix: path.read_text(encoding="utf-8") for path in written[:-1]}
    for text in texts.values():
        assert not [char for char in text if ord(char) < 32 and char not in "\r\n"] and "\u202e" not in text

    rows = list(csv.DictReader(io.StringIO(texts[".csv"])))
    assert len(rows) == len(stops)
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]

    loaded = json.loads(texts[".json"])["stops"]
    assert [stop["album"]["title"] for stop in loaded] == [*TITLES]

    graph = ElementTree.fromstring(texts[".graphml"])
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert len(graph.findall(f".//{space}node")) == len(stops)
    assert len(graph.findall(f".//{space}edge")) == len(stops) - 1

    page = Tags()
    page.feed(texts[".html"])
    assert "script" not in page.tags
    assert "image" in page.tags and all(link.startswith("data:image/") for link in page.links)

    with Image.open(written[-1]) as sheet:
        assert sheet.format == "PNG" and sheet.width > 3 * 128


def test_a_missing_cover_is_an_empty_frame(tmp_path: Path) -> None:
    album = Album("0" * 16, "A", "B", None, None, None, "a" * 64)
    sheet = contact_sheet([Stop(0, album, None)], CoverFiles(tmp_path))
    assert sheet.size[0] >= 128


def test_no_two_stops_share_a_place_on_the_page(tmp_path: Path) -> None:
    rows = [(stop.seq, stop.came_from, stop.album, "") for stop in walk(CoverFiles(tmp_path))]
    places = tree_places(rows)
    assert len(set(places.values())) == len(rows)
    assert all(places[seq][0] == places[came][0] + 1 for seq, came, *_ in rows if came is not None)
