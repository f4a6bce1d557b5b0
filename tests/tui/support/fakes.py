"""A small library in memory that answers like the store's, the same on every run."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from pipelines.blends.recipe import Part, Recipe
from pipelines.blends.recipe_to_file import Blender, BlendResult
from store.errors import LibraryError
from store.looks import mask_of
from store.memory.sparse import Sparse
from store.neighbors.filters import Filter
from store.neighbors.reasons import shares_of
from store.neighbors.search import Found
from store.neighbors.terms import Term
from store.personal.mine import Own
from store.records import PERSONAL, SIGNALS, Album, Neighbor, Reason, Route, Weights
from store.text import key
from tui.app import Setup, SleevewalkApp
from tui.config import Config
from tui.pictures.colors import Pixels
from tui.terminal.output import app_class
from tui.walk.session import Session
from tui.workers.decoder import Decoder

LOOKS = (("mostly red", "red", "dark"), ("mostly blue", "plain", "blue"), ("busy", "red"), ("black and white",))
SENTENCE = "both: a dark red field, one thing in the middle"
GENRES = ("shoegaze", "dub", "bop", "drone", "house", "folk", "metal", "pop")
NOUNS = ("Harbour", "Static", "Lantern", "Orchard", "Signal", "Velvet", "Tundra", "Mirror", "Comet", "Salt")


def digest(*parts: object) -> bytes:
    """Fixed bytes for anything."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).digest()


def make_album(row: int, **changes: Any) -> Album:
    """The album of a row; every field can be changed."""
    genre = GENRES[row % len(GENRES)]
    fields: dict[str, Any] = {
        "album_id": digest("album", row).hex()[:16],
        "artist": f"{NOUNS[row // 3 % 10]} {NOUNS[row // 5 % 10]} {row // 2}",
        "title": f"{NOUNS[row % 10]} {row}",
        "year": 1960 + row * 7 % 60,
        "genre": genre,
        "listeners": 1000 + row * 977 % 900_000,
        "cover_sha256": digest("cover", row).hex(),
        "tags": (genre, GENRES[(row + 3) % 8], "seen live"),
    }
    return Album(**{**fields, **changes})


def of_genre(genre: str) -> Filter:
    """What keeps to a genre, in the library or not."""
    return Filter((Term("genre", genre, (genre,)),))


class FakeSnapshot:
    """Albums by row and by id."""

    def __init__(self, albums: list[Album]) -> None:
        self.albums = albums
        self.plays: dict[str, Any] = {}
        self.own = Own()
        self.album_ids = [album.album_id for album in albums]
        self.rows = {album.album_id: row for row, album in enumerate(albums)}
        self.genres = [album.genre or "" for album in albums]
        self.genre_names = sorted(set(self.genres))
        self.genre_codes = np.array([self.genre_names.index(genre) for genre in self.genres], np.int32)
        self.years = np.array([np.nan if album.year is None else album.year for album in albums], np.float64)
        self.listeners = np.array(
            [np.nan if album.listeners is None else album.listeners for album in albums], np.float64
        )
        ranks = np.argsort(np.argsort(self.listeners)) / max(len(albums) - 1, 1)
        self.popularity = np.where(np.isnan(self.listeners), np.nan, ranks)
        artists = sorted({album.artist for album in albums})
        self.artist_codes = np.array([artists.index(album.artist) for album in albums])

        self.tag_names = sorted({tag for album in albums for tag in album.tags})
        entries = [(row, self.tag_names.index(tag)) for row, album in enumerate(albums) for tag in album.tags]
        rows, tags = np.array(entries, np.int64).reshape(-1, 2).T
        self.tags = Sparse.from_entries(rows, tags, np.ones(len(rows)), len(albums))
        self.postings = Sparse.from_entries(tags, rows, np.ones(len(rows)), len(self.tag_names))
        self.artist_keys = [key(album.artist) for album in albums]
        self.title_keys = [key(album.title) for album in albums]
        self.names, self.other_names = None, list[tuple[int, str, str]]()
        self.other_artist_keys, self.other_title_keys, self.other_rows = [], [], np.empty(0, np.int32)  # type: ignore
        masks = [mask_of(LOOKS[row % len(LOOKS)]) for row in range(len(albums))]
        self.looks = np.array([[mask & (1 << 64) - 1, mask >> 64] for mask in masks], np.uint64).reshape(-1, 2)

    def look(self, row: int) -> int:
        return mask_of(LOOKS[row % len(LOOKS)])

    def looking(self, words: Sequence[str]) -> np.ndarray:
        return np.array([set(words) <= set(LOOKS[row % len(LOOKS)]) for row in range(len(self))])

    def of_genre(self, genre: str) -> np.ndarray:
        return np.array([own == genre for own in self.genres])

    def __len__(self) -> int:
        return len(self.albums)

    def album(self, row: int) -> Album:
        return self.albums[row]

    def row(self, album_id: str) -> int | None:
        return self.rows.get(album_id)


