"""The cover index: right answers, and a stale, truncated or foreign one is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import store.index.cover_index as index_module
from store.catalogue.latents import add_latents, add_model
from store.database.library import Library
from store.errors import LibraryError, StaleIndex
from store.index.cover_index import CoverIndex, build_index
from store.index.hubness import corrected
from store.index.neighbor_table import neighbors_are_current, write_neighbors
from tests.store.support.library import MODEL, fill
from tests.store.support.records import ALBUMS, circle, record, sha


@pytest.fixture
def built(library: Library) -> Library:
    fill(library, ALBUMS, circle(5))
    return library


def cloud(count: int, dimension: int = 16) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(7)
    return [sha(number) for number in range(count)], rng.standard_normal((count, dimension)).astype(np.float32)


def test_none_before_it_is_built(library: Library) -> None:
    assert CoverIndex.load(library) is None


def test_search_is_exact_and_does_not_mind_length(library: Library) -> None:
    shas, vectors = cloud(200)
    index = build_index(library, "m", shas, vectors * 7, "f")
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity, rows = index.search(vectors[:3] * 100, 10)
    by_formula = corrected(unit[:3] @ unit.T, index.scales[:3, None], index.scales)
    expected = np.argsort(-by_formula, axis=1)[:, :10]
    assert (rows == expected).all()
    similarity, _ = index.search(vectors[:3], 10, index.scales[:3])
    assert np.allclose(similarity, np.take_along_axis(by_formula, expected, 1), atol=1e-4)
    assert np.allclose(index.vector(5), unit[5], atol=1e-6)
    assert index.row_of(sha(5)) == 5 and index.shas[5] == sha(5)
    assert index.row_of("unknown") is None
    assert index.search(vectors[0], 1000)[1].shape == (1, 200)
    with pytest.raises(ValueError, match="15"):
        index.search(vectors[:, :15], 1)


def test_what_is_loaded_is_what_was_built(built: Library) -> None:
    index = CoverIndex.load(built)
    assert index is not None
    assert (index.model_id, index.dimension, index.count, index.fingerprint) == (MODEL, 2, 5, "fingerprint")
    assert index.shas == [sha(number) for number in range(5)]
    assert index.search(circle(5)[1], 1)[1].tolist() == [[1]]


def test_percentiles_rise_and_spread(library: Library) -> None:
    shas, vectors = cloud(500)
    index = build_index(library, "m", shas, vectors, "f")
    places = np.linspace(-1, 1, 401)
    scores = index.percentile(places)
    assert (np.diff(scores) >= 0).all()
    assert scores[0] == 0 and scores[-1] == 1
    # The definition, computed on all pairs.
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    every = corrected(unit @ unit.T, index.scales[:, None], index.scales)[~np.eye(500, dtype=bool)].reshape(500, 499)
    near = -np.sort(-every, axis=1)[:, :32]
    for place in (0.0, 0.3, 0.5):
        expected = 0.5 * (every < place).mean() + 0.5 * (near < place).mean()
        assert index.percentile(np.array(place)) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_tiny_libraries(library: Library, count: int) -> None:
    shas, vectors = cloud(count)
    index = build_index(library, "m", shas, vectors, "f")
    assert index.nearest_covers()[1].shape == (count, max(count - 1, 0))
    assert index.percentile(np.array([-1.0, 1.0])).tolist() == [0, 1]
    with library.write() as con:
        assert write_neighbors(con, index) == 0


def test_same_vectors_are_not_their_own_neighbours(library: Library) -> None:
    shas, vectors = cloud(50)
    vectors[:] = vectors[0]
    index = build_index(library, "m", shas, vectors, "f")
    _, rows = index.nearest_covers(10)
    assert rows.shape == (50, 10)
    assert not (rows == np.arange(50)[:, None]).any()
    assert all(len(set(row)) == 10 for row in rows.tolist())


@pytest.mark.parametrize("suffix", [".faiss", ".npy"])
def test_truncated_and_foreign_files_are_noticed(built: Library, suffix: str) -> None:
    path = built.index_dir / f"{MODEL}{suffix}"
    whole = path.read_bytes()
    for content in (whole[:-4], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(content)
        with pytest.raises(LibraryError, match=r"damaged.*sleevewalk build") as damaged:
            CoverIndex.load(built)
        assert MODEL in str(damaged.value) and "\n" not in str(damaged.value)
    path.unlink()
    with pytest.raises(LibraryError, match="sleevewalk build"):
        CoverIndex.load(built)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"model_id": 1}', "\x00"])
def test_a_damaged_json_is_noticed(built: Library, content: str) -> None:
    (built.index_dir / f"{MODEL}.json").write_text(content)
    with pytest.raises(LibraryError, match="sleevewalk build"):
        CoverIndex.load(built)


def test_a_json_that_tells_another_count_is_noticed(built: Library) -> None:
    path = built.index_dir / f"{MODEL}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "count": 4}))
    with pytest.raises(LibraryError, match="sleevewalk build"):
        CoverIndex.load(built)


def test_new_latents_make_it_stale(built: Library) -> None:
    with built.write() as con:
        add_latents(con, MODEL, [sha(99)], np.ones((1, 2), np.float32))
    with pytest.raises(StaleIndex, match=r"holds 5 covers, the library has latents of 6.*sleevewalk build"):
        CoverIndex.load(built)
    index = CoverIndex.load(built, allow_stale=True)
    assert index is not None and index.count == 5


def test_other_covers_of_the_same_number_make_it_stale(built: Library) -> None:
    with built.write() as con:
        con.execute("DELETE FROM latents WHERE cover_sha256 = ?", [sha(0)])
        add_latents(con, MODEL, ["f" * 64], np.ones((1, 2), np.float32))
    with pytest.raises(StaleIndex, match="other covers"):
        CoverIndex.load(built)


def test_a_newer_model_makes_it_stale_and_its_index_replaces_it(built: Library) -> None:
    with built.write() as con:
        add_model(con, "newer", "Newer", 2, 128, None, {})
    assert CoverIndex.load(built) is not None, "a model without latents changes nothing"
    shas, vectors = cloud(3, 2)
    with built.write() as con:
        add_latents(con, "newer", shas, vectors)
    with pytest.raises(StaleIndex, match="newer"):
        CoverIndex.load(built)
    build_index(built, "newer", shas, vectors, "f")
    index = CoverIndex.load(built)
    assert index is not None and index.model_id == "newer"
    assert {path.stem for path in built.index_dir.iterdir()} == {"newer"}


def test_bad_input(library: Library) -> None:
    shas, vectors = cloud(3)
    for model_id in ("../evil", "", ".hidden", "a/b"):
        with pytest.raises(ValueError, match="names a file"):
            build_index(library, model_id, shas, vectors, "f")
    with pytest.raises(ValueError, match="twice"):
        build_index(library, "m", [sha(0)] * 3, vectors, "f")
    with pytest.raises(ValueError, match="finite"):
        build_index(library, "m", shas, vectors * np.inf, "f")
    assert not list(Path(library.index_dir).iterdir())


def test_the_coarse_index_finds_most(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The large kind, made small: same answers within its approximation, vectors come back."""
    monkeypatch.setattr(index_module, "EXACT_BELOW", 1000)
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((40, 16)) * 4
    vectors = (centres[rng.integers(0, 40, 2000)] + rng.standard_normal((2000, 16))).astype(np.float32)
    shas = [sha(number) for number in range(2000)]
    with library.write() as con:
        add_model(con, "m", "Model", 16, 128, None, {})
        add_latents(con, "m", shas, vectors)
    build_index(library, "m", shas, vectors, "f")
    index = CoverIndex.load(library)
    assert index is not None
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    exact = np.argsort(-(unit[:50] @ unit.T), axis=1)[:, :10]
    _, rows = index.search(vectors[:50], 10)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows.tolist(), exact.tolist(), strict=True)])
    assert recall > 0.8
    assert np.allclose(index.vectors(np.arange(20)), unit[:20], atol=0.05)
    _, near = index.nearest_covers(5)
    assert not (near == np.arange(2000)[:, None]).any()


