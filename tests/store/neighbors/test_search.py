"""What a text finds: names and sleeves, alone and together, and where it cuts off."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.catalogue.albums import add_albums
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.looks import CoverFacts
from store.memory.snapshot import Snapshot
from store.neighbors.search import search
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
        ("artist:low dark", ["Low / Trust"]),
        ("red artist:low", ["Low / I Could Live in Hope"]),
        ("#dark #red", []),
        ("red", ["King Crimson / Red", "Taylor Swift / Red", "Low / I Could Live in Hope"]),
        ("black and white", ["Metallica / Metallica", "Low / Trust", "Taylor Swift / Red"]),
        ("low", ["Low / I Could Live in Hope", "Low / Trust"]),
        ("#1 record", []),
        ("metalica", ["Metallica / Metallica"]),
        ("sleeve:red,dark artist:low", ["Low / Trust", "Low / I Could Live in Hope"]),
    ],
)
def test_names_and_sleeves(snapshot: Snapshot, text: str, found: list[str]) -> None:
    hits = search(snapshot, text, 20).hits
    assert [album.label for album, _ in hits] == found
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    assert len(search(snapshot, text, 1).hits) <= 1


def test_what_is_called_otherwise_only_sounds_alike(snapshot: Snapshot) -> None:
    assert "nothing is called “love in rope”" in search(snapshot, "love in rope").said  # Live in Hope: other words
    assert "nothing is called “reg”; these sound alike" in search(snapshot, "reg").said
    assert search(snapshot, "reg").hits
    assert search(snapshot, "zzzzqqqq").said == "nothing is called “zzzzqqqq”" and not search(snapshot, "zzzzqqqq").hits
    exact = search(snapshot, "trust")
    assert [album.title for album in exact.albums] == ["Trust"] and exact.said == "1 called “trust”"
    assert search(snapshot, "trust #red").said.startswith("nothing is called “trust” among the 2 that are #red")
    assert search(snapshot, "").hits == ()


def test_where_nothing_answers_it_says_which_word_leaves_none(snapshot: Snapshot) -> None:
    assert search(snapshot, "artist:metallica red").said == "nothing is red among the 1 that is artist:metallica"
    assert search(snapshot, "artist:low #dark #red").said == "nothing is red among the 1 that is artist:low #dark"
    assert search(snapshot, "year:1850 low").said == "nothing is year:1850 here"
    assert not search(snapshot, "artist:metallica red").hits


def test_a_name_is_found_among_many_that_are_not_asked_for(snapshot: Snapshot) -> None:
    labels = [album.label for album in search(snapshot, "red -artist:swift", 20).albums]
    assert labels[0] == "King Crimson / Red" and "Taylor Swift / Red" not in labels
