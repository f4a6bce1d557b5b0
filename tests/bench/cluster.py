"""Shards by the local pool and by Ray on two nodes of this machine, one killed half way: seconds, and how equal.

python -m tests.bench.cluster TABLE COVERS [--rows 4000] [--work DIR]
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import threading
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.progress import Progress
from pipelines.shards.format import read_manifest, read_shard
from pipelines.shards.make import Making, ShardsReport, make_shards


class Kill(Progress):
    """Kills a worker node, where there is one, once half of the rows are done."""

    def __init__(self, cluster: Any = None) -> None:
        self.cluster, self.first, self.killed = cluster, 0.0, 0.0
        self.began = time.monotonic()
        super().__init__()

    def advance(self, count: int = 1, note: str | None = None) -> None:
        super().advance(count, note)
        self.first = self.first or time.monotonic() - self.began
        if self.cluster and not self.killed and self.total and self.done >= self.total // 2:
            self.killed = time.monotonic() - self.began
            node = next(iter(self.cluster.worker_nodes))
            threading.Thread(target=self.cluster.remove_node, args=(node, False)).start()


class Meter:
    """Seconds of processor of this process and all below it while a `with` lasts, also of those that end meanwhile."""

    def __enter__(self) -> Meter:
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}
        self.ended = threading.Event()
        self.look()
        self.first = dict(self.last)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()
        self.look()

    def run(self) -> None:
        while not self.ended.wait(0.3):
            self.look()

    def look(self) -> None:
        for pid in [os.getpid(), *below(os.getpid())]:
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                self.last[pid] = int(fields[11]) + int(fields[12])

    @property
    def seconds(self) -> float:
        ticks = sum(value - self.first.get(pid, 0) for pid, value in self.last.items())
        return ticks / os.sysconf("SC_CLK_TCK")


def below(pid: int) -> list[int]:
    with suppress(OSError):
        children = [int(c) for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
        return children + [one for child in children for one in below(child)]
    return []


def differences(one: Path, other: Path) -> tuple[int, float]:
    """(rows that differ in anything but the latent, largest difference of a number of a latent)."""
    differing, largest = 0, 0.0
    for name in read_manifest(one).shards:
        a, b = read_shard(one, name), read_shard(other, name)
        pairs = zip(a.drop_columns("latent").to_pylist(), b.drop_columns("latent").to_pylist(), strict=True)
        differing += sum(x != y for x, y in pairs)
        latents = [s["latent"].drop_null().combine_chunks().flatten().to_numpy(zero_copy_only=False) for s in (a, b)]
        largest = max(largest, float(np.abs(latents[0] - latents[1]).max()))
    return differing, largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("covers", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--work", type=Path, help="folder for the shards [default: a temporary one]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        folder = Path(work)
        table = folder / "table.csv"
        with options.table.open(newline="", encoding="utf-8") as file, table.open("w", newline="") as out:
            csv.writer(out).writerows(islice(csv.reader(file), options.rows + 1))
        run(table, options.covers, folder)


def run(table: Path, covers: Path, folder: Path) -> None:
    def timed(name: str, progress: Kill, **options: Any) -> ShardsReport:
        load = os.getloadavg()[0]
        with Meter() as meter:
            report = make_shards(table, folder / name, Making(covers, **options), progress)
        print(
            f"{name:<8} {report.seconds:6.1f} s  {report.rows / report.seconds:6.1f} rows/s  first shard after "
            f"{progress.first:.1f} s  killed after {progress.killed:.1f} s  {meter.seconds:.1f} s of processor  "
            f"{report.summary()}; load before {load:.1f}",
            flush=True,
        )
        return report

    timed("local", Kill())
    import ray
    from ray.cluster_utils import Cluster

    for name, kills in (("ray", False), ("killed", True)):
        began = time.monotonic()
        memory = 200_000_000
        head = {"num_cpus": 2, "object_store_memory": memory, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        cluster.add_node(num_cpus=2, object_store_memory=memory)
        cluster.wait_for_nodes()
        print(f"two nodes up after {time.monotonic() - began:.1f} s", flush=True)
        timed(name, Kill(cluster if kills else None), engine="ray", address=cluster.address)
        differing, largest = differences(folder / "local", folder / name)
        print(f"{name}: {differing} rows differ from local's, latents by at most {largest:.2e}", flush=True)
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main()
