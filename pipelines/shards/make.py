"""`shards make`: from a table to a whole folder of shards, continuing where an earlier run stopped."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.batches import batched
from pipelines.images import Keep
from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.shards.engines import Job, Unit, run_local, run_ray
from pipelines.shards.format import (
    MANIFEST,
    ROWS,
    SOURCE,
    Manifest,
    block_name,
    block_table,
    path_of,
    read_shard,
    write_manifest,
)
from pipelines.shards.stages import Outcome, Sources, forget_errors
from pipelines.sources.album_rows import ALBUM_COLUMNS, parse_rows
from pipelines.sources.rows import count_rows, read_rows
from pipelines.sources.table import resolved_folder
from store.database.atomic import leftovers
from store.errors import LibraryError
from store.text import clean
from vae.info import SHIPPED, read_info

_SHOWN = 50  # failed rows that are told one by one


@dataclass(slots=True)
class ShardsReport:
    """What the folder holds, and what this run did for it."""

    folder: str
    model_id: str
    shards: int = 0  # in the folder, of this table
    made: int = 0  # of them in this run
    rows: int = 0
    embedded: int = 0  # rows with a latent
    embedded_now: int = 0  # of them in shards of this run
    rejected: Counter[str] = field(default_factory=Counter)  # rows that are no album, by reason
    without_cover: Counter[str] = field(default_factory=Counter)  # albums without a latent, by reason
    unused: int = 0  # shards in the folder of another state of the table, other `rows` or another model
    failed: list[str] = field(default_factory=list)  # the first of both, for people
    seconds: float = 0.0

    def summary(self) -> str:
        """One line for people."""
        line = f"{self.shards:,} shards ({self.made:,} made now), {self.rows:,} rows, {self.embedded:,} covers embedded"
        for what, counts in (("without a cover", self.without_cover), ("rejected", self.rejected)):
            if counts:
                line += f", {counts.total():,} {what}"
        return line + (f"; {self.unused:,} other shards in the folder are not used" if self.unused else "")

    def to_json(self) -> dict[str, object]:
        return {
            **asdict(self),
            "rejected": dict(self.rejected.most_common()),
            "without_cover": dict(self.without_cover.most_common()),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Making:
    """How shards are made, and from what."""

    covers_dir: Path | None = None  # of the table's paths
    engine: str = "local"  # or "ray"
    address: str | None = None  # of Ray's cluster; None: Ray on this machine alone
    rows: int = ROWS  # in a shard
    weights: Path | None = None  # None: the installed ones
    device: str = "auto"  # auto, cuda or cpu
    web_cache: Path | None = None  # None: the person's own on each machine
    allow_private: bool = False  # addresses in one's own network too
    keep: Keep = "512"  # of larger pictures
    retry_failed: bool = False  # what failed in shards that are there is asked for again


def make_shards(
    table: Path, folder: Path, making: Making | None = None, progress: Progress | None = None
) -> ShardsReport:
    """Make the table's shards in `folder`; those that are there already are kept.

    Raises SourceError where the table, the covers or the cluster cannot be reached, LibraryError where the folder
    cannot be written, BadWeights. Every shard that was written until then stays.
    """
    began = time.monotonic()
    making, progress = making or Making(), progress or Progress()
    weights = making.weights
    info = read_info(weights or SHIPPED)
    folder, report = folder.resolve(), ShardsReport(str(folder), info.model_id)
    sources = Sources(resolved_folder(making.covers_dir), making.web_cache, making.allow_private, making.keep)
    job = Job(folder, sources, info.model_id, weights.resolve() if weights else None, making.device)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"cannot write {folder}: {error.strerror or error}") from error
    leftovers(folder, remove=True)
    plan = _Plan(table, job, info.config.latent_dim, making, progress)
    progress.start(f"Shards of {clean(table.name, 60)}", count_rows(table))
    units = plan.units()
    done = run_local(units, job) if making.engine == "local" else run_ray(units, job, making.address)
    try:
        with closing(done):
            for one in done:
                report.made += 1
                report.embedded_now += one.embedded
                progress.advance(one.rows)
    except BaseException:
        progress.finish(f"stopped: {report.made:,} shards made; run it again to continue")
        raise
    _finish(plan, report)
    report.seconds = time.monotonic() - began
    progress.finish(report.summary())
    return report


class _Plan:
    """The table's blocks: their names in order, and which of them are to be made."""

    def __init__(self, table: Path, job: Job, latent_dim: int, making: Making, progress: Progress) -> None:
        self.table, self.job, self.latent_dim = table, job, latent_dim
        self.rows, self.retry_failed, self.progress = making.rows, making.retry_failed, progress
        self.names: list[str] = []

    def units(self) -> Iterator[Unit]:
        """Those shards that are to be made, with what is known of them."""
        for number, lines in enumerate(batched(read_rows(self.table, ALBUM_COLUMNS), self.rows)):
            block = block_table(parse_rows(lines, SOURCE), self.latent_dim)
            name = block_name(number, block, self.job.model_id)
            self.names.append(name)
            shard = self._to_do(name, block)
            if shard is None:
                self.progress.advance(len(block))
            else:
                yield name, shard

    def _to_do(self, name: str, block: pa.Table) -> pa.Table | None:
        if not path_of(self.job.folder, name).exists():
            return block
        try:
            if not self.retry_failed:
                _facts(self.job.folder, name)
                return None
            shard = read_shard(self.job.folder, name)
        except LibraryError:  # damaged: what is in it is in the table too
            return block
        again = forget_errors(shard)
        return again if again["error"].null_count > shard["error"].null_count else None


def _facts(folder: Path, name: str) -> pa.Table:
    """The columns of a shard that say how it went."""
    return read_shard(folder, name, ["row", "artist", "album", "error", "detail"])


def _finish(plan: _Plan, report: ShardsReport) -> None:
    """Count what the shards hold, and write the manifest: now all are there."""
    folder, digest = plan.job.folder, hashlib.sha256()
    for name in plan.names:
        if not path_of(folder, name).exists():
            raise SourceError(
                f"{path_of(folder, name)} was written on another machine and is not here: "
                "the folder of shards must be one that all machines share"
            )
        facts = _facts(folder, name)
        outcome = Outcome(name, len(facts), facts["error"].null_count)
        digest.update(f"{outcome}".encode())
        report.shards += 1
        report.rows += outcome.rows
        report.embedded += outcome.embedded
        for row in facts.filter(pc.is_valid(facts["error"])).to_pylist():
            _count(report, row)
    if not report.rows:
        raise SourceError(f"{plan.table}: there is no row in it")
    manifest = Manifest(
        table=plan.table.name,
        fingerprint=digest.hexdigest()[:16],
        model_id=plan.job.model_id,
        latent_dim=plan.latent_dim,
        rows=report.rows,
        shards=tuple(plan.names),
    )
    write_manifest(folder, manifest)
    used = set(plan.names)
    report.unused = sum(path.stem not in used for path in folder.glob("*.parquet"))
    for name in (*plan.names, MANIFEST):  # what killed runs left
        for left in folder.glob(f".{name}.*"):
            left.unlink(missing_ok=True)


def _count(report: ShardsReport, row: dict[str, Any]) -> None:
    album = row["artist"] is not None
    (report.without_cover if album else report.rejected)[row["error"]] += 1
    if len(report.failed) < _SHOWN:
        label = f"{row['artist']} / {row['album']}" if album else row["detail"] or ""
        detail = f" ({row['detail']})" if album and row["detail"] else ""
        report.failed.append(clean(f"row {row['row']}: {label}: {row['error']}{detail}", 500))
