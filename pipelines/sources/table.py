"""`ingest table`: albums from a CSV, Parquet or JSON Lines file, with their covers from a folder.

What is already done is read from the library itself, album by album. So after an interruption anywhere, with
a renamed file or a table that has grown, a run continues where things stand and adds nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipelines.batches import ahead, batched
from pipelines.images import BadImage, Keep, PreparedCover, load_covers
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, SourceError, cover_pool, told
from pipelines.sources.album_rows import ALBUM_COLUMNS, AlbumRow, parse_rows
from pipelines.sources.rows import BadRow, Row, count_rows, fingerprint, read_rows
from pipelines.writing import patient_write
from store.catalogue.album_sources import add_genre_sources
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_covers, record_items
from store.database.library import Library
from store.records import AddResult, AlbumRecord, CoverRecord
from store.text import clean

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")

BATCH = 256  # rows committed together: about one second of work, the most that a kill can cost
_AHEAD = 2  # batches whose covers are in the making while one is committed; bounds the memory
_PIECE = 16  # covers to one call of a worker
SOURCE = "table"  # in albums.source and the journal; a key there is a name_id or `albums.csv row 17`
NOT_FETCHED = "URL not fetched"
_URL = ("http://", "https://")


Item = tuple[str, str, str, str | None]  # key, stage, status, error: one row of the journal


def ingest_table(
    library: Library,
    file: Path,
    covers_dir: Path | None = None,
    progress: Progress | None = None,
    keep: Keep = "512",
) -> IngestReport:
    """Add the table's albums to the library, each with the cover that its row names under `covers_dir`.

    An album whose cover is missing or unreadable is stored without it, and gets it in a later run that finds
    one. Raises SourceError where the table or the folder cannot be read, LibraryLocked after a patient wait;
    what was committed until then stays. On Ctrl-C the batch in hand is dropped, KeyboardInterrupt goes on.
    """
    progress = progress or Progress()
    report = IngestReport(str(file))
    with told(report, progress), cover_pool() as pool:
        folder = resolved_folder(covers_dir)
        job = TableJob(library, file.name, fingerprint(file), pool, progress, report)
        rows = read_rows(file, ALBUM_COLUMNS)
        progress.start(f"Albums from {clean(file.name, 60)}", count_rows(file))

        def prepare(rows: list[Row | BadRow]) -> Batch:
            return job.prepare(
                parse_rows(rows, SOURCE),
                lambda row: locate_cover(folder, row.cover),
                lambda paths: store_covers(paths, job.files, keep),
            )

        for batch in ahead(map(prepare, batched(rows, BATCH)), _AHEAD):
            job.commit(batch)
        job.close()
    return report


def store_covers(paths: Sequence[Path], files: CoverFiles, keep: Keep = "none") -> list[CoverRecord | BadImage]:
    """A stage over a batch: make each path's cover and put it among the library's files, or say why not."""
    return [cover if isinstance(cover, BadImage) else put_cover(cover, files) for cover in load_covers(paths, keep)]


def put_cover(cover: PreparedCover, files: CoverFiles, source_url: str | None = None) -> CoverRecord:
    """Put a cover, and its larger picture where it has one, among the library's files."""
    sha = files.put(cover.webp)
    if cover.large is not None:
        files.put_large(sha, cover.large)
    return CoverRecord(sha, cover.width, cover.height, len(cover.webp), cover.mean_color, source_url, cover.facts)


def locate_cover(folder: Path | None, written: str) -> Path | BadImage:
    """The file that a row's `cover` names under `folder` (already resolved), or why there is none.

    What leads out of the folder is refused, be it by `..`, from the root or by a link: a table from elsewhere
    must not make pictures of a person's other files.
    """
    if not written:
        return BadImage("no cover in the row")
    if is_address(written):
        return BadImage(NOT_FETCHED, written)
    if folder is None:
        return BadImage("no folder of covers was given", written)
    try:
        path = (folder / written).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL, a name too long, links in a circle
        return BadImage("no such file", written)
    if not path.is_relative_to(folder):
        return BadImage("path leads out of the folder of covers", written)
    return path


def is_address(written: str) -> bool:
    """Whether a row's `cover` is an address of the web and no path."""
    return written.lower().startswith(_URL)


@dataclass(slots=True)
class Batch:
    """Rows that are committed together, while their covers are in the making."""

    rows: int  # read, of any kind
    albums: list[AlbumRow] = field(default_factory=list)
    rejected: list[LeftOut] = field(default_factory=list)
    no_cover: dict[str, BadImage] = field(default_factory=dict)  # by album_id
    loading: list[tuple[list[str], Future[list[CoverRecord | BadImage]]]] = field(default_factory=list)


