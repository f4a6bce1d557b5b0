"""Two sleeves that are compared: what is said of them; messages take the place of the keys and give it back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.looking.heat import CELLS, Alike
from tests.tui.support.app import screen_text, until
from tests.tui.support.scenes import open_scene, scene_app
from tui.screens.walk import alike


@pytest.mark.parametrize(
    ("similarity", "heat", "said"),
    [
        (0.4, 0.2, "what makes these sleeves alike is lit (cosine 0.40)"),
        (0.4, 0.0, "hardly any part makes these sleeves alike (cosine 0.40)"),
        (-0.13, 0.2, "these sleeves are hardly alike: lit is what speaks for it (cosine -0.13)"),
    ],
)
async def test_sleeves_that_are_not_alike_are_not_called_so(
    similarity: float, heat: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heats = np.full((2, CELLS, CELLS), heat, np.float32)
    monkeypatch.setattr(alike, "_alike", lambda *_: Alike(similarity, (heats[0], heats[1])))
    app = scene_app("alike", Path("nowhere"))
    async with app.run_test(size=(100, 30)) as pilot:
        await open_scene(pilot, "alike")
        await until(pilot, lambda: screen_text(app)[0].strip() == said)


@pytest.mark.parametrize("scene", ["alike", "card"])
async def test_a_message_stays_until_the_next_key(scene: str) -> None:
    app = scene_app(scene, Path("nowhere"))
    async with app.run_test(size=(100, 30)) as pilot:
        await open_scene(pilot, scene)
        await until(pilot, lambda: "Esc " in screen_text(app)[-1])
        app.tell("playing Souvlaki")
        await until(pilot, lambda: "playing Souvlaki" in screen_text(app)[-1])
        await pilot.press("x")
        await until(pilot, lambda: "Esc " in screen_text(app)[-1])
