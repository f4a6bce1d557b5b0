"""`ingest counts`: how well known albums are by some count, from a CSV (or Parquet or JSON Lines) file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pipelines.batches import batched
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, told
from pipelines.sources.rows import BadRow, Columns, Row, count_rows, read_rows
from pipelines.writing import patient_write
from store.catalogue.tables import add_counts
from store.database.library import Library
from store.text import clean

BATCH = 5000
MOST = 1e15  # of a count; more is a mistake
NAMED: dict[str, tuple[str, ...]] = {"artist": ("artist",), "album": ("album", "title")}

Count = tuple[str, str, str, float]  # kind, artist, title, count


def ingest_counts(
    library: Library, file: Path, kinds: Sequence[str] = (), progress: Progress | None = None
) -> IngestReport:
    """Add or renew the file's counts, whether the library has those albums already or not.

    A row is artist, album, kind, count; with `kinds` it is artist, album and a column for each of these kinds, empty
    where there is no count. SourceError for an unreadable file, LibraryLocked after a patient wait.
    """
    progress = progress or Progress()
    report = IngestReport(str(file))
    wanted: dict[str, tuple[str, ...]] = {kind: (kind.lower(),) for kind in kinds}
    columns = Columns(needed=NAMED | (wanted or {"kind": ("kind",), "count": ("count", "value")}))
    with told(report, progress):
        rows = read_rows(file, columns)
        progress.start(f"Counts from {clean(file.name, 60)}", count_rows(file))
        for batch in batched(rows, BATCH):
            parsed = [part for row in batch for part in _parse(row, kinds)]
            counts = [part for part in parsed if not isinstance(part, LeftOut)]
            with patient_write(library, progress) as con:
                added = add_counts(con, counts)
            report.read += len(batch)
            report.added += added
            report.already_there += len(counts) - added
            report.rejected += [part for part in parsed if isinstance(part, LeftOut)]
            progress.advance(len(batch))
    return report


def _parse(row: Row | BadRow, kinds: Sequence[str]) -> list[Count | LeftOut]:
    """The counts of a row, and why others are none."""
    number = f"row {row.number}"
    if isinstance(row, BadRow):
        return [LeftOut(number, clean(row.text, 80), row.reason)]
    artist, title = (clean(str(row.values.get(name) or "")) for name in ("artist", "album"))
    label = f"{artist} / {title}"
    if not artist or not title:
        return [LeftOut(number, label, "artist or album is missing")]
    kind = clean(str(row.values.get("kind") or ""), 60)
    written = {name: row.values.get(name) for name in kinds} or {kind: row.values.get("count")}
    found: list[Count | LeftOut] = []
    for name, text in written.items():
        if kinds and text in (None, ""):
            continue
        value = _number(text)
        if name and value is not None:
            found.append((name, artist, title, value))
        else:
            found.append(LeftOut(number, label, "kind or count is missing or no count", clean(str(text), 40)))
    return found


def _number(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= MOST else None
