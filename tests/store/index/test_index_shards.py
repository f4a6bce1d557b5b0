"""An index filled in parts and merged answers as one filled in one go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from store.database.library import Library
from store.errors import LibraryError
from store.index.cover_index import CoverIndex
from store.index.index_shards import adopt_index, fill_part, merge_parts, train_index
from store.index.scaled import normalized
from tests.store.support.records import sha

LISTS = 16


def parts_of(vectors: np.ndarray, folder: Path) -> tuple[np.ndarray, list[Path]]:
    trained = train_index(vectors[::3], LISTS)
    paths = []
    for at, some in enumerate(np.array_split(vectors, 5)):
        paths.append(folder / f"{at}.faiss")
        assert fill_part(trained, iter(np.array_split(some, 2)), paths[-1]) == len(some)
    return trained, paths


def test_parts_merged_find_the_neighbours_that_one_index_finds(tmp_path: Path) -> None:
    import faiss

    vectors = np.random.default_rng(1).standard_normal((1500, 24)).astype(np.float32)
    trained, paths = parts_of(vectors, tmp_path)
    merged = merge_parts(trained, paths)
    whole = faiss.deserialize_index(trained)
    whole.add(normalized(vectors))
    merged.nprobe = whole.nprobe = 4
    queries = normalized(vectors[::7])
    (near, rows), (expected, expected_rows) = merged.search(queries, 10), whole.search(queries, 10)
    assert (rows == expected_rows).all() and np.array_equal(near, expected)


def test_a_merged_index_becomes_the_librarys(library: Library, tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).standard_normal((400, 24)).astype(np.float32)
    trained, paths = parts_of(vectors, tmp_path)
    shas = np.array([sha(number) for number in range(400)], "S64")
    adopt_index(library, "m", merge_parts(trained, paths), shas, "f")
    index = CoverIndex.load(library, allow_stale=True)
    assert index is not None and (index.count, index.is_exact) == (400, False)
    assert index.row_of(sha(399)) == 399
    assert (index.search(vectors, 1)[1][:, 0] == np.arange(400)).all()
    scores = index.percentile(np.linspace(-1, 1, 101))
    assert scores[0] == 0 and scores[-1] == 1 and (np.diff(scores) >= 0).all()


def test_too_few_to_train_and_damaged_parts_are_told(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).standard_normal((400, 24)).astype(np.float32)
    with pytest.raises(ValueError, match="4 vectors cannot train 16 lists"):
        train_index(vectors[:4], LISTS)
    trained, paths = parts_of(vectors, tmp_path)
    paths[2].write_bytes(paths[2].read_bytes()[:100])
    with pytest.raises(LibraryError, match=r"2\.faiss is damaged"):
        merge_parts(trained, paths)
    with pytest.raises(LibraryError, match="cannot write"):
        fill_part(trained, iter([vectors]), tmp_path / "no" / "x.faiss")
