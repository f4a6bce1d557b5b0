"""The montage: areas follow shares and pins, words are whole or absent, ends are the covers, films only grow."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from pipelines.blends import detail
from pipelines.blends.lineage import blend_as_album, tree
from pipelines.blends.montage.areas import areas
from pipelines.blends.montage.joining import brightness, enlarged, join, masks_of
from pipelines.blends.montage.uncut import Unit, shown_heads
from pipelines.blends.parents import Parents
from pipelines.blends.recipe import BlendError, Pin, Recipe, Taken, Wishes
from pipelines.blends.way_film import write_way
from pipelines.images import encode_webp
from pipelines.looking.whole import FIRST, Boxes
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from store.personal.records import Personal
from store.records import Album
from store.repair.repair import find_problems
from tests.pipelines.support.blends import blender_of


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory, covers, tiny_weights):
    """A library's blender and four albums."""
    library = Library.create(tmp_path_factory.mktemp("montage"))
    files = CoverFiles(library.covers_dir)
    shas = [files.put(encode_webp(cover)) for cover in covers[:4]]
    albums = [Album(f"{i:016x}", "Artist", f"Title {i}", None, None, None, sha) for i, sha in enumerate(shas)]
    return blender_of(library.covers_dir, tiny_weights, library), albums, library


def shares_of(labels, n):
    return np.bincount(labels.ravel(), minlength=n) / labels.size


def test_areas_follow_the_shares_and_the_same_input_gives_the_same_areas(covers):
    some = np.stack(covers[:3])
    guide = some.mean(0).astype(np.uint8)
    for wanted in ((0.5, 0.3, 0.2), (0.1, 0.1, 0.8), (0.34, 0.33, 0.33)):
        labels = areas(guide, some, np.array(wanted))
        assert np.abs(shares_of(labels, 3) - wanted).max() < 0.12
        assert np.array_equal(labels, areas(guide, some, np.array(wanted)))
    little_more = areas(guide, some, np.array((0.35, 0.33, 0.32)))
    assert (little_more != labels).mean() < 0.1
    assert not areas(guide, some, np.array((1.0, 0, 0))).any()


def test_words_are_whole_or_absent_and_pins_hold(covers):
    some = np.stack(covers[:3])
    guide = some.mean(0).astype(np.uint8)
    units = [Unit(place, 0.1 + 0.3 * at, 0.2 + 0.2 * at, 0.35 + 0.3 * at, 0.3 + 0.2 * at)
             for place in range(3) for at in range(3)]  # fmt: skip
    labels = areas(guide, some, np.full(3, 1 / 3), units)
    for unit in units:
        shown = (labels[unit.on(128) > 0.5] == unit.place).mean()
        assert shown < 0.06 or shown > 0.94
    for place in range(3):
        pinned = areas(guide, some, np.full(3, 1 / 3), pins=[Pin(place, 0.7, 0.3)])
        assert pinned[38, 90] == place


def test_a_body_is_not_shown_without_its_head(covers):
    some = np.stack(covers[:3])
    guide = some.mean(0).astype(np.uint8)
    heads = [Unit(place, 0.1 + 0.25 * place, 0.15, 0.3 + 0.25 * place, 0.4, head=True) for place in range(3)]
    labels, before = areas(guide, some, np.full(3, 1 / 3), heads), areas(guide, some, np.full(3, 1 / 3))
    bare = 0
    for head in heads:
        shown = (labels[head.on(128) > 0.5] == head.place).mean()
        chest = (head.body.on(128) > 0.5) & (head.on(128) == 0)
        assert shown < 0.06 or shown > 0.94
        assert shown > 0.94 or (labels[chest] == head.place).mean() < 0.3
        bare += (before[chest] == head.place).mean() > 0.3
    assert bare, "without heads some body would be bare"
    own = shown_heads(labels, heads)
    assert own.max() == 1 and shown_heads(labels, []) is None


