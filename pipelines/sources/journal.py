"""`ingest status` and `ingest retry`: what the journal says of every source, and asking again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.progress import Progress
from pipelines.sources.remote import label_of
from pipelines.writing import patient_write
from store.database.library import Library

# Sources whose items can be asked again for with nothing but the journal; files are read again by their command.
ASKED = ("lastfm", "musicbrainz", "covers")
FAILED = ("failed", "refused")
UNHAPPY = (*FAILED, "absent")


@dataclass(frozen=True, slots=True)
class FailedItem:
    """One item that failed, was refused or cannot be read."""

    key: str
    label: str  # for people
    error: str
    attempts: int


@dataclass(frozen=True, slots=True)
class StatusLine:
    """How many items of a source stand so."""

    source: str
    status: str  # done, waiting, below, absent, refused, failed, read, unreadable, rejected …
    count: int
    reasons: tuple[tuple[str, int], ...]  # the most frequent, with how many each
    items: tuple[FailedItem, ...] = ()  # of those that failed, by name


def ingest_status(library: Library, most_reasons: int = 5, most_items: int = 1000) -> list[StatusLine]:
    """The journal in counts, and what failed by name. A table's or a file's status is its first word; addresses are no
    reasons.
    """
    with library.read() as con:
        rows = con.execute(
            """SELECT source, status, sum(n)::BIGINT, list((reason, n) ORDER BY n DESC, reason)
                FILTER (reason IS NOT NULL) FROM (
                SELECT source, split_part(status, ' ', 1) AS status,
                    CASE WHEN status <> 'url' THEN error END AS reason, count(*) AS n
                FROM internal.ingest_items GROUP BY ALL)
            GROUP BY ALL ORDER BY source, status"""
        ).fetchall()
        failed = con.execute(
            """SELECT i.source, split_part(status, ' ', 1), key, coalesce(artist || ' / ' || title, key), error,
                attempts
            FROM internal.ingest_items i LEFT JOIN albums ON album_id = key
            WHERE list_contains(?, split_part(status, ' ', 1)) ORDER BY i.source, status, i.rowid
            """,
            [[*FAILED, "unreadable"]],
        ).fetchall()
    items: dict[tuple[str, str], list[FailedItem]] = {}
    for source, status, key, name, why, attempts in failed:
        listed = items.setdefault((source, status), [])
        if len(listed) < most_items:
            listed.append(FailedItem(key, name if name != key else label_of(key), why or "", attempts))
    return [
        StatusLine(
            source,
            status,
            count,
            tuple((str(why), n) for why, n in (reasons or [])[:most_reasons]),
            tuple(items.get((source, status), ())),
        )
        for source, status, count, reasons in rows
    ]


def put_back(library: Library, statuses: Sequence[str], progress: Progress) -> dict[str, int]:
    """Set items of the web's sources that stand so to waiting; how many, by source."""
    with patient_write(library, progress) as con:
        rows = con.execute(
            "UPDATE internal.ingest_items SET status = 'waiting', next_try = NULL, error = NULL "
            "WHERE list_contains(?, source) AND list_contains(?, status) RETURNING source",
            [list(ASKED), list(statuses)],
        ).fetchall()
    found: dict[str, int] = {}
    for (source,) in rows:
        found[source] = found.get(source, 0) + 1
    return found
