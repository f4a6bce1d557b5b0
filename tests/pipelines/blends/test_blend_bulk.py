"""Many blends: batches, continuing, kill -9; and random recipes."""

from __future__ import annotations

import io
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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.blends.bulk import blend_bulk
from pipelines.blends.files import read_recipe
from pipelines.blends.png import encode_png
from pipelines.blends.recipe import DETAILS, BlendError, Pin, Recipe, Wishes
from pipelines.blends.resolve import resolve
from pipelines.images import encode_webp
from pipelines.progress import Progress
from store.catalogue.covers import CoverFiles
from store.errors import LibraryError
from store.records import Album
from tests.pipelines.support.blends import blender_of
from vae.blend import MODES

RECIPES = int(os.environ.get("SLEEVEWALK_RECIPES", "120"))  # random ones; 1,000 before a release


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory, covers, tiny_weights):
    """A blender and six albums."""
    folder = tmp_path_factory.mktemp("kitchen")
    files = CoverFiles(folder)
    shas = [files.put(encode_webp(cover)) for cover in covers[:6]]
    albums = [Album(f"{i:016x}", "Artist", f"Title {i}", None, None, None, sha) for i, sha in enumerate(shas)]
    return blender_of(folder, tiny_weights), albums


def run(kitchen, lines, out):
    blender, albums = kitchen
    known = {album.title: album for album in albums}

    def find(text: str) -> Album:
        if text not in known:
            raise LibraryError(f"no album {text}")
        return known[text]

    return blend_bulk(blender, lines, find, out, Progress())


def some_lines(n: int) -> list[str]:
    dice = random.Random(0)
    return [
        json.dumps({"albums": [f"Title {i}" for i in dice.sample(range(6), 3)], "weights": [dice.random(), 1, i + 1],
                    "mode": MODES[i % 4], "size": 128})
        for i in range(n)
    ]  # fmt: skip


def test_every_recipe_becomes_a_file_that_its_recipe_makes_again(kitchen, tmp_path):
    lines = some_lines(19)
    report = run(kitchen, lines, tmp_path)
    assert (report.written, report.there, report.bad) == (19, 0, [])
    for path in tmp_path.iterdir():
        with Image.open(path) as image:
            assert np.array_equal(kitchen[0].make(read_recipe(path)).pixels, np.asarray(image))
    assert run(kitchen, [*lines, *lines], tmp_path).there == 38


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "7", '{"albums": "x"}', '{"albums": ["Title 0"]}', '{"albums": ["Title 0", "Nobody"]}', "[" * 5000,
     '{"albums": ["Title 0", "Title 1"], "weights": [1]}', '{"albums": ["Title 0", "Title 1"], "size": 7}',
     '{"albums": ["Title 0", "Title 1"], "weights": [1e39, 1e39], "mode": "arithmetic"}'],
)  # fmt: skip
def test_a_bad_line_is_named_and_the_others_are_made(kitchen, tmp_path, line):
    report = run(kitchen, ["", line, *some_lines(1)], tmp_path)
    assert [number for number, _ in report.bad] == [2] and report.written == 1


weight = st.floats(-1000, 1000, allow_nan=False)


parts_of = st.lists(st.tuples(st.integers(0, 5), weight, st.floats(0, 8)), min_size=2, max_size=8)
places = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1), st.floats(0, 1)), max_size=3)


@settings(max_examples=RECIPES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts_of, st.sampled_from(MODES), st.booleans(), st.sampled_from(DETAILS), places, st.booleans())
def test_random_recipes_make_the_same_pictures_twice_or_say_why_not(kitchen, parts, mode, signed, detail, pins, wishes):
    blender, albums = kitchen
    weights = [w if signed else abs(w) for _, w, _ in parts]
    recipe = blender.recipe([albums[i] for i, *_ in parts], weights, mode, 128, detail)
    if wishes:
        favour = tuple(factor for *_, factor in parts)
        recipe = replace(recipe, wishes=Wishes(None, favour, tuple(Pin(*pin) for pin in pins)))
    try:
        point = resolve(recipe, blender.parents)
    except BlendError as error:
        assert "weights" in str(error) and (min(weights) < 0 or not any(weights))
        return
    assert np.isfinite(point).all()
    made = blender.make(recipe)
    assert made.pixels.shape == (128, 128, 3) and made.pixels.dtype == np.uint8
    assert np.array_equal(blender.make(Recipe.from_json(made.recipe.to_json())).pixels, made.pixels)
    above = [albums[i] for (i, *_), w in zip(parts, weights, strict=True) if w]
    if mode != "arithmetic" and len(above) == 1 and detail == "parents":  # an end of an interpolation is the cover
        assert np.array_equal(made.pixels, blender.parents.covers.pixels(above[0].cover_sha256))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1), st.text(st.characters(codec="utf-8")))
def test_a_png_reads_back_bit_for_bit_with_its_texts(width, height, seed, text):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    with Image.open(io.BytesIO(encode_png(pixels, {"sleevewalk": text}))) as image:
        assert image.text["sleevewalk"] == text and np.array_equal(np.asarray(image), pixels)


WRITES = """
import sys, numpy as np
from pathlib import Path
from pipelines.blends.files import write_blend
from pipelines.blends.recipe import Part, Recipe, file_name
for i in range(200):
    recipe = Recipe((Part("a", "A", f"Title {i}", "0" * 64, None),), "mean", 512, "model")
    pixels = np.random.default_rng(i).integers(0, 256, (512, 512, 3)).astype(np.uint8)
    write_blend([pixels], recipe, Path(sys.argv[1]) / file_name(recipe), overwrite=True)
    print(i, flush=True)
"""


def test_a_kill_in_the_midst_of_200_writes_leaves_no_part_of_a_file(tmp_path: Path):
    writer = subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for _ in range(20):
        writer.stdout.readline()
    time.sleep(random.Random(1).random() * 0.05)
    writer.send_signal(signal.SIGKILL)
    told = 20 + len(writer.stdout.readlines())
    writer.wait()
    files = list(tmp_path.glob("title-*.png"))
    assert told <= len(files) <= told + 1 < 200
    for path in files:
        with Image.open(path) as image:
            image.load()
        assert read_recipe(path).parts[0].title.startswith("Title")
