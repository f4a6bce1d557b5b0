"""The map's layout: a cell for each cover, alike ones close, and nobody moves when covers come."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.cover_layout import lay_out, on_grid, place_new, side_of, wanted_places
from store.database.library import Library
from store.index.cover_index import CoverIndex, build_index
from store.neighbors.cover_map import principal_places, shares_kept
from tests.store.support.library import MODEL
from tests.store.support.records import sha

GROUPS, EACH = 12, 25


@pytest.fixture
def index(tmp_path_factory: pytest.TempPathFactory) -> CoverIndex:
    """Groups of covers about random directions in 16 dimensions, which two axes cannot hold apart."""
    random = np.random.default_rng(5)
    middles = random.normal(size=(GROUPS, 16))
    vectors = np.repeat(middles, EACH, axis=0) + 0.4 * random.normal(size=(GROUPS * EACH, 16))
    library = Library.create(tmp_path_factory.mktemp("layout") / "lib")
    shas = [sha(number) for number in range(len(vectors))]
    return build_index(library, MODEL, shas, vectors.astype(np.float32), "f")


def distinct(cells: np.ndarray) -> bool:
    return len(np.unique(cells, axis=0)) == len(cells) and bool((cells == np.round(cells)).all())


def test_each_cover_has_a_cell_and_its_nearest_about_it(index: CoverIndex) -> None:
    axes = principal_places(index)
    cells = lay_out(axes, index.nearest_covers(30))
    assert distinct(cells) and cells.min() >= 0 and cells.max() < side_of(index.count)
    by_cells, by_axes = shares_kept(index, cells, axes)
    assert by_cells > 1.5 * by_axes
    assert np.array_equal(cells, lay_out(axes, index.nearest_covers(30)))  # the same each time


def test_new_covers_lie_among_their_nearest_and_no_other_moves(index: CoverIndex) -> None:
    cells = lay_out(principal_places(index), index.nearest_covers(30))
    new = np.arange(0, index.count, 7)
    before = cells.copy()
    before[new] = np.nan
    after = place_new(before, wanted_places(before, index.nearest_to(new, 30)[1]), side_of(index.count))
    old = np.setdiff1d(np.arange(index.count), new)
    assert distinct(after) and np.array_equal(after[old], cells[old])
    group = np.arange(index.count) // EACH
    for row in new.tolist():
        own = before[(group == group[row]) & np.isfinite(before[:, 0])]
        others = before[(group != group[row]) & np.isfinite(before[:, 0])]
        assert np.linalg.norm(own - after[row], axis=1).min() <= np.linalg.norm(others - after[row], axis=1).min() + 3


def test_laid_out_anew_from_where_they_lie_the_map_stays_recognisable(index: CoverIndex) -> None:
    nearest = index.nearest_covers(30)
    first = lay_out(principal_places(index), nearest)
    again = lay_out(first, nearest, first=False)
    for axis in range(2):
        assert np.corrcoef(first[:, axis], again[:, axis])[0, 1] > 0.9


@pytest.mark.parametrize("count", [1, 2, 7, 50, 333])
def test_a_grid_holds_any_places(count: int) -> None:
    random = np.random.default_rng(count)
    for plane in (random.normal(size=(count, 2)), np.zeros((count, 2)), random.normal(size=(count, 2)) ** 9):
        assert distinct(on_grid(plane))


def test_wanted_places_of_covers_without_a_neighbour_on_the_map() -> None:
    cells = np.array([[0, 0], [4, 2], [np.nan, np.nan]], np.float32)
    assert wanted_places(cells, np.array([[-1, 2]])).tolist() == [[2, 1]]
