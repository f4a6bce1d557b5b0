"""The painter: every cover draws at every size, and its caches stay small."""

from __future__ import annotations

import pytest

from tests.tui.support.fakes import FakeCovers, make_album
from tui.pictures.painter import PACKED_KEPT, CoverPainter, Recent


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (6, 3), (20, 10), (60, 30)])
@pytest.mark.parametrize("album", [make_album(1), make_album(2, cover_sha256=None)])
def test_any_cover_fills_its_cells(size: tuple[int, int], album: object) -> None:
    strips = CoverPainter(FakeCovers()).draw(album, *size)  # type: ignore[arg-type]
    assert [strip.cell_length for strip in strips] == [size[0]] * size[1]


def test_a_damaged_cover_gets_a_placeholder_and_a_reason() -> None:
    album = make_album(1, artist="Slowdive", title="Souvlaki")
    painter = CoverPainter(FakeCovers(frozenset({album.cover_sha256 or ""})))
    assert any("SS" in strip.text for strip in painter.draw(album, 12, 6))
    assert "sleevewalk doctor" in (painter.problem(album) or "")
    assert painter.problem(make_album(2)) is None
    assert painter.problem(make_album(2, cover_sha256=None)) is not None


def test_a_cover_is_read_once_while_it_is_kept() -> None:
    covers = FakeCovers()
    painter = CoverPainter(covers)
    for _ in range(5):
        painter.draw(make_album(1), 10, 5)
    assert covers.reads == 1


def test_the_caches_are_bounded() -> None:
    kept: Recent[int, int] = Recent(3)
    for number in range(10):
        kept.get(number, lambda number=number: number)  # type: ignore[misc]
    assert len(kept) == 3
    assert kept.get(9, lambda: -1) == 9
    assert kept.get(0, lambda: -1) == -1
    covers = FakeCovers()
    painter = CoverPainter(covers)
    for row in range(PACKED_KEPT + 1):
        painter.draw(make_album(row), 2, 1)
    assert covers.reads == PACKED_KEPT + 1
    painter.draw(make_album(1), 2, 1)  # no longer among the strips, still among the cells
    assert covers.reads == PACKED_KEPT + 1
    painter.draw(make_album(0), 2, 1)
    assert covers.reads == PACKED_KEPT + 2
