"""The test card: every kind of cells beside the others, and the one chosen stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.support.app import ready, screen_text, until, walk_of
from tests.tui.support.fakes import make_app
from tests.tui.support.measures import photograph
from tui.config import configured
from tui.pictures.colors import COLORLESS, ColorMode
from tui.pictures.glyphs import KINDS, inked_parts
from tui.pictures.picture_table import PictureTable
from tui.screens.card import CardScreen
from tui.screens.walk.screen import WalkScreen
from tui.terminal.brands import CELLS
from tui.terminal.choice import PICTURES
from tui.widgets.cover import Cover


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("SLEEVEWALK_CONFIG", str(path))
    return path


async def test_each_cover_of_the_card_has_glyphs_of_its_kind(config: Path) -> None:
    app = make_app()
    app.painter.mode = ColorMode.TRUECOLOR
    async with app.run_test(size=(130, 40)) as pilot:
        await ready(pilot)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, CardScreen))
        await pilot.pause(0.05)
        for kind in KINDS:
            cover = app.screen.query_one(f"#card-{kind}", Cover)
            used = {ord(char) for row in cover.render_lines(cover.size.region) for char in row.text}
            assert used <= set(inked_parts(kind, 8)) and len(used) > 1, kind
        assert any("4 octants" in row for row in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert app.painter.kind == "half" and not config.exists()


async def test_the_kind_that_is_chosen_is_drawn_and_kept(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    monkeypatch.setattr(app.setup.covers, "pixels", lambda sha: photograph(1))
    app.painter.mode = ColorMode.TRUECOLOR
    async with app.run_test(size=(130, 40)) as pilot:
        await ready(pilot)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, CardScreen))
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        covers = list(walk_of(app).query(Cover))

        def drawn() -> set[int]:
            rows = (row.text for cover in covers for row in cover.render_lines(cover.size.region))
            return {ord(char) for row in rows for char in row}

        await until(pilot, lambda: bool(drawn() & set(range(0x1CD00, 0x1CDE6))))
    assert configured(config, "cells", CELLS) == "octants" and configured(config, "pictures", PICTURES) == "auto"


@pytest.mark.parametrize("mode", COLORLESS)
async def test_without_colours_the_card_says_that_there_is_nothing_to_choose(config: Path, mode: ColorMode) -> None:
    app = make_app()
    app.painter.mode = mode
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press("T")
        await until(pilot, lambda: any("nothing to choose" in row for row in screen_text(app)))
        assert not any("octants" in row for row in screen_text(app))
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
    assert app.painter.kind == "half" and not config.exists()


async def test_a_terminal_that_says_yes_and_draws_nothing_is_left_for_cells(config: Path) -> None:
    app = make_app()
    app.painter.pictures = PictureTable()
    async with app.run_test(size=(130, 40)) as pilot:
        await ready(pilot)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, CardScreen))
        await pilot.pause(0.05)
        assert any("5 pictures" in row for row in screen_text(app))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        await until(pilot, lambda: app.painter.pictures is None and app.painter.kind == "quadrants")
    assert configured(config, "pictures", PICTURES) == "cells"
