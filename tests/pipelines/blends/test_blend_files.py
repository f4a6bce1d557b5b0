"""Films, sheets and every kind of file: what they show, that they carry their recipe, and what goes wrong on disk."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from pipelines.blends.files import SUFFIXES, read_recipe, write_blend
from pipelines.blends.gallery import from_trash, open_gallery, to_trash
from pipelines.blends.recipe import BlendError, Recipe
from pipelines.blends.recipe_to_file import Blender
from pipelines.build import build
from pipelines.images import encode_webp
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.neighbors.find import resolve
from store.personal.records import Personal, blend_row
from store.records import Album, AlbumRecord, CoverRecord
from tests.pipelines.support.blends import blender_of


@pytest.fixture(scope="module")
def built(tmp_path_factory, covers, tiny_weights) -> Library:
    """A library of 48 albums with latents, half of them metal, half of them pop."""
    library = Library.create(tmp_path_factory.mktemp("built"))
    shas = [CoverFiles(library.covers_dir).put(encode_webp(cover)) for cover in covers]
    shades = [int("".join(f"{int(v):02x}" for v in cover.mean((0, 1))), 16) for cover in covers]
    with library.write() as con:
        add_covers(con, [CoverRecord(sha, 128, 128, 1, shade) for sha, shade in zip(shas, shades, strict=True)])
        add_albums(con, [
            AlbumRecord("Ä", f"\U0001f3b5 “T” {i}", "test", str(i), genre="metal" if i % 2 else "pop", cover_sha256=sha)
            for i, sha in enumerate(shas)
        ])  # fmt: skip
    build(library, weights=tiny_weights)
    return library


@pytest.fixture(scope="module")
def blender(built, tiny_weights) -> Blender:
    return blender_of(built.covers_dir, tiny_weights, built)


@pytest.fixture(scope="module")
def albums(built) -> list[Album]:
    snapshot = Snapshot.load(built)
    return [snapshot.album(row) for row in range(5)]


def recipe(blender: Blender, albums: list[Album], layout: str, frames: int = 1, size: int = 128) -> Recipe:
    return replace(blender.recipe(albums, None, "vivid", size), layout=layout, frames=frames)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("layout", ["picture", "film"])
def test_every_kind_of_file_carries_its_recipe_and_is_made_again(blender, albums, tmp_path, suffix, layout):
    wanted = recipe(blender, albums[:3], layout, 5 if layout == "film" else 1)
    made = blender.write(wanted, tmp_path / f"a{suffix}")
    again = read_recipe(made.path)
    assert again == made.recipe and again.parts[0].title.startswith("\U0001f3b5")
    other = blender_of(blender.parents.covers.covers_dir, blender.codec)  # without the library
    copy = other.write(again, tmp_path / f"b{suffix}")
    assert copy.path.read_bytes() == made.path.read_bytes()
    with Image.open(made.path) as image:
        assert image.size == (128, 128) and getattr(image, "n_frames", 1) == (8 if layout == "film" else 1)


@pytest.mark.parametrize("suffix", [".apng", ".webp", ".gif"])
def test_a_film_goes_through_every_cover_and_back_frame_by_frame(blender, albums, tmp_path, suffix):
    made = blender.write(recipe(blender, albums[:3], "film", 5), tmp_path / f"film{suffix}")
    for at, album in zip((0, 4), (albums[0], albums[2]), strict=True):
        assert np.array_equal(made.frames[at], blender.parents.covers.pixels(album.cover_sha256))
    invented = blender.make(replace(made.recipe, detail="invented"))
    for at, album in zip((0, 2, 4), albums[:3], strict=True):  # exactly what the model makes of the cover alone
        assert np.array_equal(invented.frames[at], blender.parents.picture_of(album.cover_sha256))
    with Image.open(made.path) as image:
        frames = [np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(image)]
        assert image.info.get("loop") == 0
    assert len(frames) == 8
    off = {".apng": 0, ".webp": 6, ".gif": 10}[suffix]  # mean error of a channel that its format allows
    for at, frame in enumerate(frames):
        assert np.abs(frame - made.frames[at if at < 5 else 8 - at]).mean() <= off


def test_sheets_show_what_they_say(blender, albums, tmp_path):
    one = blender.parents.covers.pixels
    strip = blender.write(recipe(blender, albums[:2], "strip", 4), tmp_path / "strip.png").pixels
    assert strip.shape == (128, 4 * 134 - 6, 3)
    assert np.array_equal(strip[:, :128], one(albums[0].cover_sha256))
    assert np.array_equal(strip[:, -128:], one(albums[1].cover_sha256))
    grid = blender.make(recipe(blender, albums[:4], "grid", 3)).pixels
    assert grid.shape == (3 * 134 - 6, 3 * 134 - 6, 3)
    corners = (grid[:128, :128], grid[:128, -128:], grid[-128:, :128], grid[-128:, -128:])
    for album, corner in zip(albums, corners, strict=False):
        assert np.array_equal(corner, one(album.cover_sha256))
    composite = blender.make(recipe(blender, albums, "composite"))
    assert composite.pixels.shape == (128, 6 * 134 - 6, 3)
    assert np.array_equal(composite.pixels[:, :128], blender.parents.covers.pixels(albums[0].cover_sha256))
    assert np.array_equal(composite.pixels[:, -128:], blender.make(recipe(blender, albums, "picture")).pixels)


def test_layouts_that_cannot_be_are_refused(blender, albums, tmp_path):
    with pytest.raises(BlendError, match="4 albums, not 3"):
        recipe(blender, albums[:3], "grid", 3)
    with pytest.raises(BlendError, match="2 to 240"):
        recipe(blender, albums[:2], "film", 1)
    with pytest.raises(BlendError, match=r"not \.jpg"):
        blender.write(recipe(blender, albums[:2], "picture"), tmp_path / "x.jpg")
    with pytest.raises(BlendError, match="damaged"):
        blender.make(replace(recipe(blender, albums[:2], "film", 3), latent="AAAA"))
    assert not list(tmp_path.iterdir())


def test_latents_come_from_the_library_and_are_those_of_the_encoder(blender, albums, built):
    shas = [album.cover_sha256 for album in albums]
    reading = blender_of(Path("nowhere"), blender.codec, built)  # no cover file could be read
    encoding = blender_of(built.covers_dir, blender.codec)
    assert np.allclose(reading.parents.latents(shas), encoding.parents.latents(shas), atol=1e-3)


def test_a_drift_brightens_and_is_in_the_recipe(blender, albums):
    names = [one.name for one in blender.parents.directions]
    assert names[:2] == ["brighter", "warmer"] and {"more metal", "more pop", "axis 1"} <= set(names)
    still = recipe(blender, albums[:3], "picture")
    shades = [blender.make(replace(still, drift=(("brighter", steps),))).pixels.mean() for steps in (-4, 0, 4)]
    assert shades[0] + 5 < shades[1] < shades[2] - 5
    drifted = replace(still, drift=(("brighter", 4.0), ("axis 1", -1.0)))
    assert Recipe.from_json(drifted.to_json()) == drifted and drifted.blend_id != still.blend_id
    film = blender.make(replace(drifted, layout="film", frames=3)).frames
    assert np.array_equal(film[0], blender.make(still).pixels)
    assert np.array_equal(film[-1], blender.make(drifted).pixels)
    with pytest.raises(BlendError, match="no direction 'louder'"):
        blender.make(replace(still, drift=(("louder", 1.0),)))


@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "the folder is read-only"), (errno.EIO, "Input/output")],
)
def test_a_disk_that_refuses_is_told_in_one_line_and_leaves_nothing(
    blender, albums, tmp_path, monkeypatch, number, says
):
    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(BlendError, match=rf"cannot write .*x\.webp: {says}") as told:
        blender.write(recipe(blender, albums[:2], "picture"), tmp_path / "x.webp")
    assert "\n" not in str(told.value) and not list(tmp_path.iterdir())


def test_a_folder_that_takes_no_files_is_named(blender, albums):
    with pytest.raises(BlendError, match="cannot write /proc/x"):
        write_blend([np.zeros((8, 8, 3), np.uint8)], recipe(blender, albums[:2], "picture"), Path("/proc/x.png"))


def test_two_files_of_one_recipe_have_a_row_each_and_a_file_without_a_record_gets_one(blender, albums, built):
    wanted = recipe(blender, albums[:2], "picture")
    for _ in range(2):
        made = blender.write(wanted, built.blends_dir)
        Personal(built).add_blend(blend_row(made.path), made.path, json.loads(made.recipe.to_json()))
    killed = blender.write(wanted, built.blends_dir, suffix=".webp")  # its writer died before the record
    (built.blends_dir / "holiday.png").write_bytes(b"no blend")
    half = built.blends_dir / f".sleevewalk-{'0' * 16}.part"
    half.write_bytes(b"half")
    gallery = open_gallery(built)
    assert gallery.found == 1 and len(gallery.entries) == 3 and killed.path in {e.path for e in gallery.entries}
    assert not half.exists()
    again = open_gallery(built)
    assert again.found == 0 and {e.path for e in again.entries} == {e.path for e in gallery.entries}
    assert again.entries[0].recipe.parts == wanted.parts
    with built.write():
        pass  # the journal goes into the database
    with built.read() as con:
        assert len(con.execute("SELECT path FROM blends").fetchall()) == 3

    entry = again.entries[0]
    trashed = to_trash(built, entry)
    assert trashed.is_file() and not entry.path.exists()
    assert entry.path not in {e.path for e in open_gallery(built).entries}
    from_trash(built, entry, trashed)
    assert open_gallery(built).entries == again.entries
    entry.path.unlink()
    assert open_gallery(built).gone == 1


def test_bulk_reads_latents_from_the_library(blender, built):
    from pipelines.blends.bulk import blend_bulk
    from pipelines.progress import Progress

    reading = blender_of(Path("nowhere"), blender.codec, built)
    snapshot = Snapshot.load(built)
    lines = [json.dumps({"albums": [f"Ä / T {i}", f"Ä / T {i + 1}"], "size": 128, "detail": "none"}) for i in range(20)]
    report = blend_bulk(reading, lines, lambda text: resolve(snapshot, text), built.blends_dir / "many", Progress())
    assert report.written == 20 and not report.bad


WRITES = """
import json, sys, numpy as np
from pathlib import Path
from pipelines.blends.files import write_blend
from pipelines.blends.recipe import Part, Recipe, file_name
from store.database.library import Library
from store.personal.records import Personal, blend_row
library = Library(Path(sys.argv[1]))
for i in range(200):
    recipe = Recipe((Part("a", "A", f"Title {i}", "0" * 64, None),), "mean", 128, "model")
    pixels = np.random.default_rng(i).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    path = write_blend([pixels], recipe, library.blends_dir / file_name(recipe))
    print(i, flush=True)
    Personal(library).add_blend(blend_row(path), path, json.loads(recipe.to_json()))
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_after_a_kill_in_200_writes_records_and_folder_agree(tmp_path, seed):
    library = Library.create(tmp_path / "library")
    writer = subprocess.Popen([sys.executable, "-c", WRITES, str(library.path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for _ in range(20 * seed):
        writer.stdout.readline()
    time.sleep(random.Random(seed).random() * 0.02)
    writer.send_signal(signal.SIGKILL)
    writer.stdout.read()
    writer.wait()
    files = {path for path in library.blends_dir.iterdir() if not path.name.endswith(".part")}
    assert 20 * seed <= len(files) < 200
    assert {entry.path for entry in open_gallery(library).entries} == files
    assert {Path(record.path) for record in Personal(library).read().blends} == files
    for path in files:
        with Image.open(path) as image:
            image.load()


def test_a_recipe_says_what_sharpened_its_picture(blender, albums):
    wanted = recipe(blender, albums[:2], "picture")
    named = replace(wanted, refiner="abc", detail="invented")
    assert Recipe.from_json(named.to_json()).refiner == "abc" and named.blend_id != wanted.blend_id
    assert blender.make(named).recipe.refiner == blender.codec.refiner_id
