"""An album at random, all alike or the better known rather, among those that pass the filter."""

from __future__ import annotations

import numpy as np

from store.memory.snapshot import Snapshot
from store.neighbors.filters import Filter

MOST = 9


def random_row(snapshot: Snapshot, here: int, chosen: Filter, draw: float, weighted: bool) -> int | None:
    """A row other than `here` that passes `chosen`; None where there is none.

    `draw` in [0, 1) decides. `weighted`: the best known album is 1 + MOST times as likely as the least known one; one
    that is not counted is as likely as one in the middle.
    """
    allowed = chosen.allowed(snapshot, here)
    allowed = np.ones(len(snapshot), bool) if allowed is None else allowed.copy()
    allowed[here] = False
    rows = np.flatnonzero(allowed)
    if not len(rows):
        return None
    if not weighted:
        return int(rows[int(draw * len(rows))])
    popularity = snapshot.popularity[rows]
    weights = 1 + MOST * np.where(np.isnan(popularity), 0.5, popularity)
    summed = np.cumsum(weights)
    place = int(np.searchsorted(summed, draw * summed[-1], side="right"))
    return int(rows[min(place, len(rows) - 1)])
