"""`ingest large`: larger pictures for covers that are in the library already, from the pictures they were made of.

A picture is known by the cover that it makes: whatever folder it lies in and whatever brought the cover.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.batches import ahead
from pipelines.images import ENOUGH, BadImage, Keep, PreparedCover, prepare_cover, read_picture
from pipelines.progress import Progress
from pipelines.report import cover_pool
from pipelines.sources.covers import WORKERS, make_cover
from pipelines.sources.music_files import SUFFIXES as MUSIC
from pipelines.sources.music_files import UnreadableMusic, read_track
from pipelines.web.answers import Absent, Malformed, Refused, Unanswered
from pipelines.web.client import Web
from store.catalogue.covers import CoverFiles
from store.database.library import Library

PICTURES = frozenset([".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"])
_AHEAD = 64


@dataclass(slots=True)
class LargeReport:
    """What a run found and kept."""

    pictures: int = 0  # looked at
    added: int = 0
    there: int = 0  # covers that had one already
    unknown: int = 0  # pictures that are no cover of this library
    failed: int = 0  # that could not be read or fetched
    bytes: int = 0  # of the added

    def summary(self) -> str:
        """One line for people."""
        return (
            f"{self.added:,} large covers added ({self.bytes / 1e6:.1f} MB), {self.there:,} there already, "
            f"{self.unknown:,} pictures of no cover here, {self.failed:,} unreadable"
        )

    def to_json(self) -> dict[str, int]:
        return asdict(self)


def large_from_folder(library: Library, folder: Path, keep: Keep, progress: Progress | None = None) -> LargeReport:
    """From all pictures and the embedded art of all music files under `folder`."""

    def prepare(path: Path) -> PreparedCover | None:
        try:
            data = read_track(path).art if path.suffix.lower() in MUSIC else read_picture(path)
            return prepare_cover(data, keep=keep) if data else None
        except (BadImage, UnreadableMusic):
            return None

    paths = (path for path in folder.resolve().rglob("*") if path.suffix.lower() in PICTURES | MUSIC)
    with cover_pool(WORKERS) as pool:
        made = ahead((pool.submit(prepare, path) for path in paths), _AHEAD)
        return _keep(library, (future.result() for future in made), progress or Progress())


def large_from_web(library: Library, web: Web, keep: Keep, progress: Progress | None = None) -> LargeReport:
    """Of covers that were fetched from an address and whose source was large enough, from there again."""
    files, least = CoverFiles(library.covers_dir), ENOUGH.get(keep, 1 << 30)
    with library.read() as con:
        rows = con.execute(
            "SELECT cover_sha256, source_url FROM covers WHERE source_url IS NOT NULL AND least(width, height) >= ? "
            "ORDER BY ALL",
            [least],
        ).fetchall()
    waiting = [url for sha, url in rows if not files.large_path(sha).is_file()]

    def fetch(url: str) -> PreparedCover | None:
        try:
            return web.image(url, make_cover(keep))
        except (Absent, Malformed, Refused, Unanswered, BadImage):
            return None

    web.on_wait = lambda text: None
    with cover_pool(WORKERS, web.stop) as pool:
        made = ahead((pool.submit(fetch, url) for url in waiting), _AHEAD)
        report = _keep(library, (future.result() for future in made), progress or Progress(), len(waiting))
    report.there += len(rows) - len(waiting)
    return report


def _keep(
    library: Library, made: Iterable[PreparedCover | None], progress: Progress, count: int | None = None
) -> LargeReport:
    files, report = CoverFiles(library.covers_dir), LargeReport()
    progress.start("large covers", count)
    for cover in _counted(made, report, progress):
        sha = hashlib.sha256(cover.webp).hexdigest()
        if not files.has(sha):
            report.unknown += 1
        elif files.large_path(sha).is_file():
            report.there += 1
        elif cover.large is not None:
            files.put_large(sha, cover.large)
            report.added += 1
            report.bytes += len(cover.large)
    progress.finish(report.summary())
    return report


def _counted(made: Iterable[PreparedCover | None], report: LargeReport, progress: Progress) -> Iterator[PreparedCover]:
    for cover in made:
        report.pictures += 1
        progress.advance(1)
        if cover is None:
            report.failed += 1
        else:
            yield cover