def test_neighbours_in_sql(tiny: Library) -> None:
    with tiny.read() as con:
        rows = con.execute(
            "SELECT b.title, n.rank, round(acos(1 - n.distance * v.scale * w.scale) * 180 / pi()) FROM neighbors n "
            "JOIN albums a ON a.album_id = n.album_id JOIN albums b ON b.album_id = n.neighbor_id "
            "JOIN cover_vectors v ON v.cover_sha256 = a.cover_sha256 "
            "JOIN cover_vectors w ON w.cover_sha256 = b.cover_sha256 "
            "WHERE a.title = 'First' ORDER BY n.distance, b.title"
        ).fetchall()
    assert rows == [("Echo", 1, 0), ("Second", 1, 20), ("Third", 2, 40), ("Blue", 3, 60), ("Cold", 4, 80)]


def test_neighbours_that_are_out_of_date_are_noticed(built: Library) -> None:
    index = CoverIndex.load(built)
    assert index is not None
    with built.write() as con:
        assert neighbors_are_current(con, index)
        con.execute("UPDATE albums SET cover_sha256 = ? WHERE title = 'Bare'", [sha(3)])
        assert not neighbors_are_current(con, index)
        write_neighbors(con, index)
        assert neighbors_are_current(con, index)
    again = build_index(built, MODEL, index.shas, circle(5)[::-1], "other")
    with built.read() as con:
        assert not neighbors_are_current(con, again)


