"""Every screen as text, compared with the file kept of it.

After a wanted change write the files anew and read their diff before you commit it:
    SLEEVEWALK_SNAPSHOTS=update python -m pytest tests/tui/screens/test_snapshots.py
The .txt has text, lines and marks; the .look has every cell's colours, covers too (`tests/tui/support/looks.py`).
A new screen is one line in `SCENES`.
"""

from __future__ import annotations

import difflib
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from tests.tui.support.looks import look_of, plain_cover
from tests.tui.support.scenes import SCENES, open_scene, scene_app
from tui.config import Config
from tui.screens import asking
from tui.screens.walk import focus_cover
from tui.widgets import album_panel, crate
from tui.workers import prefetch

FOLDER = Path(__file__).with_name("snapshots")
SIZES = ((80, 24), (160, 50))
NO_COVERS = str.maketrans("▀▄", "  ")
TOOK = re.compile(r"in \d+ ms")
STOCK = ("walk", "find", "map", "bench")  # that the other output draws too; all when `-m slow` asks for it
STILL = 8  # looks in a row, 0.02 s apart, at a screen that no longer changes
KINDS = ("txt", "look")


def untimed(strip: Strip) -> Strip:
    """The row with the same milliseconds on every machine."""
    if " ms" not in strip.text:
        return strip
    return Strip([Segment(TOOK.sub("in 5 ms", text), style) for text, style, _ in strip])


async def settled(pilot: Pilot[Any]) -> tuple[str, str]:
    """The rows and their colours once late previews are drawn."""
    for entry in pilot.app.screen.query(Input):
        entry.cursor_blink = False
    same, seen = 0, list[Strip]()
    for _ in range(200):
        now = [untimed(strip) for strip in pilot.app.screen._compositor.render_strips()]
        same, seen = (same + 1 if now == seen else 0), now
        if same == STILL:
            rows = (strip.text.translate(NO_COVERS).rstrip() for strip in seen)
            return "".join(row + "\n" for row in rows), look_of(seen, pilot.app.theme_variables)
        await pilot.pause(0.02)
    raise AssertionError("the screen does not come to rest")


@pytest.fixture(autouse=True)
def the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Previews come at once, the terminal has all colours, and the clock is UTC's."""
    for module, name in (
        (asking, "DEBOUNCE"),
        (asking, "PREVIEW_DELAY"),
        (album_panel, "DELAY"),
        (crate, "REST"),
        (focus_cover, "REST"),
        (prefetch, "REST"),
    ):
        monkeypatch.setattr(module, name, 0.001)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in (("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("TZ", "UTC")):
        monkeypatch.setenv(name, value)
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SCENES)
async def test_the_screen_is_as_kept(
    name: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await check(name, size, monkeypatch, tmp_path)


@pytest.mark.parametrize(
    "name", [name if name in STOCK else pytest.param(name, marks=pytest.mark.slow) for name in SCENES]
)
async def test_both_outputs_draw_the_same(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    await check(name, SIZES[0], monkeypatch, tmp_path, output="stock")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_the_walk_on_paper_is_as_kept(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await check("walk", size, monkeypatch, tmp_path, theme="paper")


async def check(
    name: str,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    output: str = "thrifty",
    theme: str = "",
) -> None:
    """Compare a screen with its files, or write these anew."""
    config = Config(theme=theme or None)
    app = scene_app(name, folder if name == "gallery" else Path("nowhere"), config=config, output=output)
    monkeypatch.setattr(app.setup.covers, "pixels", plain_cover)
    async with app.run_test(size=size) as pilot:
        await open_scene(pilot, name)
        shown = await settled(pilot)
    file = f"{name}-{theme}" if theme else name
    changed = [line for kind, text in zip(KINDS, shown, strict=True) for line in compared(file, size, kind, text)]
    if changed:
        pytest.fail("\n".join(changed) + "\nwanted? SLEEVEWALK_SNAPSHOTS=update writes it anew", pytrace=False)


def compared(name: str, size: tuple[int, int], kind: str, shown: str) -> list[str]:
    """The lines that differ from the kept file."""
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.{kind}"
    if os.environ.get("SLEEVEWALK_SNAPSHOTS") == "update":
        path.write_text(shown, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    return list(
        difflib.unified_diff(kept.splitlines(), shown.splitlines(), f"kept {path.name}", "shown now", lineterm="")
    )


def test_no_snapshot_is_left_of_a_screen_that_is_gone() -> None:
    wanted = {
        f"{name}-{width}x{height}.{kind}"
        for name in (*SCENES, "walk-paper")
        for width, height in SIZES
        for kind in KINDS
    }
    assert {path.name for path in FOLDER.iterdir()} == wanted
