"""Albums of another library or list into ours: in batches, with all that it says of them, and nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.batches import batched
from pipelines.images import BadImage, PreparedCover
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, cover_pool
from pipelines.sources.table import put_cover, with_cover
from pipelines.writing import patient_write
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.files import TrackFile, put_files
from store.catalogue.tables import add_covers, item_statuses, record_items
from store.database.library import Library
from store.personal.owned import Owned, put_owned
from store.records import AlbumRecord, CoverRecord
from store.text import clean

BATCH = 200  # albums committed together


@dataclass(frozen=True, slots=True)
class Found:
    """One album of another library. `cover` makes its cover when it is called; None: there is none to make."""

    album: AlbumRecord
    files: tuple[TrackFile, ...] = ()
    cover: Callable[[], PreparedCover | BadImage] | None = None
    stamp: str = ""  # changes when what makes the cover does
    owned: Owned | None = None  # what a list of the person's says of it

    @property
    def fingerprint(self) -> str:
        """Changes with anything of it."""
        return hashlib.sha256(
            repr((self.album, self.files, self.stamp, self.owned)).encode("utf-8", "backslashreplace")
        ).hexdigest()


def store_albums(
    library: Library,
    source: str,
    found: Iterable[Found],
    report: IngestReport,
    progress: Progress,
    stop_too: Callable[[], None] = lambda: None,
) -> None:
    """Add the albums of one source, all of them counted in the report; what did not change since the last run is
    not looked at again. Where `found` raises, what it gave before that is stored first. `stop_too` ends what makes
    covers where the work breaks off.
    """
    broken: list[Exception] = []

    def until_broken() -> Iterator[Found]:
        try:
            yield from found
        except Exception as error:  # noqa: BLE001  (raised again below)
            broken.append(error)

    with library.read() as con:
        known = item_statuses(con, source)
        rows = con.execute("SELECT source_key FROM album_sources WHERE source = ?", [source]).fetchall()
    there = {row[0] for row in rows}
    files = CoverFiles(library.covers_dir)
    with cover_pool(stop_too=stop_too) as pool:
        for batch in batched(until_broken(), BATCH):
            report.read += len(batch)
            fresh = []
            for one in batch:
                item = one.album.source_key
                if known.get(item) == f"read {one.fingerprint}" and item in there:
                    report.already_there += 1
                else:
                    fresh.append(one)
            making = {one.album.source_key: pool.submit(one.cover) for one in fresh if one.cover is not None}
            made = {item: future.result() for item, future in making.items()}
            _commit(library, source, fresh, made, files, report, progress)
            progress.advance(len(batch))
    for error in broken:
        raise error


def _commit(
    library: Library,
    source: str,
    fresh: Sequence[Found],
    made: Mapping[str, PreparedCover | BadImage],
    files: CoverFiles,
    report: IngestReport,
    progress: Progress,
) -> None:
    if not fresh:
        return
    covers: dict[str, CoverRecord] = {}
    for item, cover in made.items():
        if isinstance(cover, PreparedCover):
            covers[item] = put_cover(cover, files)
    albums = [with_cover(one.album, covers.get(one.album.source_key)) for one in fresh]
    with patient_write(library, progress) as con:
        add_covers(con, list(covers.values()))
        result = add_albums(con, albums)
        ids = result.ids
        put_files(con, source, {one.album.source_key: one.files for one in fresh if one.files}, ids)
        owned = {one.album.source_key: one.owned for one in fresh if one.owned and one.album.source_key in ids}
        put_owned(con, source, {item: (ids[item], entry) for item, entry in owned.items()})
        record_items(con, source, [_item(one, made.get(one.album.source_key)) for one in fresh])
    refused = dict(result.refused)
    report.added += len(result.added)
    report.already_there += len(fresh) - len(result.added) - len(refused)
    report.covers_stored += len(covers)
    for one in fresh:
        item, label = one.album.source_key, f"{one.album.artist} / {one.album.title}"
        cover = made.get(item, BadImage("no cover there"))
        if item in refused:
            report.rejected.append(LeftOut(clean(item, 200), label, refused[item]))
        elif isinstance(cover, BadImage):
            report.failed += cover.passing
            report.without_cover.append(LeftOut(clean(item, 200), label, cover.reason, clean(cover.detail, 200)))


def _item(found: Found, made: PreparedCover | BadImage | None) -> tuple[str, str, str, str | None]:
    """The journal's row: an album whose cover may fare better another time is looked at again."""
    if isinstance(made, BadImage) and made.passing:
        return found.album.source_key, "album", "failed", f"{made.reason}: {made.detail}"
    return found.album.source_key, "album", f"read {found.fingerprint}", None
