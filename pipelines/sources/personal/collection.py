"""`ingest collection`: what a person owns or rated, from the CSV that Discogs or Rate Your Music exports."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, SourceError, told
from pipelines.sources.personal.albums import Found, store_albums
from pipelines.sources.personal.text_files import csv_rows
from store.database.library import Library
from store.personal.owned import Owned
from store.records import AlbumRecord
from store.text import clean

DISCOGS, RATE_YOUR_MUSIC = "discogs", "rateyourmusic"
# Columns that tell the two apart; in lower case, as all names are compared.
_KINDS = {DISCOGS: ("release_id", "artist", "title"), RATE_YOUR_MUSIC: ("rym album", "last name", "title")}
_SAME_NAME = re.compile(r"\s\(\d+\)(?=$|,|/)")  # Discogs numbers artists of one name
_OWNERSHIP = {"o": "owned", "w": "wanted", "u": "owned before", "n": ""}


def ingest_collection(library: Library, file: Path, progress: Progress | None = None) -> IngestReport:
    """Add the albums of the list, and what it says of them to `owned`. SourceError where it is neither list."""
    progress = progress or Progress()
    report = IngestReport(str(file))
    try:
        opened = file.open("rb")
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror or error}") from None
    with told(report, progress), opened:
        try:
            rows = csv_rows(opened)
            kind, columns = _kind(next(rows, (0, [])))
            progress.start(f"{clean(file.name, 60)} ({kind})", None)
            store_albums(library, kind, _albums(kind, columns, rows, report), report, progress)
        except (SourceError, OSError) as error:
            kept = "; what came before that is kept" if report.read else ""
            raise SourceError(f"{file}: {error}{kept}") from None
        report.without_cover.clear()  # no list has any
    return report


def _albums(
    kind: str, columns: list[str], rows: Iterator[tuple[int, list[str]]], report: IngestReport
) -> Iterator[Found]:
    for number, cells in rows:
        row = dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
        found = _found(kind, row)
        if isinstance(found, str):
            report.read += 1
            report.rejected.append(LeftOut(f"line {number}", clean(" / ".join(filter(None, cells[1:3])), 200), found))
        else:
            yield found


def _kind(head: tuple[int, list[str]]) -> tuple[str, list[str]]:
    """(which list, its columns in lower case)."""
    columns = [name.lower() for name in head[1]]
    for kind, needed in _KINDS.items():
        if set(needed) <= set(columns):
            return kind, columns
    raise SourceError("neither a collection of Discogs nor of Rate Your Music: its columns are others")


def _found(kind: str, row: dict[str, str]) -> Found | str:
    """What a row says, or why it is left out."""
    row = {name: clean(html.unescape(value)) for name, value in row.items()}
    if kind == DISCOGS:
        item, note = row["release_id"], ", ".join(filter(None, (row.get("format"), row.get("collectionfolder"))))
        artist = _SAME_NAME.sub("", row["artist"]).rstrip("*").strip()
        year, rating, added = row.get("released", ""), row.get("rating", ""), row.get("date added", "")
        stars = float(rating) if re.fullmatch(r"[1-5]", rating) else None
    else:
        item = row["rym album"]
        note = ", ".join(filter(None, (_OWNERSHIP.get(row.get("ownership", ""), ""), row.get("media type"))))
        artist = " ".join(filter(None, (row.get("first name"), row["last name"])))
        year, rating, added = row.get("release_date", ""), row.get("rating", ""), row.get("purchase date", "")
        stars = int(rating) / 2 if re.fullmatch(r"[1-9]|10", rating) else None
    if not item:
        return "it has no number"
    if not artist or not row["title"]:
        return "it has no artist or no title"
    album = AlbumRecord(artist, row["title"], kind, item, year=_year(year))
    return Found(album, owned=Owned(stars, _day(added), clean(note, 300)))


def _year(text: str) -> int | None:
    found = re.search(r"\b(1[89]\d\d|20\d\d)\b", text)
    return int(found[1]) if found and 1860 <= int(found[1]) <= 2100 else None


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None
