"""Files and folders that appear whole or not at all: written under a temporary name beside the target, then renamed.

Every temporary name is `.sleevewalk-<16 random hex digits>.part`, made anew and never through a link. The process
holds a lock (flock) on it, which the system drops when the process ends, however it ends: so what a killed process
left is told from what is being written now.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from store.errors import LibraryError

PATTERN = ".sleevewalk-*.part"
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)  # on this file system


@contextmanager
def atomic_file(target: Path, durable: bool = True) -> Iterator[Path]:
    """An empty temporary file to write to; it becomes `target` at the end, and after an error `target` is as it was.

    `durable`: it outlives a power cut too, which costs two syncs. LibraryError where it cannot be written.
    """
    try:
        with temporary_file(target.parent) as path:
            yield path
            put_in_place(path, target, durable)
    except OSError as error:
        raise LibraryError(f"cannot write {target}: {error.strerror or error}") from error


@contextmanager
def temporary_file(folder: Path) -> Iterator[Path]:
    """An empty temporary file in `folder`, deleted at the end unless it was renamed. OSError.

    It is no more open to others than its folder: 0600 in one of 0700.
    """
    with _claimed(folder, lambda path: os.open(path, _NEW_FILE, 0o666 & folder.stat().st_mode)) as path:
        yield path


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """The same as an empty folder, for what is several files or is made by a library that wants a fresh name."""

    def make(path: Path) -> int:
        path.mkdir()
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    with _claimed(parent, make) as path:
        yield path


@contextmanager
def _claimed(folder: Path, make: Callable[[Path], int]) -> Iterator[Path]:
    while True:
        path = folder / f".sleevewalk-{secrets.token_hex(8)}.part"
        descriptor = make(path)
        try:
            with suppress(OSError):  # a file system without locks: there nobody takes it for a leftover either
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not is_still(path, descriptor):
                continue  # another process took it for a leftover before it was locked
            yield path
            return
        finally:
            _remove(path)
            os.close(descriptor)


def put_in_place(path: Path, target: Path, durable: bool = True) -> None:
    """Rename a whole file or folder to `target`, in place of what is there. OSError."""
    if durable:
        sync(path)
    path.replace(target)
    if durable:
        sync(target.parent)


def put_new(path: Path, target: Path) -> bool:
    """Give a whole file the name `target`, or False where another process or file has it. OSError."""
    sync(path)
    try:
        target.hardlink_to(path)
    except OSError as error:
        if target.exists():
            return False
        if error.errno not in _NO_HARD_LINKS:
            raise
        path.rename(target)
    sync(target.parent)
    return True


def sync(path: Path) -> None:
    """Have the content of a file, or the names in a folder, on the disk before this returns. OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_still(path: Path, descriptor: int) -> bool:
    """Whether the open file is the one of that name still: it may have been moved or deleted."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


def leftovers(folder: Path, remove: bool = False) -> list[Path]:
    """What processes that ended left of temporary files and folders in `folder`; with `remove` it is deleted."""
    return [path for path in sorted(folder.glob(PATTERN)) if _is_left(path, remove)]


def _is_left(path: Path, remove: bool) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # it is gone, or nothing of ours: a link, another person's
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if remove:
            _remove(path)
    except OSError:
        return False  # being written, or on a file system that cannot tell
    finally:
        os.close(descriptor)
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
