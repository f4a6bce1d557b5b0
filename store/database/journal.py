"""The journal file of personal records: appending whole lines, setting them aside, reading them back."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from store.database.atomic import is_still, sync
from store.errors import LibraryError
from store.shapes import BadShape, from_json, to_plain

JOURNAL = "journal.jsonl"
DAMAGED = "journal-damaged.jsonl"  # lines that no one can read; kept, since a person may
ARCHIVE = "backups/journal.jsonl"  # records that were stored since the last copy of the library


class Line(Struct, tag_field="kind", kw_only=True, frozen=True):
    """One record. `id` is its own; `at` is when, UTC."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def when(self) -> datetime:
        """`at` as the database holds it."""
        return self.at.astimezone(UTC).replace(tzinfo=None)


class BookmarkLine(Line, tag="bookmark", kw_only=True, frozen=True):
    """An album was marked."""

    album_id: str
    note: str


class UnbookmarkLine(Line, tag="unbookmark", kw_only=True, frozen=True):
    """Its mark was taken off."""

    album_id: str


class BlendLine(Line, tag="blend", kw_only=True, frozen=True):
    """A blend was written."""

    blend_id: str
    path: str
    recipe: dict[str, Any]


class WalkStepLine(Line, tag="walk_step", kw_only=True, frozen=True):
    """A walk arrived at an album."""

    walk_id: str
    seq: Annotated[int, Meta(gt=-(2**31), lt=2**31)]
    album_id: str
    came_from: str | None


class WalkNameLine(Line, tag="walk_name", kw_only=True, frozen=True):
    """A walk was named; "" takes the name off, and note and weights with it."""

    walk_id: str
    name: str
    note: str = ""
    weights: dict[str, float] | None = None


class MergeLine(Line, tag="merge", kw_only=True, frozen=True):
    """An album was made part of another."""

    album_id: str
    other_id: str


class SplitLine(Line, tag="split", kw_only=True, frozen=True):
    """An album was taken out of another, with what these sources say: (source, source_key, name_id)."""

    album_id: str
    other_id: str
    items: tuple[tuple[str, str, str], ...]


class StoredLine(Line, tag="stored", kw_only=True, frozen=True):
    """What `what`, an ingest, brought was stored: as long as its id is known, no other session has undone that."""

    what: str


Record = BookmarkLine | UnbookmarkLine | BlendLine | WalkStepLine | WalkNameLine | MergeLine | SplitLine | StoredLine
Decision = MergeLine | SplitLine


def append(folder: Path, record: Record) -> None:
    """Append a record and sync it to disk. ValueError for one that is no JSON, LibraryError where it
    cannot be written.
    """
    line = _line(record)
    path = folder / JOURNAL
    try:
        with _locked_journal(path) as descriptor:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # another process died within a line: keep ours whole
            _write_all(descriptor, line)
            if not size:
                sync(folder)
    except OSError as error:
        raise LibraryError(f"cannot write to {path}: {error.strerror or error}") from error


def parse(content: bytes) -> tuple[list[Record], list[bytes]]:
    """(records, lines that are none)."""
    records: list[Record] = []
    damaged = []
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            record: Record = from_json(line, Record)  # type: ignore[arg-type]
            _ = record.when
            records.append(record)
        except (BadShape, OverflowError):
            damaged.append(line)
    return records, damaged


def _line(record: Record) -> bytes:
    """The record as a line. ValueError for what the database could not hold: NaN, lone surrogates."""
    return json.dumps(to_plain(record), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def files(folder: Path) -> list[Path]:
    """Journals set aside, oldest first, then the one being appended to."""
    aside = sorted(folder.glob("journal-*.pending"))
    live = folder / JOURNAL
    return [*aside, live] if live.exists() else aside


def set_aside(folder: Path) -> None:
    path = folder / JOURNAL
    if not path.exists():
        return
    with _locked_journal(path, create=False) as descriptor:
        if descriptor >= 0 and os.fstat(descriptor).st_size:
            number = 1 + max(
                (int(p.name[8:-8]) for p in folder.glob("journal-*.pending") if p.name[8:-8].isdigit()),
                default=0,
            )
            path.rename(folder / f"journal-{number:08d}.pending")


@contextmanager
def _locked_journal(path: Path, create: bool = True) -> Iterator[int]:
    """A descriptor of the live journal under an exclusive lock; -1 where it is gone and not to be made."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    while True:
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError:
            if create:
                raise
            yield -1
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if is_still(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)  # and with it the lock


def archive(folder: Path, path: Path, damaged: list[bytes]) -> None:
    """Move what is in a journal that was stored to the archive, and its lines that are no records where a person may
    look at them. OSError where that cannot be written: it stays.
    """
    (folder / ARCHIVE).parent.mkdir(0o700, exist_ok=True)
    _append_to(folder / ARCHIVE, b"\n" + path.read_bytes())  # first: what stands there twice counts once
    if damaged:
        _append_to(folder / DAMAGED, b"".join(line + b"\n" for line in damaged))
    path.unlink()


def unarchive(folder: Path) -> None:
    """Make the archive a journal that waits, before all others: those of its records that are known count once."""
    with suppress(FileNotFoundError):
        (folder / ARCHIVE).rename(folder / "journal-00000000.pending")


def _append_to(path: Path, content: bytes) -> None:
    """The file is made where there is none, nobody else's to read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _write_all(descriptor, content)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    """Append and sync; after an OSError nothing of it is there: what is not acknowledged is not in the file."""
    size = os.fstat(descriptor).st_size
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise
