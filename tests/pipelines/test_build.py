from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pipelines.build import build
from pipelines.images import encode_webp
from pipelines.progress import Progress
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.facts import add_lettering
from store.catalogue.latents import load_latents, missing_latents
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.index.cover_index import CoverIndex
from store.index.neighbor_table import write_neighbors
from store.neighbors.neighborhood import open_neighborhood
from store.records import AlbumRecord, CoverRecord
from vae.info import read_info


def fill(library: Library, covers: np.ndarray, first: int = 0) -> list[str]:
    """One album a cover; returns the covers' hashes."""
    files = CoverFiles(library.covers_dir)
    shas = [files.put(encode_webp(cover)) for cover in covers]
    with library.write() as con:
        add_covers(con, [CoverRecord(sha, 128, 128, 1, 0) for sha in shas])
        add_albums(
            con,
            [
                AlbumRecord(f"Artist {i % 7}", f"Album {i}", "test", str(i), cover_sha256=sha)
                for i, sha in enumerate(shas, first)
            ],
        )
    return shas


def test_build_makes_facts_where_there_are_none_or_those_of_older_rules(library, covers, tiny_weights):
    fill(library, covers[:6])
    build(library, weights=tiny_weights)
    with library.write() as con:
        before = con.execute("FROM cover_facts ORDER BY ALL").fetchall()
        (first, second, *_) = (row[0] for row in before)
        add_lettering(con, {first: (0.2, "top")})
        con.execute("UPDATE cover_facts SET version = 0, words = [], lightness = 9 WHERE cover_sha256 = ?", [first])
        con.execute("DELETE FROM cover_facts WHERE cover_sha256 = ?", [second])
    CoverFiles(library.covers_dir).path(before[-1][0]).unlink()
    report = build(library, weights=tiny_weights, load_codec=lambda: pytest.fail("the model was loaded"))
    assert report.facts == 2 and "2 covers looked at" in report.summary()
    with library.read() as con:
        kept = con.execute("SELECT * EXCLUDE (lettering, lettering_at, words) FROM cover_facts ORDER BY ALL").fetchall()
        (words,) = con.execute("SELECT words FROM cover_facts WHERE cover_sha256 = ?", [first]).fetchall()[0]
    assert kept == [(*row[:10], row[-1]) for row in before]
    assert {"type at the top", "large type"} <= set(words), "lettering that was found is kept"


def neighbor_rows(library: Library) -> list[tuple[object, ...]]:
    with library.read() as con:
        return con.execute("SELECT album_id, neighbor_id, rank FROM neighbors ORDER BY ALL").fetchall()


def test_build_embeds_indexes_and_finds_neighbours_and_then_has_nothing_to_do(library, covers, tiny_weights):
    fill(library, covers[:40])
    report = build(library, weights=tiny_weights)
    assert (report.embedded, report.facts, report.indexed) == (40, 40, 40) and report.neighbors > 0
    index = CoverIndex.load(library)
    assert index is not None and index.count == 40
    neighborhood = open_neighborhood(library)
    ring = neighborhood.neighbors(neighborhood.snapshot.album(0).album_id, 5)
    assert len(ring) == 5 and all(n.reasons[0].signal == "cover" for n in ring)
    again = build(library, weights=tiny_weights, load_codec=lambda: pytest.fail("the model was loaded"))
    assert again.nothing_to_do and "nothing to do" in again.summary()


def test_new_covers_alone_are_embedded(library, covers, tiny_weights):
    fill(library, covers[:30])
    build(library, weights=tiny_weights)
    fill(library, covers[30:33], first=30)
    report = build(library, weights=tiny_weights)
    assert (report.embedded, report.indexed) == (3, 3)


def everything_derived(library: Library) -> dict[str, list[tuple[object, ...]]]:
    queries = {
        "neighbors": "SELECT album_id, neighbor_id, rank, round(distance, 4) FROM neighbors ORDER BY ALL",
        "vectors": "SELECT cover_sha256, round(list_sum(vector), 3) FROM cover_vectors ORDER BY ALL",
        "map": "SELECT cover_sha256 FROM cover_map ORDER BY ALL",
    }
    with library.read() as con:
        return {name: con.execute(query).fetchall() for name, query in queries.items()}


def written_anew(library):
    """The tables from the index as it is: a grown one keeps the scales of the covers that were there."""
    index = CoverIndex.load(library)
    with library.write() as con:
        write_neighbors(con, index)


def test_what_grew_is_what_would_have_been_written_anew(library, covers, tiny_weights):
    fill(library, covers[:40])
    build(library, weights=tiny_weights)
    for first, last in ((40, 44), (44, 45)):
        fill(library, covers[first:last], first)
        assert build(library, weights=tiny_weights).indexed == last - first
    grown = everything_derived(library)
    index = CoverIndex.load(library)
    assert index is not None and index.count == 45 and index.facts.grown_at == 44
    written_anew(library)
    assert everything_derived(library) == grown


def test_killed_between_the_grown_index_and_its_tables_the_next_build_writes_them(library, covers, tiny_weights):
    fill(library, covers[:40])
    build(library, weights=tiny_weights)
    fill(library, covers[40:43], 40)

    class Killed(Exception):
        pass

    class KilledAtTheNeighbours(Progress):
        def start(self, label: str, total: int | None) -> None:
            if label == "nearest covers":
                raise Killed
            super().start(label, total)

    with pytest.raises(Killed):
        build(library, KilledAtTheNeighbours(), weights=tiny_weights)
    report = build(library, weights=tiny_weights)
    assert report.indexed == 0 and report.neighbors > 0
    found = everything_derived(library)
    written_anew(library)
    assert everything_derived(library) == found