def test_a_head_keeps_more_of_its_own_light(covers):
    some, whole = np.stack([covers[0], covers[0]]), masks_of([np.zeros((128, 128), np.int8)], [1], 2)
    heads = np.zeros((128, 128), np.float32)
    heads[32:64, 32:64] = 1
    plain, kept = join(covers[1], some, whole), join(covers[1], some, whole, heads=heads)
    away = lambda picture: np.abs(picture.astype(int) - covers[0])[32:64, 32:64].mean()  # noqa: E731
    assert away(kept) < away(plain) and np.array_equal(kept[100:, 100:], plain[100:, 100:])


def test_a_picture_of_one_cover_is_that_cover_and_masks_sum_to_one(covers):
    some = np.stack(covers[:2])
    whole = masks_of([np.zeros((128, 128), np.int8)], [1], 2)
    assert np.abs(join(some[1], some, whole, 0.0).astype(int) - some[0]).max() <= 1
    labels = np.tile(np.arange(128) > 64, (128, 1)).astype(np.int8)
    for side in (128, 512):
        masks = masks_of([enlarged(labels, side), enlarged(labels[::-1].T.copy(), side)], [2, 1], 2)
        assert np.allclose(masks.sum(0), 1, atol=1e-5)


def test_a_picture_darker_than_its_parents_is_raised_and_others_are_not(covers):
    dark = (covers[0] // 6).astype(np.uint8)
    masks = masks_of([np.zeros((128, 128), np.int8)], [1], 2)
    some = np.stack([dark, dark])
    least = 0.5 * (brightness(dark) + 0.4)
    plain, raised = join(dark, some, masks), join(dark, some, masks, least=least)
    assert brightness(plain) + 0.5 * (least - brightness(plain)) < brightness(raised) < least
    assert np.array_equal(join(dark, some, masks, least=brightness(plain) - 0.01), plain)


def test_a_recipe_from_before_words_were_looked_for_is_made_without_them(kitchen, monkeypatch):
    blender, albums, _ = kitchen
    recipe = blender.recipe(albums[:3], None, "vivid", 128)
    monkeypatch.setattr(Parents, "whole", lambda *_: Boxes([(0.1, 0.1, 0.6, 0.2)], [(0.4, 0.3, 0.6, 0.5)]))
    new = blender.make(recipe)
    old = blender.make(replace(recipe, taken=Taken(way="1", sides=new.recipe.taken.sides)))
    assert new.recipe.taken.way == detail.WAY and old.recipe.taken.way == "1"
    monkeypatch.setattr(Parents, "whole", lambda *_: pytest.fail("nothing is looked for"))
    again = blender.make(old.recipe)
    assert np.array_equal(again.pixels, old.pixels) and again.recipe == old.recipe
    monkeypatch.setattr(Parents, "whole", lambda *_: Boxes([], [(0.4, 0.3, 0.6, 0.5)]))
    second = replace(new.recipe, taken=replace(new.recipe.taken, way=f"2+{FIRST}"))
    assert blender.make(second).recipe.taken.way == f"2+{FIRST}"
    other = replace(new.recipe, taken=replace(new.recipe.taken, way="1+rapidocr-3.10.0"))
    monkeypatch.setattr(Parents, "whole", lambda *_: Boxes([(0.1, 0.1, 0.6, 0.2)], [(0.4, 0.3, 0.6, 0.5)]))
    assert blender.make(other).recipe.taken.way == detail.WAY  # and the command says that the pixels differ


def test_a_films_areas_only_grow_and_its_ends_are_the_covers(kitchen):
    blender, albums, _ = kitchen
    recipe = replace(blender.recipe(albums[:2], None, "interpolate", 128), layout="film", frames=9)
    assert [detail._layout_at(recipe, at, 9) for at in range(9)] == [4] * 9
    frames = blender.make(recipe).frames
    for frame, album in zip((frames[0], frames[-1]), albums[:2], strict=True):
        assert np.array_equal(frame, blender.parents.covers.pixels(album.cover_sha256))


def test_old_recipes_are_made_as_before_and_damaged_ones_refused(kitchen):
    blender, albums, _ = kitchen
    made = blender.make(blender.recipe(albums[:2], [1, 2], "vivid", 128, "invented"))
    old = made.recipe.to_json().replace('"detail": "invented", ', "")
    assert "detail" not in old
    assert np.array_equal(blender.make(Recipe.from_json(old)).pixels, made.pixels)
    new = blender.make(replace(made.recipe, detail="parents"))
    assert Recipe.from_json(new.recipe.to_json()) == new.recipe and "montage" in new.recipe.said
    for bad in (
        {"wishes": {"pins": [{"place": 7, "x": 0, "y": 0}]}},
        {"wishes": {"favour": [float("nan"), 1]}},
        {"wishes": 7},
        {"taken": {"donors": [3]}},
        {"detail": "magic"},
    ):
        with pytest.raises(BlendError):
            Recipe.from_json(json.dumps({**json.loads(new.recipe.to_json()), **bad}))


def test_a_cover_that_is_missing_leaves_its_area_to_the_others(kitchen, tmp_path):
    blender, albums, library = kitchen
    made = blender.make(blender.recipe(albums[:3], None, "vivid", 128)).recipe
    files = CoverFiles(tmp_path)
    for album in albums[:2]:
        files.put(library_bytes(library, album))
    alone = blender_of(tmp_path, blender.codec)
    again = alone.make(made)
    assert again.recipe.taken.missing == (2,) and "Title 2" in again.recipe.said
    assert set(np.unique(again.areas)) == {0, 1}
    with pytest.raises(BlendError, match="not one of the parents' covers"):
        blender_of(tmp_path / "none", blender.codec).make(made)


def library_bytes(library: Library, album: Album) -> bytes:
    assert album.cover_sha256 is not None
    return CoverFiles(library.covers_dir).read(album.cover_sha256)


def test_layout_of_one_and_favours_change_what_is_shown(kitchen):
    blender, albums, _ = kitchen
    recipe = blender.recipe(albums[:3], None, "vivid", 128)
    plain, more = blender.make(recipe), blender.make(replace(recipe, wishes=Wishes(favour=(4.0, 1.0, 1.0))))
    assert shares_of(more.areas, 3)[0] > shares_of(plain.areas, 3)[0] + 0.1
    swapped = blender.make(replace(recipe, wishes=Wishes(layout_of=0)))
    assert 0 not in swapped.areas


def test_a_blend_is_a_parent_and_its_tree_is_kept(kitchen):
    blender, albums, library = kitchen
    first = blender.write(blender.recipe(albums[:2], None, "vivid", 128), library.blends_dir / "first.png")
    parent = blend_as_album(library, "blend:first")
    assert parent.parts == first.recipe.parts
    second = blender.write(blender.recipe([parent, albums[2]], None, "vivid", 128), library.blends_dir / "second.png")
    grand = blend_as_album(library, "blend:second.png")
    assert [(depth, part.title) for depth, part in tree(grand.parts)] == [
        (0, "first"), (1, "Title 0"), (1, "Title 1"), (0, "Title 2"),
    ]  # fmt: skip
    assert Recipe.from_json(second.recipe.to_json()) == second.recipe
    cover = CoverFiles(library.covers_dir).path(str(parent.cover_sha256))
    os.utime(cover, (0, 0))
    assert str(cover) in orphans(library)
    Personal(library).add_blend("x", second.path, json.loads(second.recipe.to_json()))
    Personal(library).flush()
    assert str(cover) not in orphans(library)
    for bad in ("blend:", "blend:../x", "blend:nothing"):
        with pytest.raises(BlendError):
            blend_as_album(library, bad)


def orphans(library: Library) -> list[str]:
    return [path for one in find_problems(library) if one.name == "orphan covers" for path in one.items]


def test_a_way_is_a_film(kitchen, tmp_path):
    from PIL import Image

    blender, albums, _ = kitchen
    bare = replace(albums[0], cover_sha256=None)
    film = write_way(
        blender, [albums[0], bare, albums[1], albums[1], albums[2]], tmp_path / "a.webp", frames=4, size=128
    )
    with Image.open(film.path) as image:
        assert image.n_frames == film.frames == 9 and image.size == (128, 128)
    assert film.left_out == (bare,)
    with pytest.raises(BlendError, match="two covers"):
        write_way(blender, [albums[0], bare], tmp_path / "b.webp")
