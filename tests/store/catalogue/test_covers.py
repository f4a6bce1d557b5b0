"""Cover files: stored whole or not at all, and never trusted when read."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from store.catalogue.covers import CoverFiles
from store.errors import LibraryError
from tests.store.support.records import webp


def test_put_and_read_back(tmp_path: Path) -> None:
    covers = CoverFiles(tmp_path / "covers")
    data = webp((10, 200, 30))
    sha = covers.put(data)
    assert sha == hashlib.sha256(data).hexdigest()
    assert covers.path(sha) == tmp_path / "covers" / sha[:2] / f"{sha}.webp"
    assert covers.has(sha) and not covers.has("0" * 64)
    pixels = covers.pixels(sha)
    assert pixels.shape == (128, 128, 3) and pixels.dtype == np.uint8
    assert (pixels == (10, 200, 30)).all()
    assert covers.put(data) == sha
    assert len(list(covers.path(sha).parent.iterdir())) == 1, "nothing is left beside it"


def test_put_mends_a_truncated_file(tmp_path: Path) -> None:
    covers = CoverFiles(tmp_path)
    data = webp((1, 2, 3))
    sha = covers.put(data)
    covers.path(sha).write_bytes(data[:20])
    covers.put(data)
    assert covers.path(sha).read_bytes() == data


def test_missing_and_damaged_are_named(tmp_path: Path) -> None:
    covers = CoverFiles(tmp_path)
    with pytest.raises(LibraryError, match="missing") as missing:
        covers.pixels("a" * 64)
    assert "a" * 64 in str(missing.value)
    sha = covers.put(webp((1, 2, 3)))
    for damage in (b"", b"RIFF....WEBP", covers.path(sha).read_bytes()[:30], b"\x00" * 2_000_000):
        covers.path(sha).write_bytes(damage)
        with pytest.raises(LibraryError, match="damaged") as damaged:
            covers.pixels(sha)
        assert str(covers.path(sha)) in str(damaged.value)
        assert "\n" not in str(damaged.value)


def test_only_128_webp_is_taken(tmp_path: Path) -> None:
    covers = CoverFiles(tmp_path)
    with pytest.raises(LibraryError, match="64×64"):
        covers.put(webp((0, 0, 0), side=64))
    png = io.BytesIO()
    Image.new("RGB", (128, 128)).save(png, "PNG")
    with pytest.raises(LibraryError, match="damaged"):
        covers.put(png.getvalue())
    assert not list(tmp_path.rglob("*.webp"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_name_that_is_no_hash_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(LibraryError, match="SHA-256"):
        CoverFiles(tmp_path).path(name)
