"""The demo's albums and similar artists: complete, clean, connected, the same everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter, deque

from store.text import clean, norm
from tools.sleeves.catalogue import demo_albums, demo_similar_artists
from tools.sleeves.words import GENRES


def _fingerprint() -> str:
    """Runs in this process and in another one."""
    return hashlib.sha256(repr((demo_albums(), demo_similar_artists())).encode()).hexdigest()


def test_three_hundred_albums_in_eight_genres():
    albums = demo_albums()
    genres = Counter(album.genre for album in albums)
    assert len(albums) == 300
    assert len(genres) == 8 and min(genres.values()) >= 25
    assert {"rock", "indie", "electronic", "pop"} <= set(genres)
    assert [album.source_key for album in albums] == [f"demo:{i:03d}" for i in range(300)]
    assert {album.source for album in albums} == {"demo"}


def test_artists_have_one_to_five_albums_of_one_genre_in_order_of_year():
    by_artist: dict[str, list] = {}
    for album in demo_albums():
        by_artist.setdefault(album.artist, []).append(album)
    assert 100 <= len(by_artist) <= 120
    for albums in by_artist.values():
        assert 1 <= len(albums) <= 5
        assert len({album.genre for album in albums}) == 1
        years = [album.year for album in albums]
        assert years == sorted(years) and 1950 <= years[0] <= years[-1] <= 2024


def test_no_two_albums_have_the_same_name_and_no_artist_is_in_two_scenes():
    albums = demo_albums()
    assert len({(norm(album.artist), norm(album.title)) for album in albums}) == len(albums)
    names = [norm(artist) for genre in GENRES for scene in genre.scenes for artist in scene.artists]
    assert len(names) == len(set(names))
    assert {norm(album.artist) for album in albums} == set(names)


def test_all_text_is_clean_and_can_be_searched():
    for album in demo_albums():
        texts = [album.artist, album.title, album.genre, *(tag for tag, _ in album.tags + album.artist_tags)]
        for text in texts:
            assert text == clean(text) and norm(text)


def test_tags_are_weighted_strongest_first_and_shared_by_the_artist():
    for album in demo_albums():
        weights = [weight for _, weight in album.tags]
        assert 8 <= len(album.tags) <= 12
        assert weights == sorted(weights, reverse=True) and 0 < weights[-1] <= weights[0] <= 100
        own, artists = dict(album.tags), dict(album.artist_tags)
        assert album.genre in own and len(own) == len(album.tags)
        assert len(own.keys() & artists.keys()) >= 6
        assert album.listeners is not None and album.playcount is not None
        assert 100 <= album.listeners <= album.playcount


def test_eras_differ_between_genres():
    years: dict[str, list[int]] = {}
    for album in demo_albums():
        years.setdefault(album.genre, []).append(album.year)
    median = {genre: sorted(of)[len(of) // 2] for genre, of in years.items()}
    assert median["jazz"] < 1970 < median["rock"] < median["electronic"]


def test_similar_artists_connect_everyone_and_bridge_the_genres():
    genre_of = {album.artist: album.genre for album in demo_albums()}
    near: dict[str, set[str]] = {}
    seen = set()
    across = set()
    for artist, similar, match in demo_similar_artists():
        assert artist != similar and (artist, similar) not in seen
        assert artist in genre_of and similar in genre_of
        assert 0 < match <= 1
        seen.add((artist, similar))
        near.setdefault(artist, set()).add(similar)
        if genre_of[artist] != genre_of[similar]:
            across.add(frozenset((genre_of[artist], genre_of[similar])))
    assert all((similar, artist) in seen for artist, similar in seen)
    reached, queue = {"Nattskog"}, deque(["Nattskog"])
    while queue:
        for other in near[queue.popleft()] - reached:
            reached.add(other)
            queue.append(other)
    assert reached == set(genre_of)
    assert all(sum(genre in pair for pair in across) >= 2 for genre in set(genre_of.values()))


def test_the_same_in_a_process_with_another_hash_seed():
    code = "from tests.tools.test_catalogue import _fingerprint; print(_fingerprint())"
    env = {**os.environ, "PYTHONHASHSEED": "4711"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert other.stdout.strip() == _fingerprint()
