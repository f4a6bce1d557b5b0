"""The demo: complete, walkable without torch, resumable after a kill, idle when there is nothing to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.demo.build import DATA, MEASURED, build_demo, demo_albums
from pipelines.evidence.results import read_results
from pipelines.progress import Progress
from pipelines.shards.format import read_manifest
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from store.neighbors.neighborhood import open_neighborhood
from vae.info import read_info


class Killed(Exception):
    pass


class KilledAtTheEnd(Progress):
    def finish(self, note: str = "") -> None:
        raise Killed


def counts(library: Library) -> tuple[int, ...]:
    names = ("albums", "covers", "latents", "neighbors")
    with library.read() as con:
        row = con.execute(f"SELECT {', '.join(f'(SELECT count(*) FROM {name})' for name in names)}").fetchone()
    assert row is not None
    return row


def sleeves(library: Library) -> dict[str, str]:
    with library.read() as con:
        return dict(con.execute("SELECT album_id, cover_sha256 FROM albums").fetchall())


def test_the_shard_was_made_with_the_shipped_weights():
    assert read_manifest(DATA).model_id == read_info().model_id, "run `python -m tools.sleeves`"


def test_its_evidence_is_there_from_the_first_moment(tmp_path: Path):
    library = build_demo(tmp_path / "demo", Progress())
    found = read_results(library.path / MEASURED.name)
    assert found is not None and found.model_id == read_info().model_id, "run `sleevewalk validate` on the demo"
    assert sum(found.albums.values()) > 100 and "drawn by genre" in found.said[0]
    mine = library.path / MEASURED.name / "results.json"
    mine.write_text("{}")
    build_demo(tmp_path / "demo", Progress())
    assert mine.read_text() == "{}", "what a person measured stays"


def test_killed_at_any_point_it_is_completed_and_then_left_alone(tmp_path: Path):
    with pytest.raises(Killed):
        build_demo(tmp_path, KilledAtTheEnd())
    library = build_demo(tmp_path, Progress())
    assert counts(library) == (300, 300, 300, 0)
    with library.read() as con:
        assert con.execute("SELECT count(*) > 500, count(DISTINCT source) FROM similar_artists").fetchone() == (True, 1)

    before = library.db_path.stat().st_mtime_ns
    build_demo(tmp_path, Progress())
    assert library.db_path.stat().st_mtime_ns == before

    files, stored = CoverFiles(library.covers_dir), sleeves(library)
    lost = stored[min(stored)]
    files.path(lost).unlink()
    build_demo(tmp_path, Progress())
    assert files.has(lost) and sleeves(library) == stored


def test_it_is_walked_without_the_model(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from pipelines.progress import Progress\n"
        "from pipelines.build import build; from pipelines.demo.build import build_demo\n"
        "build(build_demo(Path(sys.argv[1]), Progress()))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=Path(__file__).parents[3])
    neighborhood = open_neighborhood(Library.open(tmp_path))
    album = neighborhood.snapshot.album(0)
    assert album.fictional
    ring = neighborhood.neighbors(album.album_id, 12)
    assert len(ring) == 12 and all(near.reasons[0].signal for near in ring)


def test_with_other_weights_the_covers_are_embedded_anew(tmp_path: Path, tiny_weights: Path):
    build_demo(tmp_path, Progress())  # latents of the shipped model are there already
    (tmp_path / "new").mkdir()
    for folder in (tmp_path, tmp_path / "new"):
        library = build_demo(folder, Progress(), weights=tiny_weights)
        report = build(library, weights=tiny_weights)
        assert report.embedded == 300 and counts(library)[:3] == (300, 300, 300)


def test_its_albums_are_read_without_a_library():
    albums = demo_albums()
    assert len(albums) == 300 and {album.source for album in albums} == {"demo"}
    assert all(len(album.artist_tags) > 4 and album.year and album.listeners for album in albums)