def test_another_cover_for_a_known_album_beside_a_new_one_rewrites_all(library, covers, tiny_weights):
    shas = fill(library, covers[:40])
    build(library, weights=tiny_weights)
    fill(library, covers[40:42], 40)
    with library.write() as con:
        con.execute("UPDATE albums SET cover_sha256 = ? WHERE source_key = '3'", [shas[7]])
    build(library, weights=tiny_weights)
    found = everything_derived(library)
    written_anew(library)
    assert everything_derived(library) == found


def test_a_library_that_grew_by_much_or_lost_covers_is_indexed_anew(library, covers, tiny_weights):
    shas = fill(library, covers[:20])
    build(library, weights=tiny_weights)
    fill(library, covers[20:40], 20)
    assert build(library, weights=tiny_weights).indexed == 40
    with library.write() as con:
        con.execute("DELETE FROM latents WHERE cover_sha256 = ?", [shas[0]])
        con.execute("DELETE FROM albums WHERE cover_sha256 = ?", [shas[0]])
        con.execute("DELETE FROM covers WHERE cover_sha256 = ?", [shas[0]])
    assert build(library, weights=tiny_weights).indexed == 39
    index = CoverIndex.load(library)
    assert index is not None and index.row_of(shas[0]) is None


def test_an_album_that_shares_a_known_cover_renews_the_neighbours_without_embedding(library, covers, tiny_weights):
    shas = fill(library, covers[:12])
    build(library, weights=tiny_weights)
    with library.write() as con:
        add_albums(con, [AlbumRecord("New", "Reissue", "test", "reissue", cover_sha256=shas[0])])
    report = build(library, weights=tiny_weights, load_codec=lambda: pytest.fail("the model was loaded"))
    assert report.embedded == report.indexed == 0 and report.neighbors > 0


def test_a_missing_and_a_damaged_cover_are_told_and_the_rest_is_built(library, covers, tiny_weights):
    shas = fill(library, covers[:20])
    files = CoverFiles(library.covers_dir)
    files.path(shas[3]).unlink()
    files.path(shas[5]).write_bytes(b"RIFFnot a picture")
    report = build(library, weights=tiny_weights)
    assert report.embedded == 18
    assert {sha for sha, _ in report.unreadable} == {shas[3], shas[5]}
    assert "2 covers could not be read" in report.summary()


def test_a_damaged_index_is_written_anew_from_the_latents(library, covers, tiny_weights):
    fill(library, covers[:20])
    build(library, weights=tiny_weights)
    before = neighbor_rows(library)
    path = next(library.index_dir.glob("*.faiss"))
    path.write_bytes(path.read_bytes()[:100])
    report = build(library, weights=tiny_weights, load_codec=lambda: pytest.fail("the model was loaded"))
    assert report.indexed == 20
    assert neighbor_rows(library) == before


def test_another_model_replaces_the_latents(library, covers, tiny_weights, tmp_path):
    fill(library, covers[:20])
    build(library, weights=tiny_weights)
    from vae.weights_file import load_weights, save_weights

    model, _ = load_weights(tiny_weights)
    model.encoder.linear.bias.data += 1
    other = tmp_path / "other.safetensors"
    model_id = save_weights(model, other, {})
    report = build(library, weights=other)
    assert (report.embedded, report.indexed) == (20, 20)
    with library.read() as con:
        assert len(load_latents(con, model_id)[0]) == 20
        assert con.execute("SELECT count(DISTINCT model_id) FROM latents").fetchone() == (1,)


def test_a_library_without_covers_is_ranked_and_then_has_nothing_to_do(library, tiny_weights):
    with library.write() as con:
        add_albums(con, [AlbumRecord("Artist", f"Album {number}", "test", str(number), year=1990) for number in (1, 2)])
    assert build(library, weights=tiny_weights).laid_out == 2
    with library.read() as con:
        near = con.execute("SELECT title, strongest FROM similar_albums('Artist', 'Album 1')").fetchall()
    assert near == [("Album 2", "artist")]
    assert build(library, weights=tiny_weights).nothing_to_do


def test_an_album_that_came_after_the_build_is_named_as_not_ranked(library, tiny_weights):
    with library.write() as con:
        add_albums(con, [AlbumRecord("Artist", "Album", "test", "1")])
    with library.read() as con, pytest.raises(duckdb.Error, match="not ranked yet: run sleevewalk build"):
        con.execute("FROM similar_albums('Artist', 'Album')").fetchall()


SLOW_BUILD = """
import sys, time
from pathlib import Path
import pipelines.embed
pipelines.embed.BATCH = 4
from pipelines.build import build
from pipelines.progress import Progress
from store.database.library import Library
class Slow(Progress):
    def advance(self, count=1, note=""):
        super().advance(count, note)
        print(self.done, flush=True)
        time.sleep(0.3)
build(Library.open(Path(sys.argv[1])), Slow(), weights=Path(sys.argv[2]))
"""


def test_killed_half_way_and_run_again_gives_the_same_library(library, covers, tiny_weights, tmp_path):
    fill(library, covers[:32])
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW_BUILD, str(library.path), str(tiny_weights)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= 8:
            os.kill(child.pid, signal.SIGKILL)
            break
    child.wait()
    time.sleep(0.05)
    with library.read() as con:
        left = len(missing_latents(con, read_info(tiny_weights).model_id))
    assert 0 < left < 32
    report = build(library, weights=tiny_weights)
    assert report.embedded == left

    undisturbed = Library.create(tmp_path / "undisturbed")
    fill(undisturbed, covers[:32])
    build(undisturbed, weights=tiny_weights)
    assert neighbor_rows(library) == neighbor_rows(undisturbed)
