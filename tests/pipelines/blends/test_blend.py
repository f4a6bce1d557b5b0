from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from pipelines.blends.files import read_recipe, write_blend
from pipelines.blends.recipe import BlendError, Recipe, file_name, slug
from pipelines.images import encode_webp
from store.catalogue.covers import CoverFiles
from store.records import Album
from tests.pipelines.support.blends import blender_of


def album(title: str, sha: str | None) -> Album:
    return Album(title.lower(), "Artist", title, 2000, "rock", None, sha)


@pytest.fixture
def blender(tmp_path, tiny_weights):
    return blender_of(tmp_path / "covers", tiny_weights)


@pytest.fixture
def albums(tmp_path, covers):
    files = CoverFiles(tmp_path / "covers")
    return [album(f"Title {i}", files.put(encode_webp(cover))) for i, cover in enumerate(covers[:4])]


def test_a_blend_is_written_at_full_size_with_its_recipe(blender, albums, tmp_path):
    out = tmp_path / "new.png"
    result = blender.write(blender.recipe(albums[:3], [3, 1, 1], "vivid", 512), out)
    assert result.path == out
    with Image.open(out) as image:
        assert image.size == (512, 512) and image.mode == "RGB"
        assert np.array_equal(np.asarray(image), result.pixels)
    recipe = read_recipe(out)
    assert recipe == result.recipe
    assert [part.weight for part in recipe.parts] == [3, 1, 1] and recipe.mode == "vivid"


def test_the_recipe_makes_the_same_pixels_again(blender, albums, tmp_path, tiny_weights):
    made = blender.write(blender.recipe(albums, None, "interpolate", 128), tmp_path / "a.png")
    other = blender_of(tmp_path / "covers", tiny_weights)
    assert np.array_equal(other.make(read_recipe(tmp_path / "a.png")).pixels, made.pixels)


def test_all_weight_on_one_album_is_its_cover_or_with_invented_detail_its_self_encoding(blender, albums):
    codec = blender.codec
    cover = blender.parents.covers.pixels(albums[0].cover_sha256)
    assert np.array_equal(blender.make(blender.recipe(albums[:2], [1, 0], "mean", 128)).pixels, cover)
    one = blender.make(blender.recipe(albums[:2], [1, 0], "mean", 128, "invented")).pixels
    assert np.abs(one.astype(int) - codec.decode(codec.encode(cover[None]))[0]).max() <= 1


def test_a_file_that_is_there_is_kept(blender, albums, tmp_path):
    out = tmp_path / "mine.png"
    out.write_text("precious")
    with pytest.raises(BlendError, match=r"mine\.png is there already"):
        blender.write(blender.recipe(albums[:2], None, "mean", 128), out)
    assert out.read_text() == "precious"
    blender.write(blender.recipe(albums[:2], None, "mean", 128), out, overwrite=True)
    assert read_recipe(out).mode == "mean"


def test_blends_into_a_folder_get_names_of_their_own(blender, albums, tmp_path):
    folder = tmp_path / "blends"
    folder.mkdir()
    first = blender.write(blender.recipe(albums[:2], None, "mean", 128), folder).path
    second = blender.write(blender.recipe(albums[:2], None, "mean", 128), folder).path
    assert first != second
    assert first.name.startswith("title-0+title-1-mean-") and second.stem == first.stem + "-2"
    assert sorted(path.name for path in folder.iterdir()) == sorted([first.name, second.name])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("Ágætis byrjun", "agtis-byrjun"),
        ("\x1b[31m\0", "31m"),
        ("椎名林檎", "untitled"),
        ("x" * 4000, "x" * 24),
        ("CON", "con"),
    ],
)
def test_titles_make_harmless_names(text, name):
    assert slug(text) == name


def test_a_hostile_title_cannot_leave_the_folder(blender, albums, tmp_path):
    folder = tmp_path / "blends"
    folder.mkdir()
    hostile = [album("../../escape\x1b[2J", albums[0].cover_sha256), albums[1]]
    path = blender.write(blender.recipe(hostile, None, "mean", 128), folder).path
    assert path.parent == folder
    assert "/" not in file_name(read_recipe(path))


@pytest.mark.parametrize(
    ("which", "weights", "mode", "says"),
    [
        ([0], None, "mean", "at least two"),
        ([0, 1], [1.0], "mean", "1 weights for 2"),
        ([0, 1], [0.0, 0.0], "mean", "not all 0"),
        ([0, 1], None, "mix", "vivid"),
    ],
)
def test_what_cannot_be_blended_is_said(blender, albums, which, weights, mode, says):
    with pytest.raises(BlendError, match=says):
        blender.make(blender.recipe([albums[i] for i in which], weights, mode, 128))


def test_an_album_without_a_cover_is_named(blender, albums):
    with pytest.raises(BlendError, match="Bare has no cover"):
        blender.recipe([albums[0], album("Bare", None)], None, "vivid", 512)


def test_a_recipe_of_another_model_is_refused(blender, albums):
    recipe = blender.recipe(albums[:2], None, "mean", 128)
    foreign = Recipe(recipe.parts, recipe.mode, recipe.size, "0123456789abcdef")
    with pytest.raises(BlendError, match="0123456789abcdef"):
        blender.make(foreign)


def test_files_without_a_recipe_are_told_apart(tmp_path, blender, albums):
    plain = tmp_path / "plain.png"
    Image.new("RGB", (4, 4)).save(plain)
    with pytest.raises(BlendError, match="carries no recipe"):
        read_recipe(plain)
    plain.write_text("no picture")
    with pytest.raises(BlendError, match="cannot be read"):
        read_recipe(plain)
    for text in ("[]", "{", json.dumps({"parts": [{"album_id": 1}], "mode": "mean", "size": 1, "model_id": ""})):
        with pytest.raises(BlendError, match="no blend recipe"):
            Recipe.from_json(text)


def test_a_folder_that_cannot_be_written_is_named_and_leaves_nothing(blender, albums, tmp_path):
    recipe = blender.recipe(albums[:2], None, "mean", 128)
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(BlendError, match="cannot write"):
        write_blend([np.zeros((8, 8, 3), np.uint8)], recipe, blocker / "x.png")
