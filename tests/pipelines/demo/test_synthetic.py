from __future__ import annotations

import numpy as np
import pytest

import pipelines.derived as derived
import store.index.neighbor_table as neighbor_table
from pipelines.build import build
from pipelines.demo.synthetic import make_library
from pipelines.progress import Progress
from store.catalogue.latents import add_latents, add_model, load_latents
from store.database.library import Library
from store.errors import LibraryError
from store.index.cover_index import CoverIndex
from store.index.neighbor_table import Growth, add_neighbors, begin_neighbors, extend_neighbors, finish_neighbors
from store.memory.arrays_file import NAME
from store.neighbors.neighborhood import open_neighborhood
from tests.support.more_albums import add_to_library
from vae.info import read_info


def test_it_has_the_albums_asked_for_and_can_be_built_and_walked(tmp_path, monkeypatch):
    library = make_library(tmp_path / "made", 700, None, 3, Progress())
    with library.read() as con:
        counts = con.execute(
            "SELECT (SELECT count(*) FROM albums), (SELECT count(*) FROM latents), "
            "(SELECT count(*) FROM similar_artists)"
        ).fetchone()
    assert counts is not None and counts[:2] == (700, 700) and counts[2] > 500
    monkeypatch.setattr(derived, "LARGE", 500)
    report = build(library, load_codec=lambda: pytest.fail("nothing is to be embedded"))
    assert report.indexed == report.mapped == report.laid_out == 700 and (library.index_dir / NAME).is_file()
    neighborhood = open_neighborhood(library)
    ring = neighborhood.neighbors(neighborhood.snapshot.album(5).album_id, 12)
    assert len(ring) == 12 and {reason.signal for near in ring for reason in near.reasons} >= {"cover", "tags"}
    assert build(library).nothing_to_do


def test_the_same_seed_makes_the_same_library(tmp_path):
    def content(library: Library):
        with library.read() as con:
            albums = con.execute(
                "SELECT artist, title, year, listeners, cover_sha256 FROM albums ORDER BY ALL"
            ).fetchall()
            return albums, load_latents(con, read_info().model_id)[1]

    one, other, third = (
        content(make_library(tmp_path / name, 60, None, seed, Progress()))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one[0] == other[0] != third[0]
    assert np.array_equal(one[1], other[1])


def test_latents_are_drawn_like_those_of_a_library(tmp_path):
    info = read_info()
    real = Library.create(tmp_path / "real")
    dice = np.random.default_rng(0)
    latents = (3 + dice.standard_normal((400, 512)) * np.linspace(0.1, 2, 512)).astype(np.float32)
    with real.write() as con:
        add_model(con, info.model_id, "m", 512, 128, None, {})
        add_latents(con, info.model_id, [f"{i:064x}" for i in range(400)], latents)
    made = make_library(tmp_path / "made", 1000, real, 0, Progress())
    with made.read() as con:
        drawn = load_latents(con, info.model_id)[1]
    assert np.abs(drawn.mean(0) - 3).max() < 0.6
    assert np.corrcoef(drawn.std(0), np.linspace(0.1, 2, 512))[0, 1] > 0.98


def test_a_folder_that_is_a_library_is_left_alone(tmp_path):
    make_library(tmp_path / "made", 10, None, 0, Progress())
    with pytest.raises(LibraryError, match="holds a library already"):
        make_library(tmp_path / "made", 10, None, 0, Progress())
    with pytest.raises(LibraryError, match="no latents"):
        make_library(tmp_path / "other", 10, Library.create(tmp_path / "empty"), 0, Progress())


def test_neighbours_written_in_bursts_are_those_written_at_once(tmp_path, monkeypatch):
    library = make_library(tmp_path / "made", 300, None, 1, Progress())
    build(library)

    def table():
        with library.read() as con:
            return con.execute("FROM neighbors").fetchall()

    at_once = table()
    with library.write() as con:  # as a build that was killed between two bursts leaves them
        con.execute("DELETE FROM internal.derived WHERE name = 'neighbors'")
        con.execute("DELETE FROM neighbors WHERE rank > 5")
    monkeypatch.setattr(derived, "BURST", 100)
    monkeypatch.setattr(neighbor_table, "BURST", 100)
    report = build(library)
    assert report.neighbors == len(at_once) == 300 * 32 and table() == at_once
    assert build(library).nothing_to_do


def test_two_builds_that_write_neighbours_in_turns_do_not_mix_them(tmp_path, monkeypatch):
    library = make_library(tmp_path / "made", 300, None, 1, Progress())
    build(library)
    index = CoverIndex.load(library)
    assert index is not None
    nearest = index.nearest_covers()
    monkeypatch.setattr(neighbor_table, "BURST", 100)
    with library.write() as con:
        first = begin_neighbors(con, index)
        add_neighbors(con, index, first, first.parts[0], nearest)
    with library.write() as con:
        second = begin_neighbors(con, index)
    for write in (
        lambda con: add_neighbors(con, index, first, first.parts[1], nearest),
        lambda con: finish_neighbors(con, index, first),
        lambda con: extend_neighbors(con, index, Growth(np.arange(3), index.nearest_to(np.arange(3)), "")),
    ):
        with pytest.raises(LibraryError, match="another build"), library.write() as con:
            write(con)
    with library.write() as con:
        assert sum(add_neighbors(con, index, second, part, nearest) for part in second.parts) == 300 * 32
        finish_neighbors(con, index, second)
    assert build(library).nothing_to_do


def test_more_albums_are_added_to_what_is_there(tmp_path):
    library = make_library(tmp_path / "made", 300, None, 1, Progress())
    build(library)
    add_to_library(library, 20, 5)
    report = build(library)
    assert report.indexed == 20 and 0 < report.neighbors < 320 * 32
    with library.read() as con:
        assert con.execute("SELECT count(*), count(DISTINCT cover_sha256) FROM albums").fetchone() == (320, 320)
        fresh = con.execute("SELECT count(*) FROM neighbors").fetchone()
    assert fresh == (320 * 32,)