class FakeNeighborhood:
    """Scores from the digests of pairs, so that every pair has fixed reasons."""

    def __init__(self, albums: list[Album], indexed: bool = True) -> None:
        self.snapshot = FakeSnapshot(albums)
        self.indexed = indexed
        self.index = None  # no covers to compare a blend with
        self.notices = () if indexed else ("no cover index yet: run `sleevewalk build`",)

    def neighbors(
        self, album_id: str, k: int = 12, weights: Weights | None = None, *, allowed: Any = None
    ) -> list[Neighbor]:
        found = []
        for row, album in enumerate(self.snapshot.albums):
            if album.album_id == album_id or (allowed is not None and not allowed[row]):
                continue
            reasons = self.reasons(album_id, album.album_id)
            total = sum(getattr(weights or Weights(), reason.signal) * reason.score for reason in reasons)
            weight = sum(getattr(weights or Weights(), reason.signal) for reason in reasons)
            if weight:
                found.append(Neighbor(album, total / weight, reasons))
        return sorted(found, key=lambda neighbor: -neighbor.score)[:k]

    def row(self, album_id: str) -> int:
        return self.snapshot.rows[album_id]

    def nearest_to(self, vector: Any, k: int) -> list[Neighbor]:
        return [Neighbor(album, 1 / (place + 1), ()) for place, album in enumerate(self.snapshot.albums[:k])]

    def reasons(self, a: str, b: str, weights: Weights | None = None) -> tuple[Reason, ...]:
        pair = digest(*sorted((a, b)))
        signals = [name for name in SIGNALS if name not in PERSONAL and (self.indexed or name != "cover")]
        texts = {
            "cover": f"{SENTENCE} · 3rd nearest of 40 covers",
            "tags": "shared: seen live, dub",
            "era": "1991 and 1993",
        }
        scores = [pair[number] / 255 for number in range(len(signals))]
        wanted = [getattr(weights or Weights(), signal) for signal in signals]
        return tuple(
            Reason(
                signal,
                score,
                texts.get(signal, f"by {signal}"),
                weight=weight,
                share=share,
                looks=SENTENCE if signal == "cover" else "",
            )
            for signal, score, weight, share in zip(signals, scores, wanted, shares_of(scores, wanted), strict=True)
        )


class FakeCovers:
    """Striped covers; those in `missing` raise as a damaged file does."""

    def __init__(self, missing: frozenset[str] = frozenset()) -> None:
        self.missing = missing
        self.reads = 0

    def large(self, sha: str) -> None:
        """None has a larger picture."""

    def has(self, sha: str) -> bool:
        return sha not in self.missing

    def pixels(self, sha: str) -> Pixels:
        self.reads += 1
        if sha in self.missing:
            raise LibraryError(f"cover {sha[:8]}.webp is missing: run `sleevewalk doctor`")
        seed = np.frombuffer(digest(sha)[:12], dtype=np.uint8).astype(np.int64).reshape(4, 3)
        y, x = np.mgrid[0:128, 0:128]
        band = (x * (1 + seed[3, 0] % 3) + y * (1 + seed[3, 1] % 3)) // 32 % 3
        shade = (x + y)[..., None] // 8
        return np.clip(seed[band] + shade, 0, 255).astype(np.uint8)


def fake_find(snapshot: Any, text: str, n: int = 20, bookmarks: Any = None) -> Found:
    """Albums that contain the text."""
    hits = [album for album in snapshot.albums if text.casefold() in album.label.casefold()]
    return Found(tuple((album, 1.0) for album in hits[:n]), f"like {text}", name=text)


def no_route(*_: object, **__: object) -> Route:
    """There is none."""
    return Route((), None, "nothing leads there")


class FakeBlender:
    """Writes a file once it is let go; `fails` is raised instead."""

    def __init__(self, fails: Exception | None = None) -> None:
        device = SimpleNamespace(type="cpu")
        self.codec = SimpleNamespace(latent_dim=1, device=device, decode=lambda latents, size: latents)
        self.go = threading.Event()
        self.fails = fails
        self.asked: list[tuple[list[str], str, int]] = []

    def recipe(self, albums: list[Album], weights: list[float] | None, mode: str, size: int) -> Recipe:
        self.asked.append(([album.album_id for album in albums], mode, size))
        parts = tuple(
            Part(album.album_id, album.artist, album.title, album.cover_sha256 or "", None) for album in albums
        )
        return Recipe(parts, mode, size, "fake")

    def write(self, recipe: Recipe, folder: Path) -> BlendResult:
        self.go.wait(10)
        if self.fails is not None:
            raise self.fails
        path = folder / "blend.png"
        path.write_bytes(b"png")
        return BlendResult(recipe, (np.full((128, 128, 3), 90, dtype=np.uint8),), path, "cpu", 0.5)


def make_app(
    albums: list[Album] | None = None,
    tmp_path: Path = Path("nowhere"),
    *,
    indexed: bool = True,
    missing: frozenset[str] = frozenset(),
    blender: FakeBlender | None = None,
    config: Config | None = None,
    output: str = "thrifty",
) -> SleevewalkApp:
    """The app on a fake library of 40 albums, or on those given."""
    albums = [make_album(row) for row in range(40)] if albums is None else albums
    session = None
    if albums:
        session = Session(FakeNeighborhood(albums, indexed), albums[0].album_id, seed=1)
    decoder = Decoder(lambda: cast("Blender", blender or FakeBlender()))
    blends = tmp_path / "blends"
    setup = Setup(session, FakeCovers(missing), fake_find, no_route, tmp_path, blends, decoder)
    setup.config = config or setup.config
    app = app_class(SleevewalkApp, output)(setup)
    app.painter.kind = "half"  # of which a snapshot is read most easily
    return app
