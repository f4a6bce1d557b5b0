"""The walk without a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.records import Neighbor, Reason, Weights
from tests.tui.support.fakes import FakeNeighborhood, make_album
from tui.walk.placement import place
from tui.walk.session import TRAY_LIMIT, Session
from tui.walk.trail import Trail

ALBUMS = [make_album(row) for row in range(40)]


def make_session(**options: Any) -> Session:
    session = Session(FakeNeighborhood(ALBUMS), ALBUMS[0].album_id, seed=3, **options)
    session.set_count(8)
    return session


def shown(session: Session) -> list[str]:
    return [neighbor.album.album_id for neighbor in session.ring.slots if neighbor is not None]


class Notes:
    """Remembers what a session writes down."""

    def trouble(self, wait: bool = False) -> None:
        """Never any."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, str, str | None]] = []

    def write(self, record: Callable[[Any], None]) -> None:
        record(self)

    def add_walk_step(self, walk_id: str, seq: int, album_id: str, came_from: str | None) -> None:
        self.steps.append((walk_id, seq, album_id, came_from))


def test_the_ring_holds_the_best_neighbors() -> None:
    session = make_session()
    best = session.neighborhood.neighbors(session.here.album_id, k=8, weights=session.weights)
    assert sorted(shown(session)) == sorted(neighbor.album.album_id for neighbor in best)
    assert session.focused.album_id == best[0].album.album_id


def test_walking_moves_the_centre_and_keeps_the_slot_in_focus() -> None:
    session = make_session()
    session.focus(5)
    target = session.focused.album_id
    assert session.walk(lambda slot: (slot + 4) % 8)
    assert session.here.album_id == target
    assert session.focused_slot == 5


def test_albums_that_stay_keep_their_slot() -> None:
    session = make_session()
    before = {album_id: slot for slot, album_id in enumerate(session.trail.here.slots)}
    session.focus(2)
    session.walk()
    after = {album_id: slot for slot, album_id in enumerate(session.trail.here.slots)}
    stayed = before.keys() & after.keys()
    assert stayed
    assert all(before[album_id] == after[album_id] for album_id in stayed)


def test_the_album_left_behind_takes_the_opposite_slot() -> None:
    session = Session(FakeNeighborhood(ALBUMS[:9]), ALBUMS[0].album_id)
    session.set_count(8)  # all others are neighbours, so the one left behind is too
    session.focus(1)
    session.walk(lambda slot: 1 if slot == 1 else 0)  # the slot just freed
    assert session.trail.here.slots[1] == ALBUMS[0].album_id


def test_back_and_forward_restore_ring_and_focus() -> None:
    session = make_session()
    left_as = []
    for slot in (1, 4, 6):
        session.focus(slot)
        left_as.append((session.here.album_id, session.focused.album_id, session.trail.here.slots))
        session.walk()
    last = (session.here.album_id, session.focused.album_id, session.trail.here.slots)
    for expected in reversed(left_as):
        assert session.back()
        assert (session.here.album_id, session.focused.album_id, session.trail.here.slots) == expected
    assert not session.back()
    for _ in left_as:
        assert session.forward()
    assert (session.here.album_id, session.focused.album_id, session.trail.here.slots) == last
    assert not session.forward()


def test_another_ring_size_keeps_the_focus() -> None:
    session = make_session()
    best = session.neighborhood.neighbors(session.here.album_id, k=1, weights=session.weights)[0]
    session.focus(session.ring.slot_of(best.album.album_id))
    session.set_count(4)
    assert len(shown(session)) == 4
    assert session.focused.album_id == best.album.album_id


def test_weights_rank_again_and_never_all_vanish() -> None:
    session = make_session()
    before = shown(session)
    session.set_weights(cover=0, tags=0, artist=0, era=0, popularity=5)
    assert session.weights == Weights(0, 0, 0, 0, 5)
    assert sorted(shown(session)) != sorted(before)
    session.set_weights(popularity=0)
    assert session.weights == Weights(0, 0, 0, 0, 5)


def test_random_goes_elsewhere_and_reaches_all() -> None:
    session = Session(FakeNeighborhood(ALBUMS[:3]), seed=1)
    session.set_count(2)
    seen = set()
    for _ in range(40):
        before = session.here.album_id
        assert session.random()
        assert session.here.album_id != before
        seen.add(session.here.album_id)
    assert len(seen) == 3


def test_one_album_alone_is_a_library_too() -> None:
    session = Session(FakeNeighborhood(ALBUMS[:1]))
    session.set_count(8)
    assert shown(session) == []
    assert session.focused == ALBUMS[0]
    assert not session.walk()
    assert not session.random()


def test_the_tray_toggles_and_fills_up() -> None:
    session = make_session()
    session.toggle_tray()
    session.toggle_tray()
    assert session.tray == []
    for _ in range(TRAY_LIMIT):
        assert session.toggle_tray()
        session.random()
        while session.in_tray(session.focused):
            session.random()
    assert len(session.tray) == TRAY_LIMIT
    assert not session.toggle_tray()


def test_steps_are_written_down_with_where_they_came_from() -> None:
    notes = Notes()
    session = make_session(personal=notes)
    start = session.here.album_id
    session.walk()
    walked = session.here.album_id
    session.back()
    assert [step[1:] for step in notes.steps] == [(0, start, None), (1, walked, start)]
    assert len({step[0] for step in notes.steps}) == 1


def test_the_way_here_explains_the_centre() -> None:
    session = make_session()
    assert session.way_here == ()
    before = session.here.album_id
    session.walk()
    assert session.way_here == session.neighborhood.reasons(before, session.here.album_id, session.weights)


def test_the_demo_library_is_named_as_such() -> None:
    albums = [make_album(row, fictional=True) for row in range(5)]
    assert Session(FakeNeighborhood(albums)).notes == "fictional demo"
    assert make_session().notes == ""


def test_branches_of_the_trail_stay() -> None:
    trail = Trail("a")
    trail.walk("b")
    trail.back()
    trail.walk("c")
    assert [visit.album_id for visit in trail.visits] == ["a", "b", "c"]
    behind, ahead = trail.path()
    assert [visit.album_id for visit in behind] == ["a", "c"]
    assert ahead == []
    trail.back()
    assert [visit.album_id for visit in trail.path()[1]] == ["c"]
    assert trail.recent() == ["c", "b", "a"]


@settings(max_examples=80)
@given(st.data())
def test_placement_seats_everyone_once(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 12))
    rows = data.draw(st.lists(st.integers(0, 30), unique=True, max_size=16))
    signals = data.draw(st.lists(st.sampled_from(["cover", "tags"]), min_size=len(rows), max_size=len(rows)))
    neighbors = [
        Neighbor(make_album(row), 0.5, (Reason(signal, 0.5, ""),)) for row, signal in zip(rows, signals, strict=True)
    ]
    previous = data.draw(st.permutations([make_album(row).album_id for row in range(20)]))[:count]
    slots = place(neighbors, count, previous, {make_album(30).album_id: 0})
    expected = [neighbor.album.album_id for neighbor in neighbors[:count]]
    assert len(slots) == count
    assert sorted(filter(None, slots)) == sorted(expected)
    for slot, album_id in enumerate(previous):
        if album_id in expected:
            assert slots[slot] == album_id
