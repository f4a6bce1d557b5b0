"""`ingest covers`: sleeves for albums that have none, from addresses that came with them or the Cover Art Archive.

Every album's outcome is in the journal under the source `covers`: done, absent, refused (no cover can be made of
what is there) or failed (it may be had another time).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Literal

from pipelines.batches import ahead
from pipelines.images import DAMAGED, WEB_FORMATS, WEB_PAGE, BadImage, Keep, PreparedCover, prepare_cover
from pipelines.progress import Progress
from pipelines.report import UNFORESEEN, IngestReport, LeftOut, SourceError, cover_pool
from pipelines.sources.musicbrainz import BASE_URL, find_release_group
from pipelines.sources.remote import BURST_SECONDS, DUE, MOST_FAILURES
from pipelines.sources.table import put_cover, with_cover
from pipelines.web.answers import Absent, Malformed, Refused, Unanswered, try_again
from pipelines.web.client import Web
from pipelines.web.guard import shown
from pipelines.writing import patient_write
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_covers, record_items
from store.database.library import Library
from store.errors import LibraryError
from store.records import AlbumRecord, CoverRecord
from store.text import clean

SOURCE = "covers"
ARCHIVE_URL = "https://coverartarchive.org"
WORKERS = 8
BURST = 64  # covers committed together, at most
_AHEAD = 4 * WORKERS

Status = Literal["done", "absent", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An album without a cover."""

    album_id: str
    artist: str
    title: str
    source: str
    source_key: str
    mbid: str | None
    url: str | None

    @property
    def record(self) -> AlbumRecord:
        return AlbumRecord(self.artist, self.title, self.source, self.source_key)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one: a cover, or a status and why."""

    album: Wanted
    status: Status
    cover: CoverRecord | None = None
    why: str = ""
    unanswered: bool = False  # the host may be down


@dataclass(frozen=True, slots=True)
class Places:
    """Where covers are looked for, beside the addresses that came with albums. An empty archive is not asked."""

    archive: str = ARCHIVE_URL
    musicbrainz: str = BASE_URL
    keep: Keep = "512"  # of larger pictures


def wanted_covers(library: Library, source: str | None = None, only_tried: bool = False) -> list[Wanted]:
    """Albums (of one source, if given) without a cover: those due again or, but for `only_tried`, never asked for."""
    with library.read() as con:
        rows = con.execute(
            f"""SELECT album_id, artist, title, source, source_key, mbid, url FROM albums
            LEFT JOIN (SELECT key, any_value(error) AS url FROM internal.ingest_items WHERE status = 'url' GROUP BY key)
                AS urls ON urls.key = album_id
            LEFT JOIN (SELECT key, {DUE} AS due FROM internal.ingest_items WHERE source = '{SOURCE}') AS tried
                ON tried.key = album_id
            WHERE cover_sha256 IS NULL AND coalesce(due, ?) AND source <> 'demo'
                AND (? IS NULL OR album_id IN (SELECT album_id FROM album_sources WHERE source = ?))
            ORDER BY albums.rowid""",
            [not only_tried, source, source],
        ).fetchall()
    return [Wanted(*row) for row in rows]


def fetch_covers(
    library: Library,
    web: Web,
    places: Places = Places(),
    source: str | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    only_tried: bool = False,
) -> IngestReport:
    """Get the missing covers and commit in bursts. SourceError where nobody answers any more; what was stored stays."""
    began = time.monotonic()
    progress = progress or Progress()
    report = IngestReport("covers")
    files = CoverFiles(library.covers_dir)
    wanted = [one for one in wanted_covers(library, source, only_tried) if one.url or places.archive][:limit]
    waits: deque[str] = deque(maxlen=1)  # the workers wait; the bar is this thread's
    web.on_wait = waits.append
    progress.start("Covers", len(wanted))
    failures = 0
    try:
        with cover_pool(WORKERS, web.stop) as pool:
            working = (pool.submit(fetch_cover, web, files, places, album) for album in wanted)
            for burst in _bursts(ahead(working, _AHEAD), lambda: progress.advance(0, waits[-1] if waits else None)):
                waits.clear()
                _commit(library, burst, progress, report)
                for one in burst:
                    failures = failures + 1 if one.unanswered else 0
                    if failures >= 2 * MOST_FAILURES:
                        raise SourceError(f"{one.why}; what was fetched is kept, run it again to continue")
    finally:
        report.seconds = time.monotonic() - began
        progress.finish(report.summary())
    return report


def fetch_cover(web: Web, files: CoverFiles, places: Places, album: Wanted) -> Fetched:
    """A stage over one album: its cover among the library's files, or why there is none. It never raises."""
    web.begin_item()
    try:
        url, made = _first_image(web, places, album)
        cover = put_cover(made, files, shown(url))
    except Absent:
        return Fetched(album, "absent", why="no cover is known")
    except Unanswered as error:
        return Fetched(album, "failed", why=str(error), unanswered=True)
    except (Refused, BadImage) as error:
        passing = isinstance(error, BadImage) and error.passing
        return Fetched(album, "failed" if passing else "refused", why=str(error))
    except LibraryError as error:  # the disk is full: so it is for all others
        return Fetched(album, "failed", why=str(error), unanswered=True)
    except Exception as error:  # noqa: BLE001  one item never ends the run; it is counted and told
        web.forget_item()
        why = str(error) if isinstance(error, Malformed) else f"{UNFORESEEN}: {type(error).__name__}: {error}"
        return Fetched(album, "failed", why=why)
    return Fetched(album, "done", cover)


