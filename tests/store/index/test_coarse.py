"""The index of large libraries, made small: it reads as many lists as its covers need, and filters inside."""

from __future__ import annotations

import numpy as np
import pytest

import store.index.cover_index as index_module
from store.database.library import Library
from store.index.coarse import lists_for, recall
from store.index.cover_index import CoverIndex, build_index, grow_index
from store.index.hubness import corrected
from store.index.scaled import normalized
from tests.store.support.records import sha

COUNT, DIMENSION = 3000, 16


def clustered(count: int, seed: int = 0) -> np.ndarray:
    dice = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((40, DIMENSION)) * 3
    return (centres[dice.integers(0, 40, count)] + dice.standard_normal((count, DIMENSION))).astype(np.float32)


def shas(count: int) -> list[str]:
    return [sha(number) for number in range(count)]


@pytest.fixture(params=[COUNT + 1, 1000], ids=["exact", "coarse"])
def index(request: pytest.FixtureRequest, library: Library, monkeypatch: pytest.MonkeyPatch) -> CoverIndex:
    monkeypatch.setattr(index_module, "EXACT_BELOW", request.param)
    index = build_index(library, "m", shas(COUNT), clustered(COUNT), "f")
    assert index.is_exact == (request.param > COUNT)
    return index


def test_a_million_covers_lie_in_4096_lists() -> None:
    assert (lists_for(100_000), lists_for(1_000_000), lists_for(1)) == (1024, 4096, 4)


def test_as_many_lists_are_read_as_the_covers_need(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 1000)
    found = {}
    for name, vectors in (
        ("clustered", clustered(COUNT)),
        ("shapeless", np.random.default_rng(0).standard_normal((COUNT, 32)).astype(np.float32)),
    ):
        index = build_index(library, name, shas(COUNT), vectors, "f")
        unit = normalized(vectors)
        by_formula = corrected(unit[:100] @ unit.T, index.scales[:100, None], index.scales)
        exact = np.argsort(-by_formula, axis=1)[:, 1:11]
        assert recall(index.search(vectors[:100], 11)[1], exact) > 0.9
        found[name] = index._index.nprobe
    assert found["clustered"] < found["shapeless"]


def test_only_those_allowed_are_found_and_as_many_as_asked_for(index: CoverIndex) -> None:
    unit = index.vectors(np.arange(COUNT))
    for share in (0.5, 0.02):
        among = np.random.default_rng(3).random(COUNT) < share
        rows = index.search_among(unit[7], 20, among)
        assert len(rows) == 20 and among[rows].all()
        exact = np.flatnonzero(among)[np.argsort((1 - unit[among] @ unit[7]) / index.scales[among])[:20]]
        assert len(set(rows.tolist()) & set(exact.tolist())) >= (20 if index.is_exact else 16)
    assert index.search_among(unit[0], 20, np.zeros(COUNT, bool)).tolist() == []
    one = np.arange(COUNT) == 11
    assert index.search_among(unit[0], 20, one).tolist() == [11]


def test_the_nearest_of_all_are_those_that_searches_find(index: CoverIndex) -> None:
    told: list[int] = []
    similarity, rows = index.nearest_covers(5, told.append)
    assert sum(told) == COUNT
    assert not (rows == np.arange(COUNT)[:, None]).any()
    assert (np.diff(similarity) <= 0).all()
    of_each = index.nearest_to(np.arange(COUNT), 5)
    # A coarse index looks less deep for all at once than for one.
    assert recall(rows, of_each[1]) > (0.999 if index.is_exact else 0.98), "all but ties"
    same = (rows == of_each[1]).all(axis=1)
    assert np.allclose(similarity[same], of_each[0][same], atol=1e-5)


def test_of_equal_covers_none_is_its_own_neighbour(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 100)
    vectors = np.repeat(clustered(40), 5, axis=0)
    index = build_index(library, "m", shas(200), vectors, "f")
    similarity, rows = index.nearest_covers(4)
    assert not (rows == np.arange(200)[:, None]).any()
    same = np.arange(200)[:, None] // 5 == rows // 5
    assert same.all() and similarity == pytest.approx(1, abs=0.01)


def test_an_exact_index_grows_past_the_edge(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 1001)
    index = build_index(library, "m", shas(1000), clustered(1000), "f")
    names = shas(1600)
    grown = grow_index(library, index, names[1000:1100], clustered(100, 1), "g")
    assert grown is not None and grown.count == 1100 and grown.is_exact
    assert grow_index(library, grown, names[1100:], clustered(500, 2), "h") is None


class Gpu:
    """An index as it would be on a GPU: the same answers, within the limits that FAISS has there."""

    def __init__(self, index: object) -> None:
        self.index, self.nprobe, self.asked = index, index.nprobe, 0

    def search(self, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        assert k <= 2048 and self.nprobe <= 2048
        self.asked += len(vectors)
        return self.index.search(vectors, k)


def test_a_gpu_gets_many_queries_by_one_copy_and_a_hop_none(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 1000)
    index = build_index(library, "m", shas(COUNT), clustered(COUNT), "f")
    vectors = index.vectors(np.arange(20))
    alone = index.search(vectors, 12)
    made: list[Gpu] = []
    monkeypatch.setattr("store.index.scaled.gpus", lambda: 1)
    monkeypatch.setattr("faiss.index_cpu_to_all_gpus", lambda index: made.append(Gpu(index)) or made[-1])
    index.search(vectors[:1], 1025)
    assert not made, "one query is sooner answered here, and asks for more than a GPU finds"
    for _ in range(2):
        assert np.array_equal(index.search(vectors, 12)[1], alone[1])
    index.search(vectors, 1025)
    assert [gpu.asked for gpu in made] == [40]
