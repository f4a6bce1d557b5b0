"""What a montage must not cut: lines of words and faces, found the same way each time and kept beside the cover."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.images import encode_webp
from pipelines.looking import whole
from pipelines.looking.faces import find_faces
from pipelines.looking.whole import Boxes, boxes_of
from pipelines.looking.words import Region, find_words, regions
from store.catalogue.covers import CoverFiles


def sleeve() -> np.ndarray:
    """Two lines of words, the lower one small, and a hill."""
    image = Image.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 420), (200, 200), (511, 420)], fill="navy")
    draw.text((40, 30), "RADIO HOUR", fill="black", font=ImageFont.load_default(64))
    draw.text((300, 470), "late songs, 1971", fill="black", font=ImageFont.load_default(20))
    return np.asarray(image)


def test_each_line_of_words_has_a_box_around_all_of_it_and_a_hill_has_none() -> None:
    small, large = sorted(find_words(sleeve()), key=lambda box: box[3] - box[1])
    ink = (sleeve() < 128).all(-1)
    for box, rows in ((large, slice(0, 140)), (small, slice(450, 512))):
        down, across = np.nonzero(ink[rows])
        left, top, right, bottom = (512 * edge for edge in box)
        assert left <= across.min() + 4 and right >= across.max() - 4
        assert top <= down.min() + rows.start + 4 and bottom >= down.max() + rows.start - 4
        assert bottom - top < 1.9 * (down.max() - down.min())
    assert not find_faces(sleeve())


def test_slanted_words_have_boxes_along_them_and_a_title_over_half_a_cover_has_one() -> None:
    image = Image.new("L", (512, 512), 0)
    ImageDraw.Draw(image).text((60, 220), "SLANTED WORDS", fill=255, font=ImageFont.load_default(52))
    slanted = np.asarray(image.rotate(40))
    boxes = find_words(np.stack([slanted] * 3, -1))
    inside = np.zeros((512, 512), bool)
    for left, top, right, bottom in boxes:
        inside[round(512 * top) : round(512 * bottom), round(512 * left) : round(512 * right)] = True
    assert inside[slanted > 128].mean() > 0.97 and inside.mean() < 0.35, "not the whole square"
    title = Image.new("RGB", (512, 512), "black")
    ImageDraw.Draw(title).text((20, 100), "HUGE", fill="white", font=ImageFont.load_default(185))
    assert any(right - left > 0.7 for left, _, right, _ in find_words(np.asarray(title)))


def test_regions_hang_together_along_rows_and_columns() -> None:
    plane = np.zeros((6, 9), np.float32)
    plane[0, 1:4] = plane[1, 3] = plane[2, 0:4] = 0.5
    plane[3, 4] = plane[5, 8] = 0.8  # a corner joins nothing
    u = Region(0, 0, 3, 4, 0.5)
    assert regions(plane, 0.3) == [u, (3, 4, 4, 5, pytest.approx(0.8)), (5, 8, 6, 9, pytest.approx(0.8))]
    assert regions(plane, 0.9) == []


def test_words_up_the_side_are_found_in_the_turned_picture() -> None:
    side = np.ascontiguousarray(np.rot90(sleeve()))
    tall = [box for box in find_words(side) if box[3] - box[1] > 3 * (box[2] - box[0])]
    down, across = np.nonzero((side[:, :140] < 128).all(-1))
    assert any(box[0] < across.min() / 512 + 0.01 and box[3] > down.max() / 512 - 0.01 for box in tall)
    assert any(box[1] < down.min() / 512 + 0.01 for box in tall)


def test_what_was_found_is_kept_and_found_anew_for_another_picture_finder_or_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def find(picture: np.ndarray, finder: str) -> Boxes:
        looked.append(len(picture))
        return Boxes([(0.1, 0.2, 0.3, len(picture) / 1000)], [(0.5, 0.5, 0.6, 0.6)] if finder == whole.FINDER else [])

    monkeypatch.setattr(whole, "find", find)
    files, large = CoverFiles(tmp_path), np.zeros((512, 512, 3), np.uint8)
    sha = files.put(encode_webp(large[:128, :128]))
    first = boxes_of(files, sha, large)
    assert boxes_of(CoverFiles(tmp_path), sha, large) == first == ([(0.1, 0.2, 0.3, 0.512)], [(0.5, 0.5, 0.6, 0.6)])
    assert looked == [512]
    boxes_of(files, sha, large[:128, :128])
    for damaged in (b"", b"[]", b'{"finder": 1}', files.found_path(sha).read_bytes().replace(b"0.1", b"7.1")):
        files.found_path(sha).write_bytes(damaged)
        assert boxes_of(files, sha, large) == first
    old = boxes_of(files, sha, large, whole.FIRST)
    assert not old.heads and boxes_of(files, sha, large) == first and len(looked) == 7, "what is kept is today's"
    files.found_path(sha).write_bytes(files.found_path(sha).read_bytes().replace(whole.FINDER.encode(), b"another"))
    assert boxes_of(files, sha, large) == first and len(looked) == 8
    files.found_path(sha).unlink()
    files.found_path(sha).mkdir()  # nothing can be kept there
    assert boxes_of(files, sha, large) == first
