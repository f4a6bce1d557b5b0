"""Where music lies: the folders under a root, their music files, and the pictures beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.batches import batched
from pipelines.report import IngestReport, LeftOut
from pipelines.sources.music_files import SUFFIXES

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
