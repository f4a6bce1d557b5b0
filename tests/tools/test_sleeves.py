"""The drawn covers: the same everywhere, rich, and alike where the music is."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tools.sleeves.catalogue import demo_albums
from tools.sleeves.draw import STYLES, draw_cover
from tools.sleeves.words import GENRES


@pytest.fixture(scope="module")
def covers() -> np.ndarray:
    """All covers, uint8 [300, 128, 128, 3]."""
    return np.stack([draw_cover(album) for album in demo_albums()])


def _digest(start: int, step: int) -> str:
    """Runs in this process and in another one."""
    total = hashlib.sha256()
    for album in demo_albums()[start::step]:
        total.update(draw_cover(album).tobytes())
    return total.hexdigest()


def _features(covers: np.ndarray) -> np.ndarray:
    """Colour and structure of each cover, float [n, d]: an 8×8 thumbnail, a hue histogram, edge energy by thirds."""
    rows = []
    for cover in covers:
        image = Image.fromarray(cover)
        thumbnail = np.asarray(image.resize((8, 8), Image.Resampling.BOX), dtype=float).ravel() / 255
        hue, saturation, value = np.moveaxis(np.asarray(image.convert("HSV"), dtype=float) / 255, 2, 0)
        hues = np.histogram(hue, bins=12, range=(0, 1), weights=saturation)[0] / hue.size
        tones = np.histogram(value, bins=8, range=(0, 1))[0] / value.size
        gray = np.asarray(image.convert("L"), dtype=float) / 255
        edges = np.abs(np.diff(gray, axis=0))[:, :-1] + np.abs(np.diff(gray, axis=1))[:-1]
        thirds = [part.mean() for strip in np.array_split(edges, 3) for part in np.array_split(strip, 3, axis=1)]
        rows.append(np.concatenate([thumbnail, 3 * hues, 3 * tones, 6 * np.array(thirds)]))
    return np.stack(rows)


def _nearest(features: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Row of the nearest other cover for each, among those that `allowed` [n, n] permits."""
    distance = np.linalg.norm(features[:, None] - features[None], axis=2)
    return np.where(allowed, distance, np.inf).argmin(axis=1)


def test_every_scene_has_a_motif():
    assert {genre.name: {scene.name for scene in genre.scenes} for genre in GENRES} == {
        name: set(style.MOTIFS) for name, style in STYLES.items()
    }


def test_covers_are_what_the_library_stores(covers: np.ndarray):
    assert covers.dtype == np.uint8 and covers.shape == (300, 128, 128, 3)


def test_no_cover_is_flat_and_no_two_are_the_same(covers: np.ndarray):
    for cover, album in zip(covers, demo_albums(), strict=True):
        luma = cover.astype(float) @ (0.299, 0.587, 0.114)
        assert luma.std() > 15, f"{album.artist} / {album.title} is nearly one tone"
        low, high = np.percentile(luma, (2, 98))
        assert high - low > 60, f"{album.artist} / {album.title} has no contrast"
    small = covers[:, 8::16, 8::16].reshape(300, -1).astype(np.float32)
    distance = np.abs(small[:, None] - small[None]).mean(axis=2) + 255 * np.eye(300)
    assert distance.min() > 3


def test_the_same_bytes_twice_and_with_another_hash_seed():
    mine = _digest(3, 12)
    assert _digest(3, 12) == mine
    code = "from tests.tools.test_sleeves import _digest; print(_digest(3, 12))"
    env = {**os.environ, "PYTHONHASHSEED": "4711"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert other.stdout.strip() == mine


def test_a_cover_comes_from_artist_title_and_genre_alone(covers: np.ndarray):
    album = demo_albums()[40]
    stripped = replace(album, tags=(), artist_tags=(), year=None, listeners=None, source_key="elsewhere")
    assert np.array_equal(draw_cover(stripped), covers[40])
    assert not np.array_equal(draw_cover(replace(album, title="Another Title")), covers[40])


def test_neighbours_by_sleeve_keep_genre_even_across_artists(covers: np.ndarray):
    albums = demo_albums()
    genres = np.array([album.genre for album in albums])
    artists = np.array([album.artist for album in albums])
    features = _features(covers)
    near = _nearest(features, ~np.eye(300, dtype=bool))
    assert (genres[near] == genres).mean() > 0.8
    assert (artists[near] == artists).mean() > 0.5
    near = _nearest(features, artists[:, None] != artists[None])  # the harder question: nobody's own sleeves
    purity = {genre: float((genres[near] == genres)[genres == genre].mean()) for genre in set(genres)}
    assert np.mean(list(purity.values())) > 0.5, purity
    assert min(purity.values()) > 0.25, purity  # chance is about 0.125


@pytest.mark.parametrize("change", [{"genre": "polka"}, {"genre": None}, {"artist": "Nobody in Particular"}])
def test_an_album_of_nobody_here_is_refused_by_name(change: dict[str, str | None]):
    album = replace(demo_albums()[0], **change)
    with pytest.raises(ValueError, match="is not by one of the demo's"):
        draw_cover(album)
