"""`ingest listens`: plays from the exports of Spotify, ListenBrainz and Last.fm, as files or in their zip.

Only what is named here is looked at; Spotify's addresses, user names and devices are read past and kept nowhere.
Plays go into a table of the person's own, never into `listeners`.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, SourceError, told
from pipelines.sources.personal.listen_formats import Bad, plays_of
from pipelines.writing import patient_write
from store.database.library import Library
from store.personal.plays import Play, add_plays
from store.text import clean

BATCH = 20_000  # plays committed together
MOST_MEMBERS = 10_000  # files of a zip
MOST_MEMBER = 1 << 30  # bytes of one of them, unpacked
MOST_RATIO = 200  # unpacked by packed: exports have 10 to 30, bombs a thousand
MOST_BAD = 1000  # entries one after the other that make no play: it is another kind of file
# What files and the members of a zip raise that are damaged, locked with a password or packed in an unknown way.
DAMAGED = (OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError)
Opens = Callable[[], AbstractContextManager[BinaryIO]]
_WANTED = (".json", ".jsonl", ".csv")
_OTHERS = (
    "video",
    "podcast",
    "identity",
    "userdata",
    "payments",
    "playlist",
    "library",
    "follow",
    "inferences",
    "feedback",
    "pinned",
    "search",
)


@dataclass(slots=True)
class ListensReport(IngestReport):
    """Records are plays. `files` are those that plays were read from."""

    files: int = 0
    troubles: list[str] = field(default_factory=list)  # files that broke off, each with why

    def summary(self) -> str:
        line = IngestReport.summary(self) + f", from {self.files:,} file{'s' if self.files != 1 else ''}"
        return line + "".join(f"; {trouble}" for trouble in self.troubles[:5])

    def to_json(self) -> dict[str, object]:
        return {**IngestReport.to_json(self), "files": self.files, "troubles": self.troubles}


def ingest_listens(library: Library, path: Path, progress: Progress | None = None) -> ListensReport:
    """Add the plays of an export: a file, a zip, or a folder of files. What breaks off keeps what came before.

    SourceError where nothing of it is an export that is known here.
    """
    progress = progress or Progress()
    report = ListensReport(str(path))
    with told(report, progress):
        progress.start(f"Plays of {clean(path.name, 60)}", None)
        for name, opened in _files(path, report):
            try:
                with opened() as file:
                    _ingest(library, name, file, report, progress)
            except DAMAGED as error:
                why = error.strerror if isinstance(error, OSError) else ""
                report.troubles.append(f"{name}: {clean(why or str(error), 200) or 'damaged'}")
            except SourceError as error:
                report.troubles.append(f"{name}: {error}")
        report.failed = len(report.troubles)
        if not report.files or (report.troubles and not report.read):
            why = "; ".join(report.troubles[:3]) or "it holds no JSON or CSV of plays"
            raise SourceError(f"{path} is no export of Spotify, ListenBrainz or Last.fm: {why}")
    return report


def _ingest(library: Library, name: str, file: BinaryIO, report: ListensReport, progress: Progress) -> None:
    plays: list[Play] = []
    source, bad = "", 0
    try:
        for place, source, play in plays_of(name, file):
            report.read += 1
            if isinstance(play, Bad):
                bad += play.broken
                report.rejected.append(LeftOut(f"{name} {place}", "", play.why))
                if bad > MOST_BAD:
                    raise SourceError(f"{MOST_BAD:,} entries one after the other make no play")
                continue
            bad = 0
            plays.append(play)
            if len(plays) == BATCH:
                _commit(library, source, plays, report, progress)
                plays = []
    finally:
        report.files += bool(source)
        if plays:
            _commit(library, source, plays, report, progress)


def _commit(library: Library, source: str, plays: list[Play], report: ListensReport, progress: Progress) -> None:
    with patient_write(library, progress) as con:
        added = add_plays(con, source, plays)
    report.added += added
    report.already_there += len(plays) - added
    progress.advance(len(plays))


def _files(path: Path, report: ListensReport) -> Iterator[tuple[str, Opens]]:
    """(name, what opens it) of each file that may hold plays."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if _may_hold(file.name) and file.is_file():
                yield clean(str(file.relative_to(path)), 200), _opener(file)
        return
    try:
        packed = zipfile.is_zipfile(path)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from None
    if not packed:
        yield clean(path.name, 200), _opener(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (*DAMAGED, ValueError) as error:
        raise SourceError(f"{path} is a damaged zip: {clean(str(error), 200)}") from None
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir() and _may_hold(member.filename)]
        if len(members) > MOST_MEMBERS:
            raise SourceError(f"{path} holds {len(members):,} files: no export does")
        for member in members:
            name = clean(member.filename, 200)
            if member.file_size > min(MOST_MEMBER, MOST_RATIO * max(member.compress_size, 1000)):
                report.troubles.append(f"{name}: unpacks to {member.file_size:,} bytes, which no export does")
            else:
                yield name, _member(archive, member)


def _opener(file: Path) -> Opens:
    return lambda: file.open("rb")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Opens:
    return lambda: cast(BinaryIO, archive.open(member))


def _may_hold(name: str) -> bool:
    stem = name.rpartition("/")[2].lower()
    return stem.endswith(_WANTED) and stem != "user.json" and not any(other in stem for other in _OTHERS)
