"""`ingest similar-artists`: who sounds like whom, from a CSV (or Parquet or JSON Lines) file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pipelines.batches import batched
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, told
from pipelines.sources.rows import BadRow, Columns, Row, count_rows, read_rows
from pipelines.writing import patient_write
from store.catalogue.tables import add_similar_artists
from store.database.library import Library
from store.text import clean, key

SIMILAR_COLUMNS = Columns(needed={"artist": ("artist",), "similar": ("similar",), "match": ("match",)})
BATCH = 5000
SOURCE = "table"

Pair = tuple[str, str, float]


def ingest_similar_artists(library: Library, file: Path, progress: Progress | None = None) -> IngestReport:
    """Add the file's new pairs of artists. SourceError for an unreadable file, LibraryLocked after a patient wait."""
    progress = progress or Progress()
    report = IngestReport(str(file))
    seen: dict[tuple[str, str], str] = {}  # pair of keys → the row that brought it
    with told(report, progress):
        rows = read_rows(file, SIMILAR_COLUMNS)
        progress.start(f"Similar artists from {clean(file.name, 60)}", count_rows(file))
        for batch in batched(rows, BATCH):
            parsed = [_new(row, pair, seen) for row, pair in zip(batch, parse_pairs(batch), strict=True)]
            pairs = [pair for pair in parsed if not isinstance(pair, LeftOut)]
            with patient_write(library, progress) as con:
                added = add_similar_artists(con, pairs, SOURCE)
            report.read += len(batch)
            report.added += added
            report.already_there += len(pairs) - added
            report.rejected += [pair for pair in parsed if isinstance(pair, LeftOut)]
            progress.advance(len(batch))
    return report


def parse_pairs(rows: Sequence[Row | BadRow]) -> list[Pair | LeftOut]:
    """A stage over a batch: for each row (artist, similar, match 0–1), or why there is none."""
    return [_parse(row) for row in rows]


def _new(row: Row | BadRow, pair: Pair | LeftOut, seen: dict[tuple[str, str], str]) -> Pair | LeftOut:
    """The pair, unless an earlier row had it."""
    if isinstance(pair, LeftOut):
        return pair
    number = f"row {row.number}"
    earlier = seen.setdefault((key(pair[0]), key(pair[1])), number)
    return (
        pair if earlier == number else LeftOut(number, _label(pair[0], pair[1]), "same pair as an earlier row", earlier)
    )


def _label(artist: str, similar: str) -> str:
    return f"{artist} / {similar}"


def _parse(row: Row | BadRow) -> Pair | LeftOut:
    number = f"row {row.number}"
    if isinstance(row, BadRow):
        return LeftOut(number, clean(row.text, 80), row.reason)
    artist, similar = (clean(str(row.values.get(name) or "")) for name in ("artist", "similar"))
    label = _label(artist, similar)
    if not artist or not similar:
        return LeftOut(number, label, "one of the two artists is missing")
    if key(artist) == key(similar):
        return LeftOut(number, label, "an artist beside itself")
    written = row.values.get("match")
    try:
        match = float(str(written))
    except ValueError:
        match = math.nan
    if not 0 <= match <= 1:
        return LeftOut(number, label, "match that is not 0–1", clean(str(written), 40))
    return artist, similar, match
