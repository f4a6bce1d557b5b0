"""Errors that are for people: the message is one line that says what is wrong, with what, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from store.records import Album


class LibraryError(Exception):
    """The library cannot do what was asked."""


class LibraryMissing(LibraryError):
    """There is no library in that folder."""


class LibraryLocked(LibraryError):
    """Another process holds `library.duckdb`; the message names it as DuckDB does."""


class LibraryReadOnly(LibraryError):
    """The library's file or folder may only be read."""


class LibraryDamaged(LibraryError):
    """`library.duckdb` is not what was written: DuckDB cannot open it, or not read all of it."""


class UnknownAlbum(LibraryError):
    """No album goes by that name; `candidates` are the closest (at most 5)."""

    def __init__(self, message: str, candidates: Sequence[Album] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class AmbiguousAlbum(UnknownAlbum):
    """Several albums go by that name; `candidates` lists them."""


class UnknownWalk(LibraryError):
    """No recorded walk goes by that name, or several do; the message says which there are."""


class UnknownWord(LibraryError):
    """A word of a query cannot be meant so; the message says what is possible."""


class UnknownPart(LibraryError):
    """Nothing of the album goes by that name, or it is of one piece; the message lists what can be taken out."""


class StaleIndex(LibraryError):
    """The cover index does not hold the library's covers of today; it still answers for those it holds."""
