"""What became of an ingest or a build: every record is accounted for, by count and by name."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from pipelines import limited
from pipelines.progress import Progress
from store.errors import LibraryError

UNFORESEEN = "a defect of sleevewalk"  # the reason where a stage threw what nobody foresaw


class SourceError(LibraryError):
    """What was to be read cannot be read at all (no such file, a column is missing, not a table)."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One record that was left out, wholly or in part, and why."""

    key: str  # what finds it in the source: "row 17", a path
    label: str  # `Artist / Title`, as far as known
    reason: str  # groups in counts: "no such file"
    detail: str = ""  # about this one: the path, the size

    def __str__(self) -> str:
        what = f"{self.key}: {self.label}" if self.label else self.key
        return f"{what}: {self.reason}" + (f" ({self.detail})" if self.detail else "")


@dataclass(slots=True)
class IngestReport:
    """Every record read is exactly one of added, already there and rejected."""

    source: str  # the file or service, for people
    read: int = 0  # records read
    added: int = 0  # new to the library
    already_there: int = 0
    rejected: list[LeftOut] = field(default_factory=list)  # not in the library
    without_cover: list[LeftOut] = field(default_factory=list)  # in the library, with no cover as yet
    values_left_out: Counter[str] = field(default_factory=Counter)  # "year is no number": records kept without it
    covers_stored: int = 0  # covers that an album got in this run
    failed: int = 0  # of all these, what might fare better in another run; the command's exit status says so
    seconds: float = 0.0

    def fail(self, item: LeftOut) -> None:
        """Reject a record that failed, and count it as such."""
        self.rejected.append(item)
        self.failed += 1

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.read / self.seconds if self.seconds > 0 else 0.0

    @property
    def rejected_by_reason(self) -> Counter[str]:
        """How many were rejected for each reason."""
        return Counter(item.reason for item in self.rejected)

    @property
    def without_cover_by_reason(self) -> Counter[str]:
        """How many albums have no cover for each reason."""
        return Counter(item.reason for item in self.without_cover)

    def summary(self) -> str:
        """One line for people."""
        more = {
            "covers stored": self.covers_stored,
            "without a cover": len(self.without_cover),
            "rejected": len(self.rejected),
            "failed": self.failed,
        }
        told = ", ".join(f"{count:,} {what}" for what, count in more.items() if count)
        return f"{self.added:,} added, {self.already_there:,} already there" + (f", {told}" if told else "")

    def to_json(self) -> dict[str, object]:
        """Everything, as values that `json.dumps` takes."""
        return {
            "source": self.source,
            "read": self.read,
            "added": self.added,
            "already_there": self.already_there,
            "covers_stored": self.covers_stored,
            "failed": self.failed,
            "rejected": [asdict(item) for item in self.rejected],
            "rejected_by_reason": dict(self.rejected_by_reason.most_common()),
            "without_cover": [asdict(item) for item in self.without_cover],
            "without_cover_by_reason": dict(self.without_cover_by_reason.most_common()),
            "values_left_out": dict(self.values_left_out.most_common()),
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate, 1),
        }


@dataclass(slots=True)
class BuildReport:
    """What a build did. All zero and False: there was nothing to do."""

    model_id: str
    embedded: int = 0  # covers
    embed_seconds: float = 0.0
    device: str = ""  # that embedded
    facts: int = 0  # covers looked at
    indexed: int = 0  # covers added to the index, or all where it was written anew
    neighbors: int = 0  # rows of the neighbours table, if it was written
    mapped: int = 0  # covers on the map, if it was written
    copied: int = 0  # albums in the copy of what a build cannot make, if it was renewed
    laid_out: int = 0  # albums in the file that a large library opens from, if it was written
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # (cover_sha256, why)
    undone: list[str] = field(default_factory=list)  # ingests whose albums a session of another program took back
    seconds: float = 0.0

    @property
    def nothing_to_do(self) -> bool:
        return not (self.embedded or self.facts or self.indexed or self.neighbors or self.mapped or self.laid_out)

    @property
    def rate(self) -> float:
        """Covers embedded a second."""
        return self.embedded / self.embed_seconds if self.embed_seconds else 0.0

    def summary(self) -> str:
        """One line for people."""
        if self.nothing_to_do:
            line = "nothing to do: latents, facts, index, neighbours and map are up to date"
        else:
            parts = {
                f"covers embedded ({self.rate:.0f} a second on {self.device})": self.embedded,
                "covers looked at": self.facts,
                "covers indexed": self.indexed,
                "neighbour pairs written": self.neighbors,
                "covers put on the map": self.mapped,
                "albums laid out": self.laid_out,
            }
            line = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
        if self.copied:
            line += f"; a copy of {self.copied:,} albums is in backups/"
        if self.unreadable:
            line += f"; {len(self.unreadable):,} covers could not be read"
        return line

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "nothing_to_do": self.nothing_to_do, "rate": round(self.rate, 1)}


@contextmanager
def told(report: IngestReport, progress: Progress) -> Iterator[None]:
    """An ingest from here to its end: how long it took and its last line, also where it was stopped."""
    began = time.monotonic()
    try:
        yield
    except BaseException:
        progress.finish(f"stopped: {report.summary()}; run it again to continue" if report.read else "stopped")
        raise
    finally:
        report.seconds = time.monotonic() - began
    progress.finish(report.summary())


@contextmanager
def cover_pool(threads: int | None = None, stop_too: Callable[[], None] = lambda: None) -> Iterator[ThreadPoolExecutor]:
    """Threads that make covers, one a core where no number is given.

    Where the work ends by an error or Ctrl-C, what has not begun is dropped and what has is ended at once: pictures in
    the making, and by `stop_too` what else the threads do.
    """
    pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="covers")
    try:
        yield pool
    except BaseException:
        stop_too()
        limited.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        limited.resume()
