"""Libraries of any size with made-up albums, to measure how sleevewalk grows. They have latents but no cover files.

Names and tags are put together from those of the demo's albums. Latents are drawn like those of a real library:
each is one of its covers, moved by a draw from their covariance. That keeps mean and covariance, and neighbours are as
easily found as among the real ones: reading 8, 16 and 32 of 256 lists of as many covers finds .82, .95 and .997 of the
ten nearest here, .84, .96 and .998 there, and .49, .66 and .82 in a normal distribution of the same covariance. Where
no library is given they are drawn from the model's prior, a standard normal distribution.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.build import demo_albums
from pipelines.progress import Progress
from store.catalogue.albums import add_albums
from store.catalogue.latents import add_latents, add_model, load_latents
from store.catalogue.tables import add_covers, add_similar_artists
from store.database.library import Library
from store.errors import LibraryError
from store.records import AlbumRecord, CoverRecord
from store.text import key
from vae.info import SHIPPED, read_info

LIKE = 20_000  # latents of a library that others are drawn after
Latents = NDArray[np.float32]
Draw = Callable[[int], Latents]  # how many to draw → float32 [n, d]
SOURCE = "synthetic"
BATCH = 50_000  # albums a burst
MOVED = 0.5  # how far a latent is from the real one that it is like, in deviations of the whole
ALBUMS_AN_ARTIST = 4  # on average; a few artists have many, most have one or two
SIMILAR = 8  # artists that an artist is similar to


@dataclass(frozen=True, slots=True)
class Artist:
    """A made-up artist, and the demo's album whose genre, tags, year and number of listeners theirs are drawn after."""

    name: str
    like: AlbumRecord

    @property
    def scene(self) -> str:
        """The tag that comes next after the genre."""
        return self.like.artist_tags[1][0]


class Words:
    """The demo's words, taken apart, and the dice that put them together again."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # ten times as fast as numpy's for one number at a time
        albums = demo_albums()
        self.title_words = sorted({word for album in albums for word in album.title.split() if len(word) > 2})
        self.name_words = sorted({word for album in albums for word in album.artist.split() if len(word) > 2})
        self.albums = list({album.artist: album for album in reversed(albums)}.values())  # each artist's first

    def pick(self, words: list[str], coined: float) -> str:
        """One to three words; with that chance one of them is in no dictionary, for a vocabulary that grows."""
        chosen = self.dice.choices(words, k=self.dice.randint(1, 3))
        if self.dice.random() < coined:
            first, second = self.dice.choices(words, k=2)
            chosen[0] = first[: self.dice.randint(2, 5)] + second[-self.dice.randint(2, 5) :].lower()
        return " ".join(chosen)

    def artists(self, count: int) -> list[Artist]:
        """Different names, each in a scene."""
        seen: set[str] = set()
        made: list[Artist] = []
        while len(made) < count:
            name = self.pick(self.name_words, 0.5)
            if key(name) in seen:
                name += f" {self.dice.choice(self.title_words)}"
            if key(name) in seen:
                continue
            seen.add(key(name))
            made.append(Artist(name, self.dice.choice(self.albums)))
        return made

    def tags(self, artist: Artist) -> tuple[tuple[str, float], ...]:
        """Four to eight, the scene's first, then some that go with it, and now and then a rare one."""
        genre, scene, *others = artist.like.artist_tags
        tags = dict([scene, genre, *self.dice.sample(others, self.dice.randint(2, min(6, len(others))))])
        if self.dice.random() < 0.3:
            tags[f"{self.dice.choice(others)[0]} {artist.scene}"] = 10.0
        return tuple(tags.items())


def make_library(path: Path, count: int, like: Library | None, seed: int, progress: Progress) -> Library:
    """A new library of `count` albums with latents. LibraryError where one is there or `like` has no latents."""
    if (path / "library.duckdb").exists():
        raise LibraryError(f"{path} holds a library already: name a new folder")
    info = read_info(SHIPPED)
    draw = latents_like(like, info.model_id, info.config.latent_dim, seed)
    library = Library.create(path)
    with library.write() as con:
        add_model(con, info.model_id, "sleevewalk", info.config.latent_dim, info.config.resolution, None, info.metrics)
    words = Words(seed)
    artists = fill(library, words, count, draw, progress, str(seed))
    with library.write() as con:
        add_similar_artists(con, list(_similar(words, artists)), SOURCE)
    return library