class TableJob:
    """One run over one table: what the library has, what the run has seen, what it reports.

    `state` is what the table is at present: where it was read to its end in this state, it has no news.
    """

    def __init__(
        self,
        library: Library,
        file_name: str,
        state: str,
        pool: ThreadPoolExecutor,
        progress: Progress,
        report: IngestReport,
        source: str = SOURCE,
    ) -> None:
        self.library, self.file_name, self.source = library, file_name, source
        self.pool, self.progress, self.report = pool, progress, report
        self.files = CoverFiles(library.covers_dir)
        self.seen: dict[str, int] = {}  # album_id → number of the row that brought it
        with library.read() as con:
            # name → the cover of the album that goes by it, if any
            self.there: dict[str, str | None] = dict(
                con.execute(
                    "SELECT name_id, a.cover_sha256 FROM album_sources JOIN albums a USING (album_id)"
                ).fetchall()
            )
            self.journal: dict[str, tuple[str, str | None]] = {  # key → status and error
                key: (status, error)
                for key, status, error in con.execute(
                    "SELECT key, status, error FROM internal.ingest_items WHERE source = ?", [source]
                ).fetchall()
            }
        # A file that was read to its end has no news of albums that are there; once edited, it may have.
        self.whole_file: Item = (file_name, "file", f"read {state}", None)
        self.no_news = self.journal.get(file_name) == self.whole_file[2:]

    def prepare(
        self,
        rows: Sequence[AlbumRow | LeftOut],
        find: Callable[[AlbumRow], T | BadImage],
        store: Callable[[list[T]], list[CoverRecord | BadImage]],
    ) -> Batch:
        """Set the workers to storing those covers that the library does not have: `store` gets what `find` found."""
        batch = Batch(len(rows))
        wanted: list[tuple[str, T]] = []
        for row in rows:
            if isinstance(row, LeftOut):
                batch.rejected.append(row)
            elif (earlier := self.seen.setdefault(row.album_id, row.number)) != row.number:
                batch.rejected.append(
                    LeftOut(f"row {row.number}", row.label, "same album as an earlier row", f"row {earlier}")
                )
            else:
                batch.albums.append(row)
                sha = self.there.get(row.album_id)
                if sha is None or not self.files.has(sha):
                    found = find(row)
                    if isinstance(found, BadImage):
                        batch.no_cover[row.album_id] = found
                    else:
                        wanted.append((row.album_id, found))
        for piece in batched(wanted, _PIECE):
            batch.loading.append(([name for name, _ in piece], self.pool.submit(store, [found for _, found in piece])))
        return batch

    def commit(self, batch: Batch, more: Callable[[DuckDBPyConnection], None] | None = None) -> None:
        """Write the batch with its journal, and what is `more`, in one transaction, where anything is new; count it."""
        covers: dict[str, CoverRecord] = {}  # by album_id
        for names, loading in batch.loading:
            for name, cover in zip(names, loading.result(), strict=True):
                if isinstance(cover, BadImage):
                    batch.no_cover[name] = cover
                else:
                    covers[name] = cover
        changed = [
            row for row in batch.albums if not self.no_news or row.album_id not in self.there or row.album_id in covers
        ]
        items = self._journal_news(batch)
        result = AddResult()
        if changed or items or more:
            albums = [with_cover(row.album, covers.get(row.album_id)) for row in changed]
            with patient_write(self.library, self.progress) as con:
                add_covers(con, list(covers.values()))
                result = add_albums(con, albums)
                add_genre_sources(
                    con,
                    [
                        (result.ids[row.album_id], row.album, row.genre_source)
                        for row in changed
                        if row.genre_source and row.album_id in result.ids
                    ],
                )
                record_items(con, self.source, items)
                if more:
                    more(con)
        self._count(batch, result, len(covers))

    def _journal_news(self, batch: Batch) -> list[Item]:
        """Those journal rows of the batch that differ from what the journal says already."""
        items: list[Item] = []
        for row in batch.albums:
            problem = batch.no_cover.get(row.album_id)
            if problem is None:
                items.append((row.album_id, "cover", "done", None))
            elif problem.reason == NOT_FETCHED:
                items.append((row.album_id, "cover", "url", clean(row.cover)))
            else:
                items.append((row.album_id, "cover", "failed" if problem.passing else "no cover", clean(str(problem))))
        items += [(self._key(left), "row", "rejected", left.reason) for left in batch.rejected]
        return [item for item in items if self.journal.get(item[0]) != item[2:]]

    def _count(self, batch: Batch, result: AddResult, covers: int) -> None:
        report, refused = self.report, dict(result.refused)
        report.read += batch.rows
        report.added += len(result.added)
        report.already_there += len(batch.albums) - len(result.added) - len(refused)
        report.covers_stored += covers
        report.rejected += batch.rejected
        for row in batch.albums:
            if why := refused.get(row.album.source_key):
                report.rejected.append(LeftOut(f"row {row.number}", row.label, why))
                continue
            report.values_left_out.update(row.values_left_out)
            if problem := batch.no_cover.get(row.album_id):
                report.failed += problem.passing
                report.without_cover.append(
                    LeftOut(f"row {row.number}", row.label, problem.reason, clean(problem.detail, 200))
                )
        notes = (
            f"{len(items):,} {what}"
            for what, items in (("without a cover", report.without_cover), ("rejected", report.rejected))
            if items
        )
        self.progress.advance(batch.rows, ", ".join(notes))

    def _key(self, left: LeftOut) -> str:
        return f"{self.file_name} {left.key}"

    def close(self) -> None:
        """Journal that the file was read to its end; take out rows that an earlier state of it had wrong."""
        now = {self._key(left) for left in self.report.rejected}
        old = [key for key in self.journal if key.startswith(f"{self.file_name} row ") and key not in now]
        if old or not self.no_news:
            with patient_write(self.library, self.progress) as con:
                record_items(con, self.source, [self.whole_file])
                con.execute(
                    "DELETE FROM internal.ingest_items WHERE source = ? AND key IN (SELECT unnest(?))",
                    [self.source, old],
                )


def with_cover(album: AlbumRecord, cover: CoverRecord | None) -> AlbumRecord:
    """The album with that cover, where there is one."""
    return album if cover is None else replace(album, cover_sha256=cover.cover_sha256)


def resolved_folder(covers_dir: Path | None) -> Path | None:
    """The folder of covers as `locate_cover` takes it. SourceError where it is none."""
    if covers_dir is not None and not covers_dir.is_dir():
        raise SourceError(f"{covers_dir}: no such folder of covers")
    return covers_dir.resolve() if covers_dir is not None else None
