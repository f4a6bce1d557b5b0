"""Covers fetched a second from a server on this machine, decoding, shrinking and WebP included.

    python -m tests.bench.fetch [--count 1000]

The server answers from a process of its own with front-500 JPEGs of about 60 kB, as the Cover Art Archive has them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from pipelines.sources.covers import Places, fetch_covers
from pipelines.web.client import HostRule, Web
from store.catalogue.albums import add_albums
from store.catalogue.tables import record_items
from store.database.library import Library
from store.records import AlbumRecord

PICTURES = 40  # different ones that the server has


def serve(ready: multiprocessing.Queue[str]) -> None:
    """Answer until killed; the address goes into the queue."""
    import io

    from PIL import Image

    from tests.pipelines.support.fakes.host import Answer, FakeHost

    random = np.random.default_rng(0)
    pictures = []
    for _ in range(PICTURES):
        small = Image.fromarray(random.integers(0, 255, (60, 60, 3), np.uint8)).resize((500, 500))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=90)
        pictures.append(file.getvalue())

    def handle(path: str, _: dict[str, str]) -> Answer:
        return Answer(pictures[int(path.strip("/").removesuffix(".jpg")) % PICTURES], kind="image/jpeg")

    ready.put(FakeHost(handle).netloc)
    time.sleep(3600)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fetch", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    count = parser.parse_args().count
    ready: multiprocessing.Queue[str] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    netloc = ready.get()
    with tempfile.TemporaryDirectory() as folder:
        library = Library.create(Path(folder) / "library")
        with library.write() as con:
            albums = [AlbumRecord("Artist", f"Album {n}", "bench", str(n)) for n in range(count)]
            ids = add_albums(con, albums).ids
            record_items(
                con, "bench", [(ids[str(n)], "cover", "url", f"http://{netloc}/{n}.jpg") for n in range(count)]
            )
        web = Web(Path(folder) / "web", frozenset([netloc]), rules={netloc: HostRule(0, 8)})
        cpu, began = time.process_time(), time.monotonic()
        report = fetch_covers(library, web, Places(archive=""))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    server.terminate()
    print(
        f"{report.covers_stored:,} covers in {seconds:.1f} s: {report.covers_stored / seconds:.0f} a second; "
        f"{1000 * cpu / count:.2f} ms of processor each, {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main()