def test_a_cover_that_many_albums_share_stays_bounded(library: Library) -> None:
    shas, vectors = cloud(40)
    albums = [record("X", f"Same {number}", cover_sha256=sha(0)) for number in range(300)]
    albums += [record("Y", f"Own {number}", cover_sha256=sha(number)) for number in range(1, 40)]
    fill(library, albums, vectors)
    with library.read() as con:
        most = con.execute("SELECT max(n) FROM (SELECT count(*) AS n FROM neighbors GROUP BY album_id)").fetchall()
        same = con.execute(
            "SELECT min(n), max(n) FROM (SELECT count(*) FILTER (distance = 0) AS n FROM neighbors "
            "JOIN albums USING (album_id) WHERE artist = 'X' GROUP BY album_id)"
        ).fetchall()
        selfs = con.execute("SELECT count(*) FROM neighbors WHERE album_id = neighbor_id").fetchall()
    assert most == [(48,)] and same == [(16, 16)] and selfs == [(0,)]
    assert len(shas) == 40


def test_rows_of_covers_are_found_by_their_hashes() -> None:
    import hashlib

    import pyarrow as pa

    from store.database.bulk import rows_of_hashes

    def column(hashes: list[str]) -> pa.LargeStringArray:
        return pa.array(hashes, pa.large_string())

    known = [hashlib.sha256(bytes([number])).hexdigest() for number in range(200)]
    twin = known[7][:16] + known[8][16:]  # begins like a known one
    held = np.array(known[:100], "S64")
    asked = ["", *known[::-1], twin, ""]
    expected = [held.tolist().index(sha.encode()) if sha.encode() in held.tolist() else -1 for sha in asked]
    assert rows_of_hashes(column(asked), held).tolist() == expected
    assert rows_of_hashes(column(asked)[5:60], held).tolist() == expected[5:60]  # a part of a column
    with_twin = np.array([*known[:100], twin], "S64")
    expected[asked.index(twin)] = 100
    assert rows_of_hashes(column(asked), with_twin).tolist() == expected
    assert rows_of_hashes(column([*asked, "short"]), held).tolist()[-1] == -1
    assert rows_of_hashes(column(["", known[0]]), held[:0]).tolist() == [-1, -1]
    assert rows_of_hashes(column([]), held).tolist() == []
