"""What every source on the web shares: names are discovered into the journal, then described one by one.

An item is `waiting`, then `done`, `below` (the threshold), `absent` (the source has no such album) or `failed`. A
search that could not be gone through is an item too, and `ingest retry` goes through it again.
It is committed in bursts of about a second, and answers are cached, so that an end at any moment loses nothing
and asks for nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipelines.progress import Progress
from pipelines.report import UNFORESEEN, IngestReport, LeftOut, SourceError
from pipelines.web.answers import Absent, Closed, Malformed, NotJson, Refused, Unanswered
from pipelines.web.client import Web
from pipelines.writing import patient_write
from store.catalogue.albums import add_albums
from store.catalogue.tables import add_similar_artists, record_items
from store.database.library import Library
from store.database.schema import NOW_UTC
from store.errors import LibraryError
from store.records import AlbumRecord
from store.shapes import from_json, to_json
from store.text import clean

BURST_SECONDS = 1.0
MOST_FAILURES = 5  # items without an answer, one after the other: the host is down, not the item
STAGE = "describe"
SEARCH = "search"  # the stage of a search that failed
DUE = f"(status = 'waiting' OR (status = 'failed' AND (next_try IS NULL OR next_try <= {NOW_UTC})))"

Item = tuple[str, str, str, str | None]  # key, stage, status, error: one row of the journal


@dataclass(frozen=True, slots=True)
class Described:
    """An album as the source tells of it; `below` says why it is not wanted, else ""."""

    album: AlbumRecord
    below: str = ""
    cover_url: str = ""
    similar: tuple[tuple[str, str, float], ...] = ()  # artist, similar artist, match 0–1


@dataclass(frozen=True, slots=True)
class Searched:
    """A search has come to its end, or could not."""

    key: str  # `search_key`
    error: Malformed | Unanswered | None = None


def searched(key: str, pages: Iterable[list[str]]) -> Iterator[list[str] | Searched]:
    """The pages of a search, and how it ended."""
    try:
        yield from pages
    except (Malformed, Unanswered) as error:
        yield Searched(key, error)
    else:
        yield Searched(key)


def search_key(kind: str, name: str) -> str:
    """The journal's key of a search; `kind` is the field of the source's Query that it is asked in."""
    return to_json({kind: name}).decode()


def search_of(key: str) -> tuple[str, str] | None:
    """(kind, name) of such a key; None for the key of an album."""
    try:
        ((kind, name),) = from_json(key, dict[str, str]).items()
    except ValueError:
        return None
    return kind, name


def label_of(key: str) -> str:
    """A key of the journal for people: `Artist / Title`, `search tags: rock`, or the key itself."""
    if search := search_of(key):
        return f"search {search[0]}: {search[1]}"
    try:
        return " / ".join(from_json(key, list[str]))
    except ValueError:
        return key


def asked_again(keys: Iterable[str]) -> dict[str, Any]:
    """The fields of a Query that goes through these searches again, a tuple of names each."""
    found: dict[str, Any] = {}
    for kind, name in filter(None, map(search_of, keys)):
        found[kind] = (*found.get(kind, ()), name)
    return found


class Source(Protocol):
    """A service that names albums and tells of them."""

    name: str  # in albums.source and the journal

    def discover(self) -> Iterator[list[str] | Searched]:
        """Keys of albums, a page at a time, and how each search ended. Raises SourceError, Refused."""

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
        _discover(library, source, web, limit, progress, report)
        keys = due_items(library, source.name)
        progress.start(f"Albums from {source.name}", len(keys))
        _describe_all(library, source, web, keys, progress, report)
    except (Unanswered, NotJson) as error:
        raise SourceError(f"{error}; what was found is kept, run it again to continue") from None
    except Refused as error:
        raise SourceError(f"{source.name}: {error}") from None
    finally:
        report.seconds = time.monotonic() - began
        progress.finish(report.summary())
    return report


def due_items(library: Library, source: str) -> list[str]:
    """Keys that wait, or that failed and are due again; waiting ones first."""
    return _due(library, source, STAGE)


def due_searches(library: Library, source: str) -> list[str]:
    """Searches that could not be gone through, and are due again."""
    return _due(library, source, SEARCH)


def _due(library: Library, source: str, stage: str) -> list[str]:
    with library.read() as con:
        rows = con.execute(
            f"SELECT key FROM internal.ingest_items WHERE source = ? AND stage = ? AND {DUE} "
            "ORDER BY status DESC, rowid",
            [source, stage],
        ).fetchall()
    return [key for (key,) in rows]


def _discover(
    library: Library, source: Source, web: Web, limit: int | None, progress: Progress, report: IngestReport
) -> None:
    with library.read() as con:
        known: dict[str, str] = dict(
            con.execute("SELECT key, stage FROM internal.ingest_items WHERE source = ?", [source.name]).fetchall()
        )
    met: set[str] = set()
    web.begin_item()
    for page in source.discover():
        if isinstance(page, Searched):
            if isinstance(page.error, Malformed):
                web.forget_item()
            _note_search(library, source, page, known, progress, report)
            web.begin_item()
            continue
        new: list[str] = []
        for key in page:
            if key not in met and (limit is None or len(met) < limit):
                met.add(key)
                new += [key] if key not in known else []
        if new:
            with patient_write(library, progress) as con:
                record_items(con, source.name, [(key, STAGE, "waiting", None) for key in new])
            known |= dict.fromkeys(new, STAGE)
        progress.advance(len(new))
        if limit is not None and len(met) >= limit:
            break


def _note_search(
    library: Library, source: Source, search: Searched, known: dict[str, str], progress: Progress, report: IngestReport
) -> None:
    """Journal a search that failed, and forget that it had. Raises its error where the host is to blame."""
    if search.error is None:
        if known.get(search.key) == SEARCH:
            with patient_write(library, progress) as con:
                con.execute("DELETE FROM internal.ingest_items WHERE source = ? AND key = ?", [source.name, search.key])
        return
    with patient_write(library, progress) as con:
        record_items(con, source.name, [(search.key, SEARCH, "failed", str(search.error))])
    report.fail(LeftOut(source.name, label_of(search.key), "search not gone through", str(search.error)))
    if isinstance(search.error, Unanswered):
        raise search.error


def _describe_all(
    library: Library, source: Source, web: Web, keys: Iterable[str], progress: Progress, report: IngestReport
) -> None:
    burst = _Burst()
    failures = 0

    def leave_out(key: str, status: str, reason: str, why: str = "") -> None:
        burst.items.append((key, STAGE, status, why or reason))
        report.rejected.append(LeftOut(source.name, label_of(key), reason, why))
        report.failed += status == "failed"

    try:
        for key in keys:
            web.begin_item()
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
            except Closed:
                raise  # the item waits on
            except (Unanswered, NotJson) as error:
                failures += 1
                leave_out(key, "failed", "no answer", str(error))
                if failures >= MOST_FAILURES:
                    raise
            except Refused as error:
                leave_out(key, "failed", "refused", str(error))
            except (SourceError, LibraryError):
                raise
            except Malformed as error:
                web.forget_item()
                leave_out(key, "failed", "makes no sense", str(error))
            except Exception as error:  # noqa: BLE001  one item never ends the run; it is counted and told
                web.forget_item()
                leave_out(key, "failed", UNFORESEEN, f"{UNFORESEEN}: {type(error).__name__}: {error}")
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
