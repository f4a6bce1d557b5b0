"""A row of a table as an album: which columns there are, and what their values may look like."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.report import LeftOut
from pipelines.sources.rows import BadRow, Columns, Row
from store.identity import is_mbid
from store.records import AlbumRecord
from store.text import album_id, clean

ALBUM_COLUMNS = Columns(
    needed={"artist": ("artist",), "title": ("album", "title")},
    optional=("year", "genre", "genre_source", "tags", "artist_tags", "listeners", "playcount", "mbid", "cover"),
)

_MOST_TAGS = 100
_LONGEST_TAG = 100
_WEIGHTED = re.compile(r"(.+):\s*(\d+(?:\.\d+)?)")
_BIGGEST_COUNT = 2**62  # what the catalogue takes for a count

Tags = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class AlbumRow:
    """One album as its row has it, not yet with its cover."""

    number: int  # of the row
    album_id: str
    album: AlbumRecord
    cover: str  # as written in the row: a path, a URL, or nothing
    genre_source: str = ""  # who gave the genre, where the table says so
    values_left_out: tuple[str, ...] = ()  # what of the row could not be used, and so is not stored

    @property
    def label(self) -> str:
        """`Artist / Title`."""
        return f"{self.album.artist} / {self.album.title}"


def parse_rows(rows: Sequence[Row | BadRow], source: str) -> list[AlbumRow | LeftOut]:
    """A stage over a batch: for each row the album, or why there is none."""
    return [_parse(row, source) for row in rows]


def _parse(row: Row | BadRow, source: str) -> AlbumRow | LeftOut:
    key = f"row {row.number}"
    if isinstance(row, BadRow):
        return LeftOut(key, clean(row.text, 80), row.reason)
    artist, title = _text(row.values.get("artist")), _text(row.values.get("title"))
    if not artist or not title:
        missing = "no artist" if title else "no album title" if artist else "neither artist nor album title"
        return LeftOut(key, artist or title, missing)
    left_out: list[str] = []
    name = album_id(artist, title)
    album = AlbumRecord(
        artist=artist,
        title=title,
        source=source,
        source_key=name,
        year=_year(row.values.get("year"), left_out),
        genre=_text(row.values.get("genre"), _LONGEST_TAG).lower() or None,
        listeners=_count(row.values.get("listeners"), "listeners", left_out),
        playcount=_count(row.values.get("playcount"), "playcount", left_out),
        mbid=_mbid(row.values.get("mbid"), left_out),
        tags=_tags(row.values.get("tags"), left_out),
        artist_tags=_tags(row.values.get("artist_tags"), left_out),
    )
    who = _text(row.values.get("genre_source"), _LONGEST_TAG) if album.genre else ""
    return AlbumRow(row.number, name, album, _path(row.values.get("cover")), who, tuple(left_out))


def _text(value: object, limit: int = 1000) -> str:
    """Text of a cell, cleaned; numbers as they are written ("1989", "25"); nothing for what is no text."""
    if isinstance(value, bytes):  # Parquet's strings without a type
        value = value.decode("utf-8", "replace")
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None if math.isnan(value) else value
    return clean(str(value), limit) if isinstance(value, str | int | float) else ""


def _path(value: object) -> str:
    """A path is not cleaned: it must name the file that is there. It is judged where it is used."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    return value.strip() if isinstance(value, str) else ""


def _year(value: object, left_out: list[str]) -> int | None:
    """`1997`, `1997.0`, `1997-05-21` or a date."""
    if value is None or value != value or (isinstance(value, str) and not value.strip()):
        return None
    match = re.fullmatch(r"(\d{4})(?:\.0|[-/]\d{1,2}.*)?", _text(getattr(value, "year", value)))
    if match and 1860 <= int(match[1]) <= 2100:  # the first sound recording was made in 1860
        return int(match[1])
    left_out.append("year that is no year")
    return None


def _count(value: object, what: str, left_out: list[str]) -> int | None:
    """A number of listeners or plays, 0 and up."""
    text = _text(value).replace(",", "").replace(" ", "")
    if not text:
        return None
    try:
        number = float(text)
        count = int(text) if text.isdecimal() else int(number)
    except (ValueError, OverflowError):
        count, number = -1, -1.0
    if 0 <= count < _BIGGEST_COUNT and number == count:
        return count
    left_out.append(f"{what} that is no count")
    return None


def _mbid(value: object, left_out: list[str]) -> str | None:
    text = _text(value).lower()
    if not text or is_mbid(text):
        return text or None
    left_out.append("mbid that is no MusicBrainz identifier")
    return None


def _tags(value: object, left_out: list[str]) -> Tags:
    """`rock|indie`, `rock:100|indie:40`, a list, or {"rock": 100}: (tag, weight 0–100), strongest first.

    Tags without weights are taken to stand in order of importance: 100, 90, 81, …, each nine tenths of the
    one before, so that a tag's weight does not depend on how many come after it.
    """
    if isinstance(value, dict):
        pairs = [(str(tag), weight) for tag, weight in value.items()]
    else:
        cells = value.split("|") if isinstance(value, str) else value if isinstance(value, list) else []
        names = [tag for tag in cells if isinstance(tag, str) and tag.strip()]
        weighted = [_WEIGHTED.fullmatch(tag.strip()) for tag in names]
        if names and all(weighted):  # only when all are: "re:1" among plain tags is a name
            pairs = [(match[1], float(match[2])) for match in weighted if match]
        else:
            pairs = [(tag, 100 * 0.9**place) for place, tag in enumerate(names)]
    tags: dict[str, float] = {}
    for tag, weight in pairs:
        tag = clean(tag, _LONGEST_TAG).lower()
        if tag and isinstance(weight, int | float) and 0 <= weight <= 100:
            tags[tag] = max(tags.get(tag, 0.0), round(float(weight), 1))
        else:
            left_out.append("tag without a name or with a weight that is not 0–100")
    if len(tags) > _MOST_TAGS:
        left_out.append(f"tags beyond the first {_MOST_TAGS}")
    return tuple(_strongest(tags.items()))


def _strongest(tags: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    return sorted(tags, key=lambda pair: -pair[1])[:_MOST_TAGS]