def fill(library: Library, words: Words, count: int, draw: Draw, progress: Progress, name: str) -> list[Artist]:
    """Add `count` albums to a library; their artists. `name` tells them from those of another call."""
    model_id = read_info(SHIPPED).model_id
    artists = words.artists(max(2, count // ALBUMS_AN_ARTIST))
    progress.start("making albums", count)
    for start, records in _albums(words, artists, count):
        latents = draw(len(records))
        shas = [hashlib.sha256(f"{SOURCE} {name} {start + i}".encode()).hexdigest() for i in range(len(records))]
        covered = [
            replace(record, cover_sha256=sha, source_key=f"{name} {record.source_key}")
            for record, sha in zip(records, shas, strict=True)
        ]
        colors = [words.dice.randrange(0x1000000) for _ in shas]
        with library.write() as con:
            add_covers(con, [CoverRecord(sha, 128, 128, 0, color) for sha, color in zip(shas, colors, strict=True)])
            add_albums(con, covered)
            add_latents(con, model_id, shas, latents)
        progress.advance(len(records))
    progress.finish()
    return artists


def _albums(words: Words, artists: list[Artist], count: int) -> Iterator[tuple[int, list[AlbumRecord]]]:
    """(how many came before, the next), no album twice."""
    seen: set[tuple[int, str]] = set()
    # Each artist has one; the rest go by Zipf's law, so that a few have hundreds.
    shares = 1 / np.arange(1, len(artists) + 1) ** 0.7
    of = [*range(len(artists)), *words.dice.choices(range(len(artists)), shares.tolist(), k=count)][:count]
    words.dice.shuffle(of)
    made: list[AlbumRecord] = []
    for number, chosen in enumerate(of):
        title = words.pick(words.title_words, 0.15)
        while (named := (chosen, key(title))) in seen:
            title += f" {words.dice.choice(words.title_words)}"
        seen.add(named)
        artist = artists[chosen]
        year = min(2025, (artist.like.year or 1990) + words.dice.randrange(20))
        listeners = int((artist.like.listeners or 0) * words.dice.lognormvariate(-1.5, 1.5))
        made.append(
            AlbumRecord(
                artist.name, title, SOURCE, str(number), year, artist.like.genre, listeners, 6 * listeners,
                tags=words.tags(artist),
            )
        )  # fmt: skip
        if len(made) == BATCH:
            yield number + 1 - BATCH, made
            made = []
    if made:
        yield count - len(made), made


def _similar(words: Words, artists: list[Artist]) -> Iterator[tuple[str, str, float]]:
    """Artists of one scene, at most SIMILAR each."""
    by_scene: dict[str, list[str]] = {}
    for artist in artists:
        by_scene.setdefault(artist.scene, []).append(artist.name)
    for names in by_scene.values():
        for name in names:
            others = set(words.dice.choices(names, k=SIMILAR)) - {name}
            yield from ((name, other, words.dice.betavariate(2, 5)) for other in sorted(others))


def latents_like(like: Library | None, model_id: str, dimension: int, seed: int) -> Draw:
    """What draws so many latents, float32 [n, d], at each call."""
    dice = np.random.default_rng(seed)
    if like is None:
        return lambda count: dice.standard_normal((count, dimension), np.float32)
    with like.read() as con:
        some = con.execute(f"SELECT cover_sha256 FROM latents WHERE model_id = ? LIMIT {LIKE}", [model_id]).fetchall()
        _, real = load_latents(con, model_id, [sha for (sha,) in some])
    if len(real) < 2:
        raise LibraryError(f"{like.path} has no latents of the shipped model; run `sleevewalk build` on it first")
    values, axes = np.linalg.eigh(np.cov(real.T).astype(np.float64))
    root = (MOVED * (axes * np.sqrt(np.clip(values, 0, None))) @ axes.T).astype(np.float32)
    mean = real.mean(axis=0)
    kept = np.float32(np.sqrt(1 - MOVED**2)) * (real - mean)

    def draw(count: int) -> Latents:
        moves = dice.standard_normal((count, dimension), np.float32) @ root
        return mean + kept[dice.integers(len(kept), size=count)] + moves

    return draw
