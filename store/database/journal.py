"""The journal file of personal records: appending whole lines, setting them aside, reading them back."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.database.atomic import is_still, sync

JOURNAL = "journal.jsonl"
DAMAGED = "journal-damaged.jsonl"  # lines that no one can read; kept, since a person may
ARCHIVE = "backups/journal.jsonl"  # records that were stored since the last copy of the library


def append(folder: Path, record: dict[str, Any]) -> None:
    """Append a record and sync it to disk. ValueError for one that is no JSON, or OSError."""
    line = _line(record)
    path = folder / JOURNAL
    with _locked_journal(path) as descriptor:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # another process died within a line: keep ours whole
        _write_all(descriptor, line)
        os.fsync(descriptor)
        if not size:
            sync(folder)


def parse(content: bytes) -> tuple[list[dict[str, Any]], list[bytes]]:
    """(records, lines that are none)."""
    records, damaged = [], []
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            records.append(_checked(json.loads(line)))
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            damaged.append(line)
    return records, damaged


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    """The record if it has what its kind needs; ValueError, KeyError or TypeError if not."""
    needed = {
        "bookmark": ("album_id", "note"),
        "unbookmark": ("album_id",),
        "blend": ("blend_id", "path"),
        "walk_step": ("walk_id", "album_id"),
        "walk_name": ("walk_id", "name"),
    }[record["kind"]]
    if not all(isinstance(record[name], str) for name in ("id", "at", *needed)):
        raise TypeError("a field is no text")
    utc(record["at"])
    _line(record)
    if record["kind"] == "blend" and not isinstance(record["recipe"], dict):
        raise TypeError("a recipe is a table")
    if record["kind"] == "walk_step" and not (
        isinstance(record["seq"], int) and abs(record["seq"]) < 2**31 and isinstance(record["came_from"], str | None)
    ):
        raise TypeError("a walk step has a number and a place it came from")
    return record


def _line(record: dict[str, Any]) -> bytes:
    """The record as a line. ValueError for what the database could not hold: NaN, lone surrogates."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


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
            descriptor = os.open(path, flags, 0o644)
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


def keep_damaged(folder: Path, lines: list[bytes]) -> None:
    """Put lines that are no records where a person may look at them."""
    with (folder / DAMAGED).open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def archive(folder: Path, path: Path) -> None:
    """Move what is in a journal that was stored to the archive. OSError where that cannot be written: it stays."""
    target = folder / ARCHIVE
    target.parent.mkdir(exist_ok=True)
    content = path.read_bytes()
    with target.open("ab") as file:
        size = file.tell()
        try:
            file.write(b"\n" + content)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(target, size)
            raise
    path.unlink()


def unarchive(folder: Path) -> None:
    """Make the archive a journal that waits, before all others: those of its records that are known count once."""
    with suppress(FileNotFoundError):
        (folder / ARCHIVE).rename(folder / "journal-00000000.pending")


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
