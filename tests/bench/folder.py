"""`ingest folder` on a generated tree: files a second, memory, a run again, and one changed file.

    python -m tests.bench.folder [--files 5000]

Ten small tagged files an album, every format in turn, one embedded picture an album.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from pipelines.sources.folder import FolderReport, ingest_folder
from store.database.library import Library
from tests.pipelines.support.music import FORMATS, write_track
from tests.pipelines.support.pictures import photo, to_bytes

TRACKS = 10  # an album


def make_tree(root: Path, files: int) -> None:
    """Albums of TRACKS files each, five an artist."""
    arts = [to_bytes(photo(200, 200, seed=seed), "JPEG") for seed in range(20)]
    for album in range(files // TRACKS):
        suffix = FORMATS[album % len(FORMATS)]
        folder = root / f"Artist {album // 5:05d}" / f"Album {album:05d}"
        for track in range(TRACKS):
            write_track(
                folder / f"{track:02d}{suffix}",
                arts[album % 20] if track == 0 else None,
                artist=f"Artist {album // 5}",
                album=f"Album {album}",
                year=str(1960 + album % 60),
                genre="Rock",
            )


def told(what: str, report: FolderReport) -> None:
    """One line of a run."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what}: {report.seconds:.1f} s, {report.files_a_second:.0f} files a second, {report.files_read:,} read, "
        f"{report.added:,} albums added, {report.covers_stored:,} covers; peak {peak:.0f} MB",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.folder", description=__doc__)
    parser.add_argument("--files", type=int, default=5000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as place:
        music = Path(place) / "music"
        began = time.monotonic()
        make_tree(music, files)
        print(f"{files:,} files made in {time.monotonic() - began:.0f} s", flush=True)
        library = Library.create(Path(place) / "library")
        told("first run", ingest_folder(library, music))
        before = library.db_path.stat()
        told("again", ingest_folder(library, music))
        assert library.db_path.stat().st_mtime_ns == before.st_mtime_ns, "the second run wrote"
        changed = next(music.rglob("*.mp3"))
        write_track(changed, artist="Artist 0", album="Changed", year="1999", genre="Jazz")
        told("one file changed", ingest_folder(library, music))
        print(f"library.duckdb {library.db_path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
