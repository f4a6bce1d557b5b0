"""Libraries on disk, filled from those records."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import numpy as np

from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.latents import add_latents, add_model, load_latents
from store.catalogue.tables import add_covers, add_similar_artists, record_items
from store.database.library import Library
from store.index.cover_index import CoverIndex, build_index
from store.index.neighbor_table import write_neighbors
from store.looks import CoverFacts
from store.memory.album_arrays import read_arrays
from store.memory.arrays_file import tables_fingerprint
from store.neighbors.prepared import write_ranking
from store.personal.records import Personal
from store.records import AlbumRecord, CoverRecord
from store.text import album_id
from tests.store.support.records import SIMILAR, record, sha, webp

MODEL = "tiny"
GENRES = ("punk", "rock", "jazz")
NAMED = {0: ("Joy Division", "Unknown Pleasures"), 4: ("The Smiths", "The Queen Is Dead")}


def fill(library: Library, albums: list[AlbumRecord], vectors: np.ndarray) -> None:
    """Albums, covers 0 … n − 1 with their latents, index and neighbours."""
    shas = [sha(number) for number in range(len(vectors))]
    with library.write() as con:
        add_albums(con, albums)
        add_covers(con, [CoverRecord(one, 600, 600, 999, 0x102030) for one in shas])
        add_similar_artists(con, SIMILAR, "test")
        add_model(con, MODEL, "Tiny", vectors.shape[1], 128, None, {})
        add_latents(con, MODEL, shas, vectors)
    index = build_index(library, MODEL, shas, vectors, "fingerprint")
    with library.write() as con:
        derive(con, index)


def derive(con: duckdb.DuckDBPyConnection, index: CoverIndex) -> None:
    """What a build writes of covers and albums."""
    write_neighbors(con, index)
    write_ranking(con, read_arrays(con), tables_fingerprint(con))


def grow(folder: Path, count: int = 60) -> Library:
    """A built library of `count` albums by artists with four each, with cover files and personal records.

    Each genre's latents lie about a direction of its own; every 7th album wears another genre's colours.
    """
    library = Library.create(folder)
    files, random = CoverFiles(library.covers_dir), np.random.default_rng(0)
    looks = [(number if number % 7 else number + 1) % 3 for number in range(count)]
    colors = [tuple(int(c) for c in random.integers(0, 60, 3) + 60 * look) for look in looks]
    shas = [files.put(webp(color)) for color in colors]
    vectors = (np.eye(8)[looks] + 0.3 * random.normal(size=(count, 8))).astype(np.float32)
    names = [NAMED.get(number, (f"Artist {number // 4}", f"Album {number}")) for number in range(count)]
    albums = [
        record(
            artist,
            title,
            year=1970 + number % 40,
            genre=GENRES[number % 3],
            cover_sha256=shas[number],
            listeners=None if number % 5 == 0 else 100 * number,
            tags=((GENRES[number % 3], 100), (f"mood {number % 4}", 40)),
        )
        for number, (artist, title) in enumerate(names)
    ]
    with library.write() as con:
        add_albums(con, albums)
        add_covers(
            con,
            [
                CoverRecord(
                    sha,
                    500,
                    500,
                    files.path(sha).stat().st_size,
                    r << 16 | g << 8 | b,
                    facts=CoverFacts((("grey", 1, r << 16 | g << 8 | b),), (r + g + b) / 765, 0, 0, 0, 0, 0, 0, 0),
                )
                for sha, (r, g, b) in zip(shas, colors, strict=True)
            ],
        )
        artists = sorted({artist for artist, _ in names})
        add_similar_artists(con, [(a, b, 0.5) for a, b in itertools.pairwise(artists)], "test")
        add_model(con, MODEL, "Tiny", 8, 128, None, {"r2": 0.5})
        add_latents(con, MODEL, shas, vectors)
        record_items(con, "table", [("row 1", "row", "rejected", "no artist")])
        stored, latents = load_latents(con, MODEL)
    index = build_index(library, MODEL, stored, latents, "fingerprint")
    with library.write() as con:
        derive(con, index)
    personal = Personal(library)
    first, second = (album_id(*NAMED[number]) for number in (0, 4))
    parts = [{"album_id": first, "artist": "Joy Division", "title": "Unknown Pleasures"}]
    personal.add_blend("b1", "/pictures/b1.png", {"mode": "vivid", "size": 512, "parts": parts})
    personal.add_walk_step("w1", 0, first)
    personal.add_walk_step("w1", 1, second, came_from=first)
    personal.add_bookmark(second, "again")
    assert personal.flush()
    return library
