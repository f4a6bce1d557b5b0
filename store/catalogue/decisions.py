"""What a person decides about albums, kept in the journal as everything personal is: a merge or a split outlives the
file that it was made in, and is made again where a library has to be put back from its copy.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from store.catalogue.merging import AlbumPart, MergeReport, merge, split
from store.database import journal
from store.database.connection import transaction
from store.database.replay import remember, waiting_decisions
from store.errors import LibraryError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def decide_merge(con: duckdb.DuckDBPyConnection, folder: Path, kept_id: str, gone_id: str) -> MergeReport:
    """`merge`, journalled. The last step of a write burst on the library in `folder`. LibraryError."""
    report = merge(con, kept_id, gone_id)
    _journal(con, folder, journal.MergeLine(album_id=gone_id, other_id=kept_id))
    return report


def decide_split(con: duckdb.DuckDBPyConnection, folder: Path, kept_id: str, part: AlbumPart) -> MergeReport:
    """`split`, journalled. The last step of a write burst on the library in `folder`. LibraryError."""
    report = split(con, kept_id, part)
    _journal(con, folder, journal.SplitLine(album_id=part.album_id, other_id=kept_id, items=part.items))
    return report


def apply_decisions(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Make the decisions that the journals hold and the database does not; how many. One about albums that are not in
    the library waits until their source brings them again. Takes a connection of `exclusive`.
    """
    made = 0
    for record in waiting_decisions(con, folder):
        with suppress(LibraryError), transaction(con):
            if isinstance(record, journal.MergeLine):
                merge(con, record.other_id, record.album_id)
            else:
                split(con, record.other_id, AlbumPart("", record.album_id, False, record.items))
            remember(con, [record])
            made += 1
    return made


def _journal(con: duckdb.DuckDBPyConnection, folder: Path, record: journal.Decision) -> None:
    remember(con, [record])
    journal.append(folder, record)
