"""One library measured in a process of its own: `python -m tests.bench.scale_one LIBRARY` prints JSON.

Everything runs on one thread, DuckDB and scikit-learn too, and its processor time counts: so figures of a machine that
does other work besides can be compared. Of a thread that stood still the clock is told.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from store.catalogue.latents import latent_batches
from store.database.library import Library
from store.index.coarse import recall
from store.index.cover_index import CoverIndex
from store.index.scaled import normalized
from store.neighbors.filters import Filter
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from store.neighbors.query import genres_of
from store.neighbors.search import search
from tests.bench.driven import quantile
from tests.bench.memory import resident
from vae.info import search_matrix
from vae.search import search_vectors

HOPS, QUERIES, NAMES = 300, 300, 24
BRUTE = 12  # queries of those that compare every cover
NEAREST = 10
Figures = dict[str, float]


def main(path: Path) -> None:
    """Measure and print."""
    library = Library.open(path)
    began = time.process_time()
    neighborhood = open_neighborhood(library)
    found: Figures = {"open, processor s": time.process_time() - began, "opened MB": resident()}
    dice = np.random.default_rng(0)
    found |= hops(neighborhood, dice)
    found |= finding(neighborhood, dice)
    found["walked MB"] = resident()
    assert neighborhood.index is not None
    index = neighborhood.index
    vectors = exact_vectors(library, index)
    found |= queries(index, vectors, dice)
    print(json.dumps(found))


def times(work: Callable[[Any], object], on: Sequence[Any], warm: int = 0) -> list[float]:
    """Milliseconds of processor of each, without the first `warm`."""
    taken = []
    for one in on:
        began = time.thread_time()
        work(one)
        taken.append((time.thread_time() - began) * 1000)
    return taken[warm:]


def spread(name: str, taken: Sequence[float]) -> Figures:
    return {f"{name} ms p50": quantile(taken, 0.5), f"{name} ms p95": quantile(taken, 0.95)}


def hops(neighborhood: Neighborhood, dice: np.random.Generator) -> Figures:
    """Neighbourhoods of albums anywhere, without and with filters."""
    snapshot = neighborhood.snapshot
    rows = dice.integers(len(snapshot), size=HOPS + 20).tolist()
    found = spread("hop", times(lambda row: neighborhood.neighbors(snapshot.album_ids[row], 12), rows, 20))
    genre = genres_of(snapshot)[0]
    for name, chosen in (
        ("of the first genre", Filter.of(snapshot, f'genre:"{genre}"')),
        ("of a genre and decade", Filter.of(snapshot, f'genre:"{genre}" year:1990s')),
        ("by others, well known", Filter.of(snapshot, "listeners:known is:other")),
    ):

        def hop(row: int, chosen: Filter = chosen) -> object:
            return neighborhood.neighbors(snapshot.album_ids[row], 12, allowed=chosen.allowed(snapshot, row))

        found |= spread(f"hop {name}", times(hop, rows[: HOPS // 3], 20))
    return found


def finding(neighborhood: Neighborhood, dice: np.random.Generator) -> Figures:
    """Names typed letter by letter as the app searches them; how often the album is among the first ten at the end,
    with a letter left out too; and for how long another thread stood still meanwhile.
    """
    snapshot = neighborhood.snapshot
    rows = dice.integers(len(snapshot), size=NAMES).tolist()
    prepare = times(lambda text: search(snapshot, text, 60), ["warm"])[0]
    taken: list[float] = []
    right = {"whole": 0, "misspelt": 0}
    with Heart() as heart:
        for row in rows:
            name = f"{snapshot.artists[row]} {snapshot.titles[row]}"
            at = len(name) // 2
            for kind, text in (("whole", name), ("misspelt", name[:at] + name[at + 1 :])):
                lengths = range(1, len(text) + 1) if kind == "whole" else [len(text)]
                for length in lengths:
                    began = time.thread_time()
                    hits = search(snapshot, text[:length], 60).hits
                    taken.append((time.thread_time() - began) * 1000)
                right[kind] += any(album.album_id == snapshot.album_ids[row] for album, _ in hits[:10])
    return {
        "find, the first ms": prepare,
        **spread("find", taken),
        "find: another thread held ms p99": quantile(heart.gaps, 0.99),
        "find: another thread held ms most": max(heart.gaps),
        "find: among the first ten": right["whole"] / NAMES,
        "find: the same, misspelt": right["misspelt"] / NAMES,
    }


class Heart:
    """A thread that does nothing but look at the clock every millisecond; `gaps` are how much later it came, ms."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat)

    def _beat(self) -> None:
        while not self._stop.is_set():
            began = time.perf_counter()
            time.sleep(0.001)
            self.gaps.append((time.perf_counter() - began) * 1000 - 1)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def exact_vectors(library: Library, index: CoverIndex) -> np.ndarray:
    """float32 [count, m]: what the index was built from, in its order."""
    matrix, vectors = search_matrix(), np.empty((index.count, index.dimension), np.float32)
    order = np.argsort(index.sha_bytes)
    with library.read() as con:
        for shas, latents in latent_batches(con, index.model_id):
            rows = order[np.searchsorted(index.sha_bytes, shas, sorter=order)]
            vectors[rows] = normalized(search_vectors(latents, matrix))
    return vectors


def queries(index: CoverIndex, vectors: np.ndarray, dice: np.random.Generator) -> Figures:
    """The ten nearest of single covers, by the index and by those that compare every cover."""
    import duckdb
    import faiss
    import pyarrow as pa
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    rows = np.sort(dice.permutation(index.count)[:QUERIES])
    _, exact = faiss.knn(vectors[rows], vectors, NEAREST + 1, metric=faiss.METRIC_INNER_PRODUCT)
    _, ours = index.search(vectors[rows], NEAREST + 1)
    found = {"recall@10": recall(ours, exact[:, 1:]), "lists read": float(getattr(index._index, "nprobe", 1))}
    found |= spread("neighbour query", times(lambda row: index.search(vectors[row], NEAREST + 1), rows.tolist(), 20))
    some = rows[: BRUTE + 2].tolist()
    brute = NearestNeighbors(n_neighbors=NEAREST + 1, algorithm="brute").fit(vectors)
    with threadpool_limits(1):
        taken = times(lambda row: brute.kneighbors(vectors[row : row + 1]), some, 2)
    found["scikit-learn ms p50"] = quantile(taken, 0.5)
    con = duckdb.connect(config={"threads": 1})
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), index.dimension)
    con.register("incoming", pa.table({"row": pa.array(np.arange(index.count)), "vector": lists}))
    con.execute("CREATE TABLE covers AS FROM incoming")
    con.unregister("incoming")
    sql = f"SELECT row FROM covers ORDER BY array_distance(vector, ?::FLOAT[{index.dimension}]) LIMIT {NEAREST + 1}"
    taken = times(lambda row: con.execute(sql, [vectors[row].tolist()]).fetchall(), some, 2)
    found["DuckDB ms p50"] = quantile(taken, 0.5)
    for other in ("scikit-learn", "DuckDB"):
        found[f"{other} / neighbour query"] = found[f"{other} ms p50"] / found["neighbour query ms p50"]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
