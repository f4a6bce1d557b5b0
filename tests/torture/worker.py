"""One worker of the torture test: `python worker.py ROLE LIBRARY WORK NUMBER` works until it is killed.

Every record that it was told is stored goes to stdout as a line, after the telling. A library that refuses (a full
disk, one that may only be read) is told there too, as `refused` and its line, and tried again; anything else ends the
worker with a traceback.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
from PIL import Image

from store.database.library import Library
from store.errors import LibraryError
from store.memory.snapshot import Snapshot
from store.personal.records import Personal

ATTACH = "ATTACH '{}' AS library (TYPE duckdb); USE library"  # as docs/sql.md says for a session that writes


class FakeCodec:
    """Latents without a model: the mean of 16 patches."""

    latent_dim = 16
    device = type("Device", (), {"type": "cpu"})

    def encode(self, images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), 4, 32, 4, 32, 3).mean(axis=(2, 4, 5)).reshape(-1, 16).astype(np.float32)


def say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def told() -> Iterator[None]:
    """What the library refuses, in its own line."""
    try:
        yield
    except LibraryError as error:
        say(f"refused {error}")
        time.sleep(0.2)


def app(library: Library, name: str) -> None:
    """What an app does with the library: it reads all of it at its start, records as one goes, stores now and then."""
    personal = Personal(library)
    with told():
        Snapshot.load(library)
    for number in itertools.count():
        with told():
            personal.add_bookmark(f"{name}-{number}")
            say(f"bookmark {name}-{number}")
            if number % 20 == 19:
                personal.flush()
        time.sleep(0.02)


def ingest(library: Library, name: str, work: Path) -> None:
    from pipelines.sources.table import ingest_table

    random = np.random.default_rng(abs(hash(name)))
    for number in itertools.count():
        rows = ["artist,album,cover"]
        for row in range(20):
            picture = f"{name}-{number}-{row}.png"
            Image.fromarray(random.integers(0, 255, (130, 130, 3), np.uint8).repeat(1, 0)).save(work / picture)
            rows.append(f"{name},{number} {row},{picture}")
        (work / f"{name}-{number}.csv").write_text("\n".join(rows))
        with told():
            ingest_table(library, work / f"{name}-{number}.csv", work)
            say("\n".join(f"album {name}/{number} {row}" for row in range(20)))


def build(library: Library, weights: Path) -> None:
    from pipelines.build import build as bring_up_to_date

    while True:
        with told():
            bring_up_to_date(library, weights=weights, load_codec=FakeCodec)  # type: ignore[arg-type, return-value]
        time.sleep(0.1)


def sql(library: Library, name: str) -> None:
    """A person's own session that writes, in plain DuckDB."""
    for number in itertools.count():
        try:
            with duckdb.connect() as con:
                con.execute(ATTACH.format(library.db_path))
                con.execute("INSERT INTO bookmarks VALUES (?, 'by hand', now()::TIMESTAMP)", [f"{name}-{number}"])
        except duckdb.Error:  # locked, or no room
            time.sleep(0.05)
            continue
        say(f"bookmark {name}-{number}")
        time.sleep(0.1)


def main() -> None:
    role, folder, work, number = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    library = Library(folder)
    name = f"{role}{number}"
    if role.startswith("app"):
        app(library, name)
    elif role == "ingest":
        ingest(library, name, work)
    elif role == "build":
        build(library, work / "tiny.safetensors")
    else:
        sql(library, name)


if __name__ == "__main__":
    main()
