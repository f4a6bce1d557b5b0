"""Names of regions: a tag that is commoner there than chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from store.catalogue.albums import add_albums
from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.neighbors.regions import regions
from store.records import AlbumRecord


def test_parts_are_named_by_their_own_tag_and_never_by_one_that_is_everywhere(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "lib")
    records = [
        AlbumRecord(
            f"Artist {number:03}", "Album", "table", str(number),
            tags=(("music", 100.0), ("jazz" if number < 20 else "rock", 50.0)),
        )
        for number in range(100)
    ]  # fmt: skip
    with library.write() as con:
        add_albums(con, records)
    snapshot = Snapshot.load(library)
    places = np.array([[number % 10 * 0.1 + (0 if number < 20 else 10), number // 10] for number in range(100)])
    found = regions(snapshot, places, np.arange(100), (10.0, 10.0))
    assert [(region.tag, region.albums) for region in found] == [("jazz", 20), ("rock", 80)]
    assert found[0].x < 1 < 10 < found[1].x
    assert regions(snapshot, places, np.arange(0), (10.0, 10.0)) == []
