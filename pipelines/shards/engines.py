"""Two ways to run the stages over many shards: a pool of threads here, or Ray Data on the machines of a cluster.

The scheduling, the queues between the stages and what happens when a machine dies are Ray's.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa

from pipelines.batches import ahead, batched
from pipelines.report import SourceError
from pipelines.shards.format import write_shard
from pipelines.shards.stages import Outcome, Sources, embed_covers, make_covers, outcome
from store.errors import LibraryError
from vae.info import SHIPPED, BadWeights, read_info

if TYPE_CHECKING:
    from vae.codec import Codec

# Shares of a core, as Ray counts them: one of each fits on one core, for an actor that took it whole would leave none
# for the covers that it waits for. They differ so that Ray does not fuse the stages.
COVER_CPUS, EMBED_CPUS, WRITE_CPUS = 0.4, 0.6, 0.2
WAVE = 2_000  # shards given to Ray at once: their rows wait in the memory of the machine that was asked

Unit = tuple[str, pa.Table]  # a shard's name and what is known of it so far


@dataclass(frozen=True, slots=True)
class Job:
    """All that a stage needs to know, on whatever machine it runs."""

    folder: Path  # of the shards, resolved
    sources: Sources
    model_id: str
    weights: Path | None  # None: those that are installed there
    device: str = "auto"


def load_codec(job: Job) -> Codec:
    """The model, on the machine that embeds. BadWeights where that has another one."""
    path = job.weights or SHIPPED
    found = read_info(path).model_id
    if found != job.model_id:
        raise BadWeights(f"{path} holds model {found}, the shards are made with {job.model_id}")
    from vae.codec import Codec

    return Codec.load(path, job.device, many=True)


def run_local(units: Iterable[Unit], job: Job) -> Generator[Outcome, None, None]:
    """The stages here: covers are made by a pool of threads, ahead of the model."""
    workers = os.cpu_count() or 1
    codec: Codec | None = None
    with ThreadPoolExecutor(workers, thread_name_prefix="covers") as pool:
        making = ((name, pool.submit(make_covers, shard, job.sources)) for name, shard in units)
        try:
            for name, made in ahead(making, workers):
                codec = codec or load_codec(job)
                shard = embed_covers(made.result(), codec)
                write_shard(shard, job.folder, name)
                yield outcome(name, shard)
        finally:
            pool.shutdown(cancel_futures=True)


def run_ray(units: Iterable[Unit], job: Job, address: str | None = None) -> Generator[Outcome, None, None]:
    """The stages under Ray Data: covers as tasks, the model in actors (one a GPU; on CPUs one for every two cores).

    A task or an actor whose machine dies is run again elsewhere. SourceError where no cluster answers, LibraryError
    with what a stage has to say.
    """
    waiting = iter(batched(units, WAVE))
    first = next(waiting, None)
    if first is None:
        return
    with cluster(address) as ray:
        wave: list[Unit] | None = first
        while wave:
            yield from _run_wave(ray, wave, job)
            wave = next(waiting, None)


def _run_wave(ray: Any, wave: list[Unit], job: Job) -> Iterator[Outcome]:
    resources = ray.cluster_resources()
    gpus = int(resources.get("GPU", 0)) if job.device != "cpu" else 0
    actors = gpus or max(1, int(resources.get("CPU", 1)) // 2)
    items = [{"name": name, "shard": _to_bytes(shard), "stop": ""} for name, shard in wave]
    # One row is one shard, in a block of its own: what Ray does with blocks cannot tear a shard.
    rows = ray.data.from_items(items, override_num_blocks=len(items))
    rows = rows.map(_cover_row, fn_args=(job,), num_cpus=COVER_CPUS)
    rows = rows.map(
        EmbedRow,
        fn_constructor_args=(job,),
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors),
        **({"num_gpus": 1} if gpus else {"num_cpus": EMBED_CPUS}),
    )
    rows = rows.map(_write_row, fn_args=(job,), num_cpus=WRITE_CPUS)
    for row in rows.iter_rows():
        if row["stop"]:
            raise LibraryError(row["stop"])
        yield Outcome(row["name"], row["rows"], row["embedded"])


def _stage(row: dict[str, Any], work: Callable[[pa.Table], pa.Table]) -> dict[str, Any]:
    """A row after a stage. What ends the whole run travels in it as text: Ray would tell it with all its stacks."""
    if row["stop"]:
        return row
    try:
        return {**row, "shard": _to_bytes(work(_from_bytes(row["shard"])))}
    except (LibraryError, BadWeights) as error:
        return {**row, "stop": str(error)}


def _cover_row(row: dict[str, Any], job: Job) -> dict[str, Any]:
    return _stage(row, lambda shard: make_covers(shard, job.sources))


class EmbedRow:
    """The actor that holds the model."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.codec: Codec | None = None

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return _stage(row, self.embed)

    def embed(self, shard: pa.Table) -> pa.Table:
        self.codec = self.codec or load_codec(self.job)
        return embed_covers(shard, self.codec)


def _write_row(row: dict[str, Any], job: Job) -> dict[str, Any]:
    done = Outcome(row["name"], 0, 0)

    def write(shard: pa.Table) -> pa.Table:
        nonlocal done
        write_shard(shard, job.folder, row["name"])
        done = outcome(row["name"], shard)
        return shard.slice(0, 0)

    stop = _stage(row, write)["stop"]
    return {"name": done.name, "rows": done.rows, "embedded": done.embedded, "stop": stop}


@contextmanager
def cluster(address: str | None) -> Iterator[Any]:
    """Ray, joined to the cluster at `address`, or started on this machine alone and ended with the work."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise SourceError(f"Ray is not here ({error}): pip install 'sleevewalk[cluster]'") from error
    ours = not ray.is_initialized()
    if ours:
        if address is not None:
            _check_reachable(address)
        try:
            options = {"address": "local", "include_dashboard": False} if address is None else {"address": address}
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            why = str(error).partition("\n")[0][:300]
            raise SourceError(f"no Ray cluster answers at {address or 'this machine'}: {why}") from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # our own progress line says it
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _check_reachable(address: str) -> None:
    """Ray itself tries for many minutes where nobody listens."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        if parts.hostname and parts.port:
            socket.create_connection((parts.hostname, parts.port), timeout=10).close()
    except (OSError, ValueError) as error:
        raise SourceError(
            f"no Ray cluster answers at {address} ({error}); `ray start --head` starts one and tells its address"
        ) from error


def _to_bytes(shard: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, shard.schema) as writer:
        writer.write_table(shard)
    return sink.getvalue().to_pybytes()


def _from_bytes(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
