"""Personal records written off the screen's thread: each waits for the disk, and a hop must not."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from store.errors import LibraryError
from tui.walk.session import Personal


class Notebook:
    """Writes personal records one after the other in a thread of its own, through `store.personal`."""

    def __init__(self, personal: Personal) -> None:
        self.personal = personal
        self.trouble: str | None = None  # why the last record could not be written
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notebook")

    def add_walk_step(self, walk_id: str, seq: int, album_id: str, came_from: str | None = None) -> None:
        """Record a stop of the walk."""
        self._note(self._writer.submit(self.personal.add_walk_step, walk_id, seq, album_id, came_from))

    def add_blend(self, blend_id: str, path: str, recipe: dict[str, Any]) -> None:
        """Record a written blend."""
        self._note(self._writer.submit(self.personal.add_blend, blend_id, path, recipe))

    def add_bookmark(self, album_id: str) -> None:
        """Record a bookmark."""
        self._note(self._writer.submit(self.personal.add_bookmark, album_id))

    def remove_bookmark(self, album_id: str) -> None:
        """Record that a bookmark was taken off."""
        self._note(self._writer.submit(self.personal.remove_bookmark, album_id))

    def name_walk(self, walk_id: str, name: str) -> None:
        """Record a walk's name."""
        self._note(self._writer.submit(self.personal.name_walk, walk_id, name))

    def close(self) -> None:
        """Wait until all is written."""
        self._writer.shutdown(wait=True)

    def _note(self, record: Future[None]) -> None:
        record.add_done_callback(self._done)

    def _done(self, record: Future[None]) -> None:
        error = record.exception()
        if error is None:
            self.trouble = None
        elif isinstance(error, LibraryError):
            self.trouble = str(error)
        else:
            self.trouble = f"{type(error).__name__}: {error}"