def make_cover(keep: Keep = "none") -> Callable[[bytes], PreparedCover]:
    """The bytes of an answer as a cover. Damaged ones are asked for once more: the network may have done it; and then
    are no cover this time.
    """
    asked = 0

    def make(data: bytes) -> PreparedCover:
        nonlocal asked
        asked += 1
        try:
            return prepare_cover(data, WEB_FORMATS, keep)
        except BadImage as error:
            if error.reason in (DAMAGED, WEB_PAGE):
                if asked == 1:
                    raise try_again(error.reason) from None
                raise Malformed(f"{error.reason}, {asked} times") from None
            raise

    return make


def _first_image(web: Web, places: Places, album: Wanted) -> tuple[str, PreparedCover]:
    """The address and the cover. The archive is asked for 500 pixels: originals reach 56 MB."""
    if album.url:
        try:
            return album.url, web.image(album.url, make_cover(places.keep))
        except Absent:
            if not places.archive:
                raise
    if not places.archive:
        raise Absent
    kinds = ("release-group", "release") if album.source == "musicbrainz" else ("release", "release-group")
    for kind in kinds if album.mbid else ():
        url = f"{places.archive}/{kind}/{album.mbid}/front-500"
        try:
            return url, web.image(url, make_cover(places.keep))
        except Absent:
            continue
    if album.source == "musicbrainz":
        raise Absent
    mbid = find_release_group(web, album.artist, album.title, places.musicbrainz)
    url = f"{places.archive}/release-group/{mbid}/front-500"
    return url, web.image(url, make_cover(places.keep))


def _bursts(working: Iterator[Future[Fetched]], idle: Callable[[], None]) -> Iterator[list[Fetched]]:
    """What comes within a second or so, together. `idle` is called now and then while nothing comes."""
    burst: list[Fetched] = []
    began = time.monotonic()
    for future in working:
        while not wait([future], timeout=BURST_SECONDS).done:
            idle()
        burst.append(future.result())
        if len(burst) >= BURST or time.monotonic() - began >= BURST_SECONDS:
            yield burst
            burst, began = [], time.monotonic()
    if burst:
        yield burst


def _commit(library: Library, burst: list[Fetched], progress: Progress, report: IngestReport) -> None:
    with patient_write(library, progress) as con:
        add_covers(con, [one.cover for one in burst if one.cover])
        add_albums(con, [with_cover(one.album.record, one.cover) for one in burst if one.cover])
        record_items(con, SOURCE, [(one.album.album_id, "cover", one.status, one.why or None) for one in burst])
    for one in burst:
        report.read += 1
        report.already_there += 1
        report.covers_stored += one.cover is not None
        report.failed += one.status == "failed"
        if one.cover is None:
            label = f"{one.album.artist} / {one.album.title}"
            report.without_cover.append(LeftOut(one.album.album_id, label, one.status, clean(one.why, 200)))
    progress.advance(len(burst), f"{len(report.without_cover):,} without" if report.without_cover else "")
