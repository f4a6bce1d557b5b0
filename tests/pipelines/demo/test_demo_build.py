"""The demo build: complete, faithful to the drawing, resumable after a kill, idle when there is nothing to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.demo import build
from pipelines.demo.build import build_demo
from pipelines.demo.catalogue import demo_albums, demo_similar_artists
from pipelines.demo.draw import draw_cover
from pipelines.progress import Progress
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import counts
from store.database.library import Library
from store.records import AlbumRecord


def _sleeves(library: Library) -> dict[str, str]:
    with library.read() as con:
        return dict(con.execute("SELECT source_key, cover_sha256 FROM albums ORDER BY source_key").fetchall())


def test_killed_half_way_it_goes_on_and_then_has_nothing_left_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    drawn: list[str] = []

    def draw_until_killed(album: AlbumRecord) -> np.ndarray:
        if album.source_key == "demo:120":
            raise KeyboardInterrupt
        return recording(album)

    def recording(album: AlbumRecord) -> np.ndarray:
        drawn.append(album.source_key)
        return draw_cover(album)

    monkeypatch.setattr(build, "draw_cover", draw_until_killed)
    with pytest.raises(KeyboardInterrupt):
        build_demo(tmp_path, Progress())
    saved = set(_sleeves(Library.open(tmp_path)))
    assert 0 < len(saved) < 120

    monkeypatch.setattr(build, "draw_cover", recording)
    drawn.clear()
    progress = Progress()
    library = build_demo(tmp_path, progress)
    assert not saved & set(drawn)  # what was stored is not drawn again
    assert progress.done == progress.total == 300
    with library.read() as con:
        rows = counts(con)
    assert rows["albums"] == rows["covers"] == 300
    assert rows["similar_artists"] == len(demo_similar_artists())
    assert rows["latents"] == rows["neighbors"] == 0

    sleeves = _sleeves(library)
    files = CoverFiles(library.covers_dir)
    for album in demo_albums()[::40]:
        assert np.array_equal(files.pixels(sleeves[album.source_key]), draw_cover(album))

    drawn.clear()
    before = library.db_path.stat().st_mtime_ns
    build_demo(tmp_path, Progress())
    assert drawn == [] and library.db_path.stat().st_mtime_ns == before

    lost = "demo:042"
    files.path(sleeves[lost]).unlink()
    build_demo(tmp_path, Progress())
    assert drawn == [lost] and files.has(sleeves[lost])
    assert _sleeves(library) == sleeves
