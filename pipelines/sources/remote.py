"""What every source on the web shares: names are discovered into the journal, then described one by one.

An item is `waiting`, then `done`, `below` (the threshold), `absent` (the source has no such album) or `failed`.
It is committed in bursts of about a second, and answers are cached, so that an end at any moment loses nothing
and asks for nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, SourceError
from pipelines.web.answers import Absent, Refused, Unanswered
from pipelines.web.client import Web
from pipelines.writing import patient_write
from store.catalogue.albums import add_albums
from store.catalogue.tables import add_similar_artists, record_items
from store.database.library import Library
from store.database.schema import NOW_UTC
from store.records import AlbumRecord
from store.text import clean

BURST_SECONDS = 1.0
MOST_FAILURES = 5  # items without an answer, one after the other: the host is down, not the item
STAGE = "describe"
DUE = f"(status = 'waiting' OR (status = 'failed' AND (next_try IS NULL OR next_try <= {NOW_UTC})))"

Item = tuple[str, str, str, str | None]  # key, stage, status, error: one row of the journal


@dataclass(frozen=True, slots=True)
class Described:
    """An album as the source tells of it; `below` says why it is not wanted, else ""."""

    album: AlbumRecord
    below: str = ""
    cover_url: str = ""
    similar: tuple[tuple[str, str, float], ...] = ()  # artist, similar artist, match 0–1


class Source(Protocol):
    """A service that names albums and tells of them."""

    name: str  # in albums.source and the journal

    def discover(self) -> Iterator[list[str]]:
        """Keys of albums, a page at a time. Raises Unanswered, SourceError."""

    def label(self, key: str) -> str:
        """The item for people."""

    def describe(self, key: str) -> Described:
        """Raises Absent, Unanswered, Refused; SourceError where going on makes no sense."""


@dataclass(slots=True)
class _Burst:
    began: float = field(default_factory=time.monotonic)
    items: list[Item] = field(default_factory=list)
    described: list[Described] = field(default_factory=list)


def ingest_remote(
    library: Library, source: Source, web: Web, limit: int | None = None, progress: Progress | None = None
) -> IngestReport:
    """Discover and describe; `fetch_covers` then gets the covers. SourceError where the source does not answer or
    refuses the key; what was committed stays.
    """
    began = time.monotonic()
    progress = progress or Progress()
    report = IngestReport(source.name)
    web.on_wait = lambda text: progress.advance(0, text)
    try:
        progress.start(f"Finding albums ({source.name})", None)
        _discover(library, source, limit, progress)
        keys = due_items(library, source.name)
        progress.start(f"Albums from {source.name}", len(keys))
        _describe_all(library, source, keys, progress, report)
    except Unanswered as error:
        raise SourceError(f"{error}; what was found is kept, run it again to continue") from None
    except Refused as error:
        raise SourceError(f"{source.name}: {error}") from None
    finally:
        report.seconds = time.monotonic() - began
        progress.finish(report.summary())
    return report


def due_items(library: Library, source: str) -> list[str]:
    """Keys that wait, or that failed and are due again; waiting ones first."""
    with library.read() as con:
        rows = con.execute(
            f"SELECT key FROM ingest_items WHERE source = ? AND stage = '{STAGE}' AND {DUE} "
            "ORDER BY status DESC, rowid",
            [source],
        ).fetchall()
    return [key for (key,) in rows]


def _discover(library: Library, source: Source, limit: int | None, progress: Progress) -> None:
    with library.read() as con:
        known = {
            key for (key,) in con.execute("SELECT key FROM ingest_items WHERE source = ?", [source.name]).fetchall()
        }
    met: set[str] = set()
    for page in source.discover():
        new: list[str] = []
        for key in page:
            if key not in met and (limit is None or len(met) < limit):
                met.add(key)
                new += [key] if key not in known else []
        if new:
            with patient_write(library, progress) as con:
                record_items(con, source.name, [(key, STAGE, "waiting", None) for key in new])
            known.update(new)
        progress.advance(len(new))
        if limit is not None and len(met) >= limit:
            break


def _describe_all(
    library: Library, source: Source, keys: Iterable[str], progress: Progress, report: IngestReport
) -> None:
    burst = _Burst()
    failures = 0

    def leave_out(key: str, status: str, reason: str, why: str = "") -> None:
        burst.items.append((key, STAGE, status, why or reason))
        report.rejected.append(LeftOut(source.name, source.label(key), reason, why))

    try:
        for key in keys:
            try:
                described = source.describe(key)
                failures = 0
                if described.below:
                    leave_out(key, "below", "below the threshold", described.below)
                else:
                    burst.items.append((key, STAGE, "done", None))
                    burst.described.append(described)
            except Absent:
                failures = 0
                leave_out(key, "absent", "the source has no such album")
            except Unanswered as error:
                failures += 1
                leave_out(key, "failed", "no answer", str(error))
                if failures >= MOST_FAILURES:
                    raise
            except Refused as error:
                leave_out(key, "failed", "refused", str(error))
            report.read += 1
            progress.advance(1, "")
            if time.monotonic() - burst.began >= BURST_SECONDS:
                _commit(library, source, burst, progress, report)
                burst = _Burst()
    finally:  # Ctrl-C and errors too: what has been described is kept
        _commit(library, source, burst, progress, report)


def _commit(library: Library, source: Source, burst: _Burst, progress: Progress, report: IngestReport) -> None:
    if not burst.items:
        return
    with patient_write(library, progress) as con:
        result = add_albums(con, [one.album for one in burst.described])
        add_similar_artists(con, [pair for one in burst.described for pair in one.similar], source.name)
        record_items(con, source.name, burst.items)
        urls = [
            (result.ids[one.album.source_key], "cover", "url", clean(one.cover_url))
            for one in burst.described
            if one.cover_url and one.album.source_key in result.ids
        ]
        record_items(con, source.name, urls)
    report.added += len(result.added)
    report.already_there += len(burst.described) - len(result.added) - len(result.refused)
    report.rejected += [LeftOut(source.name, name, why) for name, why in result.refused]
