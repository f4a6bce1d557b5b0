"""The demo library's 300 albums by 110 artists, and which artists are similar: the same on every run."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from store.records import AlbumRecord
from tools.sleeves.words import GENRES, Genre, Scene

SOURCE = "demo"
_SEED = 20_240_607
_LAST_YEAR = 2024

Tags = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class _Artist:
    """What an artist's albums have in common."""

    name: str
    genre: Genre
    scene: Scene
    tags: Tags
    listeners: float


@lru_cache(maxsize=1)
def demo_albums() -> list[AlbumRecord]:
    """The 300 albums, in order of genre, artist and year; `source_key` is `demo:000` to `demo:299`."""
    rng = random.Random(_SEED)
    albums: list[AlbumRecord] = []
    for genre in GENRES:
        artists = _artists_of(genre)
        titles = {scene.name: list(scene.titles) for scene in genre.scenes}
        rest = list(genre.titles)
        for deck in (rest, *titles.values()):
            rng.shuffle(deck)
        for artist, count in zip(artists, _shares(rng, genre.albums, len(artists)), strict=True):
            year = rng.randint(*artist.scene.years)
            for _ in range(count):
                albums.append(
                    _album(rng, artist, (titles[artist.scene.name] or rest).pop(), year, f"demo:{len(albums):03d}")
                )
                year = min(_LAST_YEAR, year + rng.choice((1, 2, 2, 3, 4)))
    return albums


@lru_cache(maxsize=1)
def demo_similar_artists() -> list[tuple[str, str, float]]:
    """(artist, similar, match 0–1), both ways round: each artist's closest in its genre, and bridges to others."""
    rng = random.Random(_SEED + 1)
    artists = [artist for genre in GENRES for artist in _artists_of(genre)]
    pairs: dict[tuple[str, str], float] = {}
    for artist in artists:
        ranked = sorted(
            ((_likeness(artist, other), other.name, other) for other in artists if other is not artist), reverse=True
        )
        near = [(score, other) for score, _, other in ranked if other.genre is artist.genre][:6]
        far = [(score, other) for score, _, other in ranked if other.genre is not artist.genre][:2]
        for score, other in near + far:
            pair = (min(artist.name, other.name), max(artist.name, other.name))
            if pair not in pairs:
                pairs[pair] = round(min(0.98, 0.15 + 0.85 * score + rng.uniform(-0.05, 0.05)), 3)
    return [row for (a, b), match in pairs.items() for row in ((a, b, match), (b, a, match))]


@lru_cache(maxsize=len(GENRES))
def _artists_of(genre: Genre) -> tuple[_Artist, ...]:
    rng = random.Random(f"{_SEED} {genre.name}")
    artists = []
    for scene in genre.scenes:
        for name in scene.artists:
            tags: list[tuple[str, float]] = [(genre.name, 100.0), (scene.name, rng.uniform(84, 98))]
            fit = 74.0
            for tag in rng.sample(scene.tags[:3], 2) + rng.sample(scene.tags[3:], 1):
                tags.append((tag, rng.uniform(fit - 8, fit)))
                fit -= 14
            tags += [(mood, rng.uniform(30, 58)) for mood in rng.sample(genre.moods, 3)]
            tags += [(instrument, rng.uniform(18, 40)) for instrument in rng.sample(genre.instruments, 2)]
            listeners = rng.lognormvariate(math.log(genre.listeners), 1.0)
            artists.append(_Artist(name, genre, scene, _by_weight(tags), listeners))
    return tuple(artists)


def _album(rng: random.Random, artist: _Artist, title: str, year: int, key: str) -> AlbumRecord:
    """One album: the artist's tags heard slightly otherwise, with a mood or two of its own and its decade."""
    own = {tag: min(100.0, weight * rng.uniform(0.85, 1.12)) for tag, weight in artist.tags}
    own[artist.genre.name] = 100.0
    for mood in rng.sample(artist.genre.moods, rng.randint(1, 2)):
        own.setdefault(mood, rng.uniform(15, 35))
    own.setdefault(f"{year // 10 * 10}s", rng.uniform(20, 45))
    listeners = max(150, int(artist.listeners * rng.lognormvariate(-0.3, 0.6)))
    return AlbumRecord(
        artist=artist.name,
        title=title,
        source=SOURCE,
        source_key=key,
        year=year,
        genre=artist.genre.name,
        listeners=listeners,
        playcount=int(listeners * rng.uniform(4, 22)),
        tags=_by_weight(list(own.items()))[:12],
        artist_tags=artist.tags,
    )


def _shares(rng: random.Random, albums: int, artists: int) -> list[int]:
    """`albums` dealt to `artists`, one to five each."""
    shares = [1] * artists
    while sum(shares) < albums:
        i = rng.randrange(artists)
        if shares[i] < 5:
            shares[i] += 1
    return shares


def _by_weight(tags: Sequence[tuple[str, float]]) -> Tags:
    return tuple(sorted(((tag, round(weight, 1)) for tag, weight in tags), key=lambda t: (-t[1], t[0])))


def _likeness(a: _Artist, b: _Artist) -> float:
    """Cosine of the artists' tags, the genre's own name left out so that bridges can show; 0–1."""
    left, right = ({tag: weight for tag, weight in artist.tags if tag != artist.genre.name} for artist in (a, b))
    shared = sum(left[tag] * right[tag] for tag in left if tag in right)
    return shared / (math.hypot(*left.values()) * math.hypot(*right.values()))
