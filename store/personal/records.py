"""Bookmarks, walks and blends: never lost and never waiting for the database.

A record is one line appended to `journal.jsonl` and synced to disk; that is all that the caller waits for. The next
write burst of any process stores it: see `store.database.replay`.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.database import journal
from store.database.library import Library
from store.database.replay import PersonalRecords, read_personal
from store.errors import LibraryLocked, LibraryMissing, LibraryReadOnly
from store.records import Weights
from store.text import clean, storable

NAME_LIMIT = 200  # characters of a walk's name


def blend_row(path: str | Path) -> str:
    """The key of the record of a blend's file: one row a file, whatever its recipe."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


class Personal:
    """Adds personal records. Every call returns once the record is on disk; none waits for the database."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def add_bookmark(self, album_id: str, note: str = "") -> None:
        """Mark an album; marking again changes the note."""
        self._append(journal.BookmarkLine(album_id=album_id, note=clean(note)))

    def remove_bookmark(self, album_id: str) -> None:
        """Take the mark off; nothing where there is none."""
        self._append(journal.UnbookmarkLine(album_id=album_id))

    def add_blend(
        self, blend_id: str, path: str | Path, recipe: dict[str, Any], made_at: datetime | None = None
    ) -> None:
        """Record a written blend (UTC; None: now) in place of the same `blend_id`. ValueError for no JSON."""
        at = datetime.now(UTC) if made_at is None else made_at.replace(tzinfo=UTC)
        self._append(journal.BlendLine(at=at, blend_id=blend_id, path=storable(str(path)), recipe=recipe))

    def add_walk_step(self, walk_id: str, seq: int, album_id: str, came_from: str | None = None) -> None:
        """Record that step `seq` of a walk arrived at an album."""
        self._append(journal.WalkStepLine(walk_id=walk_id, seq=int(seq), album_id=album_id, came_from=came_from))

    def name_walk(self, walk_id: str, name: str, note: str = "", weights: Weights | None = None) -> None:
        """Name a walk or rename it, with a note and what counted; an empty name takes all of that off."""
        counted = None if weights is None else asdict(weights)
        line = journal.WalkNameLine(walk_id=walk_id, name=clean(name, NAME_LIMIT), note=clean(note), weights=counted)
        self._append(line)

    def flush(self) -> bool:
        """Move the journal into the database now; False, with no loss, where the file is locked or read-only."""
        if not journal.files(self.library.path):
            return True
        try:
            with self.library.write():
                return True
        except (LibraryLocked, LibraryReadOnly):
            return False

    def read(self) -> PersonalRecords:
        """Everything recorded so far. LibraryLocked as for any read burst."""
        with self.library.read() as con:
            return read_personal(con, self.library.path)

    def _append(self, record: journal.Record) -> None:
        if not self.library.db_path.is_file():  # somebody deleted it: a record would wait here for nobody
            raise LibraryMissing(f"no library in {self.library.path} any more; nothing was recorded")
        journal.append(self.library.path, record)
