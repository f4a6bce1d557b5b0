"""Where music lies: the folders under a root, their music files, and the pictures beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.batches import batched
from pipelines.report import IngestReport, LeftOut
from pipelines.sources.music_files import SUFFIXES
from store.text import clean

MOST_AT_ONCE = 500  # files of one folder that are held together; more are taken in pieces

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
_IMAGE_NAMES = ("cover", "folder", "front", "albumart", "album", "artwork")  # best first
_DISC_FOLDER = re.compile(r"(?:disc|disk|cd)[\s._-]*\d{1,2}\b.*", re.I)


@dataclass(frozen=True, slots=True)
class MusicFolder:
    """The files of one folder, or a piece of a very full one."""

    path: Path
    music: tuple[Path, ...]
    images: tuple[Path, ...]  # that may be its cover, best first
    stamps: dict[Path, str]  # `4711 1700000000000000000`: size and time of change of each file


class Standing:
    """Which folders still hold music on their own drive: what tells a file that was taken out from one whose drive is
    away. Both are not there; but a drive that is away takes the folders around its files with it, or leaves them empty.
    """

    def __init__(self) -> None:
        self._alive: set[str] = set()

    def add(self, file: str) -> None:
        """Count a music file that is there (not a link to one on another drive) for all folders above it."""
        folder = os.path.dirname(file)  # noqa: PTH120  (a path as text: there are many)
        if folder in self._alive:
            return
        drive = _drive(folder)
        while folder not in self._alive and _drive(folder) == drive:
            self._alive.add(folder)
            folder = os.path.dirname(folder)  # noqa: PTH120

    def gone(self, file: str) -> bool:
        """Whether the file was taken out; not where it is there, cannot be looked at, or its drive is away."""
        path = Path(file)
        try:
            path.lstat()
            return False
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:
            return False
        folder = path.parent
        while folder != folder.parent and _nothing_in(folder):
            folder = folder.parent
        return folder == path.parent or str(folder) in self._alive


def tell_away(files: Sequence[str], report: IngestReport) -> None:
    """Files that an earlier run met and whose drive is away are a failure, not a loss."""
    if files:
        report.read += 1
        kept = f"{len(files):,} track{'s' if len(files) > 1 else ''} stay as they were"
        report.fail(LeftOut(clean(os.path.commonpath(files), 300), "", "not there: is its drive connected?", kept))


def _drive(folder: str) -> int | None:
    try:
        return Path(folder).stat().st_dev
    except OSError:
        return None


def _nothing_in(folder: Path) -> bool:
    """Whether the folder is not there or empty; not where it merely cannot be listed."""
    try:
        return next(folder.iterdir(), None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def walk_music(root: Path, report: IngestReport) -> Iterator[MusicFolder]:
    """Every folder under `root` with music in it, in order; folders that cannot be listed go into the report."""

    def unlistable(error: OSError) -> None:
        report.read += 1
        report.rejected.append(LeftOut(str(error.filename), "", "folder cannot be read", error.strerror or ""))

    for place, folders, files in os.walk(root, onerror=unlistable):
        folders.sort()
        path = Path(place)
        music = sorted(path / name for name in files if Path(name).suffix.lower() in SUFFIXES)
        if not music:
            continue
        images = _cover_files(path)
        if not images and _DISC_FOLDER.fullmatch(path.name) and path != root:
            images = _cover_files(path.parent)
        for piece in batched(music, MOST_AT_ONCE):
            stamps = {file: stamp for file in (*piece, *images) if (stamp := _stamp(file))}
            there = tuple(file for file in piece if file in stamps)
            yield MusicFolder(path, there, tuple(file for file in images if file in stamps), stamps)


def _cover_files(folder: Path) -> list[Path]:
    """The pictures in the folder that go by a name for covers, best first."""
    ranked = []
    try:
        for entry in folder.iterdir():
            stem = entry.stem.lower()
            if entry.suffix.lower() in _IMAGE_SUFFIXES and stem.startswith(_IMAGE_NAMES):
                place = next(place for place, name in enumerate(_IMAGE_NAMES) if stem.startswith(name))
                ranked.append((place, len(stem), entry.name, entry))
    except OSError:
        return []
    return [entry for *_, entry in sorted(ranked)][:5]


def _stamp(file: Path) -> str:
    """Size and time of change; nothing for what is no file (a pipe, a broken link)."""
    try:
        return f"{(at := file.stat()).st_size} {at.st_mtime_ns}" if file.is_file() else ""
    except OSError:
        return ""
