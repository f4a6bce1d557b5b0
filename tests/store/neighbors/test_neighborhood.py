"""The fused, explained ranking on a library small enough to compute by hand."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

import store.neighbors.signals as signals_module
from store.catalogue.albums import add_albums
from store.catalogue.latents import add_latents
from store.database.library import Library
from store.errors import LibraryError, UnknownAlbum
from store.index.cover_index import build_index
from store.index.neighbor_table import write_neighbors
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from store.neighbors.reasons import ordinal, rank_text, shares_of
from store.records import Neighbor, Reason, Weights
from store.text import album_id
from tests.store.support.library import MODEL, fill
from tests.store.support.records import ALBUMS, circle, record, sha

FIRST = album_id("Ada", "First")
ALL = Weights(1, 1, 1, 1, 1)


@pytest.fixture(scope="module")
def near(tiny: Library) -> Neighborhood:
    return open_neighborhood(tiny)


def by_title(neighbors: list[Neighbor]) -> dict[str, Neighbor]:
    return {neighbor.album.title: neighbor for neighbor in neighbors}


def reason(near: Neighborhood, other: tuple[str, str], signal: str) -> Reason | None:
    reasons = near.reasons(FIRST, album_id(*other), ALL)
    found = next((one for one in reasons if one.signal == signal), None)
    return found and replace(found, weight=1.0, share=1.0)  # what it says by itself


def test_the_strongest_reason_is_the_largest_share_of_the_score(near: Neighborhood) -> None:
    for weights in (ALL, Weights(cover=0.25, tags=1, artist=0.5, era=0.1, popularity=0.1)):
        for neighbor in near.neighbors(FIRST, 8, weights, None):
            reasons = neighbor.reasons
            assert sum(one.share for one in reasons) == pytest.approx(1)
            parts = [getattr(weights, one.signal) * one.score for one in reasons]
            assert [one.share for one in reasons] == pytest.approx([part / sum(parts) for part in parts])
            assert neighbor.strongest.share == max(one.share for one in reasons)
            assert neighbor.score == pytest.approx(sum(parts) / sum(one.weight for one in reasons))


def test_a_reason_that_speaks_against_is_said_in_words() -> None:
    assert rank_text(3, 24_013, 0.9) == "3rd nearest of 24,013 covers"
    assert rank_text(None, 24_013, 0.2) == "sleeves differ"
    assert shares_of([0, 0], [1, 3]) == [0.25, 0.75]


def test_each_reason_by_hand(near: Neighborhood) -> None:
    assert near.index is not None
    cover = reason(near, ("Ada", "Third"), "cover")
    scales = near.index.scales
    similarity = 1 - (1 - math.cos(math.radians(40))) / float(scales[0] * scales[2])
    assert cover == Reason(
        "cover",
        pytest.approx(float(near.index.percentile(np.array(similarity))), abs=1e-3),
        "2nd nearest of 5 covers",
        2,
    )
    assert reason(near, ("Ed", "Echo"), "cover") == Reason("cover", 1.0, "the same cover", 1)
    idf = math.log(9 / 4) + 1
    rare = math.log(9 / 2) + 1
    mine = math.hypot(100 * idf, 80 * idf)
    theirs = math.hypot(100 * idf, 50 * rare)
    tags = reason(near, ("Ada", "Second"), "tags")
    assert tags is not None
    assert tags.score == pytest.approx((100 * idf) ** 2 / mine / theirs, rel=1e-5)
    assert (tags.text, tags.shared_tags) == ("shared: dream pop", ("dream pop",))
    assert reason(near, ("Cy", "Cold"), "tags") == Reason("tags", 0.0, "no tags shared")
    assert reason(near, ("Ada", "Second"), "artist") == Reason("artist", 1.0, "same artist")
    assert reason(near, ("Bo", "Blue"), "artist") == Reason(
        "artist", pytest.approx(0.6), "similar artists (match 0.60)"
    )
    assert reason(near, ("Ed", "Echo"), "artist") is None
    assert reason(near, ("Bo", "Blue"), "era") == Reason("era", pytest.approx(math.exp(-1 / 8)), "1990 and 1991")
    assert reason(near, ("Di", "Year Only"), "era") == Reason("era", 1.0, "both 1990")
    popularity = reason(near, ("Cy", "Cold"), "popularity")
    assert popularity == Reason("popularity", pytest.approx(0.125), "1,000 and 10 listeners")
    assert reason(near, ("Di", "Bare"), "era") is None
    assert near.reasons(FIRST, album_id("Di", "Bare"), ALL) == ()


def test_the_score_is_the_weighted_mean_of_the_reasons_there_are(near: Neighborhood) -> None:
    weights = Weights(cover=2, tags=1, artist=0.5, era=0.25, popularity=0.125)
    found = near.neighbors(FIRST, 20, weights, per_artist=None)
    assert len(found) == 6, "all but itself and the album of which nothing is known"
    for neighbor in found:
        total = sum(getattr(weights, one.signal) for one in neighbor.reasons)
        mean = sum(getattr(weights, one.signal) * one.score for one in neighbor.reasons) / total
        assert neighbor.score == pytest.approx(mean)
        assert [one.signal for one in neighbor.reasons] == [
            signal for signal in ("cover", "tags", "artist", "era", "popularity")
            if any(one.signal == signal for one in neighbor.reasons)
        ]  # fmt: skip
        assert neighbor.reasons == near.reasons(FIRST, neighbor.album.album_id, weights)


def test_one_perfect_score_does_not_lead(near: Neighborhood) -> None:
    found = near.neighbors(FIRST, 20)
    assert [one.album.title for one in found] == ["Second", "Third", "Echo", "Blue", "Cold", "Year Only"]
    assert [one.signal for one in found[-1].reasons] == ["era"]
    assert found[-1].score == 1.0
    scores = [one.score for one in found[:-1]]
    assert scores == sorted(scores, reverse=True)
    assert "Year Only" not in by_title(near.neighbors(FIRST, 4))


def test_albums_without_tags_do_not_crowd_out_those_that_share_some(library: Library) -> None:
    """Covers at the same distance: of those without tags the mean is high, since it is of the cover alone."""
    centre = record("Centre", "T", cover_sha256=sha(0), tags=(("pop", 100.0),), year=2000)
    tagged = (("pop", 60.0), ("rock", 60.0))
    albums = [record(f"Tagged {n}", "T", cover_sha256=sha(n), tags=tagged, year=2000) for n in range(1, 30)]
    albums += [record(f"Bare {n}", "T", cover_sha256=sha(n), year=2000) for n in range(1, 30)]
    fill(library, [centre, *albums], np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32))
    found = open_neighborhood(library).neighbors(album_id("Centre", "T"), 8)
    assert sum(one.album.artist.startswith("Tagged") for one in found) >= 4
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)


def test_a_weight_of_nothing_takes_the_signal_away(near: Neighborhood) -> None:
    only_cover = Weights(1, 0, 0, 0, 0)
    found = near.neighbors(FIRST, 20, only_cover, per_artist=None)
    assert [one.album.title for one in found] == ["Echo", "Second", "Third", "Blue", "Cold"]
    assert all([one.signal for one in neighbor.reasons] == ["cover"] for neighbor in found)
    assert [neighbor.score for neighbor in found] == sorted((one.score for one in found), reverse=True)
    only_artist = near.neighbors(FIRST, 20, Weights(0, 0, 1, 0, 0), per_artist=None)
    assert [one.album.title for one in only_artist] == ["Second", "Third", "Blue", "Cold"]
    for nothing in (Weights(0, 0, 0, 0, 0), Weights(-1, float("nan"), float("-inf"), 0, -0.0)):
        assert near.neighbors(FIRST, 20, nothing) == []
    assert near.neighbors(FIRST, 20, Weights(1, float("nan"), -1, 0, 0), per_artist=None) == found


def test_a_weak_link_is_better_than_none(library: Library) -> None:
    shared = {"tags": (("pop", 100.0),), "year": 2000}
    fill(library, [record(artist, "T", **shared) for artist in ("Ada", "Cy", "Aaa")], circle(0))
    (chosen,) = open_neighborhood(library).neighbors(album_id("Ada", "T"), 1)
    assert chosen.album.artist == "Cy", "it is linked by 0.1, the other not at all"


def test_at_most_two_of_one_artist(library: Library) -> None:
    albums = [record("Ada", f"A{number}", year=2000) for number in range(6)]
    albums += [record("Bo", f"B{number}", year=2001) for number in range(6)]
    fill(library, albums, circle(0))
    near = open_neighborhood(library)
    centre = album_id("Ada", "A0")
    artists = [one.album.artist for one in near.neighbors(centre, 12)]
    assert sorted(artists) == ["Ada", "Ada", "Bo", "Bo"]
    assert [one.album.title for one in near.neighbors(centre, 12)] == ["A1", "A2", "B0", "B1"], "ties fall by name"
    assert len(near.neighbors(centre, 12, per_artist=None)) == 11
    assert len(near.neighbors(centre, 3, per_artist=None)) == 3
    assert near.neighbors(centre, 0) == []


def test_every_tie_falls_the_same_way(near: Neighborhood, tiny: Library) -> None:
    again = open_neighborhood(tiny)
    for row in range(8):
        name = near.snapshot.album_ids[row]
        assert near.neighbors(name, 20) == again.neighbors(name, 20)


def test_beyond_the_depth_searched(tiny: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals_module, "DEPTH", 2)
    near = open_neighborhood(tiny)
    far = reason(near, ("Cy", "Cold"), "cover")
    assert far is not None
    assert (far.rank, far.text) == (None, "sleeves differ")
    assert 0 <= far.score < 1


def test_a_point_that_is_no_album(near: Neighborhood) -> None:
    found = near.nearest_to(circle(5)[2] * 30, 4)
    assert [one.album.title for one in found[:1]] == ["Third"]
    assert found[0].reasons[0].text == "1st nearest of 5 covers"
    assert [one.reasons[0].rank for one in found] == [1, 2, 3, 4]
    assert {one.album.title for one in near.nearest_to(circle(5)[0], 2)} == {"First", "Echo"}, "they share a cover"
    assert near.nearest_to(circle(5)[0], 0) == []


def test_unknown_albums(near: Neighborhood) -> None:
    with pytest.raises(UnknownAlbum):
        near.neighbors("no such id")
    with pytest.raises(UnknownAlbum):
        near.reasons(FIRST, "no such id")


def test_without_an_index(library: Library) -> None:
    with library.write() as con:
        add_albums(con, ALBUMS)
    near = open_neighborhood(library)
    assert near.index is None
    assert "no cover index" in near.notices[0]
    found = near.neighbors(FIRST, 5)
    assert found and all(one.signal != "cover" for neighbor in found for one in neighbor.reasons)
    assert near.nearest_to(circle(1)[0], 3) == []


def test_a_stale_index_serves_and_is_told_and_a_damaged_one_is_not_used(library: Library) -> None:
    fill(library, ALBUMS, circle(5))
    assert open_neighborhood(library).notices == ()
    with library.write() as con:
        add_latents(con, MODEL, [sha(9)], circle(1))
    near = open_neighborhood(library)
    assert re.search("stale.*sleevewalk build", near.notices[0])
    assert near.neighbors(FIRST, 1)[0].reasons[0].signal == "cover"
    (library.index_dir / f"{MODEL}.faiss").write_bytes(b"")
    with pytest.raises(LibraryError, match="damaged"):
        open_neighborhood(library)


def test_sql_tells_the_same_story(near: Neighborhood, tiny: Library) -> None:
    same_story(near, tiny)


def test_sql_tells_the_same_story_where_the_index_weighs_the_latents(library: Library) -> None:
    fill(library, ALBUMS, circle(5))
    vectors = circle(5) @ np.array([[3.0, 0.5, 0.0], [0.0, 1.0, 0.2]], np.float32) + np.float32(0.3)
    index = build_index(library, MODEL, [sha(number) for number in range(5)], vectors, "weighed")
    with library.write() as con:
        write_neighbors(con, index)
        con.execute("DELETE FROM neighbors WHERE rank > 2")  # so that SQL has to score the others itself
    same_story(open_neighborhood(library), library)


def same_story(near: Neighborhood, library: Library) -> None:
    for artist, title in [("Ada", "First"), ("Bo", "Blue"), ("Di", "Year Only")]:
        with library.read() as con:
            rows = con.execute(
                "SELECT album_id, score, cover, tags, artist_match, era, popularity FROM similar_albums(?, ?)",
                [artist, title],
            ).fetchall()
        found = near.neighbors(album_id(artist, title), 12)
        assert [row[0] for row in rows] == [one.album.album_id for one in found]
        for row, neighbor in zip(rows, found, strict=True):
            assert row[1] == pytest.approx(neighbor.score, abs=0.001)
            assert [score for score in row[2:] if score is not None] == pytest.approx(
                [one.score for one in neighbor.reasons], abs=0.001
            )


def test_many_albums_need_no_signal_of_all(library: Library) -> None:
    """More albums than the candidates that a signal brings: the best of all still comes first."""
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((900, 8)).astype(np.float32)
    albums = [
        record(f"Artist {n:03}", "T", cover_sha256=sha(n), year=1950 + n % 70, tags=((f"tag{n % 40}", 100.0),))
        for n in range(899)
    ]
    twin = replace(albums[0], artist="Twin", source_key="twin", cover_sha256=sha(899))
    vectors[899] = vectors[0] + 0.01
    fill(library, [*albums, twin], vectors)
    near = open_neighborhood(library)
    found = near.neighbors(album_id("Artist 000", "T"), 5)
    assert found[0].album.artist == "Twin"
    assert found[0].reasons[0].text == "1st nearest of 900 covers"
    assert found[0].score > 0.99


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (111, "111th"),
        (1012, "1,012th"),
        (1023, "1,023rd"),
    ],
)
def test_ordinals(number: int, text: str) -> None:
    assert ordinal(number) == text


@pytest.mark.parametrize("filtered", [False, True])
def test_the_best_tagged_are_found_without_reading_every_list(
    library: Library, monkeypatch: pytest.MonkeyPatch, filtered: bool
) -> None:
    """Compared with every pair, tags from rare to common, some of no weight."""
    monkeypatch.setattr(signals_module, "CANDIDATES", 25)
    monkeypatch.setattr(signals_module, "ALL_SCORED", 0)
    dice = np.random.default_rng(5)
    names = np.minimum(dice.zipf(1.4, (300, 6)), 60)
    albums = [
        record(f"Artist {n}", "T", tags=tuple((f"tag {t}", float(dice.integers(0, 101))) for t in set(row.tolist())))
        for n, row in enumerate(names)
    ]
    fill(library, albums, circle(2))
    near = open_neighborhood(library)
    tags = near.snapshot.tags
    dense = np.zeros((300, len(near.snapshot.tag_names)))
    for row in range(300):
        dense[row, tags.row(row)[0]] = tags.row(row)[1]
    allowed = dice.random(300) < 0.5 if filtered else np.ones(300, bool)
    for row in range(0, 300, 7):
        cosines = dense @ dense[row]
        others = np.flatnonzero(allowed & (np.arange(300) != row) & (cosines > 0))
        best = np.sort(cosines[others])[::-1][:24]  # the album itself takes one of the 25 places
        found = near.neighbors(
            near.snapshot.album_ids[row], 24, Weights(0, 1, 0, 0, 0), None, allowed if filtered else None
        )
        assert [one.score for one in found] == pytest.approx(best.tolist(), abs=1e-6)


def test_under_a_filter_the_nearest_covers_are_those_of_the_allowed(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not what the filter leaves of the nearest of all, which may be nothing."""
    monkeypatch.setattr(signals_module, "CANDIDATES", 12)
    monkeypatch.setattr(signals_module, "ALL_SCORED", 0)
    vectors = np.random.default_rng(2).standard_normal((200, 8)).astype(np.float32)
    fill(library, [record(f"Artist {n:03}", "T", cover_sha256=sha(n)) for n in range(200)], vectors)
    near = open_neighborhood(library)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert near.index is not None
    scales = near.index.scales  # in the order of covers
    allowed = np.arange(200) % 10 == 3  # rows are in the order of artists, and so of covers
    for row in (0, 3, 77):
        found = near.neighbors(near.snapshot.album_ids[row], 10, Weights(1, 0, 0, 0, 0), None, allowed)
        others = np.flatnonzero(allowed & (np.arange(200) != row))
        expected = others[np.argsort((1 - unit[others] @ unit[row]) / scales[others])[:10]]
        assert {one.album.artist for one in found} == {f"Artist {n:03}" for n in expected.tolist()}
