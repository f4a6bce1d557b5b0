"""The theme that follows the cover: readable whatever the picture, and of its colour where it has one."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from textual.color import Color

from store.errors import LibraryError
from tests.tui.support.app import ready
from tests.tui.support.fakes import FakeCovers, make_album, make_app
from tests.tui.support.measures import contrast
from tui.palette import NIGHT, PAPER, SLEEVE
from tui.pictures.sleeve import sleeve_colors

GROUNDS = [theme.background for theme in (NIGHT, PAPER)]


def ratio(one: str, other: str) -> float:
    return contrast(*(tuple(Color.parse(color).rgb) for color in (one, other)))


@pytest.mark.parametrize("ground", GROUNDS)
@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_text_can_be_read_over_any_cover(ground: str, pixels: np.ndarray) -> None:
    colors = sleeve_colors(pixels, ground)
    assert all(ratio(colors[role], ground) >= 4.5 for role in ("accent", "primary", "quiet", "focus"))
    assert ratio(colors["on-focus"], colors["focus"]) >= 4.5
    assert ratio(colors["on-focus"], colors["accent"]) >= 3  # a share of a blend


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("rgb", [(200, 30, 40), (30, 160, 60), (40, 60, 220), (230, 180, 20)])
def test_a_plain_cover_gives_its_hue_and_a_grey_one_none(ground: str, rgb: tuple[int, int, int]) -> None:
    plain = sleeve_colors(np.full((8, 8, 3), rgb, np.uint8), ground)
    wanted, _, _ = colorsys.rgb_to_hls(*rgb)
    for role in ("accent", "focus"):
        got, _, saturation = colorsys.rgb_to_hls(*Color.parse(plain[role]).normalized)
        assert min(abs(got - wanted), 1 - abs(got - wanted)) < 0.05
        assert saturation > 0.3
    grey = Color.parse(sleeve_colors(np.full((8, 8, 3), 90, np.uint8), ground)["accent"])
    assert max(grey.rgb) - min(grey.rgb) <= 1


class Tinted(FakeCovers):
    """Red, green, blue in turn, and one that cannot be read."""

    def pixels(self, sha: str) -> np.ndarray:
        if sha == "3":
            raise LibraryError("cover 3 is missing")
        pixels = np.full((128, 128, 3), 20, np.uint8)
        pixels[..., int(sha) % 3] = 200
        return pixels


async def test_the_colours_follow_the_walk_and_leave_with_the_theme() -> None:
    app = make_app([replace(make_album(row), cover_sha256=str(row)) for row in range(12)])
    app.painter.source = Tinted()
    async with app.run_test(size=(110, 34)) as pilot:
        await ready(pilot)
        night = app.theme_variables["accent"]
        app.theme = SLEEVE.name
        await pilot.pause(0.05)
        session = app.session
        assert session is not None
        seen = {}
        for row in (1, 2, 0, 3):
            app.screen.jump(session.neighborhood.snapshot.album(row).album_id)
            await pilot.pause(0.05)
            seen[row] = Color.parse(app.theme_variables["accent"])
            drawn = {str(style.color.name) for _, style in app.screen.query_one("#mode")._rows[0] if style.color}
            assert app.theme_variables["accent"].lower() in drawn
        assert max(range(3), key=lambda part: seen[1].rgb[part]) == 1
        assert max(range(3), key=lambda part: seen[2].rgb[part]) == 2
        assert max(range(3), key=lambda part: seen[0].rgb[part]) == 0
        assert seen[3] == Color.parse(night)  # the cover cannot be read: the ground's own
        app.screen.jump(session.neighborhood.snapshot.album(1).album_id)
        await pilot.press("t")
        await pilot.pause(0.05)
        assert app.theme == NIGHT.name
        assert app.theme_variables["accent"] == night
