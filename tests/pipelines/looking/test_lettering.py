"""Where lettering is, of maps of words as the detector draws them; a library looked through in bursts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.looking import lettering
from pipelines.looking.lettering import SIDE, find_lettering, lettering_of
from pipelines.looking.words import probability
from store.looks import mask_of
from store.memory.snapshot import Snapshot
from tests.store.support.library import grow


def words(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """A map of 256 pixels with words at (top, left, height, width)."""
    drawn = np.zeros((256, 256), np.float32)
    for top, left, height, width in boxes:
        drawn[top : top + height, left : left + width] = 0.9
    return drawn


@pytest.mark.parametrize(
    ("boxes", "share", "at"),
    [
        ((), 0, None),
        (((10, 40, 10, 100),), 22 * 112 / 256**2, "top"),
        (((120, 40, 10, 100),), 22 * 112 / 256**2, "middle"),
        (((0, 40, 10, 100), (240, 40, 10, 100)), (16 + 22) * 112 / 256**2, None),
        (((60, 60, 120, 120),), 0, None),  # a figure, no word
        (((30, 230, 200, 10),), (200 + 12) * 22 / 256**2, None),  # down the side
    ],
)
def test_share_and_place(boxes: tuple[tuple[int, int, int, int], ...], share: float, at: str | None) -> None:
    found, where = lettering_of(words(*boxes))
    assert found == pytest.approx(share, abs=1e-3) and where == at


def test_a_library_is_looked_through_once_and_its_covers_have_words_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = grow(tmp_path / "library", 12)
    monkeypatch.setattr(lettering, "_BURST", 3)
    seen: list[int] = []

    def detector(cover: np.ndarray) -> np.ndarray:
        seen.append(int(cover.sum()))
        return words((10, 40, 10, 100)) if len(seen) % 2 else words()

    first = find_lettering(library, limit=8, detector=detector)
    assert (first.covers, first.with_lettering, first.left) == (8, 4, 4) and "4 are left" in first.summary()
    assert find_lettering(library, detector=detector).covers == 4
    assert find_lettering(library, detector=lambda cover: pytest.fail("all were looked at")).covers == 0
    with library.read() as con:
        rows = con.execute("SELECT lettering > 0, lettering_at, words FROM cover_facts").fetchall()
    assert sorted(at or "" for _, at, _ in rows) == [""] * 6 + ["top"] * 6
    assert all(("type at the top" in said) == ("type" in said) == found for found, _, said in rows)
    snapshot = Snapshot.load(library)
    assert snapshot.looking(["type"]).sum() == 6 and mask_of(["type"]) & max(map(snapshot.look, range(12)))


def test_the_detector_sees_a_title_and_no_lettering_in_a_disc() -> None:
    title, disc = (Image.new("RGB", (128, 128), "white") for _ in "ab")
    ImageDraw.Draw(title).text((8, 8), "RADIO HOUR", fill="black", font=ImageFont.load_default(18))
    ImageDraw.Draw(disc).ellipse((30, 30, 98, 98), fill="navy")
    share, at = lettering_of(probability(np.asarray(title), SIDE))
    assert 0.05 < share < 0.4 and at == "top"
    assert lettering_of(probability(np.asarray(disc), SIDE))[0] < 0.015
