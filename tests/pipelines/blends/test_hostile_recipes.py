"""Recipes that others wrote: taken as they are meant, or refused in one line; nothing dies of one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.blends.files import read_recipe
from pipelines.blends.gallery import Entry, open_gallery, to_trash
from pipelines.blends.png import encode_png
from pipelines.blends.recipe import BlendError, Recipe
from store.database.library import Library
from store.personal.records import Personal, blend_row
from tests.support.hostile import harmless

CASES = int(os.environ.get("SLEEVEWALK_FUZZ", "200"))
PART = {"album_id": "a", "artist": "A", "title": "T", "cover_sha256": "0" * 64, "weight": 0.5}
SOUND = {"parts": [PART, PART], "mode": "vivid", "size": 512, "model_id": "m"}
# What a recipe may hold in a field's place. Each killed the gallery or a run of --recipes.
ODD: list[dict[str, Any]] = [
    {"parts": []}, {"parts": {}}, {"parts": [5]}, {"parts": None}, {"parts": [{**PART, "title": 5}]},
    {"parts": [{**PART, "weight": "1"}]}, {"parts": [{**PART, "weight": 1e300}]}, {"parts": [{"title": "T"}]},
    {"size": 0}, {"size": -1}, {"size": 300}, {"size": 10**12}, {"size": "512"}, {"size": None}, {"size": 512.5},
    {"mode": "none such"}, {"mode": 5}, {"mode": "\x1b[31m"}, {"layout": "\x1b]0;x\x07"}, {"layout": []},
    {"layout": "film", "frames": 10**9}, {"layout": "film", "frames": "7"}, {"layout": "grid", "frames": 3},
    {"drift": 7}, {"drift": [["x", "y"]]}, {"drift": [["x"]]}, {"latent": 5}, {"batched": "yes"}, {"refiner": {}},
    {"model_id": None},
]  # fmt: skip


def png(text: str) -> bytes:
    return encode_png(np.zeros((16, 16, 3), np.uint8), {"sleevewalk": text})


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: json.dumps(odd)[:40])
def test_an_odd_recipe_is_refused_in_a_line(odd: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png(json.dumps({**SOUND, **odd})))
    with pytest.raises(BlendError) as caught:
        read_recipe(path)
    assert harmless(str(caught.value)) and "\n" not in str(caught.value)


def test_a_sound_one_is_taken(tmp_path: Path) -> None:
    assert Recipe.from_json(json.dumps(SOUND)).parts[0].weight == 0.5
    (tmp_path / "x.png").write_bytes(png(json.dumps({**SOUND, "more": [1]})))
    assert read_recipe(tmp_path / "x.png").size == 512
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(BlendError, match="no file"):
        read_recipe(tmp_path / "pipe.png")


def test_the_gallery_opens_beside_what_friends_gave(library: Library) -> None:
    for number, odd in enumerate(ODD):
        (library.blends_dir / f"{number}.png").write_bytes(png(json.dumps({**SOUND, **odd})))
        Personal(library).add_blend(f"r{number}", library.blends_dir / f"{number}.png", {**SOUND, **odd})
    (library.blends_dir / "sound.png").write_bytes(png(json.dumps(SOUND)))
    gallery = open_gallery(library)
    assert [entry.path.name for entry in gallery.entries] == ["sound.png"]
    assert len(gallery.unreadable) == len(ODD)


def test_what_a_record_names_is_moved_only_if_it_is_that_blend(library: Library, tmp_path: Path) -> None:
    letter = tmp_path / "letter.png"
    for content in (b"Dear Anna", png("{}"), png(json.dumps({**SOUND, "size": 128}))):
        letter.write_bytes(content)
        Personal(library).add_blend(blend_row(letter), letter, SOUND)
        (entry,) = open_gallery(library).entries
        with pytest.raises(BlendError):
            to_trash(library, entry)
        assert letter.read_bytes() == content
    letter.write_bytes(png(json.dumps(SOUND)))
    assert to_trash(library, Entry(entry.blend_id, letter, entry.recipe, entry.made_at)).is_file()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.dictionaries(st.sampled_from([*SOUND, "layout", "frames", "drift", "latent", "batched", "refiner"]), JSON)


@settings(max_examples=CASES)
@given(FIELDS)
def test_any_recipe_is_one_or_a_line(odd: dict[str, Any]) -> None:
    try:
        recipe = Recipe.from_json(json.dumps({**SOUND, **odd}))
    except BlendError as error:
        assert "\n" not in str(error)
        return
    assert Recipe.from_json(recipe.to_json()) == recipe
    try:
        recipe.stops(8)
    except BlendError as error:
        assert "\n" not in str(error)


def test_no_trash_is_left_of_a_refusal(library: Library) -> None:
    shutil.rmtree(library.blends_dir)
    assert open_gallery(library).entries == []
