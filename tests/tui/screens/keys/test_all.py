"""No screen's keys are left out."""

from __future__ import annotations

from pathlib import Path

from tests.tui.support.keys import KEYS


def test_every_scene_with_keys_has_a_file_here() -> None:
    here = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")} - {"all"}
    here = here - {"library"} | {"list", "album", "artist"}  # those three have one file
    assert here == {name.split(".")[0] for name in KEYS}
