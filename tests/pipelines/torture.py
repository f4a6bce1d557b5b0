"""One worker of the torture test: `python torture.py ROLE LIBRARY WORK NUMBER` works until it is killed.

Every record that it was told is stored goes to stdout as a line, after the telling.
"""

from __future__ import annotations

import itertools
import sys
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import numpy as np
from PIL import Image

from store.errors import LibraryLocked
from store.library import Library
from store.personal import Personal


class FakeCodec:
    """Latents without a model: the mean of 16 patches."""

    latent_dim = 16
    device = type("Device", (), {"type": "cpu"})

    def encode(self, images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), 4, 32, 4, 32, 3).mean(axis=(2, 4, 5)).reshape(-1, 16).astype(np.float32)


def app(library: Library, name: str) -> None:
    personal = Personal(library)
    for number in itertools.count():
        personal.add_bookmark(f"{name}-{number}")
        print(f"bookmark {name}-{number}", flush=True)
        if number % 20 == 19:
            personal.flush()
        time.sleep(0.02)


def ingest(library: Library, name: str, work: Path) -> None:
    from pipelines.table import ingest_table

    random = np.random.default_rng(abs(hash(name)))
    for number in itertools.count():
        rows = ["artist,album,cover"]
        for row in range(20):
            picture = f"{name}-{number}-{row}.png"
            Image.fromarray(random.integers(0, 255, (130, 130, 3), np.uint8).repeat(1, 0)).save(work / picture)
            rows.append(f"{name},{number} {row},{picture}")
        (work / f"{name}-{number}.csv").write_text("\n".join(rows))
        ingest_table(library, work / f"{name}-{number}.csv", work)
        print("\n".join(f"album {name}/{number} {row}" for row in range(20)), flush=True)


def build(library: Library, weights: Path) -> None:
    from pipelines.build import build as bring_up_to_date

    while True:
        with suppress(LibraryLocked):  # a busy minute; nothing was promised
            bring_up_to_date(library, weights=weights, load_codec=FakeCodec)  # type: ignore[arg-type, return-value]
        time.sleep(0.1)


def sql(library: Library, name: str) -> None:
    for number in itertools.count():
        try:
            with duckdb.connect(str(library.db_path)) as con:
                con.execute("INSERT INTO bookmarks VALUES (?, 'by hand', now()::TIMESTAMP)", [f"{name}-{number}"])
        except duckdb.IOException:
            time.sleep(0.05)
            continue
        print(f"bookmark {name}-{number}", flush=True)
        time.sleep(0.1)


def main() -> None:
    role, folder, work, number = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    library = Library(folder)
    name = f"{role}{number}"
    if role == "app":
        app(library, name)
    elif role == "ingest":
        ingest(library, name, work)
    elif role == "build":
        build(library, work / "tiny.safetensors")
    else:
        sql(library, name)


if __name__ == "__main__":
    main()
