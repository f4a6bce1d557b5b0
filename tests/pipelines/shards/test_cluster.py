"""Shards made under Ray, on two nodes of which one dies: what the local pool makes, row by row."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.images import encode_webp
from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.shards import indexing
from pipelines.shards.format import read_manifest, read_shard
from pipelines.shards.ingest import ingest_shards
from pipelines.shards.make import Making, make_shards
from store.database.library import Library
from store.errors import LibraryError
from store.index import cover_index as index_module
from store.index.cover_index import CoverIndex
from tests.pipelines.support.table import album, write_csv

pytestmark = pytest.mark.cluster
ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of two cores each, as Ray counts them."""
    from ray.cluster_utils import Cluster

    memory = 200_000_000
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 2, "object_store_memory": memory, "include_dashboard": False},
    )
    cluster.add_node(num_cpus=2, object_store_memory=memory)
    cluster.wait_for_nodes()
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, covers: np.ndarray) -> Path:
    folder = tmp_path_factory.mktemp("table")
    for number, cover in enumerate(covers):
        (folder / f"{number}.webp").write_bytes(encode_webp(cover))
    rows = [album(number, cover=f"{number % 40}.webp") for number in range(200)]
    return write_csv(folder / "t.csv", [*rows, album(200, cover="absent.webp"), album(201, artist="")])


class Kill(Progress):
    """Kills a node once half of the rows are done."""

    def __init__(self, cluster: Any) -> None:
        self.cluster, self.killer = cluster, None
        super().__init__()

    def advance(self, count: int = 1, note: str | None = None) -> None:
        super().advance(count, note)
        if self.killer is None and self.total and self.done >= self.total // 2:
            node = next(iter(self.cluster.worker_nodes))
            self.killer = threading.Thread(target=self.cluster.remove_node, args=(node, False))
            self.killer.start()


def test_a_bad_address_is_told_in_one_line(table, tmp_path, tiny_weights):
    with pytest.raises(SourceError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        make_shards(table, tmp_path / "s", Making(table.parent, "ray", "127.0.0.1:1", weights=tiny_weights))


def test_what_a_stage_says_arrives_without_a_traceback(cluster, table, tmp_path, tiny_weights, monkeypatch):
    monkeypatch.setattr("pipelines.shards.make.read_info", lambda path: _Other(tiny_weights))
    with pytest.raises(LibraryError, match=r"holds model .*, the shards are made with another") as told:
        make_shards(table, tmp_path / "s", Making(table.parent, "ray", cluster.address, weights=tiny_weights))
    assert "\n" not in str(told.value)


class _Other:
    """Weights that say they are another model."""

    def __init__(self, path: Path) -> None:
        from vae.info import read_info

        self.model_id, self.config = "another", read_info(path).config


def test_two_nodes_of_which_one_dies_make_what_the_pool_makes(
    cluster, table, tmp_path, tiny_weights, monkeypatch
):  # fmt: skip
    here, there = tmp_path / "local", tmp_path / "ray"
    common: dict[str, Any] = {"covers_dir": table.parent, "rows": 10, "weights": tiny_weights, "device": "cpu"}
    under_ray = Making(engine="ray", address=cluster.address, **common)
    expected = make_shards(table, here, Making(**common))
    progress = Kill(cluster)
    report = make_shards(table, there, under_ray, progress)
    assert progress.killer is not None
    progress.killer.join()
    assert {**report.to_json(), "folder": "", "seconds": 0} == {**expected.to_json(), "folder": "", "seconds": 0}
    assert read_manifest(there) == read_manifest(here)
    for name in read_manifest(here).shards:
        one, other = read_shard(here, name), read_shard(there, name)
        assert one.drop_columns("latent").equals(other.drop_columns("latent"))
        assert one["latent"].is_valid().equals(other["latent"].is_valid())
        latents = [shard["latent"].drop_null().combine_chunks().flatten().to_numpy() for shard in (one, other)]
        assert np.allclose(*latents, atol=1e-5)
    again = make_shards(table, there, under_ray)
    assert again.made == 0

    library = Library.create(tmp_path / "library")
    ingest_shards(library, there, weights=tiny_weights)
    monkeypatch.setattr(index_module, "EXACT_BELOW", 10)
    monkeypatch.setattr(indexing, "PART", 10)
    indexed = indexing.index_shards(library, there, engine="ray", address=cluster.address, weights=tiny_weights)
    assert indexed.covers == 40 and indexed.parts > 1
    index = CoverIndex.load(library)
    assert index is not None and (index.search(index.vectors(np.arange(40)), 1)[1][:, 0] == np.arange(40)).all()
