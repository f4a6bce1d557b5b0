"""Personal records written off the screen's thread: each waits for the disk, and a hop must not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from store.errors import LibraryError

if TYPE_CHECKING:
    from store.personal.records import Personal


class Notebook:
    """Writes personal records one after the other in a thread of its own."""

    def __init__(self, personal: Personal) -> None:
        self.personal = personal
        self._trouble: str | None = None
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notebook")

    def write(self, record: Callable[[Personal], None]) -> None:
        """Call `record` with the personal records, after all that were asked for before."""
        self._writer.submit(record, self.personal).add_done_callback(self._done)

    def trouble(self, wait: bool = False) -> str | None:
        """Why the last record could not be written; `wait`: once all that were asked for are."""
        if wait:
            self._writer.submit(int).result()
        return self._trouble

    def close(self) -> None:
        """Wait until all is written."""
        self._writer.shutdown(wait=True)

    def _done(self, record: Future[None]) -> None:
        error = record.exception()
        if error is None or isinstance(error, LibraryError):
            self._trouble = None if error is None else str(error)
        else:
            self._trouble = f"{type(error).__name__}: {error}"
