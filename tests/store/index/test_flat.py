"""The exact index is FAISS's file, and answers without FAISS what it answers with it."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from store.errors import LibraryError
from store.index import flat
from store.index.flat import FlatIndex, nearest_products, needed_faiss
from store.index.index_files import write_index
from store.index.scaled import ScaledIndex, normalized


@pytest.fixture
def vectors() -> np.ndarray:
    return normalized(np.random.default_rng(3).standard_normal((700, 24)))


def test_faiss_reads_what_we_write_and_we_read_what_faiss_writes(tmp_path, vectors):
    FlatIndex(vectors).write(tmp_path / "ours")
    theirs = faiss.read_index(str(tmp_path / "ours"))
    assert isinstance(theirs, faiss.IndexFlatIP) and np.array_equal(theirs.reconstruct_n(0, 700), vectors)
    index = faiss.IndexFlatIP(24)
    index.add(vectors)
    faiss.write_index(index, str(tmp_path / "theirs"))
    assert (tmp_path / "theirs").read_bytes() == (tmp_path / "ours").read_bytes()
    found = FlatIndex.read(tmp_path / "theirs")
    assert found is not None and np.array_equal(found.matrix, vectors)


def test_a_coarse_index_is_left_to_faiss(tmp_path, vectors):
    coarse = faiss.index_factory(24, "IVF4,SQ8", faiss.METRIC_INNER_PRODUCT)
    coarse.train(vectors)
    coarse.add(vectors)
    write_index(coarse, tmp_path / "coarse")
    assert FlatIndex.read(tmp_path / "coarse") is None


@pytest.mark.parametrize("spoil", [lambda b: b[:20], lambda b: b[:-4], lambda b: b[:4] + b"\xff" * 4 + b[8:]])
def test_a_damaged_file_is_refused(tmp_path: Path, vectors, spoil):
    FlatIndex(vectors).write(tmp_path / "index")
    (tmp_path / "index").write_bytes(spoil((tmp_path / "index").read_bytes()))
    with pytest.raises(ValueError, match=r"cut off|header"):
        FlatIndex.read(tmp_path / "index")


def test_without_faiss_the_same_covers_are_nearest(vectors, monkeypatch):
    scales = np.random.default_rng(4).uniform(0.5, 1, 700).astype(np.float32)
    index = ScaledIndex(FlatIndex(vectors), scales)
    with_faiss = index.nearest_covers(10)
    monkeypatch.setattr(flat, "has_faiss", lambda: False)
    monkeypatch.setattr(flat, "_TILE", 70_000)
    without = index.nearest_covers(10)
    assert np.array_equal(with_faiss[1], without[1]) and np.allclose(with_faiss[0], without[0], atol=1e-6)
    product, rows = nearest_products(vectors[:5], vectors, 700)
    assert np.array_equal(np.sort(rows, axis=1), np.tile(np.arange(700), (5, 1)))
    assert (np.diff(product, axis=1) <= 0).all()
    with pytest.raises(LibraryError, match="pip install"):
        needed_faiss()
