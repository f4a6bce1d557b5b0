"""An album at random: within the filters, and by listeners where that is asked, told by counting many draws."""

from __future__ import annotations

import random

import pytest

from store.neighbors.filters import NO_FILTER, Filter
from tests.tui.support.app import ready, rows_of, session_of, walk_of
from tests.tui.support.fakes import FakeSnapshot, make_album, make_app, of_genre
from tui.walk.random_album import random_row

DRAWS = 20_000


def counted(snapshot: FakeSnapshot, chosen: Filter, weighted: bool) -> list[float]:
    """The share of draws that each row got, at row 0, of a fixed seed."""
    draw = random.Random(11).random
    found = [0] * len(snapshot)
    for _ in range(DRAWS):
        row = random_row(snapshot, 0, chosen, draw(), weighted)  # type: ignore[arg-type]
        assert row is not None
        found[row] += 1
    return [count / DRAWS for count in found]


def test_each_other_album_is_as_likely() -> None:
    shares = counted(FakeSnapshot([make_album(row) for row in range(6)]), NO_FILTER, weighted=False)
    assert shares[0] == 0 and shares[1:] == pytest.approx([0.2] * 5, abs=0.015)


def test_weighted_goes_by_popularity_and_those_not_counted_are_as_likely_as_the_middle() -> None:
    listeners = [5, 0, 100, 10_000, 1_000_000, None]
    snapshot = FakeSnapshot([make_album(row, listeners=number) for row, number in enumerate(listeners)])
    weights = [1 + 9 * popularity for popularity in (0, 0.4, 0.6, 0.8, 0.5)]
    wanted = [weight / sum(weights) for weight in weights]
    shares = counted(snapshot, NO_FILTER, weighted=True)
    assert shares[0] == 0 and shares[1:] == pytest.approx(wanted, abs=0.015)


@pytest.mark.parametrize("weighted", [False, True])
def test_only_what_passes_the_filter_is_drawn(weighted: bool) -> None:
    snapshot = FakeSnapshot([make_album(row) for row in range(24)])
    shares = counted(snapshot, of_genre("dub"), weighted)
    drawn = {row for row, share in enumerate(shares) if share}
    assert drawn == {row for row in range(24) if snapshot.genres[row] == "dub"}
    none = random_row(snapshot, 0, of_genre("polka"), 0.5, weighted)  # type: ignore[arg-type]
    assert none is None
    unknown = FakeSnapshot([make_album(row, listeners=None) for row in range(4)])
    assert {random_row(unknown, 0, NO_FILTER, draw / 10, weighted) for draw in range(10)} == {1, 2, 3}  # type: ignore[arg-type]


async def test_both_keys_say_so_where_nothing_passes() -> None:
    app = make_app()
    async with app.run_test(size=(110, 30)) as pilot:
        await ready(pilot)
        session = session_of(app)
        here = session.here
        session.set_filter(of_genre("polka"))
        for key in "rR":
            await pilot.press(key)
            said = rows_of(walk_of(app), "#keys")[0]
            assert "no other album passes the filters: w, then 0 takes them off" in said
        assert session.here == here
        session.set_filter(of_genre("dub"))
        for key in "rRrR":
            await pilot.press(key)
            assert session.here.genre == "dub"
