"""Where covers lie on the map: each in a cell of a grid, among the covers that are nearest to it.

openTSNE (Poličar et al. 2019) moves the covers from where they lay before, or from their principal axes, until each has
its nearest about it. The plane is then halved again and again, and a grid with it, until each cover has a cell of its
own. A cover that comes later takes a free cell where most of its nearest lie together, and no other moves.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np

LARGEST = 100_000  # covers that are laid out; what more have, and what it costs: docs/near.md
PERPLEXITY = 10
NEAREST = 3 * PERPLEXITY  # covers that pull at each
BARNES_HUT_BELOW = 8_000  # covers; from there on the forces are interpolated on a grid, which is faster
EXAGGERATED, PLAIN = (50, 150), (200, 400)  # iterations below that, and from there on
AGAIN = 200  # iterations from where covers lie already
LENGTH, SPREAD = 1e-4, 15.0  # deviation of a first start; of a later one for 4,000 covers, as the square root of them
SPARE = 2.0  # cells a cover: the map's empty parts, and room for covers that come later
BY_PLACE = 0.5  # of a cut: 1 in the middle of the plane, 0 where both halves are equally full
GROWTH = 1.25  # as of the index: beyond that all covers are laid out anew, from where they lie
PLACED_BY = 10  # nearest covers among which a new one lies
TOGETHER = 3.0  # cells between covers that lie together
_FEWEST = 8  # covers; fewer have nothing to be moved by
_TOLD = 10  # iterations between words on how far it is


def can_lay_out(count: int) -> bool:
    """Whether so many covers can be laid out here: not too many, and openTSNE is installed (the extra `map`)."""
    return count <= LARGEST and importlib.util.find_spec("openTSNE") is not None


def iterations(count: int, first: bool) -> int:
    """How many iterations `lay_out` takes for so many covers."""
    large = count >= BARNES_HUT_BELOW
    return EXAGGERATED[large] + PLAIN[large] if first else AGAIN


def lay_out(
    start: np.ndarray,
    nearest: tuple[np.ndarray, np.ndarray],
    first: bool = True,
    advance: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """float32 [n, 2]: (column, row) of a cell for each cover, no two the same; the grid is square.

    `start` float [n, 2]: where each lies now, in any unit; where that is no map but a `first` guess, covers start close
    together and their pull is exaggerated for a while. `nearest`: NEAREST others of each where there are so many, as of
    `CoverIndex.nearest_covers`. `advance` is told how many more iterations are done.
    """
    if len(start) < _FEWEST:
        return on_grid(start)
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    similarity, near = (part[:, :NEAREST] for part in nearest)
    distance = np.sqrt(np.maximum(1 - similarity, 0)).astype(np.float64)
    perplexity = min(PERPLEXITY, near.shape[1] / 3)
    pulls = PerplexityBasedNN(perplexity=perplexity, knn_index=PrecomputedNeighbors(near, distance), n_jobs=1)
    large = len(start) >= BARNES_HUT_BELOW
    spread = (start - start.mean(axis=0)).astype(np.float64)
    spread *= (LENGTH if first else SPREAD * np.sqrt(len(start) / 4000)) / np.maximum(spread.std(axis=0), 1e-9)
    plane = TSNEEmbedding(
        spread,
        pulls,
        negative_gradient_method="fft" if large else "bh",
        n_jobs=1,
        random_state=0,
        callbacks=lambda iteration, error, embedding: advance(_TOLD),
        callbacks_every_iters=_TOLD,
    )
    if first:
        plane = plane.optimize(EXAGGERATED[large], exaggeration=12, momentum=0.5)
    return on_grid(np.asarray(plane.optimize(PLAIN[large] if first else AGAIN, momentum=0.8)))


def side_of(count: int) -> int:
    """Columns, and rows, of the grid for so many covers."""
    return int(np.ceil(np.sqrt(SPARE * count)))


def on_grid(plane: np.ndarray) -> np.ndarray:
    """float32 [n, 2] cells of a square grid, no two the same, from places float [n, 2] on a plane.

    Points and cells are halved together along the longer side. Each cut lies between the middle of the plane, which
    keeps what is empty, and the median, which keeps what is crowded apart.
    """
    cells = np.zeros((len(plane), 2), np.float32)
    side = side_of(len(plane))
    todo = [(np.arange(len(plane)), np.zeros(2, int), np.array([side, side]), plane.min(axis=0), plane.max(axis=0))]
    while todo:
        points, corner, size, low, high = todo.pop()
        if size.prod() == 1 or not len(points):
            cells[points] = corner
            continue
        axis = int(size[1] > size[0])
        half, room = size[axis] // 2, int(size[axis] // 2 * size[1 - axis])
        points = points[np.argsort(plane[points, axis], kind="stable")]
        along = plane[points, axis]
        share = half / size[axis]
        middle = np.searchsorted(along, low[axis] + (high[axis] - low[axis]) * share)
        wanted = round(BY_PLACE * middle + (1 - BY_PLACE) * len(points) * share)
        first = min(max(wanted, len(points) - (int(size.prod()) - room)), room)
        cut = float(np.mean(along[max(first - 1, 0) : first + 1]))
        for part, at, length, floor, top in (
            (points[:first], corner[axis], half, low[axis], cut),
            (points[first:], corner[axis] + half, size[axis] - half, cut, high[axis]),
        ):
            ends = [np.array(value) for value in (corner, size, low, high)]
            for value, of_axis in zip(ends, (at, length, floor, top), strict=True):
                value[axis] = of_axis
            todo.append((part, *ends))  # type: ignore[arg-type]
    return cells


def wanted_places(cells: np.ndarray, near: np.ndarray) -> np.ndarray:
    """float32 [m, 2]: where covers would lie of which `near` int64 [m, k] are the nearest (-1: none), nearest first.

    `cells` float32 [n, 2] of all covers, nan for those without one. Of the first PLACED_BY that have one, the most that
    lie TOGETHER say where; where none has, it is the middle of all.
    """
    places = np.empty((len(near), 2), np.float32)
    known = np.isfinite(cells[:, 0])
    for number, others in enumerate(near):
        about = cells[[other for other in others.tolist() if other >= 0 and known[other]][:PLACED_BY]]
        if len(about):
            together = np.linalg.norm(about[:, None] - about[None], axis=2) < TOGETHER
            about = about[together[together.sum(axis=1).argmax()]]
        places[number] = (about if len(about) else cells[known]).mean(axis=0)
    return places


def place_new(cells: np.ndarray, wanted: np.ndarray, side: int) -> np.ndarray:
    """`cells` float32 [n, 2] with a free cell of the grid for those that have none (nan), each the nearest to where it
    is `wanted` (float32 [m, 2], in the order of the rows). The others stay.
    """
    placed, new = cells.copy(), np.isnan(cells[:, 0])
    taken = cells[~new].astype(int)
    free = np.ones((side, side), bool)
    free[taken[:, 0], taken[:, 1]] = False
    left = np.argwhere(free)
    for row, place in zip(np.flatnonzero(new).tolist(), wanted, strict=True):
        nearest = int(np.square(left - place).sum(axis=1).argmin())
        placed[row] = left[nearest]
        left = np.delete(left, nearest, axis=0)
    return placed
