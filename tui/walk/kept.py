"""What a person keeps of a library: bookmarks with notes, walks with names, notes and what counted on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from store.database.replay import PersonalRecords, WalkName
from store.memory.snapshot import Snapshot
from store.personal.records import NAME_LIMIT
from store.records import Weights
from store.text import clean

if TYPE_CHECKING:
    from store.personal.records import Personal


class Kept:
    """The records of earlier sittings, and every change of this one."""

    def __init__(
        self, snapshot: Snapshot, records: PersonalRecords, write: Callable[[Callable[[Personal], None]], None]
    ) -> None:
        """`write` is called with what is to be recorded."""
        self._write = write
        # The notes of the bookmarked albums by album_id, the newest mark first.
        self.bookmarks = {m.album_id: m.note for m in records.bookmarks if snapshot.row(m.album_id) is not None}
        self.walks = {named.walk_id: named for named in records.walk_names}

    def toggle(self, album_id: str, note: str = "") -> bool:
        """Bookmark an album, with a note, or take its mark off; whether it is bookmarked now."""
        marked = album_id not in self.bookmarks
        if marked:
            self.bookmarks = {album_id: note, **self.bookmarks}
            self._write(lambda personal: personal.add_bookmark(album_id, note))
        else:
            del self.bookmarks[album_id]
            self._write(lambda personal: personal.remove_bookmark(album_id))
        return marked

    def note_bookmark(self, album_id: str, note: str) -> None:
        """Write another note on a bookmark."""
        self.bookmarks[album_id] = note = clean(note)
        self._write(lambda personal: personal.add_bookmark(album_id, note))

    def name(self, walk_id: str) -> str:
        """The name of a walk, '' where it has none."""
        named = self.walks.get(walk_id)
        return "" if named is None else named.name

    def note(self, walk_id: str) -> str:
        """What was written about a walk."""
        named = self.walks.get(walk_id)
        return "" if named is None else named.note

    def name_walk(self, walk_id: str, name: str, note: str, weights: Weights | None) -> str:
        """Name a walk or rename it; an empty name takes the note off, too. `weights` None: those recorded with it.

        The name as it is kept.
        """
        before = self.walks.pop(walk_id, None)
        name, note = clean(name, NAME_LIMIT), clean(note)
        weights = before.weights if weights is None and before is not None else weights
        if name:
            self.walks[walk_id] = WalkName(walk_id, name, datetime.now(UTC), note, weights)
        self._write(lambda personal: personal.name_walk(walk_id, name, note, weights))
        return name
