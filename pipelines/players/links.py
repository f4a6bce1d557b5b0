"""Links with plain names to files whose own names a player's protocol cannot say."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from pipelines.folders import cache_folder
from store.errors import LibraryError


def plain_name(path: str) -> bool:
    """Whether a line of UTF-8 can say the path."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return "\n" not in path and "\r" not in path


def link_to(path: str) -> str:
    """The path of a link to that file, with its ending; links whose file has gone are taken away."""
    folder = cache_folder() / "links"
    link = folder / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}{_ending(path)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for other in folder.iterdir():
            if not other.exists():
                other.unlink(missing_ok=True)
        with suppress(FileExistsError):
            link.symlink_to(path)
    except OSError as error:
        raise LibraryError(f"cannot make a link in {folder}: {error.strerror or error}") from error
    return str(link)


def behind(path: str) -> str:
    """The file behind one of our links; any other path as it is."""
    if Path(path).parent == cache_folder() / "links":
        with suppress(OSError):
            return str(Path(path).readlink())
    return path


def _ending(path: str) -> str:
    ending = Path(path).suffix
    return ending if ending.isascii() and ending[1:].isalnum() else ""
