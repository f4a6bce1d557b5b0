"""The demo library: 300 fictional albums with covers, tags, similar artists and latents, shipped as a shard.

`sleeves/` is a folder of shards as any other, with the similar artists beside; `tools/sleeves` makes it.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from pipelines.progress import Progress
from pipelines.writing import patient_write
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_similar_artists, item_statuses, record_items
from store.database.atomic import atomic_file
from store.database.library import Library
from store.errors import LibraryError
from store.records import AlbumRecord
from vae.info import SHIPPED, read_info

DATA = Path(__file__).parent / "sleeves"
MEASURED = Path(__file__).parent / "evidence"  # what `validate` found of the demo: its results, its sheet of directions
SOURCE = "demo"
SIMILAR = "similar-artists.csv"


def build_demo(library_path: Path, progress: Progress, *, weights: Path = SHIPPED) -> Library:
    """The demo library in `library_path`, made there or completed; where it is complete nothing is written.

    Latents come with it unless `weights` are of another model than the shard: then `build` embeds the covers. A cover
    file that has gone missing is written again. Raises LibraryError and its kin as the store does.
    """
    library = Library.create(library_path)
    if _is_complete(library):
        return library
    from pipelines.shards.ingest import ingest_shards  # with pyarrow, which a complete library need not wait for

    ingest_shards(library, DATA, progress, weights=weights, source=SOURCE, any_model=True)
    if _manifest()["model_id"] == read_info(weights).model_id:
        _add_evidence(library.path / MEASURED.name)
    else:
        progress.finish("the demo came with latents of another model: its covers are embedded anew")
    with (DATA / SIMILAR).open(encoding="utf-8", newline="") as file:
        pairs = [(row["artist"], row["similar"], float(row["match"])) for row in csv.DictReader(file)]
    with patient_write(library, progress) as con:
        add_similar_artists(con, pairs, SOURCE)
        record_items(con, SOURCE, [(SIMILAR, "store", "done", None)])
    return library


def _add_evidence(folder: Path) -> None:
    """What was measured of the demo, where nothing is; so that its evidence can be looked at without a run."""
    if folder.exists():
        return
    folder.mkdir(0o700)
    for file in sorted(MEASURED.iterdir(), reverse=True):  # the results last: they make it a report
        with atomic_file(folder / file.name) as path:
            path.write_bytes(file.read_bytes())


def demo_albums() -> list[AlbumRecord]:
    """The demo's albums, by genre, artist and year."""
    from pipelines.shards.format import album_rows, read_shard
    from pipelines.sources.album_rows import AlbumRow

    rows = (row for name in _manifest()["shards"] for row in album_rows(read_shard(DATA, name), SOURCE))
    return [row.album for row in rows if isinstance(row, AlbumRow)]


def _is_complete(library: Library) -> bool:
    """Whether all of this shard is in the library, by its journal and its cover files."""
    manifest = _manifest()
    with library.read() as con:
        statuses = item_statuses(con, SOURCE)
        rows = con.execute("SELECT cover_sha256 FROM albums WHERE source = ?", [SOURCE]).fetchall()
    read = f"read {manifest['fingerprint']} {manifest['model_id']}"
    if statuses.get(SIMILAR) != "done" or statuses.get(manifest["table"]) != read or len(rows) < manifest["rows"]:
        return False
    files = CoverFiles(library.covers_dir)
    return all(sha is not None and files.has(sha) for (sha,) in rows)


def _manifest() -> dict[str, Any]:
    """`shards.json`, read without pyarrow."""
    try:
        manifest: dict[str, Any] = json.loads((DATA / "shards.json").read_text(encoding="utf-8"))
        return manifest
    except (OSError, ValueError) as error:
        raise LibraryError(f"the demo's albums are missing or damaged ({error}); install sleevewalk again") from error
