"""Which albums may be neighbours."""

from __future__ import annotations

import numpy as np
import pytest

import store.neighbors.signals as signals_module
from store.database.library import Library
from store.neighbors.filters import Filter, decades_of
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from store.records import Weights


@pytest.fixture(scope="module")
def near(tiny: Library) -> Neighborhood:
    return open_neighborhood(tiny)


@pytest.mark.parametrize("scored", [5000, 0])
def test_only_allowed_albums_are_neighbors(near: Neighborhood, scored: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals_module, "ALL_SCORED", scored)
    snapshot = near.snapshot
    weights = Weights(1, 1, 1, 1, 1)
    for row, album_id in enumerate(snapshot.album_ids):
        free = [n.album.album_id for n in near.neighbors(album_id, 50, weights, None)]
        odd = np.arange(len(snapshot)) % 2 == 1
        held = [n.album.album_id for n in near.neighbors(album_id, 50, weights, None, odd)]
        rows = {snapshot.row(other) for other in held}
        assert all(other is not None and odd[other] for other in rows) and row not in rows
        assert set(held) >= {other for other in free if odd[snapshot.row(other) or 0]}


def test_filters_that_combine(near: Neighborhood) -> None:
    snapshot = near.snapshot
    assert Filter().allowed(snapshot, 0) is None and not Filter().is_set
    others = Filter.of(snapshot, "is:other").allowed(snapshot, 0)
    assert others is not None
    assert [bool(kept) for kept in others] == [artist != snapshot.artists[0] for artist in snapshot.artists]
    for decade in decades_of(snapshot):
        chosen = Filter.of(snapshot, f"year:{decade}s is:other")
        allowed = chosen.allowed(snapshot, 0)
        assert allowed is not None and all(decade <= year < decade + 10 for year in snapshot.years[allowed])
        assert not (allowed & ~others).any()
        assert chosen.words == (f"year:{decade}s", "is:other") and chosen.of_field("year") == f"year:{decade}s"
        assert chosen.without("year") == Filter.of(snapshot, "is:other")
        between = chosen.allowed_between(snapshot, [0])(0)
        assert between is not None and not between[snapshot.artist_codes == snapshot.artist_codes[0]].any()
