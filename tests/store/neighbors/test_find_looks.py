"""Albums found by what their sleeves look like, alone and with a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.catalogue.albums import add_albums
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.looks import CoverFacts
from store.memory.snapshot import Snapshot
from store.neighbors.find_looks import asked_looks, find_albums
from store.records import AlbumRecord, CoverRecord

RED = CoverFacts((("red", 0.9, 0xC01020),), 0.45, 0.2, 0.9, 0.1, 0.02, 0, 0, 0)
DARK = CoverFacts((("black", 0.9, 0x080808),), 0.1, 0.0, 0.0, 0.2, 0.3, 0, 0, 0)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    library = Library.create(Path(tmp_path_factory.mktemp("looks")) / "library")
    named = [("Taylor Swift", "Red", DARK), ("King Crimson", "Red", RED), ("Low", "I Could Live in Hope", RED)]
    named += [("Low", "Trust", DARK), ("Metallica", "Metallica", DARK)]
    with library.write() as con:
        for number, (artist, title, facts) in enumerate(named):
            sha = f"{number:064x}"
            add_covers(con, [CoverRecord(sha, 9, 9, 9, 0, None, facts)])
            add_albums(con, [AlbumRecord(artist, title, "table", sha, listeners=number, cover_sha256=sha)])
    return Snapshot.load(library)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#red", ["Low / I Could Live in Hope", "King Crimson / Red"]),
        ("low #dark", ["Low / Trust"]),
        ("#Dark #black low", ["Low / Trust"]),
        ("#dark #red", []),
        ("red", ["King Crimson / Red", "Taylor Swift / Red", "Low / I Could Live in Hope"]),
        ("black and white", ["Metallica / Metallica", "Low / Trust", "Taylor Swift / Red"]),
        ("low", ["Low / I Could Live in Hope", "Low / Trust"]),
        ("#1 record", []),
    ],
)
def test_names_and_sleeves(snapshot: Snapshot, text: str, found: list[str]) -> None:
    hits = find_albums(snapshot, text, 20)
    assert [album.label for album, _ in hits][: len(found)] == found
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    if text.startswith("#") and found != []:
        assert len(hits) == len(found)
    assert len(find_albums(snapshot, text, 1)) <= 1


def test_what_a_text_asks_for() -> None:
    assert asked_looks("#b&w low") == (("black and white",), "low", True)
    assert asked_looks("dark  PLAIN") == (("dark", "plain"), "", False)
    assert asked_looks("red house") == asked_looks("#nothing") == asked_looks("") == ((), "", False)
    assert asked_looks("#type-at-the-top") == (("type at the top",), "", True)
