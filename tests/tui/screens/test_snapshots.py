"""Every screen as text, compared with the file kept of it.

After a wanted change write the files anew and read their diff before you commit it:
    SLEEVEWALK_SNAPSHOTS=update python -m pytest tests/tui/screens/test_snapshots.py
Both outputs draw the same. Covers are left out: text, lines and marks are compared.
A new screen is one line in `SCENES`.
"""

from __future__ import annotations

import difflib
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from tests.tui.support.app import screen_text
from tests.tui.support.scenes import SCENES, open_scene, scene_app
from tui.terminal.output import OUTPUTS

FOLDER = Path(__file__).with_name("snapshots")
SIZES = ((80, 24), (160, 50))
NO_COVERS = str.maketrans("▀▄", "  ")
TOOK = re.compile(r"in \d+ ms")
STILL = 9  # looks in a row, 0.08 s apart, at a screen that no longer changes: longer than any preview waits


async def settled(pilot: Pilot[Any]) -> str:
    """The rows once late previews are drawn."""
    same, shown = 0, ""
    for _ in range(100):
        text = (TOOK.sub("in 5 ms", row) for row in screen_text(pilot.app))  # type: ignore[arg-type]
        rows = (row.translate(NO_COVERS).rstrip() for row in text)
        now = "".join(row + "\n" for row in rows)
        same, shown = (same + 1 if now == shown else 0), now
        if same == STILL:
            return shown
        await pilot.pause(0.08)
    raise AssertionError("the screen does not come to rest")


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SCENES)
async def test_the_screen_is_as_kept(
    name: str, size: tuple[int, int], output: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    app = scene_app(name, tmp_path if name == "gallery" else Path("nowhere"), output=output)
    monkeypatch.setattr(app.setup.covers, "pixels", lambda _sha: np.full((128, 128, 3), 90, np.uint8))
    async with app.run_test(size=size) as pilot:
        await open_scene(pilot, name)
        shown = await settled(pilot)
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("SLEEVEWALK_SNAPSHOTS") == "update":
        path.write_text(shown, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    diff = difflib.unified_diff(kept.splitlines(), shown.splitlines(), f"kept {path.name}", "shown now", lineterm="")
    if shown != kept:
        pytest.fail("\n".join(diff) + "\nwanted? SLEEVEWALK_SNAPSHOTS=update writes it anew", pytrace=False)


def test_no_snapshot_is_left_of_a_screen_that_is_gone() -> None:
    wanted = {f"{name}-{width}x{height}.txt" for name in SCENES for width, height in SIZES}
    assert {path.name for path in FOLDER.glob("*.txt")} == wanted
