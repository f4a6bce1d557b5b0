"""The maps of covers: principal axes, the table, and that a stale one is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from store.database.library import Library
from store.index.cover_index import CoverIndex, build_index
from store.neighbors import cover_map
from store.neighbors.cover_map import Layouts, map_is_current, open_maps, principal_places, write_map
from store.neighbors.neighborhood import open_neighborhood
from tests.store.support.library import MODEL, fill
from tests.store.support.records import ALBUMS, circle, record, sha


@pytest.fixture
def own(tmp_path: Path) -> Library:
    library = Library.create(tmp_path / "own")
    fill(library, ALBUMS, circle(5))
    return library


def the_index(library: Library) -> CoverIndex:
    index = CoverIndex.load(library)
    assert index is not None
    return index


def keep(library: Library) -> None:
    index = the_index(library)
    with library.write() as con:
        cells = np.stack([np.arange(index.count), np.zeros(index.count)], axis=1).astype(np.float32)
        made = Layouts(principal_places(index), cells, index.count, (0.5, 0.25))
        assert write_map(con, index, made) == index.count


def test_the_axes_are_those_of_the_greatest_variance(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    vectors = random.normal(size=(300, 6)) * [9, 4, 1, 1, 1, 1] + 2
    library = Library.create(tmp_path / "lib")
    index = build_index(library, MODEL, [sha(number) for number in range(300)], vectors, "f")
    compared = index.vectors(np.arange(300)).astype(np.float64)
    centred = compared - compared.mean(axis=0)
    singular = np.linalg.svd(centred, full_matrices=False)
    places = principal_places(index)
    expected = singular.U[:, :2] * singular.S[:2]
    for axis in range(2):
        along = places[:, axis] * np.sign(places[:, axis] @ expected[:, axis])
        assert np.allclose(along, expected[:, axis], atol=1e-4)


def test_a_sample_gives_nearly_the_same_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(3).normal(size=(900, 5)) * [9, 4, 1, 1, 1]
    library = Library.create(tmp_path / "lib")
    index = build_index(library, MODEL, [sha(number) for number in range(900)], vectors, "f")
    exact = principal_places(index)
    monkeypatch.setattr(cover_map, "SAMPLE", 500)
    monkeypatch.setattr(cover_map, "BATCH", 64)
    sampled = principal_places(index)
    for axis in range(2):
        assert abs(np.corrcoef(exact[:, axis], sampled[:, axis])[0, 1]) > 0.95


def test_the_table_is_what_the_maps_are_read_from_and_sql_sees_it(own: Library) -> None:
    neighborhood = open_neighborhood(own)
    (computed,) = open_maps(own, neighborhood)
    assert (computed.layout, computed.stored) == ("axes", False)
    keep(own)
    cells, axes = open_maps(own, neighborhood)
    assert cells.stored and cells.count == 6  # five covers, one of them worn by two albums
    assert (cells.layout, cells.kept, axes.layout, axes.kept) == ("neighbours", 0.5, "axes", 0.25)
    covers = neighborhood.signals.cover_of
    assert np.array_equal(cells.places[covers >= 0, 0], covers[covers >= 0])
    assert np.array_equal(axes.places, computed.places, equal_nan=True)
    with own.read() as con:
        near = con.execute(
            "SELECT a.title FROM albums a JOIN cover_map m USING (cover_sha256), "
            "(SELECT axis_1, axis_2 FROM cover_map JOIN albums USING (cover_sha256) WHERE title = 'First') f "
            "ORDER BY (m.axis_1 - f.axis_1) ** 2 + (m.axis_2 - f.axis_2) ** 2, a.title LIMIT 3"
        ).fetchall()
    assert [title for (title,) in near] == ["Echo", "First", "Second"]


def test_a_map_of_another_index_is_stale(own: Library) -> None:
    keep(own)
    index = build_index(own, MODEL, [sha(number) for number in range(5)], circle(5)[::-1].copy(), "other")
    with own.read() as con:
        assert not map_is_current(con, index)
    assert not open_maps(own, open_neighborhood(own))[0].stored


def test_libraries_with_nothing_to_show(tmp_path: Path) -> None:
    empty = Library.create(tmp_path / "empty")
    assert open_maps(empty, open_neighborhood(empty))[0].count == 0
    one = Library.create(tmp_path / "one")
    fill(one, [record("Ada", "First", cover_sha256=sha(0)), record("Ada", "Bare")], circle(1))
    (opened,) = open_maps(one, open_neighborhood(one))
    assert opened.count == 1 and np.isfinite(opened.places[:, 0]).sum() == 1
