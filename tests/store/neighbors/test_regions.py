"""Names of regions: a tag that is commoner there than chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from store.catalogue.albums import add_albums
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.looks import CoverFacts
from store.memory.snapshot import Snapshot
from store.neighbors.regions import regions
from store.records import AlbumRecord, CoverRecord


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


def test_where_no_tag_is_the_sleeves_name_it(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "lib")
    tones = [0.2 if number < 20 else 0.9 for number in range(100)]
    facts = [CoverFacts((("red", 0.3, 0xC02020),), tone, 0.05, 0.5, 0.2, 0.3, 0, 0, 0) for tone in tones]
    records = [
        AlbumRecord(
            f"Artist {number:03}", "Album", "table", str(number), cover_sha256=f"{number:064}",
            tags=(("jazz", 50.0),) if number >= 90 else (("rock", 50.0),) if number >= 50 else (),
        )
        for number in range(100)
    ]  # fmt: skip
    with library.write() as con:
        add_covers(con, [CoverRecord(f"{number:064}", 9, 9, 9, 0, None, facts[number]) for number in range(100)])
        add_albums(con, records)
    snapshot = Snapshot.load(library)
    places = np.array([[0.5 if number < 20 else 10.5 if number < 90 else 20.5, 1] for number in range(100)])
    found = regions(snapshot, places, np.arange(100), (10.0, 10.0))
    assert [(region.tag, region.albums) for region in found] == [("jazz", 10), ("dark", 20), ("light", 70)]
