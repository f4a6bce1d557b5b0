"""SQL ranks as Python does: the same neighbours in the same order, scores, shares, strongest and words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from store.catalogue.facts import add_facts
from store.catalogue.tables import add_similar_artists
from store.database.library import Library
from store.looks import CoverFacts
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from store.records import AlbumRecord, Weights
from tests.store.support.library import fill
from tests.store.support.records import sha

COUNT = 160
TAGS = ("dub", "jazz", "folk", "noise", "live", "80s", "loud", "quiet")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Albums that lack a year, listeners, tags or a cover in all combinations."""
    random = np.random.default_rng(8)
    albums = [
        AlbumRecord(
            f"Artist {number // 3:02}", f"Album {number:03}", "table", str(number),
            year=int(random.integers(1960, 2020)) if number % 5 else None,
            listeners=int(10 ** random.uniform(1, 6)) if number % 7 else None,
            cover_sha256=sha(number - number % 2 * (number % 9 == 0)) if number % 11 else None,  # some share one
            tags=tuple((tag, float(random.integers(1, 100))) for tag in TAGS if random.random() < 0.3),
        )
        for number in range(COUNT)
    ]  # fmt: skip
    made = Library.create(tmp_path_factory.mktemp("ranking") / "lib")
    fill(made, albums, random.normal(size=(COUNT, 12)).astype(np.float32))
    pairs = [(f"Artist {a:02}", f"Artist {(a * 7 + 3) % 50:02}", 0.1 + 0.8 * random.random()) for a in range(50)]
    facts = {sha(n): CoverFacts((("red", 0.6, 0xCC2020),), 0.2 * (n % 5), 0.1, 0.5, 0.2, 0.1 * (n % 7), 0, 0, 0)
             for n in range(COUNT) if n % 4}  # fmt: skip
    with made.write() as con:
        add_similar_artists(con, pairs, "test")
        add_facts(con, facts)
    return made


@pytest.fixture(scope="module")
def near(library: Library) -> Neighborhood:
    return open_neighborhood(library)


QUERY = """
SELECT album_id, score, strongest, share, shares, looks
FROM similar_to(?, n := 12, cover := ?, tags := ?, artists := ?, era := ?, popularity := ?)
"""


@pytest.mark.parametrize("weights", [Weights(), Weights(1, 0, 0, 0, 0), Weights(1, 1, 0.5, 0.25, 0.1)])
def test_the_same_ring_in_sql_and_in_python(library: Library, near: Neighborhood, weights: Weights) -> None:
    wanted = [weights.cover, weights.tags, weights.artist, weights.era, weights.popularity]
    with library.read() as con:
        for row in range(1, COUNT, 23):
            centre = near.snapshot.album_ids[row]
            ring, answers = near.neighbors(centre, 12, weights), con.execute(QUERY, [centre, *wanted]).fetchall()
            assert [answer[0] for answer in answers] == [neighbor.album.album_id for neighbor in ring]
            for (_, score, strongest, share, shares, looks), neighbor in zip(answers, ring, strict=True):
                assert score == pytest.approx(neighbor.score, abs=0.001)
                of_sql = {signal: part for signal, part in shares.items() if part is not None}
                assert of_sql == pytest.approx({one.signal: one.share for one in neighbor.reasons}, abs=0.002)
                assert share == max(of_sql.values()) == of_sql[strongest]
                assert share == pytest.approx(neighbor.strongest.share, abs=0.002)
                assert (looks or "") == "".join(one.looks for one in neighbor.reasons)


def test_an_artist_of_a_thousand_albums_leaves_room_for_others(tmp_path: Path) -> None:
    """Two of an artist are near, however many of his albums are nearer than all others."""
    own = [AlbumRecord("Various", f"Volume {number:04}", "table", str(number), year=2000) for number in range(1000)]
    others = [AlbumRecord(f"Other {n}", "Album", "table", f"o{n}", year=1970 - n) for n in range(12)]
    made = Library.create(tmp_path / "lib")
    fill(made, [*own, *others], np.eye(4, dtype=np.float32))
    centre = open_neighborhood(made).snapshot.album_ids[-1]
    with made.read() as con:
        found = con.execute("SELECT artist FROM similar_to(?, n := 8)", [centre]).fetchall()
    assert [artist for (artist,) in found].count("Various") == 2 and len(found) == 8
