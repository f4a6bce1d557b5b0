"""How one comes to the blend bench and to the gallery, and where one goes from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.screens.bench.screen import BenchScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.walk.screen import WalkScreen
from tui.walk.bench import Draft

if TYPE_CHECKING:
    from pipelines.blends.recipe import Recipe
    from tui.app import SleevewalkApp


def open_tray(app: SleevewalkApp) -> None:
    """The bench with what lies in the tray."""
    walk = app.screen
    if app.session is None or not isinstance(walk, WalkScreen):
        return
    if app.decoder is None:
        walk.say("blending is not available here", error=True)
    elif len(app.session.tray) < 2:
        names = app.key_names
        walk.say(f"put two or more albums into the tray with {names('walk.tray')}, then press {names('walk.bench')}")
    else:
        app.bench.take(app.session.tray)
        open_bench(app)


def open_bench(app: SleevewalkApp, near: bool = False) -> None:
    """The bench as it is; `near`: go on to the albums nearest to what lies there. Its answer is walked to."""

    def answer(album_id: str | None) -> None:
        if album_id is not None and isinstance(app.screen, WalkScreen):
            app.screen.jump(album_id)

    assert app.session is not None and app.decoder is not None
    screen = BenchScreen(app.session, app.painter, app.decoder, app.bench, app.blends_dir, app.finder)
    app.push_screen(screen, answer)
    if near:
        screen.call_after_refresh(screen.action_near)


def open_gallery(app: SleevewalkApp) -> None:
    """The blends so far; the one chosen goes onto the bench."""
    if app.library is None or app.session is None:
        return

    def answer(chosen: tuple[Recipe, bool] | None) -> None:
        if chosen is None or app.decoder is None:
            return
        recipe, near = chosen
        app.bench.change(Draft.from_recipe(recipe))
        if isinstance(app.screen, BenchScreen):
            app.screen.reopened(near)
        else:
            open_bench(app, near)

    app.push_screen(GalleryScreen(app.painter, app.library), answer)
