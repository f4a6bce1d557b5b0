"""On a few thousand real albums, where they are at hand: names are found, rings keep their promises."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from store.catalogue.albums import add_albums
from store.catalogue.tables import add_similar_artists
from store.database.library import Library
from store.neighbors.find import find, resolve
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from store.neighbors.routes import find_route
from store.records import AlbumRecord

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (DATA / "albums.csv").is_file(), reason="needs ../shared/data")


def tags(text: str) -> tuple[tuple[str, float], ...]:
    return tuple((tag, 100 * 0.9**place) for place, tag in enumerate(text.split("|")) if tag)


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Neighborhood:
    library = Library.create(tmp_path_factory.mktemp("real"))
    with (DATA / "albums.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    albums = [
        AlbumRecord(
            row["artist"], row["album"], "table", row["id"], year=int(row["year"]) if row["year"] else None,
            genre=row["genre"] or None, tags=tags(row["tags"]), artist_tags=tags(row["artist_tags"]),
        )
        for row in rows
    ]  # fmt: skip
    with (DATA / "artist_similarity.csv").open(newline="", encoding="utf-8") as file:
        similar = [(row["artist"], row["similar"], float(row["match"])) for row in csv.DictReader(file)]
    with library.write() as con:
        result = add_albums(con, albums)
        add_similar_artists(con, similar, "table")
    assert len(result.added) + len(result.duplicates) == len(albums)
    return open_neighborhood(library)


@pytest.mark.parametrize(
    "text",
    [
        "Pink Floyd / The Dark Side of the Moon", "pink floid / the drak side of the moon",
        "THE DARK SIDE OF THE MOON", "pink floyd dark side of the moon",
    ],
)  # fmt: skip
def test_a_famous_album_is_found(near: Neighborhood, text: str) -> None:
    label = "Pink Floyd / The Dark Side of the Moon"
    assert resolve(near.snapshot, text).label == label
    assert find(near.snapshot, text, 1)[0][0].label == label


def test_every_label_means_its_album(near: Neighborhood) -> None:
    for row in range(0, len(near.snapshot), 7):
        album = near.snapshot.album(row)
        assert resolve(near.snapshot, album.label) == album


def test_rings_keep_their_promises(near: Neighborhood) -> None:
    for row in range(0, len(near.snapshot), 97):
        name = near.snapshot.album_ids[row]
        found = near.neighbors(name)
        ids = [neighbor.album.album_id for neighbor in found]
        assert name not in ids and len(set(ids)) == len(ids) <= 12
        artists = [neighbor.album.artist for neighbor in found]
        assert max(map(artists.count, artists), default=0) <= 2
        assert all(0 <= one.score <= 1 for neighbor in found for one in neighbor.reasons)
        assert all(neighbor.reasons for neighbor in found)
        scores = [neighbor.score for neighbor in found]
        assert scores == sorted(scores, reverse=True)


def test_a_route_between_far_albums(near: Neighborhood) -> None:
    ends = [resolve(near.snapshot, name).album_id for name in ("Metallica / Death Magnetic", "Adele / 21")]
    found = find_route(near, *ends, max_rings=200)
    assert [found.steps[0].album.album_id, found.steps[-1].album.album_id] == ends
    assert found.weakest == min(step.score for step in found.steps if step.score is not None)
