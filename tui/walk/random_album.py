"""An album at random, all alike or the better known rather, among those that pass the filter."""

from __future__ import annotations

import numpy as np

from store.memory.snapshot import Snapshot
from store.neighbors.filters import Filter


def random_row(snapshot: Snapshot, here: int, chosen: Filter, draw: float, weighted: bool) -> int | None:
    """A row other than `here` that passes `chosen`; None where there is none.

    `draw` in [0, 1) decides. `weighted`: by log(listeners + 2); an album whose listeners are unknown counts as one
    with the median of those known.
    """
    allowed = chosen.allowed(snapshot, here)
    allowed = np.ones(len(snapshot), bool) if allowed is None else allowed.copy()
    allowed[here] = False
    rows = np.flatnonzero(allowed)
    if not len(rows):
        return None
    if not weighted:
        return int(rows[int(draw * len(rows))])
    listeners = snapshot.listeners
    known = listeners[~np.isnan(listeners)]
    median = float(np.median(known)) if len(known) else 0.0
    weights = np.log(np.where(np.isnan(listeners), median, listeners)[rows] + 2)
    summed = np.cumsum(weights)
    place = int(np.searchsorted(summed, draw * summed[-1], side="right"))
    return int(rows[min(place, len(rows) - 1)])
